"""``notify_changed``: for writes that Django never sees, such as raw SQL and other programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from asgiref.sync import sync_to_async
from django.db import router
from django.db.models import Model, QuerySet

from drf_live_graphql.conf import settings
from drf_live_graphql.exceptions import LiveError

from .ledger import database_of, family, put_down
from .links import has_key
from .message import Changes, Kind, label_of

_EXPECTED = (
    "notify_changed() expected a QuerySet, a saved model instance, an iterable of such, or a model"
    " class (for: any of its rows)"
)


def notify_changed(
    what: QuerySet[Any] | Model | Iterable[Model] | type[Model], *, using: str | None = None
) -> None:
    """Have readers told of rows that were changed without Django noticing, or are about to be.

    ``what`` is a QuerySet, whose primary keys are read; a model instance or an iterable of them;
    or a model class, which says that any of its rows may have changed, been added or deleted. So
    do more than ``MAX_CHANGES_PER_MESSAGE`` rows. For rows that are to be deleted, call it before.

    Nothing is sent before the current transaction of the database ``using`` commits, nor if it is
    rolled back; outside a transaction it is sent at once. ``using`` is by default the database
    that the QuerySet or instance names, else the one the model is written to. It counts for models
    in ``UNWATCHED`` as well.

    Asynchronous code may call it as well, unless ``what`` is a QuerySet or the setting ``JOURNAL``
    is on: no connection may be used in a coroutine. ``anotify_changed`` is for those.

    Raises ``LiveError`` for anything else, and for an instance without a primary key.
    """
    if isinstance(what, QuerySet):
        _notify_queryset(what, using)
    elif isinstance(what, type) and issubclass(what, Model):
        if what._meta.abstract:
            raise LiveError(f"{_EXPECTED}; {what.__name__} is abstract and has no rows.")
        _record(what, None, using or router.db_for_write(what))
    elif isinstance(what, Model):
        _notify_instances([what], using)
    elif isinstance(what, Iterable) and not isinstance(what, str | bytes):
        _notify_instances(what, using)
    else:
        raise LiveError(f"{_EXPECTED}; {what!r} came.")


async def anotify_changed(
    what: QuerySet[Any] | Model | Iterable[Model] | type[Model], *, using: str | None = None
) -> None:
    """``notify_changed``, on the thread that Django's asynchronous methods use the database on."""
    await sync_to_async(notify_changed)(what, using=using)


def _notify_queryset(queryset: QuerySet[Any], using: str | None) -> None:
    model, most = queryset.model, settings.MAX_CHANGES_PER_MESSAGE
    using = using or database_of(queryset)
    names = dict.fromkeys(key for _, key in family(model))
    rows = list(queryset.using(using).values(*names)[: most + 1])
    _record(model, rows if len(rows) <= most else None, using)


def _notify_instances(instances: Iterable[Model], using: str | None) -> None:
    found: dict[tuple[type[Model], str], list[dict[str, Any]]] = {}
    for instance in instances:
        if not isinstance(instance, Model):
            raise LiveError(f"{_EXPECTED}; {instance!r} came in an iterable.")
        if not has_key(instance):
            raise LiveError(
                f"{_EXPECTED}; {instance!r} has no primary key. Save it first; a row that another"
                f" program added is told of by notify_changed({type(instance).__name__})."
            )
        model = type(instance)
        db = using or instance._state.db or router.db_for_write(model, instance=instance)
        row = {key: getattr(instance, key) for _, key in family(model)}
        found.setdefault((model, db), []).append(row)
    for (model, db), rows in found.items():
        _record(model, rows, db)


def _record(model: type[Model], rows: list[dict[str, Any]] | None, using: str) -> None:
    if rows == []:
        return
    parts = []
    for member, key in family(model):
        kinds: dict[Any, Kind] = {row[key]: "updated" for row in rows or ()}
        parts.append(Changes(label_of(member), kinds, everything=rows is None))
    put_down(parts, using=using)


__all__ = ["anotify_changed", "notify_changed"]
