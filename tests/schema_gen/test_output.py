"""What a field does with the values of a row."""

from __future__ import annotations

import copy
import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from strawberry.annotation import StrawberryAnnotation

from schema_gen import EnumDescription, EnumType, EnumValueDescription, ListType, ScalarType
from schema_gen.output import RowField, coercion, row_metadata
from schema_gen.types import FieldDescription

if TYPE_CHECKING:
    import pytest

COLOURS = EnumDescription("Colour", (EnumValueDescription("RED", "red"),))


def field(key: str, type_: Any) -> RowField:
    described = FieldDescription("name", key, type_)
    metadata = row_metadata(described, "Row")
    return RowField("name", "name", StrawberryAnnotation(str), metadata=metadata)


def test_a_value_is_read_by_key_and_made_fit() -> None:
    name = field("the_key", ScalarType("ID"))
    assert name.get_result({"the_key": 5}, None, [], {}) == "5"
    assert name.get_result({"the_key": None}, None, [], {}) is None
    assert name.get_result({}, None, [], {}) is None
    assert field("x", ScalarType("Int")).get_result({"x": 5}, None, [], {}) == 5


def test_a_copy_reads_the_same_key() -> None:
    name = copy.copy(field("the_key", ScalarType("ID")))
    assert name.get_result({"the_key": 5}, None, [], {}) == "5"


def test_what_is_no_dict_is_read_by_attribute() -> None:
    name = field("x", ScalarType("Int"))
    assert name.get_result(SimpleNamespace(x=1), None, [], {}) == 1
    assert name.get_result(SimpleNamespace(), None, [], {}) is None


def test_items_are_made_fit_one_by_one(caplog: pytest.LogCaptureFixture) -> None:
    ids = coercion(ListType(ScalarType("ID", nullable=True)), "Row.x")
    assert ids is not None
    assert ids((1, None, "2")) == ["1", None, "2"]
    sure = coercion(ListType(EnumType(COLOURS)), "Row.x")
    chosen = coercion(ListType(EnumType(COLOURS), lossy=True), "Row.x")
    unsure = coercion(ListType(EnumType(COLOURS, nullable=True)), "Row.x")
    assert sure is not None
    assert chosen is not None
    assert unsure is not None
    with caplog.at_level(logging.WARNING, "schema_gen"):
        assert sure({"red", "blue"}) is None
        assert chosen({"red", "blue"}) == ["red"]
        assert unsure(["blue", "red", ""]) == [None, "red", None]
    assert caplog.text.count("'blue' is none of the values of Colour") == 3
    plain = coercion(ListType(ScalarType("Int")), "Row.x")
    assert plain is not None
    assert plain((1, 2)) == [1, 2]


def test_types_of_plain_values_hold_no_object() -> None:
    for type_ in (ScalarType("Int"), EnumType(COLOURS), ListType(ScalarType("Int"))):
        assert type_.object is None
        assert type_.optional().nullable


class Touchy:
    """Like a queryset, whose repr() runs SQL."""

    def __repr__(self) -> str:
        raise AssertionError("nobody may ask")


def test_the_log_asks_no_object_for_its_repr(caplog: pytest.LogCaptureFixture) -> None:
    number = coercion(ScalarType("Int"), "Row.x")
    assert number is not None
    with caplog.at_level(logging.WARNING, "schema_gen"):
        assert number({"a": [Touchy(), "b"]}) is None
        assert number("c") is None
    touchy = f"an object of {__name__}.Touchy"
    assert f"Row.x: {{'a': [{touchy}, 'b']}} is no Int" in caplog.text
    assert "Row.x: 'c' is no Int" in caplog.text
