"""Two different things of one name are an error that names both and how to mend it."""

from __future__ import annotations

from typing import Any, TypedDict

import pytest
from django.db.models import Sum
from rest_framework import serializers

import schema_gen
from schema_gen import SchemaError, SchemaWarning
from tests.schema_gen.harness import field_types, schema_of, viewset
from tests.schema_gen.models import Author, Book, Shelf, Tag
from tests.schema_gen.test_serializers import fields_of


def describe(serializer_class: Any, model: Any = Book, **options: Any) -> Any:
    return schema_gen.describe_view(
        viewset(serializer_class, model), **{"prefix": "books", **options}
    )


BookSerializer = fields_of(Book, "id", "title", "genre")


def test_two_roots_of_one_name() -> None:
    with pytest.raises(SchemaError) as caught:
        schema_of(describe(BookSerializer), describe(BookSerializer))
    text = str(caught.value)
    assert "Two roots are called 'books'" in text
    assert "BookViewSet.list() at 'books'" in text
    assert "list_name=" in text


def test_one_serializer_may_serve_two_views() -> None:
    schema, _ = schema_of(
        describe(BookSerializer), describe(BookSerializer, prefix="novels", basename="novel")
    )
    assert field_types(schema, "Query") == {
        "books": "[Book!]!",
        "book": "Book",
        "novels": "[Book!]!",
        "novel": "Book",
    }
    assert field_types(schema, "Book")["genre"] == "BookGenreEnum"


def test_two_serializers_of_one_name_and_other_fields() -> None:
    other = fields_of(Book, "title")
    with pytest.raises(SchemaError) as caught:
        schema_of(describe(BookSerializer), describe(other, prefix="novels", basename="novel"))
    text = str(caught.value)
    assert "Two different types are called 'Book'" in text
    assert text.count("BookSerializer") == 2
    assert "type_name=" in text
    assert "Meta.ref_name" in text


class WriterSerializer(serializers.Serializer[Any]):
    """Without a model: what it reads is what it stands on."""

    name = serializers.CharField(read_only=True)
    marks = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    friends = serializers.ListField(child=serializers.CharField())


@pytest.mark.parametrize("swapped", [False, True])
def test_one_serializer_at_two_places_is_as_unsure_as_at_the_less_sure_one(swapped: bool) -> None:
    sure = fields_of(Book, "author", author=WriterSerializer())
    unsure = fields_of(Book, "writer", writer=WriterSerializer(source="author.untold"))
    views = [
        describe(sure, type_name="Sure"),
        describe(unsure, type_name="Unsure", prefix="novels", basename="novel"),
    ]
    alone = field_types(schema_of(views[0])[0], "Writer")
    assert alone == {"name": "String!", "marks": "[Int]", "friends": "[String!]"}
    schema, _ = schema_of(*(reversed(views) if swapped else views))
    assert field_types(schema, "Writer") == {**alone, "name": "String"}


@pytest.mark.parametrize("swapped", [False, True])
def test_what_is_inside_a_serializer_at_two_places_is_as_unsure_as_at_either(swapped: bool) -> None:
    class Middle(serializers.Serializer[Any]):
        writer = WriterSerializer(source="*")

    # Both are sure that there is a writer; what is in it, only one of them.
    sure = fields_of(Book, "middle", middle=Middle(source="author"))
    unsure = fields_of(Shelf, "middle", middle=Middle(source="*"))
    views = [
        describe(sure, type_name="Sure"),
        describe(unsure, Shelf, type_name="Unsure", prefix="shelves", basename="shelf"),
    ]
    alone = field_types(schema_of(views[0])[0], "Writer")
    schema, _ = schema_of(*(reversed(views) if swapped else views))
    assert field_types(schema, "Middle") == {"writer": "Writer!"}
    assert field_types(schema, "Writer") == {**alone, "name": "String"}


class Stat(serializers.Serializer[Any]):
    """Shows one column, which depends on the place."""

    def __init__(self, column: str, **options: Any) -> None:
        self.column = column
        super().__init__(**options)

    def get_fields(self) -> Any:
        if self.column == "stat":
            return {"value": Stat("title", source="*")}
        return {"value": serializers.ReadOnlyField(source=self.column)}


