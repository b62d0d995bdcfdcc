"""May a field of a row be null? Answered for output only: `required` says nothing about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from .sources import field_may_be_null
from .types import ListType, ScalarType

if TYPE_CHECKING:
    from .sources import Source
    from .types import TypeDescription

__all__ = ["PARTIAL", "loose_items", "may_be_null", "may_not_fit"]

PARTIAL = frozenset({"Float", "Int"})
"""The scalars that do not hold every number of DRF's."""

UNREADABLE = frozenset({"Date", "DateTime", "Time"})
"""The scalars of columns of which Django may read None although they are NOT NULL."""


def may_not_fit(found: TypeDescription, source: Source) -> bool:
    """Whether a column may hold a value that the scalar can't say.

    SQLite's and MySQL's integers go beyond the 32 bits of an Int, a float may be infinite or NaN,
    and MySQL's zero dates and what is no date in SQLite are None for Django. Such a value is null,
    so the type has to allow it: the schema is the same on every database.
    """
    if not isinstance(found, ScalarType) or source.field is None:
        return False
    return found.name in PARTIAL | UNREADABLE


def loose_items(item: TypeDescription, source: Source) -> TypeDescription:
    """The type of the items of a list field that reads `source`, nullable where they may be null.

    A column with lists in it (JSON, an array of PostgreSQL's) takes nulls for items whatever the
    serializer allows, at any depth. An item keeps its place, so one that does not fit is null.
    """
    stored = source.field is not None or source.annotation is not None
    if stored and isinstance(item, ListType):
        item = replace(item, of=loose_items(item.of, source))
    partial = isinstance(item, ScalarType) and item.name in PARTIAL
    return item.optional() if stored or partial else item


def may_be_null(field: serializers.Field[Any, Any, Any, Any], source: Source) -> bool:
    """Whether a GET can answer null, or nothing, for `field` whose value is read at `source`.

    For all that is stored. A method field's own method decides, so it is never nullable from here,
    and neither is what code of the project's computes: see `ends`. `required` and `default` are
    asked of input alone: they do not keep None from coming out.
    """
    if isinstance(field, serializers.SerializerMethodField):
        return False
    return field.allow_null or isinstance(field, serializers.FileField) or reads_null(source)


def reads_null(source: Source) -> bool:
    """Whether the value at the end of a source, or a hop on the way to it, may be None."""
    if source.maybe:
        return True
    stored = source.field or source.displayed
    return stored is not None and field_may_be_null(stored)
