"""What the latest rounds of a live query touched, for those who come back and missed some."""

from __future__ import annotations

import functools
import hashlib
import time
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from drf_live_graphql.conf import settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .selection import Selection


class Absent(Enum):
    """The type of ``ABSENT``."""

    ABSENT = "absent"


# Stands where an id would be of a row that was not in the list, or not visible.
ABSENT: Final = Absent.ABSENT
# Rows by primary key, with what was known of them before they were touched: their id (``None``
# where that is the key itself), or ``ABSENT``. The one touched first comes first.
Touched = dict[Any, "str | Absent | None"]

clock = time.monotonic


@dataclass(frozen=True, slots=True)
class Found:
    """What a round found to be touched.

    Any other row may show something else than before, too, unless ``compared`` is ``None``; but
    for those who see rows in one of the shapes (``shape_of``) in it: they are sure.
    """

    touched: Touched
    compared: frozenset[str] | None = None


@functools.lru_cache(1_000)
def shape_of(selection: Selection | None) -> str:
    """A name for what is selected of rows, the same in every process; empty for nothing."""
    return "" if selection is None else hashlib.sha256(repr(selection).encode()).hexdigest()


class History:
    """The touched rows of the latest rounds; bounded in time and in number."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        # The round from which on everything is known; ``None`` where nothing is.
        self._floor: int | None = None
        self._rounds: deque[tuple[int, float, Found]] = deque()
        self._size = 0

    @property
    def usable(self) -> bool:
        """Whether there is a round after which everything is known."""
        return self._floor is not None

    def record(self, number: int, found: Found | None) -> None:
        """Add what round ``number`` found; ``None`` is anything: history begins with it."""
        if settings.RESUME_WINDOW <= 0:
            return
        if found is None or self._floor is None:
            self.clear()
            self._floor = number
            return
        if found.touched or found.compared is not None:
            self._rounds.append((number, clock(), found))
            self._size += 1 + len(found.touched)
        self.prune()

    def prune(self) -> None:
        """Forget what is too old or too much."""
        oldest = clock() - settings.RESUME_WINDOW
        while self._rounds and (self._rounds[0][1] < oldest or self._size > settings.RESUME_ROWS):
            self._floor, _, gone = self._rounds.popleft()
            self._size -= 1 + len(gone.touched)

    def clear(self) -> None:
        """Forget everything, as something happened that rows can't tell."""
        self._floor = None
        self._rounds.clear()
        self._size = 0

    def since(self, number: int, shape: str) -> Touched | None:
        """What was touched after round ``number``, as it was then; ``None`` is unknown.

        For one who sees rows in ``shape``.
        """
        if self._floor is None or number < self._floor:
            return None
        touched: Touched = {}
        for at, _, found in self._rounds:
            if at <= number:
                continue
            if shape and found.compared is not None and shape not in found.compared:
                return None
            merge(touched, found.touched)
        return touched


def merge(earlier: Touched, later: Mapping[Any, str | Absent | None]) -> None:
    """Add what was touched ``later``; what was known before the first touch stays."""
    for pk, known in later.items():
        earlier.setdefault(pk, known)


__all__ = ["ABSENT", "Absent", "Found", "History", "Touched", "merge", "shape_of"]
