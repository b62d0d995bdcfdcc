"""The execution of one GraphQL request over HTTP, and the way its results travel back."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from drf_live_graphql.conf import settings
from drf_live_graphql.transport import sse
from drf_live_graphql.transport.http_errors import RequestError
from drf_live_graphql.transport.media import Accept, Media

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase
    from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData

    from drf_live_graphql.transport.http import LiveGraphQLView

_UNNAMED = (
    "Expected a document with exactly one operation, or an `operationName` that is in it; "
    "`operationName` is {name}."
)
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
        if data.protocol == "sse":
            return self.stream(data, {*self.allowed, OperationType.SUBSCRIPTION})
        try:
            result = await self.execute(data)
        except InvalidOperationTypeError as error:
            if error.operation_type is not OperationType.SUBSCRIPTION:
                raise self.not_allowed(error.operation_type) from error
            if not self.accept.stream:
                raise RequestError(406, _NEEDS_STREAM) from error
            return self.stream(data, {OperationType.SUBSCRIPTION})
        payload = await self.payload(result)
        return self.finish(payload, self.status(payload))

    async def run_batch(self, batch: list[GraphQLRequestData]) -> HttpResponseBase:
        """Run several operations side by side; strawberry's ``batching_config`` allows it."""
        try:
            results = await asyncio.gather(*(self.execute(data) for data in batch))
        except InvalidOperationTypeError as error:
            raise self.not_allowed(error.operation_type) from error
        return self.finish([await self.payload(result) for result in results], 200)

    @property
    def allowed(self) -> set[OperationType]:
        """The kinds of operation that have one result and that this method may run."""
        if self.request.method == "POST":
            return {OperationType.QUERY, OperationType.MUTATION}
        return {OperationType.QUERY} if self.view.allow_queries_via_get else set()

    async def execute(self, data: GraphQLRequestData) -> ExecutionResult:
        """One result; ``InvalidOperationTypeError`` for a kind of operation not allowed here."""
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
            raise RequestError(400, "Expected a GraphQL document as `query`; it is missing.") from (
                error
            )
        except CannotGetOperationTypeError as error:
            message = _UNNAMED.format(name=repr(error.operation_name))
            return PreExecutionError(data=None, errors=[GraphQLError(message)])
        return _whole(result)

    def not_allowed(self, kind: OperationType) -> RequestError:
        """The refusal of a mutation by GET, and of a query by GET where that is off."""
        return RequestError(
            405,
            f"A {kind.value} can't be run by {self.request.method} here; send it by POST.",
            headers={"Allow": "POST"},
        )

    def stream(
        self, data: GraphQLRequestData, allowed: set[OperationType]
    ) -> StreamingHttpResponse:
        """The operation's results as an event stream."""
        if not isinstance(self.request, ASGIRequest):
            raise RequestError(501, _NEEDS_ASGI)
        events = sse.events(self.results(data, allowed), self.encode)
        response = StreamingHttpResponse(sse.EventStream(events, settings.KEEP_ALIVE))
        self.dress(response)
        for name, value in sse.HEADERS.items():
            response[name] = value
        return response

    async def results(
        self, data: GraphQLRequestData, allowed: set[OperationType]
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Every result of an operation; what is wrong with it is a result as well."""
        stream = await self.view.schema.stream(
            data.query,
            variable_values=data.variables,
            context_value=self.context,
            root_value=self.root_value,
            operation_name=data.operation_name,
            operation_extensions=data.extensions,
            allowed_operation_types=allowed,
        )
        async with aclosing(stream):
            async for result in stream:
                yield _whole(result)

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
