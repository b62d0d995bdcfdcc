"""What a client that comes back missed, up to the round that takes it in again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .history import merge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drf_live_graphql.changes import Changes

    from .history import Touched
    from .reads import Dependencies


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """The rows that were touched while a client was away, as they were when it left.

    ``rest`` is set where another process told of them: the ``fingerprint`` of all other rows of
    the list there; ``recalled`` where that was found out with a ``Trail``. ``own`` is what was
    touched in this process since that, and ``then`` the state of a single row when the client
    left, touched or not.
    """

    touched: Touched
    own: Touched = field(default_factory=dict)
    then: Touched = field(default_factory=dict)
    rest: str | None = None
    recalled: bool = False

    @property
    def elsewhere(self) -> bool:
        """Whether the client was told of its rows by another process."""
        return self.recalled or self.rest is not None

    def until(self, now: Touched) -> Touched:
        """Everything that was missed, with what a round touched ``now``."""
        missed = dict(self.touched)
        merge(missed, self.own)
        merge(missed, now)
        return missed


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """What the journals tell of a gap, of which nobody else knows.

    ``changes`` are all that were committed in it, a label at a time. ``reads`` is what the answer
    depended on when the client left, ``seal`` that of the rows that were in it, and ``asker`` a
    digest of the user's own row. ``own`` is as in ``Gap``.
    """

    changes: tuple[Changes, ...]
    reads: Dependencies
    seal: int
    asker: str | None
    own: Touched = field(default_factory=dict)


def fingerprint(members: Iterable[tuple[Any, str | None]]) -> str:
    """A digest of rows, by primary key and id, in whatever order; the same in every process."""
    total = count = 0
    for pk, id_ in members:
        text = f"{pk}\0{'' if id_ is None else id_}".encode()
        total += int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "big")
        count += 1
    return f"{count}.{total % 2**128:x}"


__all__ = ["Gap", "Trail", "fingerprint"]