def of_columns(*columns: str) -> list[schema_gen.ViewDescription]:
    """Views over books that show one column each as `Stat.value`."""
    return [
        describe(
            fields_of(Book, "stat", stat=Stat(column, source="*")),
            prefix=f"rows{number}",
            basename=f"row{number}",
            type_name=f"Row{number}",
        )
        for number, column in enumerate(columns)
    ]


@pytest.mark.parametrize("swapped", [False, True])
def test_one_serializer_over_a_column_and_a_sum_is_as_wide_as_the_sum(swapped: bool) -> None:
    class Pages(serializers.Serializer[Any]):
        pages = serializers.IntegerField()

    authors = viewset(
        fields_of(Author, "all", all=Pages(source="*")),
        Author,
        queryset=Author.objects.annotate(pages=Sum("books__pages")),
    )
    views = [
        describe(fields_of(Book, "all", all=Pages(source="*"))),
        schema_gen.describe_view(authors, prefix="authors"),
    ]
    schema, _ = schema_of(*(reversed(views) if swapped else views))
    assert field_types(schema, "Pages") == {"pages": "BigInt"}


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("pages", "sold"), "BigInt"),
        (("pages", "rating"), "Float"),
        (("pages", "title"), "String"),
        (("sold", "id"), "ID"),
        (("uuid", "title"), "ID"),
        (("uuid", "subtitle"), "ID"),
    ],
)
def test_one_serializer_over_two_columns_has_the_type_that_holds_both(
    columns: tuple[str, str], expected: str, swapped: bool
) -> None:
    views = of_columns(*columns)
    schema, _ = schema_of(*(reversed(views) if swapped else views))
    assert field_types(schema, "Stat") == {"value": expected}


@pytest.mark.parametrize("swapped", [False, True])
def test_one_serializer_over_columns_that_have_no_type_in_common_is_json(swapped: bool) -> None:
    views = of_columns("published", "title")
    with pytest.warns(SchemaWarning, match=r"Stat writes 'value' as \S+ at one place") as caught:
        schema, _ = schema_of(*(reversed(views) if swapped else views))
    assert "Date" in str(caught[0].message)
    assert "String" in str(caught[0].message)
    assert field_types(schema, "Stat") == {"value": "JSON"}


def test_one_serializer_of_an_object_and_a_value_is_an_error_that_names_the_field() -> None:
    message = r"'Stat': .* The field 'value' is Stat there and String here\."
    with pytest.raises(SchemaError, match=message):
        schema_of(*of_columns("stat", "title"))


def test_type_name_mends_it() -> None:
    other = fields_of(Book, "title")
    schema, _ = schema_of(
        describe(BookSerializer),
        describe(other, prefix="novels", basename="novel", type_name="Novel"),
    )
    assert field_types(schema, "Novel") == {"title": "String!"}


@pytest.mark.parametrize(
    "name", ["BookListChange", "ChangeAction", "Query", "Date", "BookGenreEnum"]
)
def test_a_row_can_t_take_a_name_that_is_taken(name: str) -> None:
    with pytest.raises(SchemaError, match=f"Two different types are called '{name}'"):
        schema_of(
            describe(BookSerializer),
            describe(fields_of(Tag, "id"), Tag, prefix="tags", type_name=name),
        )


def test_two_views_of_one_basename_clash_over_their_envelopes() -> None:
    with pytest.raises(SchemaError, match=r"the changes of 'books' and the changes of 'novels'"):
        schema_of(
            describe(BookSerializer, actions=["list"]),
            describe(BookSerializer, prefix="novels", actions=["list"]),
        )


def test_hinted_objects_of_one_name_clash_as_well() -> None:
    def serializer(hint: Any, name: str) -> Any:
        def get_place(self: Any, book: Book) -> Any: ...

        get_place.__annotations__["return"] = hint
        declared = {"place": serializers.SerializerMethodField(), "get_place": get_place}
        return type(name, (serializers.Serializer,), declared)

    class Place(TypedDict):
        x: int

    first = Place

    class Place(TypedDict):  # type: ignore[no-redef]
        y: int

    second = Place
    one = describe(serializer(first, "OneSerializer"))
    same = describe(serializer(first, "TwoSerializer"), prefix="novels", basename="novel")
    other = describe(serializer(second, "TwoSerializer"), prefix="novels", basename="novel")
    assert field_types(schema_of(one, same)[0], "Place") == {"x": "Int!"}
    with pytest.raises(SchemaError, match="Two different types are called 'Place'"):
        schema_of(one, other)
