"""Reading one request: its content type, its size, its parameters.

A POST is read as ``application/json`` only, which is also what keeps other sites out (see
``LiveGraphQLView``). What is wrong is a ``RequestError`` with the status that HTTP has for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from cross_web import AsyncDjangoHTTPRequestAdapter
from django.conf import settings as django_settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse, UnreadablePostError
from rest_framework.authentication import CSRFCheck

from drf_live_graphql.conf import settings
from drf_live_graphql.transport.http_errors import RequestError
from drf_live_graphql.transport.http_parameters import from_object, from_url, loads

if TYPE_CHECKING:
    from django.http import HttpRequest
    from strawberry.django.views import AsyncGraphQLView
    from strawberry.http import GraphQLRequestData, GraphQLRequestProtocol

_CHARSETS = frozenset({"", "utf-8", "utf8"})


async def read_request(
    view: AsyncGraphQLView[Any, Any], request: HttpRequest, *, stream: bool
) -> GraphQLRequestData | list[GraphQLRequestData]:
    """The operation that ``request`` asks for, or several where ``view``'s schema batches.

    ``stream`` says that the answer is to be an event stream.
    """
    protocol: GraphQLRequestProtocol = "sse" if stream else "http"
    if request.method == "GET":
        return from_url(request.GET.dict(), protocol=protocol)
    body = await _read_body(view, request)
    if isinstance(body, list):
        _check_batch(view, body, stream=stream)
        return [from_object(item) for item in body]
    return from_object(body, protocol=protocol)


async def _read_body(view: AsyncGraphQLView[Any, Any], request: HttpRequest) -> object:
    kind = request.content_type or ""
    if kind == "multipart/form-data" and view.multipart_uploads_enabled:
        await sync_to_async(_check_csrf)(request)
        return await view.parse_multipart(AsyncDjangoHTTPRequestAdapter(request))
    if kind != "application/json":
        raise RequestError(
            415, f"Expected `Content-Type: application/json`; it is {kind or 'missing'}."
        )
    charset = (request.content_params or {}).get("charset", "").lower()
    if charset not in _CHARSETS:
        raise RequestError(415, f"Expected JSON in UTF-8, the charset it has; it is {charset}.")
    body = _read_bytes(request, settings.MAX_BODY_BYTES)
    if not body.strip():
        raise RequestError(400, "Expected a JSON object as the body; the body is empty.")
    return loads(body)


def _read_bytes(request: HttpRequest, limit: int) -> bytes:
    """The body; Django's ``DATA_UPLOAD_MAX_MEMORY_SIZE`` guards the reading of a chunked one."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        raise _too_large(limit)
    try:
        body = request.body
    except RequestDataTooBig:
        raise _too_large(django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE) from None
    except UnreadablePostError as error:
        raise RequestError(400, "The body ended before it was complete.") from error
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _too_large(limit: int | None) -> RequestError:
    return RequestError(413, f"Expected a body of at most {limit} bytes; it is larger.")


def _check_csrf(request: HttpRequest) -> None:
    """Django's own check, which the view is exempt from for JSON; raises with status 403."""
    # The check only wants to know of the view that it guards whether it is exempt: this isn't.
    check = CSRFCheck(HttpResponse)
    check.process_request(request)
    reason = check.process_view(request, HttpResponse, (), {})
    if reason:
        raise RequestError(403, f"CSRF check failed: {reason}")


def _check_batch(view: AsyncGraphQLView[Any, Any], items: list[object], *, stream: bool) -> None:
    config = view.schema.config.batching_config
    if config is None:
        raise RequestError(
            400,
            "Expected a JSON object as the body; several operations in one "
            "request are not enabled (strawberry's `batching_config`).",
        )
    if stream:
        raise RequestError(400, "An event stream carries one operation; a list of them came.")
    limit = config["max_operations"]
    if len(items) > limit:
        raise RequestError(400, f"Expected at most {limit} operations; {len(items)} came.")


__all__ = ["read_request"]
