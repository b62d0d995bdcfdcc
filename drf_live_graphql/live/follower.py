"""One that follows the journals, and tells what they say: nothing is missed, however it is woken.

It looks when a message of the channel layer wakes it, and every now and then (setting
``JOURNAL_POLL``), so that a layer that is down only makes it later. Reading is done on a thread of
its own, with a connection of its own, so that no view holds it up.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from django.db import close_old_connections, connections

from drf_live_graphql.changes.journal import Journal, JournalLostError, databases
from drf_live_graphql.conf import settings

from .standing import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from drf_live_graphql.changes import Changes

logger = logging.getLogger("drf_live_graphql.live")

Result = TypeVar("Result")

# Prunings within the time that entries are kept for.
PRUNINGS = 20


class Follower:
    """Where one process stands in the journals of its databases."""

    def __init__(self, tell: Callable[[list[Changes]], None], lost: Callable[[], None]) -> None:
        """``tell`` is called with each commit, ``lost`` where some were not kept long enough.

        Both on the event loop.
        """
        self._tell = tell
        self._lost = lost
        self._positions: dict[str, str] = {}
        self._wake = asyncio.Event()
        self._looking = asyncio.Lock()
        self._looked_at = 0.0
        # When the positions were read, in seconds since the epoch.
        self._read_at = 0.0
        self._pruned_at = 0.0
        self._failing = False
        self._task: asyncio.Task[None] | None = None

    @property
    def complete(self) -> bool:
        """Whether every change of this project can be heard of here."""
        return self._task is not None and self._positions.keys() >= set(databases())

    @property
    def place(self) -> Place | None:
        """How far the journals were told; ``None`` where it is not ``complete``."""
        if not self.complete:
            return None
        return Place(tuple(sorted(self._positions.items())), int(self._read_at))

    async def start(self) -> None:
        """Follow from now on: what is committed after this returns is told. Again does no harm.

        A database that is out of reach is left out.
        """
        async with self._looking:
            if self._task is None:
                self._read_at = time.time()
                self._positions = await self._in_thread(_ends)
                self._looked_at = self._pruned_at = time.monotonic()
                self._task = asyncio.get_running_loop().create_task(self._follow())

    def wake(self) -> None:
        """Look soon."""
        self._wake.set()

    async def look(self) -> None:
        """Tell all that was committed before this was called.

        Raises what a database raises, once the others were told of; it is read again later.
        """
        async with self._looking:
            self._wake.clear()
            looked_at, read_at = time.monotonic(), time.time()
            try:
                news = await self._in_thread(lambda: _news(self._positions))
            except JournalLostError as error:
                logger.warning("The journal is read no further, but everything anew: %s", error)
                self._positions = await self._in_thread(_ends)
                self._lost()
            else:
                self._positions |= news.after
                if news.error is None:
                    self._read_at = read_at
                for commit in news.commits:
                    self._tell(commit)
                if news.error is not None:
                    raise news.error
                if looked_at - self._looked_at > settings.JOURNAL_AGE:
                    self._lost()
            self._looked_at = looked_at

    async def _follow(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), settings.JOURNAL_POLL)
            try:
                await self.look()
                await self._prune()
            except Exception as error:  # noqa: BLE001
                if not self._failing:
                    logger.warning("The journal can't be read; trying again: %r", error)
                self._failing = True
                await asyncio.sleep(settings.JOURNAL_POLL)
            else:
                self._failing = False

    async def _prune(self) -> None:
        if time.monotonic() - self._pruned_at > settings.JOURNAL_AGE / PRUNINGS:
            self._pruned_at = time.monotonic()
            aliases = tuple(self._positions)
            await self._in_thread(lambda: [Journal(alias).prune() for alias in aliases])

    async def _in_thread(self, function: Callable[[], Result]) -> Result:
        return await asyncio.wrap_future(_thread().submit(lambda: _clean(function)))


@cache
def _thread() -> ThreadPoolExecutor:
    """The thread of the process; it lives as long, and its connections with it."""
    return ThreadPoolExecutor(1, "drf-live-journal")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_thread.cache_clear)


def _ends() -> dict[str, str]:
    ends: dict[str, str] = {}
    for alias in databases():
        journal = Journal(alias)
        try:
            if journal.exists():
                ends[alias] = journal.end()
        except Exception as error:  # noqa: BLE001
            # No view need depend on it; the layer tells what is written there.
            connections[alias].close()
            logger.warning("The journal of the database %r is not followed: %r", alias, error)
    return ends


@dataclass(slots=True)
class _News:
    commits: list[list[Changes]] = field(default_factory=list)
    # The positions by now, of the databases that could be read.
    after: dict[str, str] = field(default_factory=dict)
    error: Exception | None = None


def _news(positions: dict[str, str]) -> _News:
    news = _News()
    for alias, position in positions.items():
        try:
            commits, news.after[alias] = Journal(alias).since(position)
        except JournalLostError:
            raise
        except Exception as error:  # noqa: BLE001
            # The others are told all the same.
            connections[alias].close()
            news.error = error
        else:
            news.commits += commits
    return news


def _clean(function: Callable[[], Result]) -> Result:
    """Keep the connections: looks are many and short."""
    try:
        return function()
    finally:
        for connection in connections.all(initialized_only=True):
            connection.close_at = None
        close_old_connections()


__all__ = ["Follower"]
