"""What a serializer left for later, read while the view's own surroundings are there.

A renderer turns a queryset, a generator or a text to be translated into JSON as it writes it. A
payload is written in another thread, without the view's language, and more than once.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import uuid
from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any

from django.db.models import Model
from django.utils.encoding import force_str
from django.utils.functional import Promise

# What nearly every value is: asked for first, as each value of each row passes here.
_PLAIN = frozenset(
    (
        type(None),
        bool,
        bytes,
        datetime.date,
        datetime.datetime,
        datetime.time,
        datetime.timedelta,
        decimal.Decimal,
        float,
        int,
        str,
        uuid.UUID,
    )
)


def read_out(value: Any) -> Any:
    """``value`` with all that is in it read: the same object where nothing was left for later.

    Iterables become lists, as DRF's ``JSONEncoder`` has it, and lazy texts texts. Named tuples
    and instances of dataclasses stay what they are, and so does an object that says itself as a
    text, such as a geometry. Raises what the reading raises.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, dict):
        return _mapping(value)
    if isinstance(value, list | tuple):
        return _sequence(value)
    if isinstance(value, Promise):
        return force_str(value)
    if isinstance(value, Mapping):
        return _mapping(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _instance(value)
    if _is_left_for_later(value):
        return [read_out(item) for item in value]
    return value


def _mapping(value: Mapping[Any, Any]) -> Any:
    changed = _changed(value.items())
    return {**value, **changed} if changed else value


def _sequence(value: list[Any] | tuple[Any, ...]) -> Any:
    items = [item if type(item) in _PLAIN else read_out(item) for item in value]
    if all(one is other for one, other in zip(items, value, strict=True)):
        return value
    make = getattr(type(value), "_make", None)  # Of a named tuple.
    return items if make is None else make(items)


def _instance(value: Any) -> Any:
    names = (field.name for field in dataclasses.fields(value))
    changed = _changed((name, getattr(value, name, None)) for name in names)
    if not changed:
        return value
    made = copy(value)
    for name, item in changed.items():
        object.__setattr__(made, name, item)  # It may be frozen.
    return made


def _changed(items: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    changed = {}
    for key, item in items:
        if type(item) not in _PLAIN:
            found = read_out(item)
            if found is not item:
                changed[key] = found
    return changed


def _is_left_for_later(value: Any) -> bool:
    """Whether its items are the value: a set, a queryset, a generator, an iterable of one's own."""
    if isinstance(value, str | bytes | bytearray | memoryview | type | Model):
        return False
    cls: Any = type(value)
    return hasattr(cls, "__iter__") and cls.__str__ is object.__str__


__all__ = ["read_out"]
