"""The graphql-transport-ws protocol on one socket.

The protocol is https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md; strawberry's
handler gives the frame and the tasks, this one mends what breaks a socket or lets one grow.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.exceptions import (
    NonJsonMessageReceived,
    NonTextMessageReceived,
    WebSocketDisconnected,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
)
from strawberry.types.unset import UnsetType

from drf_live_graphql.conf import settings
from drf_live_graphql.context import CONNECTION
from drf_live_graphql.exceptions import Refusal
from drf_live_graphql.live import executor
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.requests import Connection

from .application import SEND
from .codes import CloseCode
from .operations import Operation
from .outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import GraphQLError
    from strawberry.schema import Schema

logger = logging.getLogger("drf_live_graphql.transport")

# How long a ping may be unanswered, as a multiple of KEEP_ALIVE.
PATIENCE = 2
# How far answers that were asked for may pile up, as a multiple of OUTBOX_BYTES.
OVERFLOW = 4
# Seconds for which a reader that does not read may hold up the close of its socket.
GRACE = 2.0


class LiveHandler(BaseGraphQLTransportWSHandler[Any, Any]):
    """One socket: its handshake, its operations, its outbox."""

    connection: Connection
    schema: Schema
    operations: dict[str, Operation]  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As strawberry's; made by the consumer for each socket."""
        super().__init__(*args, **kwargs)
        consumer = self.context["request"]
        self._outbox = Outbox(
            consumer.scope.get(SEND, consumer.base_send),
            limit=settings.OUTBOX_BYTES,
            drained=self._drained,
            ping=lambda: '{"type":"ping"}',
        )
        # See Wire: what a change passes through once for each subscriber takes no detour.
        self.offer = self._outbox.offer
        self.put = self._outbox.put
        self._keep_alive: asyncio.TimerHandle | None = None
        self._closer: asyncio.Task[None] | None = None
        self._closing = False

    # Life.

    async def handle(self) -> None:
        """Serve the socket until it is closed, from whichever side."""
        self.on_request_accepted()
        self._schedule_ping()
        try:
            async for message in self.websocket.iter_json():
                if not self._closing:
                    await self._handle(message)
                if self._closing:
                    break
        except NonTextMessageReceived:
            await self._close(CloseCode.BAD_REQUEST, "Expected a text frame")
        except NonJsonMessageReceived:
            await self._close(CloseCode.BAD_REQUEST, "Expected JSON")
        except WebSocketDisconnected:
            logger.debug("A socket was disconnected.")
        except RecursionError:
            await self._close(CloseCode.BAD_REQUEST, "The JSON is nested too deeply")
        finally:
            await self.shutdown()

    async def shutdown(self) -> None:
        """Let go of everything; awaits the operations' own clean-up."""
        if self._keep_alive is not None:
            self._keep_alive.cancel()
        get_hub().detach(self)
        if self._closer is not None:
            await asyncio.wait({self._closer}, timeout=2 * GRACE)
        tasks = [self.connection_init_timeout_task]
        tasks += [operation.task for operation in self.operations.values()]
        for operation in list(self.operations.values()):
            operation.close()
        self.operations.clear()
        self._outbox.close()
        for task in tasks:
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def handle_connection_init_timeout(self) -> None:
        """Close a socket that does not introduce itself in time."""
        await asyncio.sleep(settings.CONNECTION_INIT_TIMEOUT)
        self.connection_timed_out = True
        await self._close(
            CloseCode.CONNECTION_INITIALISATION_TIMEOUT, "Connection initialisation timeout"
        )

    async def _handle(self, message: object) -> None:
        """One message; a fault in it, ours or that of a hook, ends this socket only."""
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            await self._close(CloseCode.BAD_REQUEST, "Expected an object with a type")
            return
        try:
            await self.handle_message(message)  # type: ignore[arg-type]
        except Exception:
            logger.exception("A message of type %r could not be handled.", message["type"])
            await self._close(CloseCode.TRY_AGAIN_LATER, "Internal error")
        if self._outbox.waiting > OVERFLOW * settings.OUTBOX_BYTES:
            await self._close(CloseCode.TRY_AGAIN_LATER, "The reader does not keep up")

    async def _close(self, code: CloseCode, reason: str) -> None:
        if not self._closing:
            self._closing = True
            await self._shut(code, reason)

    async def _shut(self, code: CloseCode, reason: str) -> None:
        # Before the close is sent, which a reader that does not read can hold up for ever.
        get_hub().detach(self)
        for operation in list(self.operations.values()):
            operation.close()
        self._outbox.close()
        with suppress(Exception):  # The other side may have gone first.
            await self.websocket.close(code=int(code), reason=reason)

    def disconnect(self, error: GraphQLError) -> None:
        """See ``Wire``. A client of graphql-ws then connects again, with fresh credentials."""
        if self._closing:
            return
        self._closing = True
        self._outbox.drop()
        for operation in list(self.operations.values()):
            self.put_error(operation.id, [error])
            operation.close()
        self._closer = asyncio.get_running_loop().create_task(self._shut_later())

    async def _shut_later(self) -> None:
        await self._outbox.flush(GRACE)
        await self._shut(CloseCode.FORBIDDEN, "Forbidden")

    # Messages.

    async def handle_connection_init(self, message: Any) -> None:
        """Acknowledge a client; its payload may carry credentials as headers."""
        if self.connection_init_received:
            await self._close(
                CloseCode.TOO_MANY_INITIALISATION_REQUESTS, "Too many initialisation requests"
            )
            return
        payload = message.get("payload")
        if payload is None:
            payload = {}
        if not isinstance(payload, dict):
            await self._close(CloseCode.BAD_REQUEST, "Expected an object as payload")
            return
        self.connection_init_received = True
        if self.connection_init_timeout_task is not None:
            self.connection_init_timeout_task.cancel()
        await self._acknowledge(payload)

    async def _acknowledge(self, payload: dict[str, Any]) -> None:
        self.context["connection_params"] = payload
        try:
            answer = await self.view.on_ws_connect(self.context)
        except ConnectionRejectionError:
            await self._close(CloseCode.FORBIDDEN, "Forbidden")
            return
        scope = self.context["request"].scope
        self.connection = await executor.run(lambda: Connection.from_scope(scope, payload))
        self.context[CONNECTION] = self.connection
        ack: dict[str, Any] = {"type": "connection_ack"}
        if not isinstance(answer, UnsetType):
            ack["payload"] = answer
        self._put(ack)
        self.connection_acknowledged = True
        get_hub().attach(self)

    async def handle_ping(self, message: Any) -> None:
        """Answer; a pong carries the ping's payload back."""
        self._put({**message, "type": "pong"})

    async def handle_pong(self, message: Any) -> None:
        """The client has read what was sent before our ping."""
        self._outbox.answered()

    async def handle_subscribe(self, message: Any) -> None:
        """Start an operation, or refuse it alone where only it is at fault."""
        if not self.connection_acknowledged:
            await self._close(CloseCode.UNAUTHORIZED, "Unauthorized")
            return
        id_, payload = message.get("id"), message.get("payload")
        if not _is_id(id_) or not _is_payload(payload):
            await self._close(
                CloseCode.BAD_REQUEST, "Expected an id and a payload with a query in subscribe"
            )
            return
        if id_ in self.operations:
            await self._close(
                CloseCode.SUBSCRIBER_ALREADY_EXISTS, f"Subscriber for {id_[:64]} already exists"
            )
            return
        if len(self.operations) >= settings.MAX_OPERATIONS:
            text = f"This socket has {settings.MAX_OPERATIONS} operations open; complete some."
            self._put(_error(id_, [Refusal(text, "TOO_MANY_OPERATIONS")]))
            return
        self._start(id_, payload)

    def _start(self, id_: str, payload: Mapping[str, Any]) -> None:
        operation = Operation(
            self,
            id_,
            payload["query"],
            variables=payload.get("variables"),
            name=payload.get("operationName"),
            extensions=payload.get("extensions"),
        )
        # Reserved before anything is awaited: a second subscribe with this id is refused.
        self.operations[id_] = operation
        operation.task = asyncio.get_running_loop().create_task(self._run(operation))

    async def _run(self, operation: Operation) -> None:
        try:
            await operation.run()
        finally:
            operation.task = None
            if not operation.live and self.operations.get(operation.id) is operation:
                del self.operations[operation.id]

    async def handle_complete(self, message: Any) -> None:
        """End an operation; one that is unknown has ended before."""
        id_ = message.get("id")
        if not _is_id(id_):
            await self._close(CloseCode.BAD_REQUEST, "Expected an id in complete")
            return
        operation = self.operations.pop(id_, None)
        if operation is not None:
            operation.close()

    async def handle_invalid_message(self, error_message: str) -> None:
        """A message of an unknown type."""
        await self._close(CloseCode.BAD_REQUEST, error_message)

    # Wire (see operations).

    def put_error(self, id_: str, errors: Sequence[GraphQLError]) -> None:
        """See ``Wire``."""
        if self.operations.pop(id_, None) is not None:
            self._put(_error(id_, errors))

    def put_complete(self, id_: str) -> None:
        """See ``Wire``."""
        if self.operations.pop(id_, None) is not None:
            self._put({"id": id_, "type": "complete"})

    def _put(self, message: Mapping[str, Any]) -> None:
        self.put(json.dumps(message, separators=(",", ":"), ensure_ascii=False))

    def _drained(self) -> None:
        for operation in list(self.operations.values()):
            operation.caught_up()

    # Keep-alive.

    def _schedule_ping(self) -> None:
        loop = asyncio.get_running_loop()
        self._keep_alive = loop.call_later(settings.KEEP_ALIVE, self._ping)

    def _ping(self) -> None:
        """Ping the client, unless it has not answered for long: then the socket is dead."""
        if self._outbox.silence > PATIENCE * settings.KEEP_ALIVE:
            closing = self._close(CloseCode.TRY_AGAIN_LATER, "Pings are not answered")
            self._closer = asyncio.get_running_loop().create_task(closing)
            return
        if self.connection_acknowledged:
            self._outbox.ping()
        self._schedule_ping()


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_payload(value: object) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("query"), str):
        return False
    optional = (("variables", dict), ("extensions", dict), ("operationName", str))
    return all(isinstance(value.get(name), (kind, type(None))) for name, kind in optional)


def _error(id_: str, errors: Sequence[GraphQLError]) -> dict[str, Any]:
    return {"id": id_, "type": "error", "payload": [error.formatted for error in errors]}


__all__ = ["LiveHandler"]
