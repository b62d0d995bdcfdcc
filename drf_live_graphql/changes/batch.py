"""The changes of one transaction, published together when it commits.

Django drops an ``on_commit`` callback whose savepoint was rolled back. So each run of changes made
under one stack of savepoints is a callback of its own (a fragment): the fragments that survive to
the commit are what was written. The batch is published by whichever fragment is heard of last,
be it because it ran or because it was dropped.

After the commit Django runs the callbacks one by one, and where somebody else's raises it drops
those behind it. The error's traceback may keep them alive, so that nothing is heard of them: then
the next change on the connection finds that its transaction is another one.
"""

from __future__ import annotations

import asyncio
import os
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connections, transaction

from .message import Changes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.db.backends.base.base import BaseDatabaseWrapper

    Publish = Callable[[list[Changes]], None]

_hears_commits = False
_open: weakref.WeakKeyDictionary[BaseDatabaseWrapper, _Batch] = weakref.WeakKeyDictionary()


def record(parts: Iterable[Changes], *, using: str, publish: Publish) -> None:
    """Have changes of some models published when the current transaction of ``using`` commits.

    Outside a transaction that is at once. ``publish`` is called once a commit, with the changes
    of all models; after a rollback it is not called.
    """
    connection = connections[using]
    if not connection.in_atomic_block and in_event_loop():
        # Django lets nobody use the connection here, so it has no transaction.
        publish(list(parts))
        return
    batch = _open.get(connection)
    if batch is not None and batch.left_behind(connection):
        batch.finish()
    if batch is None or batch.over:
        batch = _open[connection] = _Batch(connection, publish)
    fragment = batch.fragment(tuple(connection.savepoint_ids))
    if fragment is not None:
        fragment.add(parts)
        return
    fragment = batch.begin(tuple(connection.savepoint_ids))
    fragment.add(parts)
    if connection.in_atomic_block or connection.get_autocommit() or not _hears_commits:
        # Runs the fragment at once when no transaction is open.
        transaction.on_commit(fragment, using=using)
    else:
        # Django takes no callback where it was told not to commit by itself, as it would not know
        # when to run it. But it drops those that it has with a rollback.
        queue: list[Any] = connection.run_on_commit
        queue.append((set(), fragment, False))
    fragment.place = len(connection.run_on_commit) - 1


def pending(connection: BaseDatabaseWrapper) -> list[Changes]:
    """What the transaction that is about to commit has changed, one for each model.

    Less what is ``journaled``: a commit that failed may be tried again.
    """
    changes: dict[str, Changes] = {}
    for fragment in _queued(connection):
        for part in fragment.told.changes.values():
            changes.setdefault(part.label, Changes(part.label)).merge(part)
    return list(changes.values())


def journaled(connection: BaseDatabaseWrapper) -> None:
    """Note that what is ``pending`` is in the journal."""
    for fragment in _queued(connection):
        fragment.told.journaled = True


def _queued(connection: BaseDatabaseWrapper) -> list[_Fragment]:
    return [f for f in _fragments(connection) if not f.told.journaled]


def _fragments(connection: BaseDatabaseWrapper) -> list[_Fragment]:
    callbacks = [callback for _, callback, *_ in connection.run_on_commit]
    return [callback for callback in callbacks if isinstance(callback, _Fragment)]


def hear_commits(hears: bool) -> None:
    """Whether ``committed`` is called after each commit from now on."""
    global _hears_commits
    _hears_commits = hears


def committed(connection: BaseDatabaseWrapper) -> None:
    """Publish what was committed just now.

    Django would call the fragments soon after, but where it was told not to commit by itself much
    later, or never.
    """
    fragments = _fragments(connection)
    connection.run_on_commit = [
        entry for entry in connection.run_on_commit if not isinstance(entry[1], _Fragment)
    ]
    for fragment in fragments:
        fragment()


def in_event_loop() -> bool:
    """Whether this thread runs one, so that Django lets it use no connection."""
    if os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE"):
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@dataclass(slots=True)
class _Told:
    """What a fragment was told of, and whether the transaction wrote that into the journal."""

    changes: dict[str, Changes] = field(default_factory=dict)
    journaled: bool = False


