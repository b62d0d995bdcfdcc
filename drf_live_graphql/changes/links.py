"""Which rows of other models a row points to: the values of its foreign keys, before and after."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, QuerySet

from drf_live_graphql.conf import settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from django.db.models import Model

    from .message import Links

    Row = Mapping[str, Any]  # Values of one row by ``attname``.

# Values that one query asks for; databases limit the parameters of a statement (Oracle: 1,000).
CHUNK = 500


@cache
def foreign_keys(model: type[Model]) -> tuple[ForeignKey[Any, Any], ...]:
    """The foreign keys in the table of ``model`` itself, one-to-one links included."""
    concrete = model._meta.concrete_model or model
    return tuple(
        field for field in concrete._meta.local_concrete_fields if isinstance(field, ForeignKey)
    )


@cache
def attnames(model: type[Model]) -> tuple[str, ...]:
    """The attributes of all foreign keys of a row, those in its parents' tables included."""
    concrete = model._meta.concrete_model or model
    fields = concrete._meta.concrete_fields
    return tuple(dict.fromkeys(f.attname for f in fields if isinstance(f, ForeignKey)))


@cache
def movable(model: type[Model]) -> bool:
    """Whether a row has foreign keys that can change; one that is its primary key cannot."""
    concrete = model._meta.concrete_model or model
    return any(
        isinstance(field, ForeignKey) and not field.primary_key
        for field in concrete._meta.concrete_fields
    )


def links_of(model: type[Model], rows: Iterable[Row]) -> Links | None:
    """What ``rows`` point to, by the foreign keys of the table of ``model``.

    ``None`` where a value is missing or known to the database alone.
    """
    fields = foreign_keys(model)
    links: Links = {field.attname: set() for field in fields}
    try:
        for row in rows:
            for field in fields:
                if (value := row[field.attname]) is not None:
                    links[field.attname].add(plain(field, value))
    except (KeyError, TypeError, ValueError, ValidationError):
        return None
    return links


def plain(field: ForeignKey[Any, Any], value: Any) -> Any:
    """A value of a foreign key as its target's Python value; raises for an expression."""
    if hasattr(value, "resolve_expression"):
        raise TypeError(f"The value of {field} is an expression: {value!r}")
    return field.to_python(value)


def has_key(instance: Model) -> bool:
    """Whether ``instance`` has a primary key, all parts of it where it is composite."""
    pk = instance.pk
    return None not in (pk if isinstance(pk, tuple) else (pk,))


def row_of(instance: Model) -> dict[str, Any]:
    """The keys that ``instance`` has loaded; asks the database for none."""
    held = instance.__dict__
    row = {name: held[name] for name in attnames(type(instance)) if name in held}
    row[type(instance)._meta.pk.attname] = instance.pk
    return row


def read_rows(model: type[Model], pks: Iterable[Any], using: str) -> list[dict[str, Any]] | None:
    """The keys of the rows ``pks``, read from the database where they can differ from the pk.

    ``None`` where that is not wanted (setting ``TRACK_MOVES``), or they are too many.
    """
    concrete = model._meta.concrete_model or model
    pks = list(pks)
    key = concrete._meta.pk.attname
    if not movable(concrete):
        names = {key, *attnames(concrete)}
        return [dict.fromkeys(names, pk) for pk in pks]
    if not settings.TRACK_MOVES or len(pks) > settings.MAX_CHANGES_PER_MESSAGE:
        return None
    rows: list[dict[str, Any]] = []
    for some in chunks(pks):
        rows += keys_where(concrete, using, pk__in=some)
    return rows


def keys_where(model: type[Model], using: str, **where: Any) -> list[dict[str, Any]]:
    """The keys of the rows of ``model`` that meet ``where``, one more than may be named at most.

    No manager is asked: it may hide rows.
    """
    found = _keys(model).using(using).filter(**where)
    return list(found[: settings.MAX_CHANGES_PER_MESSAGE + 1])


@cache
def _keys(model: type[Model]) -> QuerySet[Any, dict[str, Any]]:
    # Kept, as making it is a good part of what a query by primary key costs.
    found: QuerySet[Any] = QuerySet(model)
    return found.order_by().values(*{model._meta.pk.attname, *attnames(model)})


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """``values`` in as many parts as it takes queries to ask for them."""
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


__all__ = [
    "attnames",
    "chunks",
    "foreign_keys",
    "has_key",
    "keys_where",
    "links_of",
    "movable",
    "plain",
    "read_rows",
    "row_of",
]
