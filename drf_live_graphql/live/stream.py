"""A subscription as an asynchronous iterator, for whoever executes GraphQL per subscriber.

The socket of this package does better: it takes the stream's question and serves it with bytes
that all subscribers share (see ``transport``). Any other transport just iterates.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

from drf_live_graphql.context import connection_of

from . import executor
from .cursor import Cursor, after_of
from .hub import get_hub
from .subscription import Subscription
from .wants import Wants, wants_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from graphql import GraphQLError

    from drf_live_graphql.requests import Connection
    from schema_gen import RootDescription, ViewCall

    from .reading import Envelope
    from .rendition import Payload

# Envelopes that wait for a consumer before it is told the whole again instead.
BACKLOG = 64


class LiveStream(AsyncGenerator[dict[str, Any], None]):
    """The answer of a generated subscription field: iterate it, or take ``root`` and ``call``."""

    def __init__(
        self,
        root: RootDescription,
        call: ViewCall,
        info: Any,
        roots: Mapping[str, RootDescription],
    ) -> None:
        """Nothing is subscribed before the first iteration.

        ``roots`` are all generated root fields, by name.
        """
        self.root = root
        self.call = call
        self._info = info
        self._roots = roots
        self._waiting: deque[Envelope] = deque()
        self._woken = asyncio.Event()
        self._error: GraphQLError | None = None
        self._subscription: Subscription | None = None
        self._closed = False

    def wants(self) -> Wants:
        """What the document selects of the field's envelope."""
        info = self._info
        return wants_of(self.root, info.field_nodes, info.fragments, info.variable_values)

    def queried(self, wants: Wants) -> frozenset[RootDescription]:
        """The roots that are selected below ``query``."""
        return frozenset(self._roots[name] for name in wants.query if name in self._roots)

    @property
    def after(self) -> Cursor | None:
        """Where a client that comes back stood, by the operation's extensions."""
        return after_of(getattr(self._info, "operation_extensions", None))

    def knows(self, names: Iterable[str]) -> bool:
        """Whether all of the root fields ``names`` are generated ones."""
        return all(name in self._roots for name in names)

    # Sink.

    def deliver(self, envelope: Envelope, payload: Payload | None) -> bool:
        """See ``Sink``; takes up to ``BACKLOG`` envelopes."""
        if len(self._waiting) >= BACKLOG:
            return False
        self._waiting.append(envelope)
        self._woken.set()
        return True

    def fail(self, error: GraphQLError) -> None:
        """See ``Sink``."""
        self._error = error
        self._woken.set()

    def disconnect(self, error: GraphQLError) -> None:
        """See ``Sink``; what was not taken yet is not told any more."""
        self._waiting.clear()
        if self._subscription is not None:
            self._subscription.fail(error)

    @property
    def connection(self) -> Connection:
        """See ``Line``."""
        assert self._subscription is not None
        return self._subscription.connection

    # Iterator.

    async def __anext__(self) -> dict[str, Any]:
        """The next envelope; raises the ``Refusal`` with which the view ends the subscription."""
        if self._closed:
            raise StopAsyncIteration
        if self._subscription is None:
            await self._subscribe()
        assert self._subscription is not None
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            if self._error is not None:
                self._closed = True
                raise self._error
            self._woken.clear()
            self._subscription.caught_up()
            await self._woken.wait()
        return self._waiting.popleft()

    async def _subscribe(self) -> None:
        connection = await executor.run(lambda: connection_of(self._info.context))
        wants = self.wants()
        self._subscription = Subscription(
            self.root,
            self.call,
            connection,
            wants,
            self,
            queried=self.queried(wants),
            after=self.after,
        )
        hub = get_hub()
        hub.attach(self)
        try:
            await hub.subscribe(self._subscription)
        except BaseException:
            await self.aclose()
            raise

    async def asend(self, value: None) -> dict[str, Any]:
        """As ``__anext__``; nothing can be sent."""
        return await self.__anext__()

    async def athrow(
        self,
        typ: Any,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
    ) -> dict[str, Any]:
        """End with an exception."""
        await self.aclose()
        raise typ if val is None else val  # type: ignore[misc]

    async def aclose(self) -> None:
        """End the subscription; closing twice does no harm."""
        self._closed = True
        self._woken.set()
        if self._subscription is not None:
            get_hub().detach(self)
            self._subscription.close()


__all__ = ["LiveStream"]
