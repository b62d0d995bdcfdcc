"""What a hint promises and a value breaks is null, never an error of the payload."""

from __future__ import annotations

import logging
from typing import Any, TypedDict

import pytest
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

import schema_gen
from schema_gen.ends import checked, vouched
from schema_gen.types import ListType, ScalarType
from tests.schema_gen.harness import execute, field_types, round_trip, schema_of, viewset
from tests.schema_gen.models import Author, Book, Tag

pytestmark = pytest.mark.django_db

TEXT = ScalarType("String")
WHOLE = ScalarType("Int")
TRUTH = ScalarType("Boolean")
JSON = ScalarType("JSON")


@pytest.fixture
def tag() -> Tag:
    return Tag.objects.create(name="t")


@pytest.fixture
def author() -> Author:
    return Author.objects.create(name="Ada Lovelace", slug="ada")


def unknown(value: Any) -> Any:
    return value


class Place(TypedDict):
    name: str
    height: int


class Trip(TypedDict):
    start: Place
    end: Place | None
    stops: list[Place]


# A hint over a method.


class Promises(serializers.ModelSerializer[Tag]):
    text = serializers.SerializerMethodField()
    number = serializers.SerializerMethodField()
    truth = serializers.SerializerMethodField()
    names = serializers.SerializerMethodField()
    data = serializers.SerializerMethodField()
    place = serializers.SerializerMethodField()
    places = serializers.SerializerMethodField()

    class Meta:
        model = Tag
        fields = ["id", "text", "number", "truth", "names", "data", "place", "places"]

    def get_text(self, tag: Tag) -> str:
        return unknown(None)  # type: ignore[no-any-return]

    def get_number(self, tag: Tag) -> int:
        return unknown(None)  # type: ignore[no-any-return]

    def get_truth(self, tag: Tag) -> bool:
        return unknown(None)  # type: ignore[no-any-return]

    def get_names(self, tag: Tag) -> list[str]:
        return unknown(None)  # type: ignore[no-any-return]

    def get_data(self, tag: Tag) -> dict[str, int]:
        return unknown(None)  # type: ignore[no-any-return]

    def get_place(self, tag: Tag) -> Place:
        return unknown(None)  # type: ignore[no-any-return]

    def get_places(self, tag: Tag) -> list[Place]:
        return unknown(None)  # type: ignore[no-any-return]


def test_none_under_a_hint_without_none_is_the_null_that_rest_answers(tag: Tag) -> None:
    found = round_trip(Promises, tag)
    assert found.types == {
        "id": "ID!",
        "text": "String",
        "number": "Int",
        "truth": "Boolean",
        "names": "[String!]",
        "data": "JSON",
        "place": "Place",
        "places": "[Place!]",
    }
    assert found.graphql == {**found.rest, "id": str(tag.pk)}


class Kept(serializers.ModelSerializer[Author]):
    text = serializers.SerializerMethodField()
    number = serializers.SerializerMethodField()
    truth = serializers.SerializerMethodField()
    names = serializers.SerializerMethodField()
    column = serializers.SerializerMethodField()
    bare = serializers.SerializerMethodField()
    initials = serializers.CharField(read_only=True)
    shout = serializers.ReadOnlyField()

    class Meta:
        model = Author
        fields = ["text", "number", "truth", "names", "column", "bare", "initials", "shout"]

    def get_text(self, author: Author) -> str:
        return f"{author}!"

    def get_number(self, author: Author) -> int:
        return author.books.count()

    def get_truth(self, author: Author) -> bool:
        return author.born is not None

    def get_names(self, author: Author) -> list[str]:
        return [str(book) for book in author.books.all()]

    def get_column(self, author: Author) -> str:
        return author.name

    def get_bare(self, author):  # type: ignore[no-untyped-def]
        return author.slug or "none"


def test_what_the_code_itself_leaves_no_doubt_of_is_not_null(author: Author) -> None:
    found = round_trip(Kept, author)
    assert found.types == {
        "text": "String!",
        "number": "Int!",
        "truth": "Boolean!",
        "names": "[String!]!",
        "column": "String!",
        "bare": "String!",
        "initials": "String!",
        "shout": "String!",
    }
    assert found.graphql == found.rest


