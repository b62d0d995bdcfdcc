"""What the journals tell of the time since a client was last connected (setting ``JOURNAL``).

Its cursor says where it stood, so no process need remember it: not the one that it was connected
to, which may be gone for good, nor this one, which may have been started only now.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from drf_live_graphql.changes import Changes
from drf_live_graphql.changes.journal import Journal
from drf_live_graphql.conf import settings

from . import executor
from .gap import Gap, Trail
from .history import ABSENT
from .identity import digest
from .reads import Purpose
from .seal import MOST_CANDIDATES
from .timetable import interval_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from drf_live_graphql.requests import Connection

    from .reads import Dependencies
    from .standing import Positions, Standing
    from .trace import Key

logger = logging.getLogger("drf_live_graphql.live")

Missed = tuple[Changes, ...]


def is_for(standing: Standing, key: Key, connection: Connection) -> bool:
    """Whether ``connection``, which asks for ``key``, is who stood there, and can be told by it.

    Not where the answer changes without a change, as the journals would not tell of that.
    """
    whose = digest(key, standing.names, connection.facts(standing.names))
    return standing.good() and whose == standing.whose and interval_of(key.root) is None


class Journals:
    """The journals as those read them who come back; many come back at once, from one place."""

    def __init__(self) -> None:
        """Nothing is being read."""
        self._reading: dict[Positions, asyncio.Task[Missed | None]] = {}
        self._gaps: dict[Standing, Gap] = {}

    async def gap(self, standing: Standing) -> Gap | None:
        """What was missed since ``standing``; ``None`` where the journals do not know any more.

        One and the same for all who come back together from there.
        """
        positions = standing.positions
        task = self._reading.get(positions)
        if task is None:
            task = asyncio.get_running_loop().create_task(_read(positions))
            self._reading[positions] = task
            task.add_done_callback(lambda _: self._forget(positions))
        changes = await asyncio.shield(task)
        if changes is None:
            return None
        if standing not in self._gaps:
            trail = Trail(changes, standing.dependencies(), standing.seal, standing.asker)
            self._gaps[standing] = Gap({}, trail=trail)
        return self._gaps[standing]

    def _forget(self, positions: Positions) -> None:
        del self._reading[positions]
        self._gaps = {s: gap for s, gap in self._gaps.items() if s.positions in self._reading}


async def _read(positions: Positions) -> Missed | None:
    try:
        return await executor.run(lambda: _since(positions))
    except Exception as error:  # noqa: BLE001
        # As for one who comes without a cursor, then.
        logger.info("The journals do not tell what a client missed: %r", error)
        return None


def _since(positions: Positions) -> Missed:
    missed: dict[str, Changes] = {}
    for alias, position in positions:
        commits, _ = Journal(alias).since(position)
        for commit in commits:
            for changes in commit:
                missed.setdefault(changes.label, Changes(changes.label)).merge(changes)
    return tuple(missed.values())


def touched(
    gap: Gap,
    own: Mapping[str, bool],
    reads: Dependencies,
    concerns_asker: Callable[[Changes], bool],
    parents: Callable[[Changes], set[Any] | None],
) -> Gap | None:
    """The gap with the rows of a list that may have been touched in it; ``None`` is any row.

    ``own`` are the labels of the rows (see ``labels_of``), ``reads`` is what the answer was seen
    to depend on now; ``concerns_asker`` says of rows by which users are known whether they are the
    asker's, and ``parents`` by which rows of the list others are shown.
    """
    assert gap.trail is not None
    rows: dict[Any, None] = {}
    for changes in gap.trail.changes:
        purpose = _purpose(changes, gap.trail, reads)
        if purpose & Purpose.SELF and concerns_asker(changes):
            return None
        if purpose & (Purpose.WHO | Purpose.OPAQUE):
            return None
        # Which rows are there the seal tells, so what was read for that says nothing more.
        found: set[Any] | None = set()
        if purpose & Purpose.WHAT:
            found = parents(changes)
        if changes.label in own and (changes.everything or not own[changes.label]):
            found = None
        if found is None:
            return None
        if changes.label in own:
            rows.update(dict.fromkeys(changes.kinds))
        rows.update(dict.fromkeys(found))
        if len(rows) > min(MOST_CANDIDATES, settings.RESUME_ROWS):
            return None
    return Gap(dict.fromkeys(rows, ABSENT), gap.own, trail=gap.trail)


def stirred(
    gap: Gap,
    own: Mapping[str, bool],
    reads: Dependencies,
    concerns_asker: Callable[[Changes], bool],
) -> Gap:
    """The gap of a single row, the state of which is known: whether it was touched at all."""
    assert gap.trail is not None
    pk = next(iter(gap.then))
    touched = any(
        _stirs(changes, _purpose(changes, gap.trail, reads), own, pk, concerns_asker)
        for changes in gap.trail.changes
    )
    return replace(gap, touched=gap.then if touched else {})


def _stirs(
    changes: Changes,
    purpose: Purpose,
    own: Mapping[str, bool],
    pk: Any,
    concerns_asker: Callable[[Changes], bool],
) -> bool:
    """Whether the row ``pk`` may show something else after a change."""
    if purpose & ~(Purpose.SELF | Purpose.ROWS) or (
        purpose & Purpose.SELF and concerns_asker(changes)
    ):
        return True
    return changes.label in own and (
        changes.everything or not own[changes.label] or pk in changes.kinds
    )


def _purpose(changes: Changes, trail: Trail, reads: Dependencies) -> Purpose:
    nothing = Purpose.NOTHING
    return reads.get(changes.label, nothing) | trail.reads.get(changes.label, nothing)


__all__ = ["Journals", "is_for", "stirred", "touched"]
