"""Fields that answer from plain dicts, synchronously, whatever the user's schema config says."""

from __future__ import annotations

import enum
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from strawberry.types.field import StrawberryField

from .scalars import COERCIONS
from .types import EnumType, ListType, ObjectType, ScalarType

if TYPE_CHECKING:
    from collections.abc import Callable

    from .own_types import OwnType
    from .types import FieldDescription, TypeDescription

__all__ = ["RowField", "coercion", "inert"]

logger = logging.getLogger("schema_gen")
KEY = "schema_gen.key"
COERCE = "schema_gen.coerce"
SAYABLE = frozenset(
    (type(None), bool, bytes, date, datetime, Decimal, float, int, str, time, timedelta, UUID)
)


def inert(field: StrawberryField) -> None:
    """Keep a field out of the generated __init__, __repr__ and __eq__ of its class.

    Nothing ever makes an instance, and a field's name need not be fit for a parameter.
    """
    field.init = field.repr = field.compare = False


class RowField(StrawberryField):
    """Reads `key` of the row. Its description is in the metadata, which strawberry copies along."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inert(self)
        self.key: str = self.metadata[KEY]
        self.coerce: Callable[[Any], Any] | None = self.metadata[COERCE]

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: Any) -> Any:
        """The row's value, made fit."""
        value = read(source, self.key)
        if value is None or self.coerce is None:
            return value
        return self.coerce(value)


def coercion(type_: TypeDescription, place: str) -> Callable[[Any], Any] | None:
    """How values of the type are made fit for GraphQL, None where they are already.

    `place` is the GraphQL type and field, for the log.
    """
    if isinstance(type_, ScalarType):
        return _scalar_coercion(type_, place)
    if isinstance(type_, EnumType):
        return _enum_coercion(type_, place)
    if isinstance(type_, ListType):
        return _list_coercion(type_, place)
    if type_.object is not None and type_.object.own is not None:
        return _own_coercion(type_.object.own)
    return _told_coercion(type_, place) if type_.told else None


def _told_coercion(type_: ObjectType, place: str) -> Callable[[Any], Any]:
    """Objects as a hint says they are: one that lacks what it must have is null as a whole."""
    checks: list[tuple[str, Callable[[Any], Any] | None, bool]] | None = None

    def coerce(value: Any) -> Any:
        nonlocal checks
        if checks is None:
            # Not before it is used: the object may hold itself.
            fields = type_.object.fields if type_.object is not None else ()
            checks = [
                (f.key, coercion(_checked(f.type), place), f.type.nullable)
                for f in fields
                if not f.type.nullable or (f.type.object is not None and not _is_told(f.type))
            ]
        if isinstance(value, str | bytes | int | float | list | set):
            _warn(place, value, "is no object")
            return None
        for key, fit, nullable in checks:
            found = read(value, key)
            fits = nullable if found is None else fit is None or fit(found) is not None
            if not fits:
                _warn(place, value, f"has no {key!r} that fits")
                return None
        return value

    return coerce


def _checked(type_: TypeDescription) -> TypeDescription:
    """The type, its objects checked as the one is that holds them."""
    if isinstance(type_, ListType):
        return replace(type_, of=_checked(type_.of))
    return replace(type_, told=True) if isinstance(type_, ObjectType) else type_


def _is_told(type_: TypeDescription) -> bool:
    """Whether the objects of a field are checked by the field itself, which is null by itself."""
    while isinstance(type_, ListType):
        type_ = type_.of
    return isinstance(type_, ObjectType) and type_.told


def read(source: Any, key: str) -> Any:
    """The value of a row's key, None where DRF left it out, as it does for a broken source."""
    try:
        return source.get(key)
    except AttributeError:
        # A method field may answer a named tuple or a dataclass.
        return getattr(source, key, None)


def _own_coercion(own: OwnType) -> Callable[[Any], Any]:
    """How a row becomes an instance of the project's own type, its values made fit as well."""
    inputs: dict[str, Callable[[Any], Any] | None] | None = None

    def coerce(row: Any) -> Any:
        nonlocal inputs
        if inputs is None:
            # Not before it is used: the type may lead to itself.
            inputs = {f.key: coercion(f.type, f"{own.name}.{f.name}") for f in own.inputs}
        values = {key: row.get(key) for key in inputs}
        for key, fit in inputs.items():
            if fit is not None and values[key] is not None:
                values[key] = fit(values[key])
        return own.cls(**values)

    return coerce


def _scalar_coercion(type_: ScalarType, place: str) -> Callable[[Any], Any]:
    fit = COERCIONS[type_.name]

    def coerce(value: Any) -> Any:
        try:
            return fit(value)
        except Exception as error:  # noqa: BLE001 (the value's own code runs: __str__, __iter__ ...)
            # One value that can't be said must not cost a subscriber the whole payload.
            _warn(place, value, f"is no {type_.name}: {error}")
            return None

    return coerce


def _warn(place: str, value: Any, problem: str) -> None:
    logger.warning("%s: %.200s %s and is left out", place, _said(value), problem)


def _said(value: Any) -> str:
    """The value for the log. The repr() of a queryset runs SQL, and others' may raise."""
    if type(value) in SAYABLE:
        return repr(value)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_said(key)}: {_said(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_said, value))}]"
    return f"an object of {type(value).__module__}.{type(value).__qualname__}"


def _enum_coercion(type_: EnumType, place: str) -> Callable[[Any], Any]:
    known = {value.value for value in type_.enum.values}
    name = type_.enum.name

    def coerce(value: Any) -> Any:
        raw = value.value if isinstance(value, enum.Enum) else value
        try:
            if raw in known:
                return raw
        except TypeError:
            pass
        if raw != "":
            _warn(place, raw, f"is none of the values of {name}")
        return None

    return coerce


def _list_coercion(type_: ListType, place: str) -> Callable[[Any], Any]:
    item = coercion(type_.of, place)

    def coerce(values: Any) -> Any:
        if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
            _warn(place, values, "is no list")
            return None
        found = [v if v is None or item is None else item(v) for v in values]
        if type_.of.nullable or None not in found:
            return found
        if type_.lossy:
            return [value for value in found if value is not None]
        # Without the item it would be another list, which looks as good as any.
        _warn(place, found, "has items that are null where none may be,")
        return None

    return coerce


def row_metadata(field: FieldDescription, owner: str) -> dict[str, Any]:
    """The metadata of a `RowField`."""
    return {KEY: field.key, COERCE: coercion(field.type, f"{owner}.{field.name}")}
