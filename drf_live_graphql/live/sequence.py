"""Whether a publisher's message was missed, told by its numbers."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from drf_live_graphql.changes.message import HOST

if TYPE_CHECKING:
    from collections.abc import Collection

    from drf_live_graphql.changes.message import Stamp

# Publishers times groups that are remembered; the longest unheard is forgotten first.
MEMORY = 10_000
# Seconds by which the clocks of two machines may differ without a message seeming lost.
CLOCK_SKEW = 1.0


class Sequence:
    """The last stamp heard of each publisher in each group."""

    def __init__(self) -> None:
        """Nothing heard."""
        self._last: OrderedDict[tuple[str, str], Stamp] = OrderedDict()

    def clear(self) -> None:
        """Forget what was heard: everything is read anew anyway."""
        self._last.clear()

    def forget(self, label: str) -> None:
        """Forget what was heard in a group that is left: its numbers go on unheard."""
        for key in [key for key in self._last if key[0] == label]:
            del self._last[key]

    def missed(
        self,
        label: str,
        stamp: Stamp,
        joined_at: float | None,
        *,
        alive: bool,
        journal: str = "",
        followed: Collection[str] = (),
    ) -> bool:
        """Note ``stamp``; whether a message before it was missed that nobody else tells.

        ``joined_at`` is when the group was joined (seconds since the epoch): what was published
        before that was never to be heard. ``alive`` messages repeat the last number. ``journal`` is
        the database in whose journal this message is, and ``followed`` are those whose journals are
        read here: they tell of what is in them.
        """
        key = (label, stamp.publisher)
        expected = stamp.number if alive else stamp.number - 1
        last = self._last.get(key)
        if last is None or stamp.number >= last.number:
            self._last[key] = stamp
        self._last.move_to_end(key)
        if len(self._last) > MEMORY:
            self._last.popitem(last=False)
        lost = expected - (0 if last is None else last.number)
        told = stamp.journaled(followed) - (0 if last is None else last.journaled(followed))
        if not alive and journal in followed:
            told -= 1  # This one.
        if lost <= max(told, 0):
            return False
        if last is not None:
            return True
        if joined_at is None:
            return False
        skew = 0.0 if stamp.host == HOST else CLOCK_SKEW
        return stamp.previous_at > joined_at - skew


__all__ = ["Sequence"]
