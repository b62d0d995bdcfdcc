"""Commits that write themselves into the journal (setting ``JOURNAL``): a transactional outbox.

Django has no hook that runs right before a commit, so ``commit`` of database connections is
wrapped, once for the process. And ``Model._save_table`` is: outside a transaction its statement is
committed at once, so there it gets a transaction of its own. That ends before ``post_save`` is
sent, so that receivers of signals find the row committed and no transaction open, as without a
journal; what is to be known of the row is asked for by ``row_written`` instead.
"""

from __future__ import annotations

import functools
import logging
import time
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django.db import Error, connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import FileField, Model
from django.db.models.signals import post_migrate
from django.dispatch import Signal

from . import batch
from .journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.models.base import ModelState

logger = logging.getLogger("drf_live_graphql.changes")

# Seconds after which a database that had no journal is asked again. Readers find it as soon, and
# count on it; the migrations need not run in this process.
ASK_AGAIN = 1.0

# Sent by ``save`` once the row is written, in the transaction that wrote it, with what
# ``post_save`` is sent with later. Only while the methods are wrapped.
row_written = Signal()

# Saves of an instance of which ``row_written`` has told, and ``post_save`` has not yet: it may be
# saved again by a receiver of that.
_told: WeakKeyDictionary[ModelState, int] = WeakKeyDictionary()
_originals: list[tuple[type[Any], str, Callable[..., Any]]] = []
# Whether there is a journal and when that was asked (``time.monotonic()``), by alias and name of
# the database.
_found: dict[tuple[str, str], tuple[bool, float]] = {}


def install(captured: Callable[[type[Model]], bool]) -> None:
    """Wrap the methods, for the models that are ``captured``; again does no harm."""
    if not _originals:
        _wrap(BaseDatabaseWrapper, "commit", _wrapped_commit)
        _wrap(BaseDatabaseWrapper, "set_autocommit", _wrapped_set_autocommit)
        _wrap(Model, "_save_table", functools.partial(_wrapped_save_table, captured=captured))
        post_migrate.connect(_ask_again)
        batch.hear_commits(True)


def uninstall() -> None:
    """Put Django's own methods back."""
    while _originals:
        owner, name, original = _originals.pop()
        setattr(owner, name, original)
    post_migrate.disconnect(_ask_again)
    batch.hear_commits(False)
    _found.clear()
    _told.clear()


def is_installed() -> bool:
    """Whether this process writes journals."""
    return bool(_originals)


def was_told(instance: Model) -> bool:
    """For ``post_save``, once: whether ``row_written`` has told of that save of ``instance``."""
    left = _told.pop(instance._state, 0) - 1
    if left > 0:
        _told[instance._state] = left
    return left >= 0


def own_transaction(using: str, *, saved: type[Model] | None = None) -> AbstractContextManager[Any]:
    """A transaction for a write that has none, where it is to be in the journal of ``using``.

    ``saved`` is the model whose rows are saved in it; other writes read before they write.
    """
    connection = connections[using]
    if not _originals or connection.in_atomic_block or batch.in_event_loop():
        return nullcontext()
    # Where Django was told not to commit by itself, there is a transaction already.
    if not connection.get_autocommit() or not _has_journal(connection):
        return nullcontext()
    if saved is not None and not _reads_first(saved):
        return transaction.atomic(using)
    return _WriteTransaction(using, True, False)


def _reads_first(model: type[Model]) -> bool:
    """Whether ``Model._save_table`` asks before it writes a row, or a field's own code may.

    Fields of files upload them there; nobody else should wait for that.
    """
    meta = model._meta
    fields = [field for field in meta.local_concrete_fields if field not in meta.pk_fields]
    if meta.select_on_save or meta.order_with_respect_to or not fields:
        return True
    return any(
        not type(field).pre_save.__module__.startswith("django.")
        for field in meta.local_concrete_fields
        if not isinstance(field, FileField)
    )


class _WriteTransaction(transaction.Atomic):
    """One that reads before it writes, so SQLite takes its lock when it begins.

    The default is to take it with the first write; after a read that is refused at once, however
    long the timeout, where somebody else has written meanwhile.
    https://www.sqlite.org/lang_transaction.html#deferred_immediate_and_exclusive_transactions
    """

    def __enter__(self) -> None:
        with _immediate(transaction.get_connection(self.using)):
            super().__enter__()


