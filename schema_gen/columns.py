"""Which columns a name in a filter, an ordering or a serializer's source speaks of.

One column has several names: `author`, `author_id`, `author__pk`, and a reverse relation is called
one thing in queries and another on an instance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import ForeignKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import Model

__all__ = ["column_path", "says_as_much"]


def column_path(model: type[Model] | None, names: Sequence[str]) -> tuple[str, ...]:
    """`names` as the model's fields are called; those that are no fields stay as they are."""
    path = []
    for name in names:
        field = None if model is None else _field(model, name)
        path.append(name if field is None else str(field.name))
        related = getattr(field, "related_model", None)
        model = related if isinstance(related, type) else None
    return tuple(path)


def says_as_much(model: type[Model] | None, asked: Sequence[str], told: Sequence[str]) -> bool:
    """Whether what is asked by the one `column_path` tells what the other one holds.

    So does anything beyond it: a lookup, or a field of the row that it leads to.
    """
    beyond = tuple(asked[: len(told)]) == tuple(told)
    return beyond or _without_key(model, asked) == _without_key(model, told)


def _without_key(model: type[Model] | None, path: Sequence[str]) -> tuple[str, ...]:
    """The path without a key at its end that the column before it stores, as in `author__id`."""
    fields: list[Any] = []
    for name in path:
        field = None if model is None else _field(model, name)
        fields.append(field)
        related = getattr(field, "related_model", None)
        model = related if isinstance(related, type) else None
    while len(fields) > 1 and fields[-1] in _keys(fields[-2]):
        fields.pop()
    return tuple(path[: len(fields)])


def _keys(field: Any) -> list[Any]:
    """The fields of other models whose value a foreign key stores: a parent's row has its id."""
    keys: list[Any] = []
    while isinstance(field, ForeignKey):
        field = field.target_field
        keys.append(field)
    return keys


def _field(model: type[Model], name: str) -> Any:
    if name == "pk":
        return model._meta.pk
    for relation in model._meta.related_objects:
        if relation.get_accessor_name() == name:
            return relation
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        named = (field for field in model._meta.concrete_fields if field.attname == name)
        return next(named, None)
