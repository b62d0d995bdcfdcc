"""What one evaluation found, told as envelopes: the snapshot, or what changed since.

Membership decides: a row that is in the list and was not is ``created``, one that was and still
is ``updated``, one that was and no longer is ``deleted``; what the write did to it is not asked.
Envelopes are dictionaries in the words of ``schema_gen``, without their ``cursor``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Collection

    from .gap import Gap
    from .history import Found
    from .wants import Wants

Envelope = dict[str, Any]


class Reading(Protocol):
    """One evaluation's findings."""

    def commit(self) -> Any:
        """What the next evaluation is to compare with; on the event loop, after success."""

    def snapshot(self, wants: Wants) -> Envelope | None:
        """The answer as a whole."""

    def delta(self, wants: Wants) -> Envelope | None:
        """What changed since the state before; ``None`` where nothing that is wanted did."""

    def catch_up(self, wants: Wants, missed: Collection[str]) -> Envelope | None:
        """All rows again, for a reader without snapshots that lost track; ``missed`` ids left.

        They come as ``updated``; where only ``created`` is wanted, as that.
        """

    def findings(self) -> Found | None:
        """What was found, once everybody's envelopes are made; ``None`` is anything."""

    def seal(self) -> int | None:
        """The seal of the rows that subscribers know of after this; ``None``: nobody kept them."""

    def resumes(self, gap: Gap) -> bool:
        """Whether a client that comes back can be told what it missed."""

    def since(self, gap: Gap, wants: Wants, *, apart: bool) -> Self:
        """The same reading, for a client that knows of the state at the beginning of ``gap``.

        ``apart`` says that others are here who are not told what it is told.
        """


@dataclass(frozen=True, slots=True)
class Look:
    """Which rows of a list are to be looked at."""

    # Primary keys of rows that changed, and of those whose content may have changed with another.
    changed: Collection[Any] = ()
    touched: Collection[Any] = ()
    # Whether other rows may be in the list now; whether any row may show something else.
    which: bool = False
    what: bool = False
    # Whether any row may have changed, with nobody knowing how.
    whole: bool = False


def digest_of(row: Any) -> int:
    """For comparison with the same row as it was told before, in this process."""
    return hash(repr(row))


class ShownId(str):
    """A row's id as clients are told it, and for those who need it, the row's primary key."""

    __slots__ = ("pk",)

    pk: Any


def shown_id(pk: Any, id_: str | None) -> ShownId:
    """The id of a row of ``Members``."""
    shown = ShownId(pk if id_ is None else id_)
    shown.pk = pk
    return shown


__all__ = ["Envelope", "Look", "Reading", "ShownId", "digest_of", "shown_id"]
