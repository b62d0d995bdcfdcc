"""One socket that speaks django-rest-live's protocol: its subscriptions, its outbox, its end."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from drf_live_graphql.conf import settings
from drf_live_graphql.exceptions import Refusal
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.transport.codes import CloseCode
from drf_live_graphql.transport.outbox import Outbox

from . import messages
from .operation import Operation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping

    from graphql import GraphQLError

    from .connection import RealtimeConnection
    from .roots import Roots

logger = logging.getLogger("drf_live_graphql.transport")

# By which the protocol says that a connection needs a user.
NOT_AUTHENTICATED = 4003
# How far answers that were asked for may pile up, as a multiple of OUTBOX_BYTES.
OVERFLOW = 4
# Seconds for which a reader that does not read may hold up the close of its socket.
GRACE = 2.0


class Socket:
    """An accepted socket; the hub's ``Line`` and its operations' ``Wire``."""

    def __init__(
        self,
        send: Callable[[Mapping[str, Any]], Coroutine[Any, Any, None]],
        connection: RealtimeConnection,
        roots: Roots,
        accept: str | None,
    ) -> None:
        """``send`` is the server's (ASGI); ``accept`` the handshake's header of that name."""
        self._send = send
        self.connection = connection
        self.roots = roots
        self.accept = accept
        self._operations: dict[str, Operation] = {}
        self._outbox = Outbox(send, limit=settings.OUTBOX_BYTES, drained=self._drained, ping=None)
        self.offer = self._outbox.offer
        self.put = self._outbox.put
        self._closer: asyncio.Task[None] | None = None
        self._closing = False

    async def serve(self, receive: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
        """Take messages until the socket is closed, from whichever side."""
        get_hub().attach(self)
        try:
            while (event := await receive())["type"] != "websocket.disconnect":
                if not self._closing:
                    self._receive(event.get("text"), event.get("bytes"))
        finally:
            await self._shutdown()

    async def _shutdown(self) -> None:
        get_hub().detach(self)
        self._closing = True
        if self._closer is not None:
            await asyncio.wait({self._closer}, timeout=2 * GRACE)
        operations, self._operations = list(self._operations.values()), {}
        tasks = [operation.task for operation in operations]
        for operation in operations:
            operation.close()
        self._outbox.close()
        for task in tasks:
            if task is not None:
                with suppress(asyncio.CancelledError):
                    await task

    # Messages.

    def _receive(self, text: str | None, data: bytes | None) -> None:
        size = len(text) if text is not None else len(data or b"")
        if size > settings.MAX_MESSAGE_BYTES:
            self._close(CloseCode.BAD_REQUEST)
            return
        try:
            self._handle(text or "")
        except Refusal as refusal:
            self.put(messages.error((refusal.extensions or {}).get("id"), refusal))
        if self._outbox.waiting > OVERFLOW * settings.OUTBOX_BYTES:
            self._close(CloseCode.TRY_AGAIN_LATER)

    def _handle(self, text: str) -> None:
        message = messages.read(text)
        if message is None:
            return  # There is no id to answer to.
        kind = message.content.get("type")
        if kind == "subscribe":
            self._subscribe(message)
        elif kind == "unsubscribe":
            self._unsubscribe(message)
        else:
            refusal = Refusal("Expected 'subscribe' or 'unsubscribe' as type.", "INVALID")
            self.put(messages.error(message.id, refusal))

    def _subscribe(self, message: messages.Message) -> None:
        refusal: Refusal | None = None
        if message.key in self._operations:
            refusal = Refusal(
                f"The id {message.key} is in use on this connection. Take another, or unsubscribe.",
                "INVALID",
            )
        elif len(self._operations) >= settings.MAX_OPERATIONS:
            refusal = Refusal(
                f"This socket has {settings.MAX_OPERATIONS} subscriptions; end some.",
                "TOO_MANY_OPERATIONS",
            )
        if refusal is not None:
            self.put(messages.error(message.id, refusal))
            return
        # Reserved before anything is awaited: a second request with this id is refused.
        operation = self._operations[message.key] = Operation(self, message)
        operation.task = asyncio.get_running_loop().create_task(self._run(operation))

    async def _run(self, operation: Operation) -> None:
        try:
            await operation.run()
        finally:
            operation.task = None

    def _unsubscribe(self, message: messages.Message) -> None:
        operation = self._operations.pop(message.key, None)
        if operation is None:
            refusal = Refusal("There is no subscription with this id.", "NOT_FOUND")
            self.put(messages.error(message.id, refusal))
        else:
            operation.close()

    # Wire and Line.

    def end(self, operation: Operation, refusal: Refusal) -> None:
        """See ``Wire``."""
        if self._operations.get(operation.key) is operation:
            del self._operations[operation.key]
            self.put(messages.error(operation.id, refusal))

    def disconnect(self, error: GraphQLError) -> None:
        """See ``Line``: each subscription is told, then the socket is closed."""
        if self._closing:
            return
        assert isinstance(error, Refusal)
        self._outbox.drop()
        for operation in list(self._operations.values()):
            self.end(operation, error)
            operation.close()
        self._close(NOT_AUTHENTICATED)

    def _close(self, code: int) -> None:
        if not self._closing:
            self._closing = True
            self._closer = asyncio.get_running_loop().create_task(self._shut(code))

    async def _shut(self, code: int) -> None:
        await self._outbox.flush(GRACE)
        self._outbox.close()
        with suppress(Exception):  # The other side may have gone first.
            await self._send({"type": "websocket.close", "code": int(code)})

    def _drained(self) -> None:
        for operation in list(self._operations.values()):
            operation.caught_up()


__all__ = ["NOT_AUTHENTICATED", "Socket"]
