"""Writes that send no signals: ``update``, ``bulk_create``, ``bulk_update``, ``_raw_delete``.

Only where the setting ``CAPTURE_BULK`` is on: then these methods of ``QuerySet`` are wrapped, once
for the process. ``bulk_update``, the related managers, the asynchronous variants and subclasses
that call ``super()`` all end in one of the three.

What is not seen: raw SQL, other programs, ``save()`` and ``delete()`` of single rows of a through
model that Django made itself, and the models of migrations. ``notify_changed`` is for those.
"""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connections, transaction
from django.db.models import ForeignKey, Model, QuerySet

from drf_live_graphql.conf import settings

from .ledger import (
    database_of,
    family,
    is_watched,
    logger,
    never_raises,
    note,
    note_everything,
    note_rows,
)
from .links import attnames, foreign_keys, links_of, row_of
from .outbox import own_transaction
from .related import note_far

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .message import Links

    Rows = list[dict[str, Any]]

_originals: dict[str, Callable[..., Any]] = {}


def install() -> None:
    """Wrap the methods; calling it again does no harm."""
    for name, wrapped in _WRAPPERS.items():
        if name not in _originals:
            original = _originals[name] = getattr(QuerySet, name)
            # With the attributes that Django looks at: alters_data, queryset_only.
            setattr(QuerySet, name, functools.wraps(original)(wrapped(original)))


def uninstall() -> None:
    """Put Django's own methods back."""
    while _originals:
        name, original = _originals.popitem()
        setattr(QuerySet, name, original)


def _wrapped_update(original: Callable[..., int]) -> Callable[..., int]:
    def update(self: QuerySet[Any], **kwargs: Any) -> int:
        if not _captured(self.model):
            return original(self, **kwargs)
        using = database_of(self)
        with own_transaction(using):
            before = _read(self, using)
            count = original(self, **kwargs)
            _updated(self.model, before, kwargs, count, using)
        return count

    return update


def _wrapped_bulk_create(original: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    def bulk_create(
        self: QuerySet[Any],
        objs: Any,
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> list[Any]:
        conflicts = (ignore_conflicts, update_conflicts)
        if not _captured(self.model):
            return original(self, objs, batch_size, *conflicts, *args, **kwargs)
        using = database_of(self)
        with own_transaction(using, saved=self.model):
            created = original(self, objs, batch_size, *conflicts, *args, **kwargs)
            if created:
                _created(self.model, created, not any(conflicts), update_conflicts, using)
        return created

    return bulk_create


def _wrapped_raw_delete(original: Callable[..., int]) -> Callable[..., int]:
    def _raw_delete(self: QuerySet[Any], using: str) -> int:
        if not _captured(self.model):
            return original(self, using)
        with own_transaction(using):
            before = _read(self, using)
            count = original(self, using)
            _deleted(self.model, before, count, using)
        return count

    return _raw_delete


_WRAPPERS: Mapping[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "update": _wrapped_update,
    "bulk_create": _wrapped_bulk_create,
    "_raw_delete": _wrapped_raw_delete,
}


def _captured(model: type[Model]) -> bool:
    # A migration's model has the label of another, but not its fields.
    return model._meta.apps is apps and any(is_watched(member) for member, _ in family(model))


def _read(queryset: Any, using: str) -> Rows | None:
    """The keys of the rows that ``queryset`` is about to change; one more than may be named.

    ``None`` where the rows of a SELECT need not be those that Django will write to.
    """
    query, model = queryset.query, queryset.model
    if (
        query.is_sliced
        or query.combinator
        or query.distinct
        or query.extra
        or query.group_by is not None
    ):
        return None
    found = queryset._chain()
    found.query.clear_ordering(force=True)
    found.query.select_for_update = False
    found.query.select_related = False
    key = model._meta.pk.attname
    most = settings.MAX_CHANGES_PER_MESSAGE
    try:
        with _apart(using):
            rows = list(found.using(using).values(*{key, *attnames(model)})[: most + 1])
        # A join may name a row more than once.
        return list({row[key]: row for row in rows}.values())
    except Exception:  # noqa: BLE001  # A write never fails for being watched.
        logger.exception(
            "The rows of %s that an update meets could not be read.", model._meta.label
        )
        return None


def _apart(using: str) -> AbstractContextManager[Any]:
    """What fails inside leaves the transaction that is open of use, as PostgreSQL would not."""
    connection = connections[using]
    if connection.vendor != "postgresql" or connection.get_autocommit():
        return nullcontext()
    return transaction.atomic(using)


def _certain(before: Rows | None, count: int) -> bool:
    """Whether the rows that were read are those that were written."""
    return (
        before is not None
        and len(before) == count
        and len(before) <= settings.MAX_CHANGES_PER_MESSAGE
    )


@never_raises
def _updated(
    model: type[Model], before: Rows | None, values: Mapping[str, Any], count: int, using: str
) -> None:
    def is_key(field: Any) -> bool:
        return field.primary_key or field in model._meta.pk_fields

    fields: dict[Any, Any] = {model._meta.get_field(name): values[name] for name in values}
    if before is None or not _certain(before, count) or any(is_key(f) for f in fields):
        if count:
            note_everything(*(member for member, _ in family(model)), using=using)
        return
    moved = {
        field.attname: _value(field, value)
        for field, value in fields.items()
        if isinstance(field, ForeignKey)
    }
    after = [{**row, **moved} for row in before] if moved else []
    note_rows(model, before, "updated", using=using, links_from=[*before, *after])


def _value(field: ForeignKey[Any, Any], value: Any) -> Any:
    return getattr(value, field.target_field.attname) if isinstance(value, Model) else value


@never_raises
def _created(
    model: type[Model], created: Sequence[Model], certain: bool, upsert: bool, using: str
) -> None:
    rows = [row_of(instance) for instance in created]
    # A row that was there before may have pointed elsewhere.
    links = None if upsert else links_of(model, rows)
    pks = [instance.pk for instance in created]
    if certain and None not in pks:
        note(model, pks, "created", using=using, links=links)
    else:
        note_everything(model, using=using, links=links)
    _note_ends(model, links, using)


@never_raises
def _deleted(model: type[Model], before: Rows | None, count: int, using: str) -> None:
    if before is None or not _certain(before, count):
        if count:
            note_everything(model, using=using)
            _note_ends(model, None, using)
        return
    links = links_of(model, before)
    key = model._meta.pk.attname
    note(model, (row[key] for row in before), "deleted", using=using, links=links)
    _note_ends(model, links, using)


def _note_ends(through: type[Model], links: Links | None, using: str) -> None:
    """Rows of a through model that Django made are all that links the rows at its ends."""
    if not through._meta.auto_created:
        return
    for end in foreign_keys(through):
        if links is not None:
            note_far(end, links[end.attname], using)
        else:
            note_everything(end.related_model, using=using)


__all__ = ["install", "uninstall"]
