"""The messages of one commit, brought together again: one commit is told in one payload.

A commit that changed several models travels as one message a model, each to the group of its own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from drf_live_graphql.changes.message import Commit

if TYPE_CHECKING:
    from collections.abc import Collection

    from drf_live_graphql.changes import Changes


@dataclass(slots=True)
class _Parts:
    number: int
    # When the first of them came (``time.monotonic``).
    since: float
    changes: list[Changes] = field(default_factory=list)


class Commits:
    """What has come of commits of which more is to come, one of each publisher."""

    def __init__(self) -> None:
        """Nothing has come."""
        self._open: dict[str, _Parts] = {}

    def __bool__(self) -> bool:
        """Whether more is to come."""
        return bool(self._open)

    def take(self, publisher: str, changes: Changes, joined: Collection[str]) -> list[Changes]:
        """What is complete with ``changes``, all parts of a commit; in the order in which it came.

        ``joined`` are the labels whose groups are heard. A publisher's messages come in order, so
        where a later commit begins, the rest of an earlier one is lost, and it is given out as it
        is: the numbers of the messages say that something was missed.
        """
        commit = changes.commit or Commit(0, (changes.label,))
        parts = self._open.pop(publisher, None)
        given: list[Changes] = []
        if parts is not None and parts.number != commit.number:
            given, parts = parts.changes, None
        parts = parts or _Parts(commit.number, time.monotonic())
        parts.changes.append(changes)
        if any(label in joined for label in commit.after(changes.label)):
            self._open[publisher] = parts
            return given
        return given + parts.changes

    def give_up(self, until: float) -> list[Changes]:
        """What has come of commits that began to come by ``until``, whatever is missing of them."""
        late = [publisher for publisher, parts in self._open.items() if parts.since <= until]
        return [changes for publisher in late for changes in self._open.pop(publisher).changes]


__all__ = ["Commits"]
