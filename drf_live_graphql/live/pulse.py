"""The pings that a hub sends to itself through the channel layer, and what their echoes tell."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

# Regular pings that may be on their way at once before the oldest counts as lost.
PATIENCE = 3


@dataclass(frozen=True, slots=True)
class _Mark:
    """A ping on its way: what was received when it was sent, and since the ping before it."""

    number: int
    label: str | None
    beat: int
    received: int
    since: int


class Pulse:
    """Numbered pings, and the length of the queue that they wait in.

    What is received between a ping's sending and its echo was in the queue with it. So a layer
    that drops what exceeds its capacity is found out even where nobody repeats what it dropped.
    """

    def __init__(self) -> None:
        """No ping sent yet; a layer without a capacity until it is told."""
        self._number = self._beat = 0
        self._marks: deque[_Mark] = deque()
        self._capacity: int | None = None
        self._received = self._received_before = 0
        self._many = asyncio.Event()
        self._due: float | None = None

    def limit(self, capacity: int | None) -> None:
        """The layer drops messages when ``capacity`` of them wait; ``None``: it never does."""
        self._capacity = capacity

    def received(self) -> None:
        """A message came, of whatever kind."""
        self._received += 1
        if self._capacity is not None:
            since = self._received - self._received_before
            if since >= max(1, self._capacity // 4):
                self._many.set()

    async def next(self, seconds: float) -> bool:
        """Wait until a ping is due; whether the regular one, once in ``seconds``.

        Others are due where so much comes that the queue could fill between two regular ones.
        """
        now = asyncio.get_running_loop().time()
        if self._due is None:
            self._due = now + seconds
        # The others must not put it off.
        if now < self._due:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._due):
                    await self._many.wait()
                    return False
        self._due = None
        self._beat += 1
        return True

    def send(self, label: str | None) -> int:
        """The number of the ping that is now sent through the group of ``label``."""
        self._number += 1
        since = self._received - self._received_before
        self._received_before = self._received
        self._many.clear()
        self._marks.append(_Mark(self._number, label, self._beat, self._received, since))
        return self._number

    def echo(self, number: int) -> str | None:
        """A ping came back; what that gives rise to doubt, ``None`` if nothing."""
        if not any(mark.number == number for mark in self._marks):
            return None  # Nobody waits for it any more.
        lost = self._marks[0].number != number
        while (mark := self._marks.popleft()).number != number:
            pass
        if lost:
            return "a ping was lost"
        # Nothing was dropped since the ping before, unless all this was in the queue at once.
        together = self._received - mark.received + mark.since
        if self._capacity is not None and together >= self._capacity:
            return "the channel layer was full"
        return None

    def withdraw(self, number: int) -> None:
        """The ping could not be sent, as far as is known."""
        self._marks = deque(mark for mark in self._marks if mark.number != number)

    def leave(self, label: str) -> None:
        """Expect no ping from a group that is left."""
        self._marks = deque(mark for mark in self._marks if mark.label != label)

    def forget(self) -> None:
        """Expect none of the pings that are on their way."""
        self._marks.clear()

    @property
    def answered(self) -> bool:
        """Whether every ping before the last one came back."""
        return not self._marks or self._marks[0].number == self._number

    @property
    def overdue(self) -> bool:
        """Whether a ping has been on its way for longer than ``PATIENCE`` regular ones.

        Counted in pings, not by a clock: to a process that stood still, nothing is overdue.
        """
        return bool(self._marks) and self._beat - self._marks[0].beat > PATIENCE


__all__ = ["Pulse"]
