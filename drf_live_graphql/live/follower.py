"""One that follows the journals, and tells what they say: nothing is missed, however it is woken.

It looks when a message of the channel layer wakes it, or PostgreSQL itself (setting
``JOURNAL_NOTIFY``), and every now and then (``JOURNAL_POLL``), so that a layer that is down only
makes it later. Each database is read on a thread of its own, with a connection of its own, so that
no view holds it up, and no other database.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from drf_live_graphql.changes.journal import databases

from .journal_reader import JournalReader
from .standing import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from drf_live_graphql.changes import Changes


class Follower:
    """Where one process stands in the journals of its databases."""

    def __init__(self, tell: Callable[[list[Changes]], None], lost: Callable[[], None]) -> None:
        """``tell`` is called with each commit, ``lost`` where some may not have been told.

        Both on the event loop.
        """
        self._readers = [JournalReader(alias, tell, lost) for alias in databases()]

    @property
    def positions(self) -> dict[str, str]:
        """Up to where all is told, by the alias of each database whose journal is read now."""
        return {
            reader.alias: reader.position
            for reader in self._readers
            if reader.follows and reader.position is not None
        }

    @property
    def complete(self) -> bool:
        """Whether the journal of every database of this project is read now."""
        return len(self.positions) == len(self._readers)

    @property
    def place(self) -> Place | None:
        """How far the journals were told; ``None`` where it is not ``complete``."""
        if not self.complete or not self._readers:
            return None
        at = min(reader.looked_at for reader in self._readers)
        return Place(tuple(sorted(self.positions.items())), int(at))

    async def start(self) -> None:
        """Follow from now on: what is committed after this returns is told. Again does no harm.

        A database that is out of reach is looked for again.
        """
        await asyncio.gather(*(reader.start() for reader in self._readers))

    def wake(self, alias: str | None = None) -> None:
        """Look soon; where one database is named, there."""
        for reader in self._readers:
            if alias in (None, reader.alias):
                reader.wake()

    async def look(self) -> None:
        """Tell all that was committed before this was called.

        Raises what a database raises, once the others were told of; it is read again later.
        """
        looks = (reader.look() for reader in self._readers)
        for result in await asyncio.gather(*looks, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result


__all__ = ["Follower"]
