from __future__ import annotations

import typing
from collections.abc import Iterable
from functools import partial, wraps
from typing import Annotated, Any, NewType, NotRequired, Optional, TypedDict, TypeVar

import pytest
from rest_framework.utils.serializer_helpers import ReturnDict, ReturnList

from schema_gen.hints import UNKNOWN, parameter_hint, return_hint, split_optional
from tests.schema_gen.models import Book
from tests.schema_gen.test_fields import model_serializer, round_trip_types

T = TypeVar("T")
Name = NewType("Name", str)


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (str, (str, False)),
        (str | None, (str, True)),
        (Optional[int], (int, True)),  # noqa: UP045
        (int | str | None, (int | str, True)),
        (int | str, (int | str, False)),
        (Annotated[str | None, 1], (str, True)),
        (None, (UNKNOWN, True)),
        (type(None), (UNKNOWN, True)),
        (UNKNOWN, (UNKNOWN, False)),
    ],
)
def test_split_optional(hint: Any, expected: Any) -> None:
    assert split_optional(hint) == expected


def hinted(value: int) -> str:
    return str(value)


def test_hints_are_read_off_functions_and_partials() -> None:
    assert return_hint(hinted) is str
    assert return_hint(partial(hinted, 1)) is str
    assert parameter_hint(hinted, "value") is int
    assert parameter_hint(hinted, "other") is UNKNOWN
    assert parameter_hint(None, "value") is UNKNOWN
    assert return_hint(None) is UNKNOWN
    assert repr(UNKNOWN) == "no readable hint"


class Tree(TypedDict):
    label: str
    children: list[Tree]
    note: NotRequired[str]
    odd: Book


def type_of(hint: Any) -> str:
    from rest_framework import serializers

    def get_told(self: Any, book: Book) -> Any: ...

    get_told.__annotations__["return"] = hint
    serializer = model_serializer(
        Book, ["told"], told=serializers.SerializerMethodField(), get_told=get_told
    )
    return round_trip_types(serializer)["told"]


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (Name, "String!"),
        (Iterable[int], "[Int!]!"),
        (typing.List, "[JSON]!"),  # noqa: UP006
        (typing.Iterable, "[JSON]!"),
        (typing.Mapping[str, int], "JSON!"),
        (list[Book], "[JSON]!"),
        (list[list[str] | None], "[[String!]]!"),
        (ReturnDict, "JSON!"),
        (ReturnList, "[JSON]!"),
        (typing.Literal["a", None], "RowToldEnum"),
        (Tree, "Tree!"),
        (list[Tree] | None, "[Tree!]"),
    ],
)
def test_a_hint_says_a_type(hint: Any, expected: str) -> None:
    assert type_of(hint) == expected


@pytest.mark.parametrize("hint", [T, Book, type[str], typing.Callable[[], int], None])
def test_a_hint_that_graphql_can_t_say_is_a_warning(hint: Any) -> None:
    with pytest.warns(UserWarning, match="no return hint that GraphQL can say"):
        assert type_of(hint) == "JSON"


def test_an_object_of_a_hint_may_hold_itself() -> None:
    from rest_framework import serializers

    import schema_gen
    from tests.schema_gen.harness import field_types, schema_of, viewset

    class RowSerializer(serializers.Serializer[Book]):
        tree = serializers.SerializerMethodField()

        def get_tree(self, book: Book) -> Tree:
            raise NotImplementedError

    schema, _ = schema_of(schema_gen.describe_view(viewset(RowSerializer, Book), prefix="rows"))
    assert field_types(schema, "Tree") == {
        "label": "String!",
        "children": "[Tree!]!",
        "note": "String",
        "odd": "JSON",
    }


def never(book: Book) -> str:
    return "x"


def forgets(book: Book) -> str:  # type: ignore[return]  # noqa: RET503
    if book.title:
        return book.title


def says_none(book: Book) -> int:
    return len(book.title) if book.title else None  # type: ignore[return-value]


def stub(book: Book) -> str: ...


def raises(book: Book) -> str:
    raise NotImplementedError


def yields(book: Book) -> Iterable[str]:
    yield book.title


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (never, str),
        (forgets, str | None),
        (says_none, int | None),
        (stub, str),
        (raises, str),
        (yields, Iterable[str]),
        (partial(forgets), str | None),
        (wraps(forgets)(lambda *args: forgets(*args)), str | None),
        (str.upper, UNKNOWN),
    ],
)
def test_a_hint_over_a_body_that_may_return_none_is_optional(function: Any, expected: Any) -> None:
    assert return_hint(function) == expected