@contextmanager
def _immediate(connection: Any) -> Iterator[None]:
    if connection.vendor != "sqlite":
        yield
        return
    # Connecting sets the mode that is configured; so do that first.
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    mode = connection.transaction_mode
    if mode in {None, "DEFERRED"}:
        connection.transaction_mode = "IMMEDIATE"
    try:
        yield
    finally:
        connection.transaction_mode = mode


def _wrap(owner: type[Any], name: str, wrapper: Callable[..., Any]) -> None:
    original = getattr(owner, name)
    _originals.append((owner, name, original))
    setattr(owner, name, functools.wraps(original)(wrapper(original)))


def _wrapped_commit(original: Callable[..., None]) -> Callable[..., None]:
    def commit(self: BaseDatabaseWrapper) -> None:
        if self.in_atomic_block:
            original(self)  # Which refuses it.
            return
        _write(self)
        original(self)
        batch.committed(self)

    return commit


def _wrapped_set_autocommit(original: Callable[..., None]) -> Callable[..., None]:
    def set_autocommit(
        self: BaseDatabaseWrapper, autocommit: bool, *arguments: Any, **options: Any
    ) -> None:
        # SQLite commits what is open then: https://docs.python.org/3/library/sqlite3.html
        commits = autocommit and not self.autocommit and not self.in_atomic_block
        if commits:
            _write(self)
        original(self, autocommit, *arguments, **options)
        if commits:
            batch.committed(self)

    return set_autocommit


def _write(connection: BaseDatabaseWrapper) -> None:
    """Write what the transaction changed, or roll it back and raise.

    Who asks for a journal wants no commit without its entry. Django rolls back after errors of the
    database alone; and after others SQLite would commit when it is put back to do that by itself.
    """
    try:
        if (changes := batch.pending(connection)) and _has_journal(connection):
            Journal(connection.alias).write(changes)
            batch.journaled(connection)
    except BaseException:
        try:
            connection.rollback()
        except Error:
            connection.close()
        # The table may be gone; then the next commit does without.
        _found.pop(_key(connection), None)
        raise


def _wrapped_save_table(
    original: Callable[..., bool], *, captured: Callable[[type[Model]], bool]
) -> Callable[..., bool]:
    def _save_table(
        self: Model,
        raw: bool = False,
        cls: type[Model] | None = None,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Any = None,
    ) -> bool:
        model = type(self)
        arguments = (raw, cls, force_insert, force_update)
        # The tables of multi-table parents are written before; Django has a transaction then.
        if cls is not model._meta.concrete_model or not captured(model):
            return original(self, *arguments, using, update_fields)
        using = using or router.db_for_write(model, instance=self)
        with own_transaction(using, saved=model):
            updated = original(self, *arguments, using, update_fields)
            row_written.send(
                sender=model,
                instance=self,
                created=not updated,
                update_fields=update_fields,
                raw=raw,
                using=using,
            )
        # Committed, unless more is to come: where that fails, there is no ``post_save``.
        _told[self._state] = _told.get(self._state, 0) + 1
        return updated

    return _save_table


def _has_journal(connection: BaseDatabaseWrapper) -> bool:
    key = _key(connection)
    found, asked_at = _found.get(key, (False, float("-inf")))
    if found or time.monotonic() - asked_at < ASK_AGAIN:
        return found
    found = Journal(connection.alias).exists()
    if not found and key not in _found:
        logger.error(
            "The database %r has no journal: expected PostgreSQL or SQLite, and the migrations"
            " of drf_live_graphql. Its changes are published without one.",
            connection.alias,
        )
    _found[key] = found, time.monotonic()
    return found


def _key(connection: BaseDatabaseWrapper) -> tuple[str, str]:
    return connection.alias, str(connection.settings_dict["NAME"])


def _ask_again(**_: Any) -> None:
    """The migrations may have made the table, or dropped it."""
    for key in list(_found):
        _found[key] = False, float("-inf")


__all__ = [
    "ASK_AGAIN",
    "install",
    "is_installed",
    "own_transaction",
    "row_written",
    "uninstall",
    "was_told",
]