def test_a_column_that_may_be_null_is_no_proof(author: Author) -> None:
    class Born(serializers.ModelSerializer[Author]):
        told = serializers.SerializerMethodField()
        untold = serializers.SerializerMethodField()

        class Meta:
            model = Author
            fields = ["told", "untold"]

        def get_told(self, author: Author) -> str:
            return author.born  # type: ignore[return-value]

        def get_untold(self, author):  # type: ignore[no-untyped-def]
            return author.born

    found = round_trip(Born, author)
    assert found.types == {"told": "String", "untold": "Date"}
    assert found.graphql == found.rest == {"told": None, "untold": None}


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (str, ["a"]),
        (str, True),
        (int, "many"),
        (int, 2**40),
        (float, float("nan")),
        (bool, "yes"),
        (list[str], "abc"),
        (list[int], 5),
        (Place, {"name": "a"}),
        (Place, {"name": None, "height": 1}),
        (Place, {"name": "a", "height": "tall"}),
        (Place, "nowhere"),
        (Trip, {"start": {"name": "a"}, "end": None, "stops": []}),
        (Trip, {"start": {"name": "a", "height": 1}, "end": {}, "stops": []}),
        (Trip, {"start": {"name": "a", "height": 1}, "end": None, "stops": None}),
    ],
)
def test_a_wrong_value_under_a_hint_is_null_with_a_warning(
    tag: Tag, caplog: pytest.LogCaptureFixture, hint: Any, value: Any
) -> None:
    def get_told(self: Any, tag: Tag) -> Any:
        return value

    get_told.__annotations__["return"] = hint
    name = getattr(hint, "__name__", "")

    class Telling(serializers.ModelSerializer[Tag]):
        told = serializers.SerializerMethodField()

        class Meta:
            model = Tag
            fields = ["name", "told"]

    Telling.get_told = get_told  # type: ignore[attr-defined]
    view = viewset(Telling, Tag)
    description = schema_gen.describe_view(view, prefix="rows", basename="row", type_name="Row")
    schema, _ = schema_of(description, answers={"rows": [Telling(tag).data]})
    inside = {"Place": "{ name height }", "Trip": "{ start { name } end { name } stops { name } }"}
    with caplog.at_level(logging.WARNING, "schema_gen"):
        found = execute(schema, f"{{ rows {{ name told {inside.get(name, '')} }} }}")
    assert found == {"rows": [{"name": "t", "told": None}]}
    assert "Row.told" in caplog.text


def test_an_object_of_a_list_that_lacks_something_is_null_with_a_warning(
    tag: Tag, caplog: pytest.LogCaptureFixture
) -> None:
    class Telling(serializers.ModelSerializer[Tag]):
        places = serializers.SerializerMethodField()

        class Meta:
            model = Tag
            fields = ["places"]

        def get_places(self, tag: Tag) -> list[Place]:
            return [{"name": "a", "height": 1}, unknown({"name": "b"})]

    found = round_trip(Telling, tag)
    assert found.types == {"places": "[Place]!"}
    assert found.graphql == {"places": [{"name": "a", "height": 1}, None]}
    assert "has no 'height' that fits" in caplog.text


def test_an_object_by_an_override_is_looked_through_as_well(
    tag: Tag, caplog: pytest.LogCaptureFixture
) -> None:
    class Inner(serializers.ModelSerializer[Tag]):
        class Meta:
            model = Tag
            fields = ["id", "name"]

    class Telling(serializers.ModelSerializer[Tag]):
        whole = serializers.SerializerMethodField()
        part = serializers.SerializerMethodField()

        class Meta:
            model = Tag
            fields = ["whole", "part"]

        @extend_schema_field(Inner)
        def get_whole(self, tag: Tag) -> Any:
            return Inner(tag).data

        @extend_schema_field(Inner)
        def get_part(self, tag: Tag) -> Any:
            return {"id": 5}

    found = round_trip(Telling, tag)
    assert found.types == {"whole": "Inner", "part": "Inner"}
    assert found.graphql == {"whole": {"id": str(tag.pk), "name": "t"}, "part": None}
    assert "Row.part" in caplog.text


# Other sources that nobody vouches for.


def test_a_required_field_of_no_model_may_be_none(tag: Tag) -> None:
    class Plain(serializers.Serializer[Any]):
        label = serializers.CharField()
        tags = serializers.ListField(child=serializers.CharField())

    class Holding(serializers.ModelSerializer[Tag]):
        plain = serializers.SerializerMethodField()
        inner = Plain(source="odd")

        class Meta:
            model = Tag
            fields = ["plain", "inner"]

        @extend_schema_field(Plain)
        def get_plain(self, tag: Tag) -> Any:
            return Plain({"label": None, "tags": None}).data

    tag.odd = {"label": None, "tags": ["a"]}  # type: ignore[attr-defined]
    found = round_trip(Holding, tag)
    assert field_types(found.schema, "Plain") == {"label": "String", "tags": "[String!]"}
    assert found.graphql == found.rest


