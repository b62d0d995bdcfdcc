"""Where a client stood in the journals (setting ``JOURNAL``), as its cursor says it.

That is enough for a process that knows nothing of it: it reads in the journals what was changed
since, and tells by the seal which of those rows the client had.
"""

from __future__ import annotations

import base64
import json
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps

from drf_live_graphql.changes.journal import databases
from drf_live_graphql.conf import settings

from . import secret
from .reads import Purpose

if TYPE_CHECKING:
    from .reads import Dependencies

# The part of ``JOURNAL_AGE`` that a standing is good for. Entries are kept for all of it by the
# clock of the database, which need not be ours.
GOOD = 0.95
clock = time.time

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
    ``positions`` say how far the journals were told, by database. They were read ``at`` (seconds
    since the epoch), and are good for an ``age`` of so many seconds. ``reads`` is what the answer
    was seen to depend on, ``seal`` that of the rows that were in it, and ``asker`` a digest of the
    user's own row (see ``Evaluation.asker``).
    """

    whose: str
    names: tuple[str, ...]
    positions: Positions
    at: int
    age: int
    reads: tuple[tuple[str, Purpose], ...]
    seal: int
    asker: str | None

    def good(self) -> bool:
        """Whether all that was changed since is still to be found in the journals."""
        known = {alias for alias, _ in self.positions}
        return clock() <= self.at + min(self.age, good_for()) and known == set(databases())

    def dependencies(self) -> Dependencies:
        """What the answer was seen to depend on."""
        return dict(self.reads)

    def encode(self) -> str:
        """A text that JSON takes, and that says nothing to whoever does not have our key."""
        content = [
            self.whose,
            self.names,
            self.positions,
            self.at,
            self.age,
            [[label, purpose.value] for label, purpose in self.reads],
            f"{self.seal:x}",
            self.asker,
        ]
        data = zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 1)
        return base64.b85encode(secret.hide(data)).decode()

    @classmethod
    def decode(cls, text: Any) -> Self | None:
        """What ``encode`` made; ``None`` for what another version or key did."""
        try:
            data = secret.reveal(base64.b85decode(text))
            whose, names, positions, at, age, reads, seal, asker = json.loads(zlib.decompress(data))
            return cls(
                whose,
                tuple(names),
                tuple((alias, position) for alias, position in positions),
                at,
                age,
                tuple((_known(label), Purpose(value)) for label, value in reads),
                int(seal, 16),
                asker,
            )
        except (TypeError, ValueError, LookupError, OverflowError, zlib.error):
            return None


def _known(label: str) -> str:
    """A label of which there is a model; raises ``LookupError`` else."""
    apps.get_model(label)
    return label


def good_for() -> int:
    """Seconds for which a standing is good."""
    return int(settings.JOURNAL_AGE * GOOD)


__all__ = ["Place", "Positions", "Standing", "good_for"]
