"""One operation of a socket: a live subscription, or anything else that the schema can do."""

from __future__ import annotations

import json
import logging
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Protocol

from graphql import (
    ExecutionResult,
    GraphQLError,
    OperationType,
    create_source_event_stream,
)
from strawberry.types.execution import ExecutionResult as StrawberryResult
from strawberry.types.execution import PreExecutionError

from drf_live_graphql.documents import Document, load
from drf_live_graphql.exceptions import INTERNAL_MESSAGE, Refusal
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.live.rendition import Rendition
from drf_live_graphql.live.selection import Scope
from drf_live_graphql.live.subscription import Subscription
from schema_gen import root_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping, Sequence

    from graphql import OperationDefinitionNode
    from strawberry.schema import Schema

    from drf_live_graphql.live.reading import Envelope
    from drf_live_graphql.live.rendition import Payload
    from drf_live_graphql.live.stream import LiveStream
    from drf_live_graphql.live.wants import Wants
    from drf_live_graphql.requests import Connection

logger = logging.getLogger("drf_live_graphql.transport")


class Wire(Protocol):
    """What an operation needs of its socket."""

    schema: Schema
    context: Any
    connection: Connection

    def offer(self, frame: str) -> bool:
        """Send a frame if the reader keeps up; whether it was taken."""

    def put(self, frame: str) -> None:
        """Send a frame in any case."""

    def put_error(self, id_: str, errors: Sequence[GraphQLError]) -> None:
        """End the operation with errors."""

    def put_complete(self, id_: str) -> None:
        """End the operation."""

    def disconnect(self, error: GraphQLError) -> None:
        """End every operation with ``error``, then the socket."""


