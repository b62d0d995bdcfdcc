"""Strawberry types of the project's own in the place of generated ones, compared with REST."""

from __future__ import annotations

import datetime
import enum
import json
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import pytest
import strawberry
from rest_framework import pagination, serializers
from rest_framework.renderers import JSONRenderer
from strawberry.permission import BasePermission
from strawberry.scalars import JSON

import schema_gen
from schema_gen import NameClashError, SchemaError, registry
from schema_gen.own_types import reachable
from schema_gen.scalars import BigInt
from tests.schema_gen.harness import execute, field_types, round_trip, schema_of, sdl, viewset
from tests.schema_gen.models import Author, Book, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(registry, "_serializers", {})
    return


@strawberry.enum(name="Kind")
class Genre(enum.Enum):
    FICTION = "sci-fi"
    CRIME = "crime"


@strawberry.type(name="Writer")
class OwnAuthor:
    name: str

    @strawberry.field
    def initial(self) -> str:
        return self.name[0]


@strawberry.type
class Volume:
    """A book, as the library shows it."""

    id: strawberry.ID
    title: str
    genre: Genre | None
    published: datetime.date | None
    price: Decimal
    author: OwnAuthor
    pages: strawberry.Private[int]
    shelf_mark: str = "none"

    @strawberry.field
    def thick(self, than: int = 100) -> bool:
        return self.pages > than


class AuthorSerializer(serializers.ModelSerializer[Author]):
    class Meta:
        model = Author
        fields = ["name"]


class BookSerializer(serializers.ModelSerializer[Book]):
    author = AuthorSerializer()

    class Meta:
        model = Book
        fields = ["id", "title", "genre", "published", "price", "author", "pages", "sold"]


class TagSerializer(serializers.ModelSerializer[Tag]):
    books = BookSerializer(many=True)

    class Meta:
        model = Tag
        fields = ["id", "books"]


def register() -> None:
    schema_gen.register_serializer(BookSerializer)(Volume)
    schema_gen.register_serializer(AuthorSerializer)(OwnAuthor)


def describe(serializer_class: Any = BookSerializer, **options: Any) -> schema_gen.ViewDescription:
    attributes = options.pop("attributes", {})
    view = viewset(serializer_class, serializer_class.Meta.model, **attributes)
    return schema_gen.describe_view(view, **{"prefix": "books", "basename": "book", **options})


class Pages(pagination.PageNumberPagination):
    page_size = 10


ROW = "{ id title genre published price shelfMark thick author { name initial } }"
ASKED = ROW.replace("thick", "thick long: thick(than: 500)")


def book() -> Book:
    author = Author(name="Ursula")
    return Book(
        id=7,
        title="Rocannon",
        author=author,
        genre="sci-fi",
        pages=300,
        price=Decimal("4.50"),
        published=datetime.date(1966, 1, 2),
    )


def data() -> Any:
    return BookSerializer(book()).data


EXPECTED = {
    "id": "7",
    "title": "Rocannon",
    "genre": "FICTION",
    "published": "1966-01-02",
    "price": "4.50",
    "shelfMark": "none",
    "thick": True,
    "long": False,
    "author": {"name": "Ursula", "initial": "U"},
}


def test_the_own_type_is_the_row_of_the_view() -> None:
    register()
    schema, _ = schema_of(describe())
    text = sdl(schema)
    assert "books: [Volume!]!" in text
    assert "created: [Volume!]!" in text
    assert "instance: Volume" in text
    # Nothing of the generated type is left, nor of what the own one does not show.
    assert "type Book " not in text
    assert "BookGenreEnum" not in text
    assert set(field_types(schema, "Volume")) == {
        *("id", "title", "genre", "published", "price", "author", "shelfMark", "thick")
    }


def test_a_list_a_row_and_a_page_are_made_of_it() -> None:
    register()
    schema, _ = schema_of(describe(), answers={"books": [data(), data()], "book": data()})
    assert execute(schema, f"{{ books {ASKED} }}") == {"books": [EXPECTED, EXPECTED]}
    assert execute(schema, f"{{ book(id: 7) {ASKED} }}") == {"book": EXPECTED}
    pages = describe(attributes={"pagination_class": Pages})
    body = {"count": 1, "next": None, "previous": None, "results": [data()]}
    schema, _ = schema_of(pages, answers={"books": body})
    found = execute(schema, f"{{ books {{ count results {ASKED} }} }}")
    assert found == {"books": {"count": 1, "results": [EXPECTED]}}


def test_a_row_that_is_not_there_is_null() -> None:
    register()
    schema, _ = schema_of(describe(), answers={"book": None})
    assert execute(schema, f"{{ book(id: 8) {ROW} }}") == {"book": None}


async def test_a_subscription_tells_of_instances_too() -> None:
    register()
    envelope = {"snapshot": [data()], "created": [], "updated": [data()], "deleted": []}
    schema, _ = schema_of(describe(), answers={"books": [envelope]})
    stream: Any = await schema.subscribe(
        f"subscription {{ books {{ snapshot {ASKED} updated {ASKED} }} }}"
    )
    [result] = [result async for result in stream]
    assert result.errors is None
    assert result.data == {"books": {"snapshot": [EXPECTED], "updated": [EXPECTED]}}


