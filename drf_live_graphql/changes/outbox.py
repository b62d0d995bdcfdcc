"""Commits that write themselves into the journal (setting ``JOURNAL``): a transactional outbox.

Django has no hook that runs right before a commit, so ``commit`` of database connections is
wrapped, once for the process. And ``Model.save_base`` is: outside a transaction it sends its
signals when its statement is committed already, so there it gets a transaction of its own.
"""

from __future__ import annotations

import functools
import logging
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from django.db import connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from . import batch
from .journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger("drf_live_graphql.changes")

_originals: list[tuple[type[Any], str, Callable[..., Any]]] = []
# Whether there is a journal, by alias and name of the database.
_found: dict[tuple[str, str], bool] = {}


def install(captured: Callable[[type[Model]], bool]) -> None:
    """Wrap the methods, for the models that are ``captured``; again does no harm."""
    if not _originals:
        _wrap(BaseDatabaseWrapper, "commit", _wrapped_commit)
        _wrap(Model, "save_base", functools.partial(_wrapped_save_base, captured=captured))


def uninstall() -> None:
    """Put Django's own methods back."""
    while _originals:
        owner, name, original = _originals.pop()
        setattr(owner, name, original)
    _found.clear()


def own_transaction(using: str) -> AbstractContextManager[Any]:
    """A transaction for a write that has none, where it is to be in the journal of ``using``."""
    connection = connections[using]
    if not _originals or connection.in_atomic_block or batch.in_event_loop():
        return nullcontext()
    return transaction.atomic(using) if _has_journal(connection) else nullcontext()


def _wrap(owner: type[Any], name: str, wrapper: Callable[..., Any]) -> None:
    original = getattr(owner, name)
    _originals.append((owner, name, original))
    setattr(owner, name, functools.wraps(original)(wrapper(original)))


def _wrapped_commit(original: Callable[..., None]) -> Callable[..., None]:
    def commit(self: BaseDatabaseWrapper) -> None:
        if (changes := batch.pending(self)) and _has_journal(self):
            # What this raises the writer gets: who asks for a journal wants no commit without it.
            Journal(self.alias).write(changes)
            batch.journaled(self)
        original(self)

    return commit


def _wrapped_save_base(
    original: Callable[..., None], *, captured: Callable[[type[Model]], bool]
) -> Callable[..., None]:
    def save_base(
        self: Model,
        raw: bool = False,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Any = None,
    ) -> None:
        using = using or router.db_for_write(type(self), instance=self)
        with own_transaction(using) if captured(type(self)) else nullcontext():
            original(self, raw, force_insert, force_update, using, update_fields)

    return save_base


def _has_journal(connection: BaseDatabaseWrapper) -> bool:
    key = (connection.alias, str(connection.settings_dict["NAME"]))
    if not _found.get(key):
        found = Journal(connection.alias).exists()
        if not found and key not in _found:
            logger.error(
                "The database %r has no journal: expected PostgreSQL or SQLite, and the migrations"
                " of drf_live_graphql. Its changes are published without one.",
                connection.alias,
            )
        _found[key] = found
    return _found[key]


__all__ = ["install", "own_transaction", "uninstall"]