def test_a_property_that_breaks_its_hint_on_the_way_is_null() -> None:
    class Odd(Tag):
        class Meta:
            proxy = True
            app_label = "schema_gen_tests"

        @property
        def owner(self) -> Author:
            return unknown(None)  # type: ignore[no-any-return]

        @property
        def motto(self) -> str:
            return unknown(None)  # type: ignore[no-any-return]

    class Owned(serializers.ModelSerializer[Odd]):
        owner_name = serializers.CharField(source="owner.name", read_only=True)
        owner_slug = serializers.ReadOnlyField(source="owner.slug")
        motto = serializers.CharField(read_only=True)
        said = serializers.ReadOnlyField(source="motto")

        class Meta:
            model = Odd
            fields = ["owner_name", "owner_slug", "motto", "said"]

    found = round_trip(Owned, Odd(name="t"))
    assert set(found.types.values()) == {"String"}
    assert {**dict.fromkeys(found.types), **found.rest} == found.graphql


def test_a_custom_field_that_breaks_its_hint_is_null(tag: Tag) -> None:
    class Loud(serializers.Field[Any, Any, Any, Any]):
        def to_representation(self, value: Any) -> str:
            return unknown(None)  # type: ignore[no-any-return]

    class Clear(serializers.Field[Any, Any, Any, Any]):
        def to_representation(self, value: Any) -> str:
            return str(value)

    class Row(serializers.ModelSerializer[Tag]):
        loud = Loud(source="name")
        clear = Clear(source="name")

        class Meta:
            model = Tag
            fields = ["loud", "clear"]

    found = round_trip(Row, tag)
    assert found.types == {"loud": "String", "clear": "String!"}
    assert found.graphql == found.rest == {"loud": None, "clear": "t"}


@pytest.mark.parametrize(
    ("told", "shown", "nullable"),
    [
        (TEXT, TEXT, False),
        (TEXT, WHOLE, False),
        (TEXT, TRUTH, True),
        (TEXT, TEXT.optional(), True),
        (TEXT, None, True),
        (TEXT, ListType(TEXT), True),
        (TEXT.optional(), TEXT, True),
        (WHOLE, TEXT, True),
        (WHOLE, WHOLE, False),
        (JSON, TRUTH, False),
        (ListType(TEXT), ListType(JSON), False),
        (ListType(TEXT), JSON, True),
    ],
)
def test_a_hint_is_believed_where_the_code_shows_the_same(
    told: Any, shown: Any, nullable: bool
) -> None:
    assert vouched(told, shown).nullable is nullable


def test_books_by_hand_are_not_shown_to_be_of_the_model() -> None:
    class Titled(serializers.ModelSerializer[Book]):
        loud = serializers.SerializerMethodField()

        class Meta:
            model = Book
            fields = ["loud"]

        def get_loud(self, book: Book) -> str:
            return book.title

    def listed(self: Any, request: Any) -> Any:
        raise NotImplementedError

    for body, expected in (({}, "String!"), ({"list": listed}, "String")):
        view = viewset(Titled, Book, **body)
        description = schema_gen.describe_view(view, prefix="books", actions=["list"])
        assert field_types(schema_of(description)[0], "Titled") == {"loud": expected}


def test_scalars_are_checked_without_more() -> None:
    assert checked(ListType(TEXT)) == ListType(TEXT)


# Fields of DRF's with an output of their own.


class Counted(serializers.IntegerField):
    """From one, not from zero."""

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(value) + 1


class Short(serializers.DecimalField):
    def to_representation(self, value: Any) -> Any:
        value = super().to_representation(value)
        if "." not in value:
            return f"{value}.00"
        return value


class Parsed(serializers.JSONField):
    def to_representation(self, value: Any) -> Any:
        return unknown([value, value])


class Hinted(serializers.JSONField):
    def to_representation(self, value: Any) -> list[str]:
        return [str(value)]


class Writer(serializers.Field[Any, Any, Any, Any]):
    def to_representation(self, book: Any) -> Any:
        return book.author.name


class Named(serializers.Field[Any, Any, Any, Any]):
    def to_representation(self, author: Any) -> Any:
        return author.slug


for _class in (Counted, Short, Parsed, Writer, Named):
    del _class.to_representation.__annotations__["return"]


def test_fields_that_change_what_their_base_writes_are_typed_by_their_code(author: Author) -> None:
    class Row(serializers.ModelSerializer[Book]):
        pages = Counted()
        price = Short(max_digits=9, decimal_places=2)
        parsed = Parsed(source="title")
        hinted = Hinted(source="title")
        writer = Writer(source="*")
        named = Named(source="author")

        class Meta:
            model = Book
            fields = ["pages", "price", "parsed", "hinted", "writer", "named"]

    book = Book.objects.create(author=author, title="Notes", pages=3, price="9.90")
    book.refresh_from_db()
    found = round_trip(Row, book)
    assert found.types == {
        "pages": "Int",
        "price": "String!",
        "parsed": "JSON",
        "hinted": "[String]!",
        "writer": "String!",
        "named": "String!",
    }
    assert found.graphql == found.rest
