"""Which models this process captures, and how a change of one of their rows is put down.

A write must never fail, nor wait, for being watched: what goes wrong here is logged.
"""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any

from django.db import router

from .batch import in_event_loop, record
from .links import links_of
from .message import Changes, label_of
from .outbox import is_installed, own_transaction
from .publish import publisher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.db.models import Model

    from .links import Row
    from .message import Kind, Links

logger = logging.getLogger("drf_live_graphql.changes")

labels: set[str] = set()


def watched() -> frozenset[str]:
    """The labels of the models whose changes are captured in this process."""
    return frozenset(labels)


def is_watched(model: type[Model]) -> bool:
    """Whether changes of ``model`` are captured in this process."""
    return label_of(model) in labels


def ancestors(model: type[Model]) -> tuple[type[Model], ...]:
    """The concrete multi-table parents of ``model``, all the way up."""
    return tuple(parent for parent in model._meta.all_parents if not parent._meta.proxy)


def family(model: type[Model]) -> tuple[tuple[type[Model], str], ...]:
    """``model`` and its multi-table parents, each with the attribute of a row that is its key."""
    pk = model._meta.pk.attname
    parents = ((parent, model._meta.get_ancestor_link(parent)) for parent in ancestors(model))
    return (model, pk), *((parent, link.attname) for parent, link in parents if link is not None)


def put_down(parts: Iterable[Changes], *, using: str) -> None:
    """Have ``parts`` published with the transaction of ``using``, watched or not.

    Raises what the database raises where it opens a transaction of its own for the journal.
    """
    parts = list(parts)
    if is_installed() and in_event_loop():
        logger.warning(
            "Changes of %s are published, but in no journal, as they were told of in a coroutine:"
            " await anotify_changed() there.",
            ", ".join(part.label for part in parts),
        )
    with own_transaction(using):
        record(parts, using=using, publish=publisher.publish)


def note(
    model: type[Model],
    pks: Iterable[Any],
    kind: Kind,
    *,
    using: str,
    links: Links | None = None,
) -> None:
    """Put down that rows of ``model``, if it is watched, were changed in ``using``."""
    _put_down_watched([_part(model, pks, kind, links)], using)


def note_rows(
    model: type[Model],
    rows: Iterable[Row],
    kind: Kind,
    *,
    using: str,
    links_from: Iterable[Row] | None = None,
) -> None:
    """Put down changes of ``model`` and of its parents, whose rows lie in tables of their own.

    ``rows`` hold the primary keys (see ``family``) and, where ``links_from`` is ``None``, all the
    foreign keys that the rows had and have, by their ``attname``.
    """
    rows = list(rows)
    keys = rows if links_from is None else list(links_from)
    parts = []
    for member, key in family(model):
        # A parent that is deleted as well, and not kept, is told of by itself.
        kind_of = "updated" if kind == "deleted" and member is not model else kind
        pks = (row.get(key) for row in rows)
        parts.append(_part(member, pks, kind_of, links_of(member, keys)))
    _put_down_watched(parts, using)


def note_everything(*models: type[Model], using: str, links: Links | None = None) -> None:
    """Put down that rows of ``models``, if watched, were changed, nobody knows which."""
    parts = [Changes(label_of(model), everything=True, links=links) for model in models]
    _put_down_watched(parts, using)


def _part(model: type[Model], pks: Iterable[Any], kind: Kind, links: Links | None) -> Changes:
    return Changes(label_of(model), {pk: kind for pk in pks if pk is not None}, links=links)


def _put_down_watched(parts: Iterable[Changes], using: str) -> None:
    parts = [part for part in parts if part.label in labels and (part.kinds or part.everything)]
    if parts:
        put_down(parts, using=using)


def database_of(queryset: Any) -> str:
    """The alias of the database that a QuerySet would write to."""
    alias: str = queryset._db or router.db_for_write(queryset.model, **queryset._hints)
    return alias


def never_raises(receiver: Callable[..., None]) -> Callable[..., None]:
    """Have what ``receiver`` raises logged instead; its first argument is the model."""

    @functools.wraps(receiver)
    def guarded(sender: type[Model], *args: Any, **kwargs: Any) -> None:
        try:
            receiver(sender, *args, **kwargs)
        except Exception:
            logger.exception("A change of %s could not be captured.", sender._meta.label)

    return guarded


__all__ = [
    "ancestors",
    "database_of",
    "family",
    "is_watched",
    "labels",
    "logger",
    "never_raises",
    "note",
    "note_everything",
    "note_rows",
    "put_down",
    "watched",
]