def test_a_generated_type_may_hold_it() -> None:
    register()
    view = describe(TagSerializer)
    schema, _ = schema_of(view, answers={"books": [{"id": 1, "books": [data()]}]})
    assert field_types(schema, "Tag")["books"] == "[Volume!]!"
    found = execute(schema, f"{{ books {{ id books {ASKED} }} }}")
    assert found == {"books": [{"id": "1", "books": [EXPECTED]}]}


def test_what_it_shows_unchanged_is_what_rest_shows() -> None:
    @schema_gen.register_serializer(AuthorSerializer)
    @strawberry.type(name="Row")
    class Row:
        name: str

    trip = round_trip(AuthorSerializer, Author(name="Ursula"))
    assert trip.graphql == trip.rest == {"name": "Ursula"}


def test_two_serializers_may_share_one() -> None:
    class LongAuthorSerializer(AuthorSerializer):
        class Meta(AuthorSerializer.Meta):
            fields = ["id", "name"]

    schema_gen.register_serializer(AuthorSerializer, LongAuthorSerializer)(OwnAuthor)

    class ByAction(viewset(AuthorSerializer, Author)):  # type: ignore[misc]
        def get_serializer_class(self) -> Any:
            return AuthorSerializer if self.action == "list" else LongAuthorSerializer

    view = schema_gen.describe_view(ByAction, prefix="authors")
    schema, _ = schema_of(view, answers={"authors": [{"name": "A"}], "author": {"name": "B"}})
    assert execute(schema, "{ authors { initial } author(id: 1) { initial } }") == {
        "authors": [{"initial": "A"}],
        "author": {"initial": "B"},
    }


def test_a_serializer_that_holds_itself() -> None:
    class NodeSerializer(serializers.ModelSerializer[Book]):
        class Meta:
            model = Book
            fields = ["title", "sequels"]

        def get_fields(self) -> Any:
            fields = super().get_fields()
            fields["sequels"] = type(self)(many=True) if not self.context.get("deep") else None
            return {key: field for key, field in fields.items() if field is not None}

    schema_gen.register_serializer(NodeSerializer)(Node)
    leaf = {"title": "Leaf", "sequels": []}
    view = describe(NodeSerializer)
    schema, _ = schema_of(view, answers={"books": [{"title": "Root", "sequels": [leaf]}]})
    assert execute(schema, "{ books { title sequels { title loud } } }") == {
        "books": [{"title": "Root", "sequels": [{"title": "Leaf", "loud": "LEAF"}]}]
    }


@strawberry.type
class Node:
    title: str | None
    sequels: list[Annotated[Node, strawberry.lazy(__name__)]] | None

    @strawberry.field
    def loud(self) -> str:
        return str(self.title).upper()


def test_every_field_of_the_serializer_is_there_for_its_resolvers() -> None:
    register()
    row = describe().roots[0].row
    assert not row.prunable
    assert row.own is not None
    assert [field.name for field in row.fields] == [
        *("id", "title", "genre", "published", "price", "author")
    ]


# What can't be.


def test_its_name_can_t_be_overridden() -> None:
    register()
    with pytest.raises(SchemaError, match=r"would be called 'Tome'.*a strawberry type of its own"):
        describe(type_name="Tome")
    assert describe(type_name="Volume").roots


def test_what_the_serializer_does_not_show() -> None:
    register()
    with pytest.raises(SchemaError, match="has 'pages', which is no field that the serializer"):
        describe(exclude_fields=["pages"])


def test_a_nested_type_that_is_not_registered() -> None:
    schema_gen.register_serializer(BookSerializer)(Volume)
    with pytest.raises(SchemaError, match=r"has 'author' as .*OwnAuthor, .*AuthorSerializer"):
        describe()


def test_a_nested_type_in_the_place_of_a_plain_value() -> None:
    @schema_gen.register_serializer(AuthorSerializer)
    @strawberry.type
    class Wrong:
        name: OwnAuthor

    with pytest.raises(SchemaError, match=r"'name' as .*OwnAuthor, where .* shows a plain value"):
        describe(AuthorSerializer)


class Allowed(BasePermission):
    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return True


@strawberry.type
class WithInfo:
    name: str

    @strawberry.field
    def asker(self, info: strawberry.Info) -> str:
        return str(info.context)


@strawberry.type
class WithAsync:
    name: str

    @strawberry.field
    async def later(self) -> str:
        return self.name


@strawberry.type
class WithPermission:
    name: str = strawberry.field(permission_classes=[Allowed])


