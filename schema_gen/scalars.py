"""Scalars, and how a value of `serializer.data` is made fit for one.

`serializer.data` holds texts where DRF formats a value and natives where it does not (UUIDs of
related fields, the dates of a method field). Both must come out as the REST response writes them,
whatever scalars the schema that a type ends up in maps Date or JSON to.
"""

from __future__ import annotations

import datetime
import decimal
import math
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import strawberry
from django.utils.dateparse import parse_duration
from django.utils.duration import duration_string
from graphql import GraphQLBoolean, GraphQLFloat, GraphQLInt
from rest_framework.utils.encoders import JSONEncoder
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ANNOTATIONS", "COERCIONS", "SCALAR_MAP", "BigInt", "Duration", "plain"]

ENCODER = JSONEncoder()


def plain(value: Any) -> Any:
    """`value` as the REST response would write it: text, number, boolean, null, list or dict.

    A ValueError or a TypeError for what it could not write: NaN, half of a surrogate pair (a JSON
    column can hold one, UTF-8 can't), an object that JSON has no form for.
    """
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, str):
        if not value.isascii():
            value.encode()
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"JSON has no number {value!r}")
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return plain(ENCODER.default(value))


class IsoText(str):
    """A date that is already text. Strawberry's own date scalars ask values for isoformat()."""

    __slots__ = ()

    def isoformat(self) -> str:
        """The text itself, exactly as DRF wrote it."""
        return str(self)


def _iso(value: Any) -> IsoText:
    written = plain(value)
    if not isinstance(written, str):
        raise TypeError(f"a date or time was expected, {type(value).__name__} came")
    return IsoText(written)


def _text(value: Any) -> Any:
    """A number comes as its digits: no other scalar holds the integer form of a UUID."""
    written = plain(value)
    if isinstance(written, bool | list | dict):
        raise TypeError(f"text was expected, {type(value).__name__} came")
    return written if isinstance(written, str) else str(written)


def _key(value: Any) -> str:
    """What keys are is up to the project. Rows are none, which a serializer may have put there."""
    if isinstance(value, Mapping | list | tuple | set):
        raise TypeError(f"a key was expected, {type(value).__name__} came")
    return str(value)


def _decimal(value: Any) -> str:
    return format(value, "f") if isinstance(value, decimal.Decimal) else str(_text(value))


def _big_int(value: Any) -> int:
    number = int(value)
    if isinstance(value, float | decimal.Decimal) and number != value:
        raise ValueError("a whole number was expected")
    return number


def _parse_big_int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise StrawberryInputCoercionError(f"BigInt cannot represent the value {value!r}.")
    try:
        return int(value)
    except ValueError:
        raise StrawberryInputCoercionError(
            f"BigInt cannot represent the value {value!r}."
        ) from None


def _parse_duration(value: Any) -> datetime.timedelta:
    parsed = parse_duration(value) if isinstance(value, str) else None
    if parsed is None:
        raise StrawberryInputCoercionError(
            f"Duration cannot represent the value {value!r}: '[days] [[hours:]minutes:]seconds' "
            f"or ISO 8601 expected."
        )
    return parsed


def _write_duration(value: Any) -> str:
    return duration_string(value) if isinstance(value, datetime.timedelta) else str(value)


class BigInt(int):
    """Marks whole numbers beyond 32 bits."""

    _scalar_definition = ScalarDefinition(
        name="BigInt",
        description="A whole number of any size, as a JSON number. Digits in a string are read.",
        specified_by_url=None,
        serialize=int,
        parse_value=_parse_big_int,
        parse_literal=None,
        origin=int,
    )


class Duration(datetime.timedelta):
    """Marks lengths of time."""

    _scalar_definition = ScalarDefinition(
        name="Duration",
        description="A length of time as the API writes it: `[days] [hours:]minutes:seconds`.",
        specified_by_url=None,
        serialize=_write_duration,
        parse_value=_parse_duration,
        parse_literal=None,
        origin=datetime.timedelta,
    )


ANNOTATIONS: dict[str, Any] = {
    "BigInt": BigInt,
    "Boolean": bool,
    "Date": datetime.date,
    "DateTime": datetime.datetime,
    "Decimal": decimal.Decimal,
    "Duration": Duration,
    "Float": float,
    "ID": strawberry.ID,
    "Int": int,
    "JSON": JSON,
    "String": str,
    "Time": datetime.time,
    "UUID": uuid.UUID,
}
"""What strawberry is told for a scalar's name."""

COERCIONS: dict[str, Callable[[Any], Any]] = {
    "BigInt": _big_int,
    "Boolean": GraphQLBoolean.serialize,
    "Date": _iso,
    "DateTime": _iso,
    "Decimal": _decimal,
    "Duration": _text,
    "Float": GraphQLFloat.serialize,
    "ID": _key,
    "Int": GraphQLInt.serialize,
    "JSON": plain,
    "String": _text,
    "Time": _iso,
    "UUID": _key,
}
"""How an output value is made fit for the scalar. They raise where it can't be."""

SCALAR_MAP: dict[object, ScalarDefinition] = {
    BigInt: BigInt._scalar_definition,
    Duration: Duration._scalar_definition,
}
"""For `StrawberryConfig(scalar_map=...)`. A schema without it works as well."""
