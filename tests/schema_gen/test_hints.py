from __future__ import annotations

import dataclasses
import functools
import ipaddress
import typing
from collections.abc import Iterable
from functools import partial, wraps
from typing import Annotated, Any, NewType, NotRequired, Optional, TypedDict, TypeVar

import pytest
import typing_extensions
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
        (Name, "String"),
        (Iterable[int], "[Int!]"),
        (typing.List, "[JSON]"),  # noqa: UP006
        (typing.Iterable, "[JSON]"),
        (typing.Mapping[str, int], "JSON"),
        (list[Book], "[JSON]"),
        (list[list[str] | None], "[[String!]]"),
        (ReturnDict, "JSON"),
        (ReturnList, "[JSON]"),
        (typing.Literal["a", None], "RowToldEnum"),
        (Tree, "Tree"),
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


if typing.TYPE_CHECKING:
    from somewhere_else import Gone  # type: ignore[import-not-found]


class Torn(TypedDict):
    here: int
    gone: Gone


class Fork(TypedDict):
    side: typing.Literal["left", "right"]
    ways: list[typing.Literal["up", "down"]]


class Empty(TypedDict):
    pass


@dataclasses.dataclass
class Box:
    shared: typing.ClassVar[int] = 1
    width: int = 0


def test_a_hint_that_can_t_be_read_does_not_take_the_others_with_it() -> None:
    def reads_gone(self: Any, row: Gone) -> str:
        raise NotImplementedError

    @functools.wraps(reads_gone)
    def wrapped(*args: Any) -> Any:
        raise NotImplementedError

    assert return_hint(reads_gone) is str
    assert return_hint(wrapped) is str
    assert return_hint(partial(reads_gone, None)) is str
    assert parameter_hint(reads_gone, "row") is UNKNOWN


def objects_of(hint: Any) -> Any:
    from rest_framework import serializers

    import schema_gen
    from tests.schema_gen.harness import schema_of, viewset

    def get_told(self: Any, book: Book) -> Any: ...

    get_told.__annotations__["return"] = hint
    views = [
        schema_gen.describe_view(
            viewset(
                model_serializer(
                    Book, ["told"], told=serializers.SerializerMethodField(), get_told=get_told
                ),
                Book,
            ),
            prefix=f"{name}s",
            basename=name,
            type_name=name.title(),
        )
        for name in ("book", "tome")
    ]
    return schema_of(*views)[0]


def test_an_object_keeps_the_fields_beside_one_that_can_t_be_read() -> None:
    from tests.schema_gen.harness import field_types

    assert field_types(objects_of(Torn), "Torn") == {"here": "Int!", "gone": "JSON"}


def test_enums_of_an_object_go_by_the_object_wherever_it_shows() -> None:
    from tests.schema_gen.harness import field_types

    assert field_types(objects_of(Fork), "Fork") == {
        "side": "ForkSideEnum",
        "ways": "[ForkWaysEnum]!",
    }


def test_a_constant_of_a_dataclass_is_no_field() -> None:
    from tests.schema_gen.harness import field_types

    assert field_types(objects_of(Box), "Box") == {"width": "Int!"}


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (Empty, "JSON"),
        (ipaddress.IPv4Address, "String"),
        (NewType("MaybeName", Optional[str]), "String"),  # type: ignore[valid-newtype]  # noqa: UP045
        (typing_extensions.TypedDict("Other", {"a": int}), "Other"),  # type: ignore[misc]
        (typing_extensions.TypeAliasType("Names", list[str] | None), "[String!]"),
    ],
)
def test_other_ways_to_write_a_hint(hint: Any, expected: str) -> None:
    assert type_of(hint) == expected


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
