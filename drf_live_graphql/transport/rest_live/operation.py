"""One subscription of a socket, from its request to its last broadcast."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from drf_live_graphql.exceptions import INTERNAL_MESSAGE, Refusal, refusal_of
from drf_live_graphql.live import executor
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.live.subscription import Subscription

from . import messages
from .broadcast import LIST_WANTS, ROW_WANTS, Broadcasts, negotiate
from .messages import DELETED

if TYPE_CHECKING:
    import asyncio

    from graphql import GraphQLError

    from drf_live_graphql.live.reading import Envelope
    from drf_live_graphql.live.rendition import Payload
    from schema_gen import ViewCall

    from .connection import RealtimeConnection
    from .messages import Message
    from .roots import RealtimeRoot, Roots

logger = logging.getLogger("drf_live_graphql.transport")


class Wire(Protocol):
    """What a subscription needs of its socket."""

    connection: RealtimeConnection
    roots: Roots
    accept: str | None
    """The ``Accept`` header of the handshake."""

    def offer(self, frame: str) -> bool:
        """Send a frame if the reader keeps up; whether it was taken."""

    def put(self, frame: str) -> None:
        """Send a frame in any case."""

    def end(self, operation: Operation, refusal: Refusal) -> None:
        """Forget the operation, and tell the client why."""

    def disconnect(self, error: GraphQLError) -> None:
        """End every operation with ``error``, then the socket."""


class Operation:
    """A subscription; the sink of what its live query tells.

    Nothing is sent where it begins: the client has the rows from the REST API.
    """

    __slots__ = ("_begun", "_message", "_shown", "_single", "_subscription", "_wire", "task")

    def __init__(self, wire: Wire, message: Message) -> None:
        """Nothing runs before ``run``."""
        self.task: asyncio.Task[None] | None = None
        self._wire = wire
        self._message = message
        self._subscription: Subscription | None = None
        # Of a single row: whether the client can know of it yet, and what it was last told, as a
        # digest; ``None`` is that it is gone.
        self._single = False
        self._begun = False
        self._shown: int | None = None

    @property
    def id(self) -> object:
        """As the client gave it."""
        return self._message.id

    @property
    def key(self) -> str:
        """The id, for comparison."""
        return self._message.key

    async def run(self) -> None:
        """Subscribe; a client that is refused is told so, and is not subscribed."""
        try:
            # Nothing is sent once it is admitted, so that a test could wait for nothing else.
            with get_hub().admitting():
                await self._run()
        except Exception as error:
            refusal = refusal_of(error)
            if refusal is None:
                logger.exception("A subscription failed.")
                refusal = Refusal(INTERNAL_MESSAGE, "INTERNAL_SERVER_ERROR")
            self._wire.end(self, refusal)

    async def _run(self) -> None:
        request = messages.subscribe(self._message.content, self._wire.roots)
        root, call, broadcasts = await executor.run(lambda: self._prepare(request))
        self._single = root.action == "retrieve"
        self._subscription = Subscription(
            root,
            call,
            self._wire.connection.to(root),
            ROW_WANTS if self._single else LIST_WANTS,
            self,
            rendition=broadcasts,
        )
        await get_hub().subscribe(self._subscription)

    def _prepare(self, request: messages.Subscribe) -> tuple[RealtimeRoot, ViewCall, Broadcasts]:
        wire = self._wire
        root, call = wire.roots.find(request)
        connection = wire.connection.to(root)
        return root, call, negotiate(root, call, connection, self._message, wire.accept)

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
        assert isinstance(payload, tuple)
        if self._single:
            return self._deliver_row(envelope["action"], payload)
        first, *rest = payload
        if not self._wire.offer(first):
            return False
        for frame in rest:
            # What belongs together goes together: the next change is refused, if need be.
            self._wire.put(frame)
        return True

    def _deliver_row(self, action: str, frames: tuple[str, ...]) -> bool:
        """A row as it stands is told as what it is to the client, and to begin with not at all."""
        frame, held = frames[0], self._shown is not None
        shown = None if action == DELETED else hash(frames[-1])
        if action == "SNAPSHOT":
            if not self._begun or shown == self._shown:
                self._begun, self._shown = True, shown
                return True
            frame = frames[held]
        elif action == DELETED and not held:
            return True
        if not self._wire.offer(frame):
            return False
        self._shown = shown
        return True

    def fail(self, error: GraphQLError) -> None:
        """See ``Sink``."""
        assert isinstance(error, Refusal)
        self._wire.end(self, error)

    def disconnect(self, error: GraphQLError) -> None:
        """See ``Sink``."""
        self._wire.disconnect(error)


__all__ = ["Operation", "Wire"]
