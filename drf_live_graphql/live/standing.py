"""Where a client stood in the journals (setting ``JOURNAL``), as its cursor says it.

That is enough for a process that knows nothing of it: it reads in the journals what was changed
since, and tells by the seal which of those rows the client had.
"""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps

from drf_live_graphql.changes import label_of
from drf_live_graphql.changes.journal import databases
from drf_live_graphql.conf import settings

from .reads import Purpose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .reads import Dependencies

# The part of ``JOURNAL_AGE`` that a standing is good for. Entries are kept for all of it by the
# clock of the database, which may be ahead of ours.
GOOD = 0.95
Positions = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """How far the journals were told: their positions, read ``at`` (seconds since the epoch)."""

    positions: Positions
    at: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a client stood.

    ``whose`` is the digest of the question and who asked it, by the facts called ``names``.
    ``positions`` say how far the journals were told, by database, and were read ``at`` (seconds
    since the epoch). ``reads`` is what the answer was seen to depend on, ``seal`` that of the rows
    that were in it. ``asker`` is a digest of the user's own row (see ``Evaluation.asker``).
    """

    whose: str
    names: tuple[str, ...]
    positions: Positions
    at: int
    reads: tuple[tuple[str, Purpose], ...]
    seal: int
    asker: str | None

    def good(self) -> bool:
        """Whether all that was changed since is still to be found in the journals."""
        age = time.time() - self.at
        known = {alias for alias, _ in self.positions}
        return age <= settings.JOURNAL_AGE * GOOD and known == set(databases())

    def dependencies(self) -> Dependencies:
        """What the answer was seen to depend on."""
        return dict(self.reads)

    def encode(self) -> list[Any]:
        """What JSON takes, as short as may be."""
        seal = self.seal.to_bytes((self.seal.bit_length() + 7) // 8, "big")
        return [
            self.whose,
            self.names,
            self.positions,
            self.at,
            [[_short(label), purpose.value] for label, purpose in self.reads],
            base64.b85encode(seal).decode(),
            self.asker,
        ]

    @classmethod
    def decode(cls, content: Sequence[Any]) -> Self | None:
        """What ``encode`` made; ``None`` for what another version of this project did."""
        labels = _labels()
        try:
            whose, names, positions, at, reads, seal, asker = content
            return cls(
                whose,
                tuple(names),
                tuple((alias, position) for alias, position in positions),
                at,
                tuple((labels[short], Purpose(purpose)) for short, purpose in reads),
                int.from_bytes(base64.b85decode(seal), "big"),
                asker,
            )
        except (TypeError, ValueError, LookupError):
            return None


def _short(label: str) -> str:
    """A name for a model that is short, and says less of the project than its own."""
    return hashlib.blake2b(label.encode(), digest_size=6).hexdigest()


@cache
def _labels() -> dict[str, str]:
    labels = {label_of(model) for model in apps.get_models(include_auto_created=True)}
    return {_short(label): label for label in labels}


__all__ = ["Place", "Positions", "Standing"]
