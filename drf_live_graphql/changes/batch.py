"""The changes of one transaction, published together when it commits.

Django drops an ``on_commit`` callback whose savepoint was rolled back. So each run of changes made
under one stack of savepoints is a callback of its own (a fragment): the fragments that survive to
the commit are what was written. The batch is published by whichever fragment is heard of last,
be it because it ran or because it was dropped.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from django.db import connections, transaction

from .message import Changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.backends.base.base import BaseDatabaseWrapper

    from .message import Kind

    Publish = Callable[[list[Changes]], None]

_open: weakref.WeakKeyDictionary[BaseDatabaseWrapper, _Batch] = weakref.WeakKeyDictionary()


def record(label: str, pk: Any, kind: Kind, *, using: str, publish: Publish) -> None:
    """Have the change published when the current transaction of ``using`` commits.

    Outside a transaction that is at once. ``publish`` is called once a commit, with the changes
    of all models; after a rollback it is not called.
    """
    connection = connections[using]
    batch = _open.get(connection)
    if batch is None or batch.over:
        batch = _open[connection] = _Batch(publish)
    fragment = batch.fragment(tuple(connection.savepoint_ids))
    if fragment is not None:
        fragment.add(label, pk, kind)
        return
    fragment = batch.begin(tuple(connection.savepoint_ids))
    fragment.add(label, pk, kind)
    # Runs the fragment at once when no transaction is open.
    transaction.on_commit(fragment, using=using)


class _Batch:
    """What one transaction changed, and how many of its fragments are still to be heard of."""

    __slots__ = ("_changes", "_committing", "_last", "_publish", "_waiting")

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._changes: dict[str, Changes] = {}
        self._last: weakref.ref[_Fragment] | None = None
        self._waiting = 0
        self._committing = False

    @property
    def over(self) -> bool:
        """Whether the transaction has ended: committed, or rolled back as a whole."""
        return self._committing or (self._last is not None and not self._waiting)

    def fragment(self, stack: tuple[str | None, ...]) -> _Fragment | None:
        """The fragment that a change under ``stack`` belongs to, if the last one is it."""
        last = self._last() if self._last is not None else None
        return last if last is not None and last.stack == stack else None

    def begin(self, stack: tuple[str | None, ...]) -> _Fragment:
        """A new fragment, waited for until it ran or was dropped."""
        fragment = _Fragment(self, stack)
        self._last = weakref.ref(fragment)
        self._waiting += 1
        return fragment

    def committed(self, changes: dict[str, Changes]) -> None:
        """A fragment ran: its savepoints and the transaction are committed."""
        self._committing = True
        self._take(changes)

    def dropped(self, changes: dict[str, Changes]) -> None:
        """A fragment was let go by Django without having run.

        Before the commit: its savepoint, or everything, was rolled back. After it: somebody
        else's ``on_commit`` callback raised and took the rest of the queue with it, and the
        changes are committed all the same.
        """
        if self._committing:
            self._take(changes)
        else:
            self._waiting -= 1

    def _take(self, changes: dict[str, Changes]) -> None:
        for label, part in changes.items():
            if label in self._changes:
                self._changes[label].merge(part)
            else:
                self._changes[label] = part
        self._waiting -= 1
        if not self._waiting:
            self._publish(list(self._changes.values()))


class _Fragment:
    """The changes made in a row under one stack of savepoints; an ``on_commit`` callback."""

    __slots__ = ("__weakref__", "_batch", "_changes", "_finalizer", "stack")

    def __init__(self, batch: _Batch, stack: tuple[str | None, ...]) -> None:
        self._batch = batch
        self._changes: dict[str, Changes] = {}
        self.stack = stack
        self._finalizer = weakref.finalize(self, batch.dropped, self._changes)
        self._finalizer.atexit = False

    def add(self, label: str, pk: Any, kind: Kind) -> None:
        """Add a change; several of one row become their net result."""
        changes = self._changes.get(label)
        if changes is None:
            changes = self._changes[label] = Changes(label)
        changes.add(pk, kind)

    def __call__(self) -> None:
        """Run by Django after the commit."""
        if self._finalizer.detach() is not None:
            self._batch.committed(self._changes)


__all__ = ["record"]
