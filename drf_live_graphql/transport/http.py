"""GraphQL over HTTP: one view for POST, GET, event streams and GraphiQL.

Sources: the GraphQL over HTTP draft (status codes and media types, as npm's graphql-http
audits them), graphql-sse's PROTOCOL.md (distinct connections mode).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from cross_web import HTTPException
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.utils.cache import patch_vary_headers
from strawberry import Schema
from strawberry.django.views import AsyncGraphQLView

from drf_live_graphql.conf import settings
from drf_live_graphql.transport import graphiql
from drf_live_graphql.transport.graphiql_welcome import welcome
from drf_live_graphql.transport.http_body import read_request
from drf_live_graphql.transport.http_errors import RequestError, headers_of, payload_of
from drf_live_graphql.transport.http_operation import Operation
from drf_live_graphql.transport.media import Accept, Media

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

logger = logging.getLogger("drf_live_graphql.transport")

_METHODS = "GET, POST"
_NEEDS_SOCKETS = (
    "A WebSocket was asked for, and this server made an HTTP request of it. Serve the project's "
    "ASGI application by a server with WebSockets: daphne, or uvicorn with the package websockets "
    "(pip install 'uvicorn[standard]')."
)
_ANSWERS = f"{Media.RESPONSE}, {Media.JSON} or {Media.STREAM}"


class LiveGraphQLView(AsyncGraphQLView[Any, Any]):
    """An async Django view that serves a strawberry schema: ``as_view(schema=...)``.

    - POST with ``application/json``, GET for queries; answers in ``application/json`` or
      ``application/graphql-response+json``, each with the status codes of its own rules.
    - An event stream for subscriptions, and for every operation where ``text/event-stream``
      is what the client wants first. Needs ASGI; the rest works under WSGI too.
    - GraphiQL for a browser, unless ``GRAPHIQL`` is off.
    - Bodies of at most ``MAX_BODY_BYTES``.

    Cookies and other sites: the view is exempt from Django's CSRF middleware and keeps its
    promise in another way. A page elsewhere can make a browser send the visitor's cookies only
    with a GET, which runs no mutation here, or with a form's content types, which are refused;
    ``application/json`` makes the browser ask by a preflight first. So clients without
    cookies need no token. Where a subclass turns ``multipart_uploads_enabled`` on, a form
    could reach it, and Django's own CSRF check is applied to such requests.

    What strawberry's view offers to subclasses (``get_context``, ``get_root_value``,
    ``process_result``, ``encode_json``, ``allow_queries_via_get``) works as it does there.
    """

    schema: Schema

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponse]:
        """The view function for ``path()``; without ``schema=``, ``ImproperlyConfigured``."""
        schema = initkwargs.get("schema")
        if not isinstance(schema, Schema):
            raise ImproperlyConfigured(
                f"Expected {cls.__name__}.as_view(schema=...) with a strawberry.Schema; "
                f"it is {schema!r}. LiveRouter.as_view() passes its own."
            )
        view = super().as_view(**initkwargs)
        view.csrf_exempt = True  # type: ignore[attr-defined]
        return view

    async def dispatch(  # type: ignore[override]  # Django's stubs know sync views only
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Answer one request; whatever it is refused for comes back as a GraphQL error."""
        accept = Accept.parse(request.headers.get("Accept"))
        try:
            response = await self._answer(request, accept)
        except HTTPException as error:
            response = self.json_response(payload_of(error), error.status_code, accept)
            for name, value in headers_of(error).items():
                response[name] = value
        patch_vary_headers(response, ("Accept",))
        return response

    async def render_graphql_ide(self, request: HttpRequest) -> HttpResponse:
        """The page for a browser that asked for HTML."""
        return graphiql.page(request, welcome=welcome(self.schema._schema))

    async def _answer(self, request: HttpRequest, accept: Accept) -> HttpResponseBase:
        if request.method not in {"GET", "POST"}:
            raise RequestError(
                405, f"Expected {_METHODS}; it is {request.method}.", headers={"Allow": _METHODS}
            )
        upgrade = request.headers.get("Upgrade", "").lower()
        if request.method == "GET" and upgrade == "websocket":
            # What clients show of it is that they can't connect: it is the log that has the reason.
            logger.warning(_NEEDS_SOCKETS)
            raise RequestError(501, _NEEDS_SOCKETS)
        if request.method == "GET" and accept.page and settings.GRAPHIQL and self.graphql_ide:
            return await self.render_graphql_ide(request)
        if accept.single is None and not accept.stream:
            raise RequestError(406, f"This address answers in {_ANSWERS}; `Accept` takes none.")
        stream = accept.stream_first or accept.single is None
        data = await read_request(self, request, stream=stream)
        operation = Operation(self, request, accept)
        await operation.prepare()
        if isinstance(data, list):
            return await operation.run_batch(data)
        return await operation.run(data)

    def json_response(self, payload: object, status: int, accept: Accept) -> HttpResponse:
        """``payload`` in the JSON media type that the client wants most."""
        media = accept.single or Media.JSON
        response = HttpResponse(
            self.encode_json(payload), status=status, content_type=f"{media}; charset=utf-8"
        )
        # Answers depend on who asks; a shared cache must not keep what a GET got.
        response["Cache-Control"] = "no-store"
        return response


__all__ = ["LiveGraphQLView"]
