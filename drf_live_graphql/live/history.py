"""What the latest rounds of a live query touched, for those who come back and missed some."""

from __future__ import annotations

import time
from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from drf_live_graphql.conf import settings

if TYPE_CHECKING:
    from collections.abc import Mapping


class Absent(Enum):
    """The type of ``ABSENT``."""

    ABSENT = "absent"


# Stands where an id would be of a row that was not in the list, or not visible.
ABSENT: Final = Absent.ABSENT
# Rows by primary key, with what was known of them before they were touched: their id (``None``
# where that is the key itself), or ``ABSENT``. The one touched first comes first.
Touched = dict[Any, "str | Absent | None"]

clock = time.monotonic


class History:
    """The touched rows of the latest rounds; bounded in time and in number."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        # The round from which on everything is known; ``None`` where nothing is.
        self._floor: int | None = None
        self._rounds: deque[tuple[int, float, Touched]] = deque()
        self._size = 0

    @property
    def usable(self) -> bool:
        """Whether there is a round after which everything is known."""
        return self._floor is not None

    def record(self, number: int, touched: Touched | None) -> None:
        """Add what round ``number`` touched; ``None`` is any row: history begins with it."""
        if settings.RESUME_WINDOW <= 0:
            return
        if touched is None or self._floor is None:
            self.clear()
            self._floor = number
            return
        if touched:
            self._rounds.append((number, clock(), touched))
            self._size += len(touched)
        self.prune()

    def prune(self) -> None:
        """Forget what is too old or too much."""
        oldest = clock() - settings.RESUME_WINDOW
        while self._rounds and (self._rounds[0][1] < oldest or self._size > settings.RESUME_ROWS):
            self._floor, _, gone = self._rounds.popleft()
            self._size -= len(gone)

    def clear(self) -> None:
        """Forget everything, as something happened that rows can't tell."""
        self._floor = None
        self._rounds.clear()
        self._size = 0

    def since(self, number: int) -> Touched | None:
        """What was touched after round ``number``, as it was then; ``None`` is unknown."""
        if self._floor is None or number < self._floor:
            return None
        found: Touched = {}
        for at, _, touched in self._rounds:
            if at > number:
                merge(found, touched)
        return found


def merge(earlier: Touched, later: Mapping[Any, str | Absent | None]) -> None:
    """Add what was touched ``later``; what was known before the first touch stays."""
    for pk, known in later.items():
        earlier.setdefault(pk, known)


__all__ = ["ABSENT", "Absent", "History", "Touched", "merge"]
