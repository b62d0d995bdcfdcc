"""Arguments on their way into a URL, read back by the filters that get them."""

from __future__ import annotations

import datetime
import enum
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import strawberry
from django.http import Http404
from rest_framework.exceptions import ValidationError

from schema_gen import ArgumentDescription, ListType, ScalarType, Style, describe_view
from schema_gen.arguments import text_of
from tests.schema_gen.harness import viewset
from tests.schema_gen.models import Author
from tests.schema_gen.test_build import tasks

if TYPE_CHECKING:
    from rest_framework.viewsets import ReadOnlyModelViewSet


class Colour(enum.Enum):
    RED = "-red"
    OFF = False
    AT_NOON = datetime.datetime(2024, 1, 2, 12)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a b&c", "a b&c"),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (1.5, "1.5"),
        (Decimal("1E+3"), "1000"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (datetime.date(2024, 1, 2), "2024-01-02"),
        (datetime.time(1, 2), "01:02:00"),
        (datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC), "2024-01-02T00:00:00+00:00"),
        (datetime.timedelta(days=1, seconds=2), "1 00:00:02"),
        (Colour.RED, "-red"),
        (Colour.OFF, "False"),
        (Colour.AT_NOON, "2024-01-02 12:00:00"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
    ],
)
def test_a_value_is_written_as_a_url_writes_it(value: Any, expected: str) -> None:
    assert text_of(value) == expected


def argument(style: Style) -> ArgumentDescription:
    return ArgumentDescription("x", "x", ListType(ScalarType("String")), style=style)


@pytest.mark.parametrize(
    ("style", "value", "expected"),
    [
        (Style.REPEATED, ["a", "b,c"], ["a", "b,c"]),
        (Style.COMMA, ["a", "b"], ["a,b"]),
        (Style.COMMA, [1, None, True], ["1,true"]),
        (Style.COMMA, [], []),
        (Style.REPEATED, [], []),
        (Style.SINGLE, "a,b", ["a,b"]),
    ],
)
def test_a_list_is_repeated_or_joined(style: Style, value: Any, expected: list[str]) -> None:
    assert argument(style).texts(value) == expected


def test_a_comma_inside_a_joined_item_is_refused_by_name() -> None:
    with pytest.raises(ValidationError) as caught:
        argument(Style.COMMA).texts(["a,b"])
    assert "x" in caught.value.detail


def test_what_is_not_given_is_not_sent() -> None:
    root = tasks().roots[0]
    call = root.encode({"done": None, "search": strawberry.UNSET, "page": 2, "unknown": 1})
    assert call.query == (("page", "2"),)
    assert call.kwargs == ()


def test_pairs_are_sorted_by_name_and_calls_are_equal_by_value() -> None:
    root = tasks().roots[0]
    one = root.encode({"titleIcontains": "a", "done": True})
    two = root.encode({"done": True, "titleIcontains": "a"})
    assert one == two
    assert hash(one) == hash(two)
    assert one.query == (("done", "true"), ("title__icontains", "a"))


def author_view(**attributes: Any) -> type[ReadOnlyModelViewSet[Author]]:
    from rest_framework import serializers

    class AuthorSerializer(serializers.ModelSerializer[Author]):
        class Meta:
            model = Author
            fields = ["name"]

    view: type[ReadOnlyModelViewSet[Author]] = viewset(AuthorSerializer, Author, **attributes)
    return view


@pytest.mark.parametrize(
    ("attributes", "argument", "good", "bad"),
    [
        ({}, "id", "7", "7/8"),
        ({"lookup_value_regex": "[0-9]{2}"}, "id", 17, "7"),
        ({"lookup_field": "slug"}, "slug", "ada-l", "ada.l"),
        ({"lookup_url_kwarg": "author_id"}, "authorId", "7", ""),
        ({"lookup_value_converter": "int"}, "id", "7", "x"),
        ({"lookup_field": "slug", "lookup_url_kwarg": "who"}, "who", "ada", "a/b"),
    ],
)
def test_a_lookup_that_no_url_could_carry_is_not_found(
    attributes: dict[str, Any], argument: str, good: Any, bad: Any
) -> None:
    root = describe_view(author_view(**attributes), prefix="authors").roots[1]
    assert [item.name for item in root.arguments] == [argument]
    call = root.encode({argument: good})
    assert call.kwargs == ((root.lookup_url_kwarg, str(good)),)
    with pytest.raises(Http404):
        root.encode({argument: bad})


def test_converters_are_applied_to_what_the_view_gets() -> None:
    view = author_view(lookup_value_converter="int")
    described = describe_view(view, prefix="shops/<int:shop_pk>/authors")
    rows, row = described.roots
    assert rows.url_kwargs(rows.encode({"shopPk": "07"})) == {"shop_pk": 7}
    assert row.url_kwargs(row.encode({"shopPk": 7, "id": "8"})) == {"shop_pk": 7, "pk": 8}
