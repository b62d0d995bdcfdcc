"""What the journals tell of the time since a client was last connected (setting ``JOURNAL``).

Its cursor says where it stood, so no process need remember it: not the one that it was connected
to, which may be gone for good, nor this one, which may have been started only now.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from drf_live_graphql.changes import Changes
from drf_live_graphql.changes.journal import Journal
from drf_live_graphql.conf import settings

from . import executor
from .gap import Trail
from .identity import digest
from .reads import Purpose
from .seal import MOST_CANDIDATES
from .timetable import interval_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drf_live_graphql.requests import Connection

    from .reads import Dependencies
    from .standing import Positions, Standing
    from .trace import Key

logger = logging.getLogger("drf_live_graphql.live")

# Readings of the journals that may be under way; more come back to a snapshot, which costs less
# where so many come back from so many places.
MOST_READINGS = 32
# Whose work they are, for the evaluation threads.
OWNER = "drf_live_graphql.live.recall"


def is_for(standing: Standing, key: Key, connection: Connection) -> bool:
    """Whether ``connection``, which asks for ``key``, is who stood there, and can be told by it.

    Not where the answer changes without a change, as the journals would not tell of that; nor where
    a body of the view's own makes it, of which nobody knows what it does with which rows.
    """
    if key.root.handler is not None or interval_of(key.root) is not None or not standing.good():
        return False
    return standing.whose == digest(key, standing.names, connection.facts(standing.names))


@dataclass(slots=True, eq=False)
class _Reading:
    """One reading of the journals: what it found, and the trails that were made of it."""

    begun: bool = False
    task: asyncio.Task[tuple[Changes, ...] | None] | None = None
    trails: dict[Standing, Trail] = field(default_factory=dict)


class Journals:
    """The journals as those read them who come back; many come back at once, from one place."""

    def __init__(self) -> None:
        """Nothing is being read."""
        self._readings: dict[tuple[Positions, frozenset[str]], _Reading] = {}
        self._under_way = 0

    async def trail(self, standing: Standing, labels: frozenset[str]) -> Trail | None:
        """What was committed since ``standing``, of the models ``labels``.

        All of it that was committed before this was called. ``None`` where the journals do not
        know any more, or too many want to know. One and the same for all who come back together.
        """
        place = (standing.positions, labels)
        reading = self._readings.get(place)
        # What was committed after a reading has begun is not in it.
        if reading is None or reading.begun:
            if self._under_way >= MOST_READINGS:
                return None
            reading = self._readings[place] = _Reading()
            reading.task = asyncio.get_running_loop().create_task(self._read(place, reading))
        assert reading.task is not None
        changes = await asyncio.shield(reading.task)
        if changes is None:
            return None
        if standing not in reading.trails:
            reading.trails[standing] = Trail(
                changes, standing.dependencies(), standing.seal, standing.asker
            )
        return reading.trails[standing]

    async def _read(
        self, place: tuple[Positions, frozenset[str]], reading: _Reading
    ) -> tuple[Changes, ...] | None:
        def read() -> tuple[Changes, ...]:
            reading.begun = True
            return _since(*place)

        self._under_way += 1
        try:
            return await executor.run(read, OWNER)
        except Exception as error:  # noqa: BLE001
            # As for one who comes without a cursor, then.
            logger.info("The journals do not tell what a client missed: %r", error)
            return None
        finally:
            self._under_way -= 1
            if self._readings.get(place) is reading:
                del self._readings[place]


def _since(positions: Positions, labels: frozenset[str]) -> tuple[Changes, ...]:
    missed: dict[str, Changes] = {}
    for alias, position in positions:
        commits, _ = Journal(alias).since(position, labels)
        for commit in commits:
            for changes in commit:
                missed.setdefault(changes.label, Changes(changes.label)).merge(changes)
    return tuple(missed.values())


def touched(
    trail: Trail,
    own: Mapping[str, bool],
    reads: Dependencies,
    concerns_asker: Callable[[Changes], bool],
    parents: Callable[[Changes], set[Any] | None],
) -> dict[Any, None] | None:
    """The primary keys of the rows that may show something else since; ``None`` is any row.

    ``own`` are the labels of the rows (see ``labels_of``), ``reads`` is what the answer was seen
    to depend on now. ``concerns_asker`` says of rows by which users are known whether they are the
    asker's, and ``parents`` by which rows others are shown. Which rows are there the seal tells, so
    what was read for that alone says nothing more.
    """
    rows: dict[Any, None] = {}
    for changes in trail.changes:
        nothing = Purpose.NOTHING
        purpose = reads.get(changes.label, nothing) | trail.reads.get(changes.label, nothing)
        if purpose & (Purpose.WHO | Purpose.OPAQUE):
            return None
        if purpose & Purpose.SELF and concerns_asker(changes):
            return None
        if changes.label in own:
            if changes.everything or not own[changes.label]:
                return None
            rows.update(dict.fromkeys(changes.kinds))
        if purpose & Purpose.WHAT:
            found = parents(changes)
            if found is None:
                return None
            rows.update(dict.fromkeys(found))
        if len(rows) > min(MOST_CANDIDATES, settings.RESUME_ROWS):
            return None
    return rows


__all__ = ["MOST_READINGS", "Journals", "is_for", "touched"]