class Operation:
    """A ``subscribe`` message's operation, from its text to its last result.

    It is the sink of its live subscription.
    """

    __slots__ = (
        "_extensions",
        "_name",
        "_next",
        "_offer",
        "_query",
        "_subscription",
        "_variables",
        "_wire",
        "id",
        "task",
    )

    def __init__(
        self,
        wire: Wire,
        id_: str,
        query: str,
        *,
        variables: Mapping[str, Any] | None,
        name: str | None,
        extensions: Mapping[str, Any] | None,
    ) -> None:
        """Nothing runs before ``run``."""
        self.id = id_
        self.task: asyncio.Task[None] | None = None
        self._wire = wire
        self._offer = wire.offer
        self._query = query
        self._variables = dict(variables or {})
        self._name = name
        self._extensions = dict(extensions or {})
        self._subscription: Subscription | None = None
        # Results differ by what follows this; a thousand subscribers share that.
        self._next = f'{{"id":{json.dumps(id_)},"type":"next","payload":'

    @property
    def live(self) -> bool:
        """Whether a live subscription goes on without a task of its own."""
        return self._subscription is not None

    async def run(self) -> None:
        """Do what the document says; whatever happens, the client is told."""
        try:
            await self._run()
        except GraphQLError as error:
            self._wire.put_error(self.id, [error])
        except Exception:
            logger.exception("An operation failed.")
            fault = Refusal(INTERNAL_MESSAGE, "INTERNAL_SERVER_ERROR")
            self._wire.put_error(self.id, [fault])

    async def _run(self) -> None:
        document = load(self._wire.schema, self._query)
        if not isinstance(document, Document):
            self._wire.put_error(self.id, document)
            return
        operation = document.operation(self._name)
        if self._is_live(document, operation):
            await self._subscribe(document)
        else:
            await self._stream()

    def _is_live(self, document: Document, operation: OperationDefinitionNode) -> bool:
        """Whether the operation is a generated subscription, and nobody else wants to see it."""
        schema = self._wire.schema
        subscription = schema._schema.subscription_type
        if operation.operation is not OperationType.SUBSCRIPTION or subscription is None:
            return False
        names = Scope(document.fragments, self._variables).fields([operation])
        return not schema.extensions and all(
            name in subscription.fields and root_of(subscription.fields[name]) for name in names
        )

    async def _subscribe(self, document: Document) -> None:
        # Strawberry's own stream would execute for each subscriber; its source says enough.
        executor = self._wire.schema.execution_context_class.build(
            self._wire.schema._schema,
            document.node,
            context_value=self._wire.context,
            raw_variable_values=self._variables,
            operation_name=self._name,
            operation_extensions=self._extensions,
        )
        if isinstance(executor, list):
            self._wire.put_error(self.id, executor)
            return
        source: Any = create_source_event_stream(executor)
        if isawaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            self._wire.put_error(self.id, source.errors or ())
        else:
            await self._go_live(source, document)

    async def _go_live(self, stream: LiveStream, document: Document) -> None:
        wants = stream.wants()
        self._subscription = Subscription(
            stream.root,
            stream.call,
            self._wire.connection,
            wants,
            self,
            rendition=self._rendition(stream, document, wants),
            queried=stream.queried(wants),
            after=stream.after,
        )
        await get_hub().subscribe(self._subscription)

    def _rendition(self, stream: LiveStream, document: Document, wants: Wants) -> Rendition:
        variables = json.dumps(self._variables, sort_keys=True, default=str)
        key: tuple[object, ...] = (document, self._name, variables)
        if wants.query:
            # Resolvers run for it, and those that are not ours may look at anything.
            whose = self._wire.connection.fingerprint if stream.knows(wants.query) else self
            key = (*key, whose)
        return Rendition(
            self._wire.schema,
            document.node,
            variables=self._variables,
            operation_name=self._name,
            context=self._wire.context,
            key=key,
            asynchronous=bool(wants.query),
        )

    async def _stream(self) -> None:
        """Queries, mutations and the user's own subscriptions go strawberry's way."""
        source = await self._wire.schema.stream(
            self._query,
            variable_values=self._variables,
            context_value=self._wire.context,
            operation_name=self._name,
            operation_extensions=self._extensions,
        )
        try:
            async for result in source:
                if not isinstance(result, StrawberryResult | PreExecutionError):
                    raise Refusal(
                        "Incremental delivery (@defer, @stream) is not possible over"
                        " graphql-transport-ws.",
                        "INVALID",
                    )
                if isinstance(result, PreExecutionError) or _is_request_error(result):
                    self._wire.put_error(self.id, result.errors or ())
                    return
                self._wire.put(f"{self._next}{_encode(result)}}}")
        finally:
            await source.aclose()
        self._wire.put_complete(self.id)

    def close(self) -> None:
        """End it, from the client's side."""
        if self.task is not None:
            self.task.cancel()
        if self._subscription is not None:
            self._subscription.close()

    def caught_up(self) -> None:
        """The socket's reader reads again."""
        if self._subscription is not None:
            self._subscription.caught_up()

    # Sink.

    def deliver(self, envelope: Envelope, payload: Payload | None) -> bool:
        """See ``Sink``."""
        assert isinstance(payload, str)
        return self._offer(f"{self._next}{payload}}}")

    def fail(self, error: GraphQLError) -> None:
        """See ``Sink``."""
        self._wire.put_error(self.id, [error])

    def disconnect(self, error: GraphQLError) -> None:
        """See ``Sink``."""
        self._wire.disconnect(error)


def _is_request_error(result: Any) -> bool:
    """Whether nothing was executed, as with a wrong variable (GraphQL specification, 7.1.2)."""
    return bool(
        result.data is None and result.errors and all(not error.path for error in result.errors)
    )


def _encode(result: StrawberryResult) -> str:
    response: dict[str, Any] = {"data": result.data}
    if result.errors:
        response["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        response["extensions"] = result.extensions
    return json.dumps(response, separators=(",", ":"), ensure_ascii=False)


__all__ = ["Operation", "Wire"]
