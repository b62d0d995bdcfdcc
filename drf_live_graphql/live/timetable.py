"""Which live query is due to be asked again although nothing was heard: one timer for all."""

from __future__ import annotations

import asyncio
import heapq
import random
from itertools import count
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

from drf_live_graphql.conf import settings

if TYPE_CHECKING:
    from schema_gen import RootDescription

    from .query import LiveQuery

# Seconds between two looks at what is due.
TICK = 0.05
# The part of its time that a query waits at the least. The rest is left to chance, so that those
# that were asked at once (all of them, after a resync) are not due at once.
SHARE = 0.5


class Timetable:
    """Reauthorises each live query in time, and rereads those that can change unheard.

    A query is asked when its last round, of whatever kind, is older than ``SHARE`` of
    ``AUTH_MAX_AGE``, and before it is older than all of that.
    """

    def __init__(self) -> None:
        """Nothing is due."""
        self._due: list[tuple[float, int, bool, ref[LiveQuery]]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, query: LiveQuery) -> None:
        """From now on ``query`` is asked in time, until its last subscription leaves."""
        if settings.AUTH_MAX_AGE is not None:
            self._ask_later(query, query.asked_at)
        interval = interval_of(query.key.root)
        if interval is not None:
            self._put(_now() + _part_of(interval), query, rereads=True)

    def _ask_later(self, query: LiveQuery, since: float) -> None:
        self._put(since + _part_of(settings.AUTH_MAX_AGE), query, rereads=False)

    def _put(self, at: float, query: LiveQuery, *, rereads: bool) -> None:
        heapq.heappush(self._due, (at, next(self._numbers), rereads, ref(query)))
        if self._timer is None or at < self._timer.when() - TICK:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        at = max(self._due[0][0], loop.time() + TICK)
        self._timer = loop.call_at(at, self._work)

    def _work(self) -> None:
        self._timer = None
        now = _now()
        due = []
        while self._due and self._due[0][0] <= now:
            due.append(heapq.heappop(self._due))
        for _, _, rereads, reference in due:
            query = reference()
            if query is not None and (query.alive or query.retained):
                if rereads:
                    self._reread(query, now)
                else:
                    self._ask(query, now)
        if self._due and self._timer is None:
            self._set_timer()

    def _reread(self, query: LiveQuery, now: float) -> None:
        interval = interval_of(query.key.root)
        assert interval is not None
        query.recheck()
        self._put(now + interval, query, rereads=True)

    def _ask(self, query: LiveQuery, now: float) -> None:
        if settings.AUTH_MAX_AGE is None:
            return
        if now - query.asked_at >= SHARE * settings.AUTH_MAX_AGE:
            if query.alive:
                query.reauthorise()
            self._ask_later(query, now)
        else:
            self._ask_later(query, query.asked_at)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _part_of(seconds: float) -> float:
    return seconds * random.uniform(SHARE, 1.0)  # noqa: S311  # No secret.


# Of the roots whose rows depend on what no change tells of: seconds between two readings.
_intervals: WeakKeyDictionary[RootDescription, float] = WeakKeyDictionary()


def reread(root: RootDescription, every: float) -> None:
    """Have the live queries of ``root`` read again ``every`` so many seconds."""
    _intervals[root] = every


def interval_of(root: RootDescription) -> float | None:
    """Seconds between two readings of ``root``; ``None`` where changes tell all."""
    return _intervals.get(root)


__all__ = ["Timetable", "interval_of", "reread"]
