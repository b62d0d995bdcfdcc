"""One client's subscription of one root: whom to send what, and what it has missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from graphql import GraphQLError

    from drf_live_graphql.requests import Connection
    from schema_gen import RootDescription, ViewCall

    from .cursor import Cursor
    from .query import LiveQuery
    from .reading import Envelope
    from .rendition import Payload, Words
    from .resume import Told
    from .wants import Wants


class Sink(Protocol):
    """Where a subscription's payloads go. Its methods return at once and never raise."""

    def deliver(self, envelope: Envelope, payload: Payload | None) -> bool:
        """Take a payload; ``False`` where the reader is behind and it was not taken.

        ``payload`` is what the subscription's rendition made, where it has one.
        """

    def fail(self, error: GraphQLError) -> None:
        """The subscription has ended with ``error``."""

    def disconnect(self, error: GraphQLError) -> None:
        """End all that its connection has open with ``error``, and the connection."""


class Subscription:
    """A place in a ``LiveQuery``. Compared by identity."""

    __slots__ = (
        "_last",
        "after",
        "behind",
        "call",
        "cohort",
        "connection",
        "ended",
        "held",
        "missed",
        "queried",
        "query",
        "rendition",
        "root",
        "sink",
        "told",
        "wants",
    )

    def __init__(
        self,
        root: RootDescription,
        call: ViewCall,
        connection: Connection,
        wants: Wants,
        sink: Sink,
        *,
        rendition: Words | None = None,
        queried: Iterable[RootDescription] = (),
        after: Cursor | None = None,
    ) -> None:
        """``queried`` are the roots that are selected below ``query``.

        ``after`` is where a client that comes back stood.
        """
        self.root = root
        self.call = call
        self.connection = connection
        self.wants = wants
        self.sink = sink
        self.rendition = rendition
        self.queried = frozenset(queried)
        # Those who are told the same in the same words.
        self.cohort: Hashable = (wants, self if rendition is None else rendition.key)
        self.query: LiveQuery | None = None
        # Not delivered to since its reader fell behind; the ids that left the list meanwhile.
        self.behind = False
        self.missed: set[str] = set()
        # What it waits for while that is still being written out.
        self.held: object = None
        # Whether it ever knew where things stand, so that a second admission continues the first.
        self.told = False
        # Where it goes on until it is told; another process may have said what it missed.
        self.after: Cursor | Told | None = after
        self.ended = False
        self._last: str | None = None

    @property
    def keeps_up(self) -> bool:
        """Whether it was told all that came before."""
        return not self.behind and self.held is None

    def deliver(self, envelope: Envelope, payload: Payload | None) -> None:
        """Send, or note that the reader has to be told everything again."""
        if self.ended:
            return
        if not self.told:
            self.told = True
        if self.keeps_up and self.sink.deliver(envelope, payload):
            return
        self.behind = True
        self._last = None  # It was not sent, so it will be news.
        self.missed.update(envelope.get("deleted", ()))

    def deliver_held(self, envelope: Envelope, payload: Payload | None) -> None:
        """Deliver what it waited for; then have it told what came meanwhile."""
        missed, self.held = self.behind, None
        # What may show rows that have left since is not sent: no GET shows them any more.
        self.behind = late = bool(self.missed)
        self.deliver(envelope, payload)
        if late or (missed and not self.behind):
            self.behind = True
            self.caught_up()

    def release(self) -> None:
        """It need not wait any more; have it told what came meanwhile."""
        self.held = None
        self.caught_up()

    def is_news(self, data: str) -> bool:
        """Whether ``data`` differs from what was sent last; for live queries."""
        news = data != self._last
        self._last = data
        return news

    def caught_up(self) -> None:
        """The reader reads again: have it told where things stand."""
        if self.behind and self.held is None and not self.ended and self.query is not None:
            self.query.join(self)

    def fail(self, error: GraphQLError) -> None:
        """End with an error."""
        if not self.ended:
            self.close()
            self.sink.fail(error)

    def disconnect(self, error: GraphQLError) -> None:
        """End the connection, as its credential has ended."""
        if not self.ended:
            self.sink.disconnect(error)

    def close(self) -> None:
        """End, from the client's side; closing twice does no harm."""
        self.ended = True
        if self.query is not None:
            self.query.leave(self)


__all__ = ["Sink", "Subscription"]
