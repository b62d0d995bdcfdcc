"""May a field of a row be null? Answered for output only: `required` says nothing about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from .hints import UNKNOWN, return_hint, returns_none, split_optional
from .sources import field_may_be_null
from .types import ScalarType

if TYPE_CHECKING:
    from .sources import Source
    from .types import TypeDescription

__all__ = ["may_be_null", "may_not_fit"]

PARTIAL = frozenset({"Float", "Int"})


def may_not_fit(found: TypeDescription, source: Source) -> bool:
    """Whether a column may hold a value that the scalar can't say.

    SQLite's and MySQL's integers go beyond the 32 bits of an Int, and a float may be infinite or
    NaN. Such a value is null, so the type has to allow it: the schema is the same on every
    database.
    """
    return isinstance(found, ScalarType) and found.name in PARTIAL and source.field is not None


def may_be_null(field: serializers.Field[Any, Any, Any, Any], source: Source) -> bool:
    """Whether a GET can answer null, or nothing, for `field` whose value is read at `source`.

    A method field's own hint decides, so it is never nullable from here. A field without a model
    field behind it is taken at its word: the hint of the property that it reads, else `required`,
    unless that property's body returns None.
    """
    if isinstance(field, serializers.SerializerMethodField):
        return False
    if field.allow_null or source.maybe or isinstance(field, serializers.FileField):
        return True
    if source.whole or source.annotation is not None:
        return False
    stored = source.field or source.displayed
    if stored is not None:
        return field_may_be_null(stored)
    hint, optional = split_optional(return_hint(source.attribute))
    if hint is not UNKNOWN or optional:
        return optional
    return not field.required or returns_none(source.attribute)
