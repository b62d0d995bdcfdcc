"""One that reads on in the journal of one database, and tells what it says.

A read that fails is made again from the same position, so nothing is lost. A database is in doubt
that was out of reach or without the table when it was looked for, or so slow that nobody waits for
it. It is asked again, less and less often; and when it answers, nothing of what was written there
before is taken for known.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from drf_live_graphql.changes.journal import Journal, JournalLostError
from drf_live_graphql.conf import settings

from .listener import Listener
from .own_connection import own_connection
from .worker import HangingError, Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.backends.base.base import BaseDatabaseWrapper

    from drf_live_graphql.changes import Changes

logger = logging.getLogger("drf_live_graphql.live")

Result = TypeVar("Result")

# Prunings within the time that entries are kept for.
PRUNINGS = 20
# Seconds that a database may take to answer.
PATIENCE = 10.0
# Seconds until a database that was not there, or failed, is asked again: at first, and at most.
FIRST_RETRY = 1.0
LONGEST_RETRY = 60.0


@dataclass(frozen=True, slots=True)
class _Moment:
    """Now, by both clocks: that of a suspended machine stands still, the other may be set back."""

    monotonic: float = field(default_factory=time.monotonic)
    wall: float = field(default_factory=time.time)

    def elapsed(self) -> float:
        """Seconds since then, by the clock that says more."""
        return max(time.monotonic() - self.monotonic, time.time() - self.wall)


class JournalReader:
    """Where one process stands in the journal of the database ``alias``."""

    def __init__(
        self, alias: str, tell: Callable[[list[Changes]], None], lost: Callable[[], None]
    ) -> None:
        """``tell`` is called with each commit, ``lost`` where some were not read. On the loop."""
        self.alias = alias
        # Up to where all is told; ``None`` where nobody knows.
        self.position: str | None = None
        self._tell = tell
        self._lost = lost
        self._wake = asyncio.Event()
        self._looking = asyncio.Lock()
        self._looked_at = self._pruned_at = _Moment()
        # Whether the last read failed, and whether that was said.
        self._failing = self._complained = False
        # Times that somebody was woken for what nobody else tells, and those that are settled.
        self._owed = self._settled = 0
        # While nobody knows: when to ask again (``time.monotonic``), and how long after that.
        self._ask_at = 0.0
        self._retry = FIRST_RETRY
        self._listener: Listener | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def follows(self) -> bool:
        """Whether what is in the journal is told by now, or as soon as somebody looks."""
        return self.position is not None and not self._failing

    @property
    def looked_at(self) -> float:
        """When its position was read, in seconds since the epoch."""
        return self._looked_at.wall

    async def start(self) -> None:
        """Follow from now on: what is committed after this returns is told. Again does no harm."""
        async with self._looking:
            if self._task is not None:
                return
            try:
                if not await self._begin():
                    logger.warning("The database %r has no journal to follow.", self.alias)
            except Exception as error:  # noqa: BLE001
                # No view need depend on it; the layer tells what is written there.
                logger.warning("The journal of %r is not followed yet: %r", self.alias, error)
            self._task = asyncio.get_running_loop().create_task(self._follow())

    def wake(self) -> None:
        """Look soon: there may be something that nobody else tells, where this ``follows``."""
        self._owed += self.follows
        self._wake.set()

    async def look(self) -> None:
        """Tell all that was committed before this was called, or raise what the database raises.

        Where nobody knows the position, the journal is looked for, unless that was done just now;
        then nobody waits.
        """
        if self.position is None and (self._looking.locked() or time.monotonic() < self._ask_at):
            return
        async with self._looking:
            self._wake.clear()
            await (self._look_for() if self.position is None else self._read(self.position))

    async def _look_for(self) -> None:
        self._ask_at = time.monotonic() + self._retry
        self._retry = min(self._retry * 2, LONGEST_RETRY)
        if await self._begin():
            logger.warning("The journal of %r is followed now; reading anew.", self.alias)
            self._lost()

    async def _begin(self) -> bool:
        """Go on from where the journal ends now; whether there is one."""
        looked_at = _Moment()
        self.position = await self._run(_end)
        self._looked_at = looked_at
        self._failing = False
        if self.position is not None:
            self._retry = FIRST_RETRY
        return self.position is not None

    async def _read(self, position: str) -> None:
        looked_at, owed = _Moment(), self._owed
        try:
            commits, after = await self._run(lambda journal: journal.since(position))
        except JournalLostError as error:
            logger.warning("The journal is read no further, but everything anew: %s", error)
            self.position = None
            try:
                await self._begin()
            finally:
                self._lost()
            return
        except Exception as error:
            if isinstance(error, HangingError):
                self.position = None
            self._failing = True
            if self._owed != self._settled:
                # Of what was to be told now, nobody knows when it will be.
                self._settled = self._owed
                self._lost()
            raise
        self._failing = False
        self._settled = owed
        self.position = after
        told = [self._told(commit) for commit in commits]
        # Half the time, as the clock that prunes need not be this one.
        if not all(told) or self._looked_at.elapsed() > settings.JOURNAL_AGE / 2:
            self._lost()
        self._looked_at = looked_at

    def _told(self, commit: list[Changes]) -> bool:
        try:
            self._tell(commit)
        except Exception:
            logger.exception("A commit of %r could not be told; reading anew.", self.alias)
            return False
        return True

    async def _follow(self) -> None:
        try:
            while True:
                self._listen()
                with suppress(TimeoutError):
                    # Before Python 3.12 ``wait_for`` can swallow a cancellation.
                    async with asyncio.timeout(self._until_next()):
                        await self._wake.wait()
                await self._look_and_prune()
        finally:
            if self._listener is not None:
                self._listener.close()

    async def _look_and_prune(self) -> None:
        try:
            await self.look()
        except Exception as error:  # noqa: BLE001
            if not self._complained:
                logger.warning("The journal can't be read; trying again: %r", error)
            self._complained = True
            await asyncio.sleep(min(settings.JOURNAL_POLL, FIRST_RETRY))
            self._wake.set()
        else:
            self._complained = False
            await self._prune()

    def _until_next(self) -> float:
        poll: float = settings.JOURNAL_POLL
        return poll if self.position is not None else min(poll, self._until_asked())

    def _until_asked(self) -> float:
        return max(0.0, self._ask_at - time.monotonic())

    def _listen(self) -> None:
        if self._listener is None and self.position is not None and Listener.serves(self.alias):
            self._listener = Listener(self.alias, self.wake)

    async def _prune(self) -> None:
        if self.position is not None and (
            self._pruned_at.elapsed() > settings.JOURNAL_AGE / PRUNINGS
        ):
            self._pruned_at = _Moment()
            try:
                await self._run(Journal.prune)
            except Exception as error:  # noqa: BLE001
                # Readers need not have the right to; it is tried again later, and by others.
                logger.warning("The journal of %r is not pruned: %r", self.alias, error)

    async def _run(self, function: Callable[[Journal], Result]) -> Result:
        def run(connection: BaseDatabaseWrapper) -> Result:
            try:
                return function(Journal(self.alias, connection))
            except JournalLostError:
                raise
            except Exception:
                connection.close()
                raise

        return await _worker(self.alias).run(run, PATIENCE)


@cache
def _worker(alias: str) -> Worker[BaseDatabaseWrapper]:
    """The thread of the process for a database; it lives as long, and its connection with it."""
    return Worker(f"drf-live-journal-{alias}", lambda: closing(own_connection(alias)))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_worker.cache_clear)


def _end(journal: Journal) -> str | None:
    return journal.end() if journal.exists() else None


__all__ = ["JournalReader"]
