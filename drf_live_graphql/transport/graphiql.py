"""GraphiQL for a browser, from the site's own static files and under a strict policy."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static

from drf_live_graphql.transport.graphiql_assets import COMMAND, missing

if TYPE_CHECKING:
    from django.http import HttpRequest

TEMPLATE = "drf_live_graphql/graphiql.html"
FOLDER = "drf_live_graphql/graphiql"


def page(request: HttpRequest, *, welcome: str = "") -> HttpResponse:
    """The page that runs GraphiQL against the address it was asked for at.

    ``welcome`` is the document that a visitor finds in the first tab. Where GraphiQL's files
    were not built, the page says so and how to build them (status 501).
    """
    absent = missing()
    content = render_to_string(
        TEMPLATE, {"command": COMMAND, "folder": FOLDER, "missing": absent, "welcome": welcome}
    )
    response = HttpResponse(content, status=501 if absent else 200)
    response["Content-Security-Policy"] = content_security_policy(request.get_host())
    response["Referrer-Policy"] = "same-origin"
    # The page is the same for everybody, but files that it names change with a release.
    response["Cache-Control"] = "no-cache"
    return response


def content_security_policy(host: str) -> str:
    """Nothing but the site itself, its sockets, and the host of ``STATIC_URL`` if it is another.

    Sockets are named because older browsers don't count them as ``'self'``.
    """
    files = _origin(static(f"{FOLDER}/boot.js"))
    return "; ".join(
        (
            f"default-src 'self'{files}",
            f"connect-src 'self' ws://{host} wss://{host}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
            "object-src 'none'",
        )
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if not parts.netloc:
        return ""
    return f" {parts.scheme}://{parts.netloc}" if parts.scheme else f" {parts.netloc}"


__all__ = ["FOLDER", "TEMPLATE", "content_security_policy", "page"]
