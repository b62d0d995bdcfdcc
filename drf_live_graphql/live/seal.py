"""A number of fixed size that stands for a set of rows, and that gives away which of some it held.

The seal of a row is a keyed hash, that of a set the exclusive or of its rows' seals. So the seals
of two sets differ by exactly those rows that are in one of them alone; which those are, among
known candidates, is a system of linear equations over GF(2), one for each bit. With fewer
candidates than bits there is one solution at the most, and for a set that differs in other rows,
too, there is none: either could be otherwise only by a chance of 1 to ``2**SPARE``.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from . import secret

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

# Of a seal; as many as BLAKE2b has.
BITS = 512
# Bits that are left over to tell a solution from a coincidence.
SPARE = 128
MOST_CANDIDATES = BITS - SPARE


def seal_of(pk: Any, id_: str | None) -> int:
    """The seal of one row, by its primary key and its id (``None`` where that is the key itself).

    The same in every process with the same ``SECRET_KEY``; whoever does not have that can't check
    a guess.
    """
    text = f"{pk}\0{pk if id_ is None else id_}".encode()
    digest = hashlib.blake2b(text, digest_size=BITS // 8, key=secret.key("seal")).digest()
    return int.from_bytes(digest, "big")


def sealed(rows: Iterable[tuple[Any, str | None]]) -> int:
    """The seal of a set of rows, by primary key and id; 0 for none."""
    seal = 0
    for pk, id_ in rows:
        seal ^= seal_of(pk, id_)
    return seal


def unseal(seal: int, candidates: Mapping[Hashable, int]) -> set[Any] | None:
    """Which of ``candidates``, by their seals, make up ``seal``.

    ``None`` where none do, or where they are more than ``MOST_CANDIDATES``.
    """
    if len(candidates) > MOST_CANDIDATES:
        return None
    names = list(candidates)
    # Reduced seals by their highest bit, each with the candidates, as bits, that it is made of.
    pivots: dict[int, tuple[int, int]] = {}
    for at, name in enumerate(names):
        rest, made_of = _reduce(candidates[name], 1 << at, pivots)
        if not rest:
            return None  # Two ways to the same seal.
        pivots[rest.bit_length()] = rest, made_of
    rest, made_of = _reduce(seal, 0, pivots)
    return None if rest else {name for at, name in enumerate(names) if made_of >> at & 1}


def _reduce(seal: int, made_of: int, pivots: Mapping[int, tuple[int, int]]) -> tuple[int, int]:
    while seal and (pivot := pivots.get(seal.bit_length())):
        seal ^= pivot[0]
        made_of ^= pivot[1]
    return seal, made_of


__all__ = ["MOST_CANDIDATES", "seal_of", "sealed", "unseal"]