class _Batch:
    """What one transaction changed, and how many of its fragments are still to be heard of."""

    __slots__ = (
        "_alias",
        "_changes",
        "_committing",
        "_connection",
        "_fragments",
        "_journaled",
        "_publish",
        "_waiting",
    )

    def __init__(self, connection: BaseDatabaseWrapper, publish: Publish) -> None:
        self._connection = weakref.ref(connection)
        self._alias = connection.alias
        self._publish = publish
        self._changes: dict[str, Changes] = {}
        self._fragments: list[weakref.ref[_Fragment]] = []
        self._waiting = 0
        self._committing = False
        # Whether all of the changes are in the journal.
        self._journaled = True

    @property
    def over(self) -> bool:
        """Whether the transaction has ended: committed, or rolled back as a whole."""
        return self._committing or not self._waiting

    def _last(self) -> _Fragment | None:
        while self._fragments and (fragment := self._fragments[-1]()) is None:
            self._fragments.pop()
        return fragment if self._fragments else None

    def left_behind(self, connection: BaseDatabaseWrapper) -> bool:
        """Whether fragments are alive that the connection no longer has in its queue.

        A rollback would have ended them, so their transaction is committed.
        """
        last = self._last()
        return last is not None and not self.over and not last.queued(connection)

    def finish(self) -> None:
        """Do what Django did not get to do, or has not yet done, after the commit."""
        for fragment in [ref() for ref in self._fragments]:
            if fragment is not None:
                fragment()

    def fragment(self, stack: tuple[str | None, ...]) -> _Fragment | None:
        """The fragment that a change under ``stack`` belongs to, if the last alive is it."""
        last = self._last()
        # An entry that is written says nothing of what comes after.
        if last is None or last.told.journaled or last.stack != stack:
            return None
        return last

    def begin(self, stack: tuple[str | None, ...]) -> _Fragment:
        """A new fragment, waited for until it ran or was dropped."""
        fragment = _Fragment(self, stack)
        self._fragments.append(weakref.ref(fragment))
        self._waiting += 1
        return fragment

    def committed(self, told: _Told) -> None:
        """A fragment ran: its savepoints and the transaction are committed."""
        self._committing = True
        self._take(told)

    def dropped(self, told: _Told) -> None:
        """A fragment was let go by Django without having run.

        Before the commit: its savepoint, or everything, was rolled back. After it, when the
        connection commits by itself again: somebody else's ``on_commit`` callback raised and took
        the rest of the queue with it, and the changes are committed all the same.
        """
        connection = self._connection()
        if self._committing or (connection is not None and connection.autocommit):
            self.committed(told)
        else:
            self._waiting -= 1

    def _take(self, told: _Told) -> None:
        self._journaled = self._journaled and told.journaled
        for label, part in told.changes.items():
            if label in self._changes:
                self._changes[label].merge(part)
            else:
                self._changes[label] = part
        self._waiting -= 1
        if not self._waiting:
            for part in self._changes.values():
                part.journal = self._alias if self._journaled else ""
            self._publish(list(self._changes.values()))


class _Fragment:
    """The changes made in a row under one stack of savepoints; an ``on_commit`` callback."""

    __slots__ = ("__weakref__", "_batch", "_finalizer", "place", "stack", "told")

    def __init__(self, batch: _Batch, stack: tuple[str | None, ...]) -> None:
        self._batch = batch
        self.told = _Told()
        self.stack = stack
        # Where it was last seen in the connection's queue.
        self.place = 0
        self._finalizer = weakref.finalize(self, batch.dropped, self.told)
        self._finalizer.atexit = False

    def add(self, parts: Iterable[Changes]) -> None:
        """Add changes; several of one row become their net result."""
        for part in parts:
            changes = self.told.changes.get(part.label)
            if changes is None:
                changes = self.told.changes[part.label] = Changes(part.label)
            changes.merge(part)

    def queued(self, connection: BaseDatabaseWrapper) -> bool:
        """Whether Django still has it to run; a rollback to a savepoint shortens the queue."""
        queue = connection.run_on_commit
        self.place = min(self.place, len(queue) - 1)
        while self.place >= 0 and queue[self.place][1] is not self:
            self.place -= 1
        return self.place >= 0

    def __call__(self) -> None:
        """Run by Django after the commit."""
        if self._finalizer.detach() is not None:
            self._batch.committed(self.told)


__all__ = ["committed", "hear_commits", "in_event_loop", "journaled", "pending", "record"]