@strawberry.type
class Outer:
    name: str

    @strawberry.field
    def deeper(self) -> list[WithInfo] | None:
        return None


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        (WithInfo, "WithInfo.asker, which takes info"),
        (WithAsync, "WithAsync.later, which is asynchronous"),
        (WithPermission, "WithPermission.name, which has extensions or permission classes"),
        (Outer, "WithInfo.asker, which takes info"),
    ],
)
def test_what_may_differ_from_one_asker_to_the_next(own: type, reason: str) -> None:
    """One payload is made for all who are entitled to the same answer."""
    schema_gen.register_serializer(AuthorSerializer)(own)
    with pytest.raises(SchemaError, match=f"{reason}.*all its subscribers at once"):
        describe(AuthorSerializer)


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Behind:
    name: str

    @strawberry.field
    def somebody(self) -> Named | None:
        return None


def test_an_interface_may_hide_anything() -> None:
    schema_gen.register_serializer(AuthorSerializer)(Behind)
    with pytest.raises(SchemaError, match=r"leads to .*\.Named, which is an interface"):
        describe(AuthorSerializer)


def test_a_generated_type_of_its_name_is_a_clash() -> None:
    register()
    schema_gen.register_serializer(TagSerializer, name="Kind")
    with pytest.raises(NameClashError) as error:
        schema_of(describe(), describe(TagSerializer, prefix="tags", basename="tag"))
    # An enum that the own type leads to counts as well.
    assert f"'Kind': {__name__}.Genre and {__name__}.TagSerializer" in str(error.value)


@pytest.mark.parametrize("thing", [AuthorSerializer, Author])
def test_what_is_no_strawberry_type(thing: Any) -> None:
    with pytest.raises(SchemaError, match="decorates strawberry types"):
        schema_gen.register_serializer(AuthorSerializer)(thing)


def test_each_type_that_it_leads_to_is_met_once() -> None:
    assert set(reachable(Volume)) == {Volume, Genre, OwnAuthor}
    assert list(reachable(Node)) == [Node]


def test_a_union_leads_to_its_members() -> None:
    @strawberry.type
    class Either:
        @strawberry.field
        def one(self) -> Annotated[OwnAuthor | Node, strawberry.union("OneOrOther")]:
            return OwnAuthor(name="x")

    assert set(reachable(Either)) == {Either, OwnAuthor, Node}


class Loud(enum.Enum):
    SCIENCE = "sci-fi"


LoudEnum = strawberry.enum(Loud)
Id = strawberry.ID


@pytest.mark.parametrize(
    ("key", "hint", "message"),
    [
        ("published", datetime.date, r"'published' as Date!, where .* may be null \(Date\)"),
        ("subtitle", str, r"'subtitle' as String!, where .* may be null \(String\)"),
        ("title", int, r"'title' as Int!, where .* is String!"),
        ("title", datetime.date | None, r"'title' as Date, where .* is String!"),
        ("sold", int, r"'sold' as Int!, where .* is BigInt!"),
        ("genre", LoudEnum | None, r"'genre' as Loud, where .* is \w+GenreEnum"),
        ("grade", str | None, r"'grade' as String, where .* is \w+GradeEnum"),
        ("title", list[str], r"'title' as \[String!\]!, where .* is String!"),
        ("numbers", list[int] | None, r"has items of which one may be null \(Int\)"),
        ("numbers", list[str | None] | None, r"has items of which one is Int"),
        ("numbers", str | None, r"'numbers' as String, where .* is \[Int\]"),
        ("meta", str | None, r"'meta' as String, where .* is JSON"),
    ],
)
def test_a_field_that_does_not_fit_what_the_serializer_shows(
    key: str, hint: Any, message: str
) -> None:
    with pytest.raises(SchemaError, match=message):
        shown_by(key, hint)


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("published", datetime.date | None),
        ("published", str | None),
        ("title", str),
        ("title", str | None),
        ("sold", BigInt),
        ("sold", Id),
        ("pages", Decimal | None),
        ("pages", float | None),
        ("uuid", str),
        ("genre", str | None),
        ("grade", JSON | None),
        ("numbers", list[int | None] | None),
        ("numbers", JSON | None),
        ("meta", JSON | None),
    ],
)
def test_a_field_that_fits_writes_what_rest_writes(key: str, hint: Any) -> None:
    schema = shown_by(key, hint)
    answer = execute(schema, f"{{ books {{ {key} }} }}")["books"][0][key]
    expected = json.loads(JSONRenderer().render(Fitting(shelved()).data))[key]
    assert str(answer) == str(float(expected) if hint == float | None else expected)


class Fitting(serializers.ModelSerializer[Book]):
    numbers = serializers.ListField(child=serializers.IntegerField(), source="meta.numbers")

    class Meta:
        model = Book
        fields = [
            *("published", "subtitle", "title", "sold", "genre", "grade", "meta", "uuid", "pages"),
            "numbers",
        ]


def shelved() -> Book:
    found = book()
    found.meta = {"numbers": [1, 2]}
    found.uuid = uuid.UUID(int=5)
    return found


def shown_by(key: str, hint: Any) -> strawberry.Schema:
    """The schema of books with one field of the serializer's, in a type of one's own."""
    own = strawberry.type(type("Own", (), {"__annotations__": {key: hint}}))
    schema_gen.register_serializer(Fitting)(own)
    schema, _ = schema_of(describe(Fitting), answers={"books": [Fitting(shelved()).data]})
    return schema
