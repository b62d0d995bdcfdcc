"""The execution of one GraphQL request over HTTP, and the way its results travel back."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from drf_live_graphql.conf import settings
from drf_live_graphql.documents import Document, load
from drf_live_graphql.transport import sse
from drf_live_graphql.transport.http_errors import RequestError
from drf_live_graphql.transport.media import Accept, Media

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase
    from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
    from strawberry.schema.base import BaseSchema

    from drf_live_graphql.transport.http import LiveGraphQLView

_NEEDS_QUERY = "Expected a GraphQL document as `query`; it is missing."
_NEEDS_STREAM = (
    "A subscription has many results and needs a connection that stays open: send this request "
    f"with `Accept: {Media.STREAM}`, or use a WebSocket (graphql-transport-ws) at this address."
)
_NEEDS_ASGI = (
    "This server can't stream: it runs Django under WSGI. Serve subscriptions from an ASGI "
    "server, such as uvicorn or daphne."
)


class Operation:
    """The execution of one request: what it may run, and how its result travels back."""

    def __init__(self, view: LiveGraphQLView, request: HttpRequest, accept: Accept) -> None:
        self.view = view
        self.request = request
        self.accept = accept

    async def prepare(self) -> None:
        """Ask the view for what resolvers will see."""
        self.sub_response = await self.view.get_sub_response(self.request)
        self.context = await self.view.get_context(self.request, response=self.sub_response)
        self.root_value = await self.view.get_root_value(self.request)

    async def run(self, data: GraphQLRequestData) -> HttpResponseBase:
        """Run one operation and answer with its result, or with the stream of its results."""
        kind = _check(self.view.schema, data)
        subscription = kind is OperationType.SUBSCRIPTION
        if data.protocol == "sse" or (subscription and self.accept.stream):
            refusal = kind if isinstance(kind, PreExecutionError) else None
            return self.stream(self.results(data, refusal))
        if subscription:
            raise RequestError(406, _NEEDS_STREAM)
        payload = await self.payload(await self.execute(data, kind))
        return self.finish(payload, self.status(payload))

    async def run_batch(self, batch: list[GraphQLRequestData]) -> HttpResponseBase:
        """Run several operations side by side; strawberry's ``batching_config`` allows it."""
        schema = self.view.schema
        results = await asyncio.gather(
            *(self.execute(data, _check(schema, data)) for data in batch)
        )
        return self.finish([await self.payload(result) for result in results], 200)

    @property
    def allowed(self) -> set[OperationType]:
        """The kinds of operation that have one result and that this method may run."""
        if self.request.method == "POST":
            return {OperationType.QUERY, OperationType.MUTATION}
        return {OperationType.QUERY} if self.view.allow_queries_via_get else set()

    async def execute(
        self, data: GraphQLRequestData, kind: OperationType | PreExecutionError | None
    ) -> ExecutionResult:
        """One result. Raises a ``RequestError`` for an operation that this method can't run."""
        if isinstance(kind, PreExecutionError):
            return kind
        try:
            result = await self.view.schema.execute(
                data.query,
                variable_values=data.variables,
                context_value=self.context,
                root_value=self.root_value,
                operation_name=data.operation_name,
                allowed_operation_types=self.allowed,
                operation_extensions=data.extensions,
            )
        except MissingQueryError as error:
            raise RequestError(400, _NEEDS_QUERY) from error
        except InvalidOperationTypeError as error:
            raise self.not_allowed(error.operation_type) from error
        return _whole(result)

    async def results(
        self, data: GraphQLRequestData, refusal: PreExecutionError | None
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Every result of an operation; what is wrong with it is a result as well."""
        if refusal is not None:
            yield refusal
            return
        stream = await self.view.schema.stream(
            data.query,
            variable_values=data.variables,
            context_value=self.context,
            root_value=self.root_value,
            operation_name=data.operation_name,
            operation_extensions=data.extensions,
            allowed_operation_types={*self.allowed, OperationType.SUBSCRIPTION},
        )
        async with aclosing(stream):
            async for result in stream:
                yield _whole(result)

    def not_allowed(self, kind: OperationType) -> RequestError:
        """The refusal of a mutation by GET, and of a query by GET where that is off."""
        return RequestError(
            405,
            f"A {kind.value} can't be run by {self.request.method} here; send it by POST.",
            headers={"Allow": "POST"},
        )

    def stream(self, results: AsyncGenerator[ExecutionResult, None]) -> StreamingHttpResponse:
        """``results`` as an event stream."""
        if not isinstance(self.request, ASGIRequest):
            raise RequestError(501, _NEEDS_ASGI)
        events = sse.events(results, self.encode)
        response = StreamingHttpResponse(sse.EventStream(events, settings.KEEP_ALIVE))
        self.dress(response)
        for name, value in sse.HEADERS.items():
            response[name] = value
        return response

    async def payload(self, result: ExecutionResult) -> GraphQLHTTPResponse:
        """What is sent for a result. One that was never executed has no ``data`` entry."""
        payload = await self.view.process_result(self.request, result)
        if _never_executed(result):
            payload.pop("data", None)
        return payload

    async def encode(self, result: ExecutionResult) -> str:
        """A result as JSON in one line."""
        return self.view.encode_json_string(await self.payload(result))

    def status(self, payload: Mapping[str, object]) -> int:
        """400 for what was never executed, where the client's media type has such a thing."""
        refused = "data" not in payload
        return 400 if refused and self.accept.single is Media.RESPONSE else 200

    def finish(self, payload: object, status: int) -> HttpResponse:
        """``payload`` with what resolvers set on ``info.context.response``."""
        response = self.view.json_response(
            payload, self.sub_response.status_code or status, self.accept
        )
        self.dress(response)
        return response

    def dress(self, response: HttpResponseBase) -> None:
        """Copy the headers and cookies that resolvers set; the content type stays ours."""
        for name, value in self.sub_response.items():
            if name.lower() != "content-type":
                response[name] = value
        response.cookies.update(self.sub_response.cookies)


def _check(
    schema: BaseSchema, data: GraphQLRequestData
) -> OperationType | PreExecutionError | None:
    """The kind of operation that is asked for, or what is wrong with its document.

    ``None`` where no document came: an extension of the schema may know it (persisted queries).
    """
    if not data.query:
        return None
    try:
        document = load(schema, data.query)
        if isinstance(document, Document):
            return OperationType(document.operation(data.operation_name).operation.value)
    except GraphQLError as error:
        return PreExecutionError(data=None, errors=[error])
    return PreExecutionError(data=None, errors=list(document))


def _never_executed(result: ExecutionResult) -> bool:
    """Whether no field ran: the document, its variables or the subscription were refused.

    Errors of fields have a path; graphql-core reports refused variables without one.
    """
    if isinstance(result, PreExecutionError):
        return True
    return result.data is None and not any(error.path for error in result.errors or ())


def _whole(result: object) -> ExecutionResult:
    """``result``, unless it is one of several parts (strawberry's experimental ``@defer``)."""
    if isinstance(result, ExecutionResult):
        return result
    message = "`@defer` and `@stream` are not offered over HTTP here."
    return PreExecutionError(data=None, errors=[GraphQLError(message)])


__all__ = ["Operation"]
