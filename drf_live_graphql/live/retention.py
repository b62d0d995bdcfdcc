"""Live queries whose last subscription left: kept for a while, for one that comes back.

They gather what changes and evaluate nothing. Bounded in number, in the rows that they remember,
and in time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_live_graphql.conf import settings

from . import history

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .query import LiveQuery


class Retained:
    """The queries in the order in which they were left."""

    def __init__(self) -> None:
        """None yet."""
        self._until: dict[LiveQuery, float] = {}
        # The rows that each remembers, and all together.
        self._rows: dict[LiveQuery, int] = {}
        self._total = 0

    def __contains__(self, query: LiveQuery) -> bool:
        return query in self._until

    def __iter__(self) -> Iterator[LiveQuery]:
        return iter(tuple(self._until))

    def __len__(self) -> int:
        return len(self._until)

    def add(self, query: LiveQuery) -> None:
        """Keep ``query`` for the time of ``RESUME_WINDOW`` from now."""
        self.discard(query)
        self._until[query] = history.clock() + settings.RESUME_WINDOW
        self._rows[query] = query.size
        self._total += query.size

    def discard(self, query: LiveQuery) -> None:
        """Keep it no longer."""
        self._until.pop(query, None)
        self._total -= self._rows.pop(query, 0)

    def over(self) -> list[LiveQuery]:
        """Those whose time is over, and the oldest of too many."""
        now = history.clock()
        spare = len(self._until) - settings.RESUME_QUERIES
        rows = self._total - settings.RESUME_MEMBERS
        over: list[LiveQuery] = []
        # They are in the order of their times.
        for query, until in self._until.items():
            if until > now and len(over) >= spare and rows <= 0:
                break
            over.append(query)
            rows -= self._rows[query]
        return over


__all__ = ["Retained"]
