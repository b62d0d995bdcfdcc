"""Values on their way out and in."""

from __future__ import annotations

import datetime
import json
import uuid
from collections import OrderedDict
from decimal import Decimal
from typing import Any

import pytest
import strawberry
from django.utils.translation import gettext_lazy as _
from rest_framework.utils.encoders import JSONEncoder

from schema_gen.scalars import ANNOTATIONS, COERCIONS, SCALAR_MAP, BigInt, Duration, plain

MOMENT = datetime.datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "a",
        1,
        1.5,
        True,
        Decimal("1.50"),
        uuid.UUID(int=3),
        MOMENT,
        datetime.date(2024, 1, 2),
        datetime.time(1, 2),
        datetime.timedelta(hours=1),
        b"abc",
        _("lazy"),
        (1, {2}, [uuid.UUID(int=1)]),
        OrderedDict(a={"b": [Decimal(1), None]}),
    ],
)
def test_plain_values_are_what_the_rest_response_writes(value: Any) -> None:
    assert plain(value) == json.loads(json.dumps(value, cls=JSONEncoder))


def test_subclasses_of_text_and_numbers_are_plain_already() -> None:
    class Link(str):
        __slots__ = ()

    assert plain({1: Link("x"), "n": BigInt(5)}) == {"1": "x", "n": 5}


def test_what_rest_can_t_write_is_an_error_here_too() -> None:
    with pytest.raises(TypeError):
        plain(object())


@pytest.mark.parametrize(
    ("scalar", "value", "expected"),
    [
        ("DateTime", MOMENT, "2024-05-06T07:08:09.123456Z"),
        ("DateTime", "2024-05-06T07:08:09+02:00", "2024-05-06T07:08:09+02:00"),
        ("Date", datetime.date(2024, 1, 2), "2024-01-02"),
        ("Time", "09:30", "09:30"),
        ("Decimal", Decimal("1E+2"), "100"),
        ("Decimal", "1.50", "1.50"),
        ("UUID", uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("ID", 7, "7"),
        ("Duration", datetime.timedelta(days=1), "86400.0"),
        ("Duration", "1 00:00:00", "1 00:00:00"),
        ("String", b"abc", "abc"),
        ("String", _("lazy"), "lazy"),
        ("String", 5, "5"),
        ("String", {"a": [1, None]}, '{"a": [1, null]}'),
        ("String", ("x",), '["x"]'),
    ],
)
def test_a_scalar_takes_texts_and_natives(scalar: str, value: Any, expected: str) -> None:
    found = COERCIONS[scalar](value)
    assert (found.isoformat() if hasattr(found, "isoformat") else found) == expected


@strawberry.type
class Query:
    @strawberry.field
    def echo(self, big: BigInt | None = None, span: Duration | None = None) -> str:
        return f"{big!r} {span!r}"

    @strawberry.field
    def big(self) -> BigInt:
        return BigInt(2**60)

    @strawberry.field
    def span(self) -> Duration:
        return datetime.timedelta(days=1, hours=2)  # type: ignore[return-value]


SCHEMA = strawberry.Schema(query=Query)


def test_the_two_scalars_of_our_own_write_and_read() -> None:
    result = SCHEMA.execute_sync("{ big span }")
    assert result.data == {"big": 2**60, "span": "1 02:00:00"}
    document = "query Q($big: BigInt, $span: Duration) { echo(big: $big, span: $span) }"
    for big, span in ((2**60, "1 02:00:00"), (str(2**60), "P1DT2H")):
        result = SCHEMA.execute_sync(document, variable_values={"big": big, "span": span})
        assert result.data == {"echo": f"{2**60} {datetime.timedelta(days=1, hours=2)!r}"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("big", "x"), ("big", 1.5), ("big", True), ("span", "soon"), ("span", 5)],
)
def test_the_two_scalars_refuse_what_they_can_t_read(name: str, value: Any) -> None:
    kind = "BigInt" if name == "big" else "Duration"
    document = f"query Q($value: {kind}) {{ echo({name}: $value) }}"
    result = SCHEMA.execute_sync(document, variable_values={"value": value})
    assert result.errors is not None
    assert f"{kind} cannot represent the value" in result.errors[0].message


def test_the_scalar_map_holds_exactly_the_scalars_of_our_own() -> None:
    assert {scalar.name for scalar in SCALAR_MAP.values()} == {"BigInt", "Duration"}
    assert set(COERCIONS) <= set(ANNOTATIONS)
