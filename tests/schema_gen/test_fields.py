"""Each field class: its type in the schema, and its value as the REST response writes it."""

from __future__ import annotations

import datetime
import enum
import json
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import pytest
from django.contrib.postgres.fields import DateRangeField
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import BigIntegerField, Count, F, Model
from rest_framework import serializers

import schema_gen
from schema_gen.exceptions import SchemaWarning
from tests.schema_gen.harness import Trip, round_trip
from tests.schema_gen.models import Author, Book, Contract, Edition, Shelf, Tag

pytestmark = pytest.mark.django_db


@pytest.fixture
def author() -> Author:
    return Author.objects.create(name="Ada Lovelace", slug="ada", code=2**40)


@pytest.fixture
def book(author: Author) -> Book:
    found = Book.objects.create(author=author, title="Notes", meta={"a": [1, None]})
    found.tags.add(Tag.objects.create(name="old"), Tag.objects.create(name="new"))
    found.refresh_from_db()
    return found


def model_serializer(model_: type[Model], names: list[str], /, **declared: Any) -> Any:
    meta = type("Meta", (), {"model": model_, "fields": names})
    return type("RowSerializer", (serializers.ModelSerializer,), {"Meta": meta, **declared})


def trip(instance: Model, name: str, field: Any = None, **attributes: Any) -> Trip:
    """The round trip of a ModelSerializer with one field, its own or a declared one."""
    declared = {} if field is None else {name: field}
    return round_trip(model_serializer(type(instance), [name], **declared), instance, **attributes)


MODEL_FIELDS = {
    "id": "ID!",
    "title": "String!",
    "subtitle": "String",
    "loud": "String",
    "genre": "RowGenreEnum",
    "grade": "RowGradeEnum",
    "uuid": "UUID!",
    "pages": "Int",
    "sold": "BigInt!",
    "price": "Decimal!",
    "rating": "Float",
    "available": "Boolean!",
    "signed": "Boolean",
    "published": "Date",
    "created": "DateTime",
    "opens": "Time",
    "reading_time": "Duration!",
    "meta": "JSON",
    "blob": "String!",
    "cover": "String",
    "picture": "String",
    "address": "String!",
    "site": "String!",
    "mail": "String!",
    "author": "ID!",
    "editor": "ID",
    "shelf": "ID",
    "tags": "[ID!]!",
    "sequel_to": "ID",
}


@pytest.mark.parametrize(("name", "expected"), MODEL_FIELDS.items())
def test_a_model_serializer_writes_each_model_field(book: Book, name: str, expected: str) -> None:
    found = trip(book, name)
    assert found.types == {name: expected}
    if "ID" in expected and found.rest[name] is not None:
        rest = found.rest[name]
        assert found.graphql[name] == ([str(i) for i in rest] if name == "tags" else str(rest))
    else:
        assert found.graphql == found.rest


def test_the_row_fields_hold_values_when_they_are_set(book: Book) -> None:
    book.subtitle, book.published, book.signed = "s", datetime.date(2020, 1, 2), False
    book.shelf = Shelf.objects.create(label="s")
    book.cover.name, book.sold = "cover.png", 2**40
    for name in ("subtitle", "published", "signed", "cover", "sold", "shelf"):
        found = trip(book, name)
        assert found.graphql == found.rest
        assert found.graphql[name] is not None


def iso(**options: Any) -> Any:
    return serializers.DateTimeField(source="created", **options)


DECLARED: dict[str, tuple[Any, str]] = {
    "char": (serializers.CharField(source="title"), "String!"),
    "slug": (serializers.SlugField(source="title"), "String!"),
    "regex": (serializers.RegexField("x", source="title"), "String!"),
    "email": (serializers.EmailField(source="mail", allow_null=True), "String"),
    "path": (serializers.FilePathField("/", source="title"), "String!"),
    "ip": (serializers.IPAddressField(source="address"), "String!"),
    "integer": (serializers.IntegerField(source="pages"), "Int"),
    "big": (serializers.IntegerField(source="sold"), "BigInt!"),
    "localized": (serializers.DecimalField(6, 2, source="price", localize=True), "String!"),
    "iso": (iso(), "DateTime"),
    "own_format": (iso(format="%d.%m.%Y"), "String!"),
    "native": (iso(format=None), "DateTime"),
    "native_date": (serializers.DateField(source="published", format=None), "Date"),
    "own_date": (serializers.DateField(source="published", format="%d"), "String"),
    "native_time": (serializers.TimeField(source="opens", format=None), "Time"),
    "own_time": (serializers.TimeField(source="opens", format="%H"), "String!"),
    "hex_uuid": (serializers.UUIDField(source="uuid", format="hex"), "UUID!"),
    "binary_json": (serializers.JSONField(source="meta", binary=True), "String"),
    "dict": (serializers.DictField(source="meta"), "JSON"),
    "hstore": (serializers.HStoreField(source="meta"), "JSON"),
    "choice": (serializers.ChoiceField(["sci-fi", "crime"], source="genre"), "RowChoiceEnum"),
    "no_choice": (serializers.ChoiceField([], source="title"), "String"),
    "model_field": (
        serializers.ModelField(Book._meta.get_field("title"), source="title"),
        "String!",
    ),
    "text": (serializers.StringRelatedField(source="author"), "String!"),
    "maybe_text": (serializers.StringRelatedField(source="editor"), "String"),
    "author_slug": (
        serializers.SlugRelatedField("slug", source="author", read_only=True),
        "String!",
    ),
    "author_born": (serializers.SlugRelatedField("born", source="author", read_only=True), "Date"),
    "author_code": (
        serializers.SlugRelatedField("code", source="author", read_only=True),
        "BigInt",
    ),
    "initials": (
        serializers.SlugRelatedField("initials", source="author", read_only=True),
        "String!",
    ),
    "tag_names": (
        serializers.SlugRelatedField("name", source="tags", many=True, read_only=True),
        "[String!]!",
    ),
    "hop": (serializers.CharField(source="author.slug"), "String!"),
    "maybe_hop": (serializers.CharField(source="editor.slug", read_only=True), "String"),
    "raw_key": (serializers.ReadOnlyField(source="author_id"), "ID!"),
    "slug_key": (serializers.ReadOnlyField(source="translator_id"), "String"),
    "raw_date": (serializers.ReadOnlyField(source="created"), "DateTime"),
    "raw_duration": (serializers.ReadOnlyField(source="reading_time"), "Duration!"),
    "raw_title": (serializers.ReadOnlyField(source="title"), "String!"),
    "raw_json": (serializers.ReadOnlyField(source="meta"), "JSON"),
    "property": (serializers.ReadOnlyField(source="author.initials"), "String!"),
    "maybe_property": (serializers.ReadOnlyField(source="editor.initials"), "String"),
    "optional": (serializers.ReadOnlyField(source="author.nickname"), "String"),
    "cached": (serializers.ReadOnlyField(source="author.length"), "Int"),
    "method": (serializers.ReadOnlyField(source="author.shout"), "String!"),
    "static": (serializers.ReadOnlyField(source="author.motto"), "String!"),
    "char_of_property": (serializers.CharField(source="author.initials"), "String!"),
    "char_of_untold": (serializers.CharField(source="author.untold", read_only=True), "String"),
    "through_property": (serializers.CharField(source="author.first_book.title"), "String"),
    "display": (serializers.ReadOnlyField(source="get_genre_display"), "String!"),
    "whole": (serializers.CharField(source="*"), "String!"),
}


if hasattr(serializers, "BigIntegerField"):  # DRF 3.17
    big_integer = serializers.BigIntegerField
    DECLARED |= {
        "text_big": (big_integer(source="sold", coerce_to_string=True), "String!"),
        "number_big": (big_integer(source="sold"), "BigInt!"),
    }


@pytest.mark.parametrize("name", DECLARED)
def test_a_declared_field_says_its_type_and_value(book: Book, name: str) -> None:
    field, expected = DECLARED[name]
    found = trip(book, name, field)
    assert found.types == {name: expected}
    if expected == "ID!":
        assert found.graphql == {name: str(found.rest[name])}
    elif name.endswith("no_choice"):
        assert found.rest == {name: "Notes"} == found.graphql
    else:
        assert found.graphql == {name: found.rest.get(name)}


def test_an_integer_uuid_is_text_because_no_scalar_holds_it(book: Book) -> None:
    found = trip(book, "number", serializers.UUIDField(source="uuid", format="int"))
    assert found.types == {"number": "String!"}
    assert found.graphql == {"number": str(book.uuid.int)}


def test_a_decimal_number_is_text_with_the_same_digits(book: Book) -> None:
    field = serializers.DecimalField(6, 2, source="price", coerce_to_string=False)
    found = trip(book, "number", field)
    assert (found.graphql, found.rest) == ({"number": "9.90"}, {"number": 9.9})


def test_a_limit_beyond_32_bits_makes_a_big_integer_only_without_a_model_field() -> None:
    class Loose(serializers.Serializer[Any]):
        big = serializers.IntegerField(max_value=2**40)
        small = serializers.IntegerField(max_value=2**20)
        open = serializers.IntegerField()

    # On SQLite the model field of `pages` has a max_value of 2**63 - 1.
    assert round_trip_types(Loose) == {"big": "BigInt", "small": "Int", "open": "Int"}


def round_trip_types(serializer_class: Any) -> dict[str, str]:
    from tests.schema_gen.harness import field_types, schema_of, viewset

    view = viewset(serializer_class, Tag)
    description = schema_gen.describe_view(view, prefix="rows", basename="row", type_name="Row")
    return field_types(schema_of(description)[0], "Row")


class Mood(enum.Enum):
    CALM = "calm"
    WILD = "wild"


class Point(TypedDict):
    x: int
    y_axis: float | None


class Partial(TypedDict, total=False):
    label: str


class Pair(NamedTuple):
    left: int
    right: Mood


METHODS: dict[str, tuple[Any, str, Any]] = {
    "text": (str, "String", "a"),
    "maybe": (str | None, "String", None),
    "number": (int, "Int", 1),
    "real": (float, "Float", 1.5),
    "flag": (bool, "Boolean", True),
    "moment": (datetime.datetime, "DateTime", datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC)),
    "day": (datetime.date, "Date", datetime.date(2024, 1, 2)),
    "clock": (datetime.time, "Time", datetime.time(1, 2)),
    "span": (datetime.timedelta, "Duration", datetime.timedelta(hours=2)),
    "key": (uuid.UUID, "UUID", uuid.UUID(int=7)),
    "raw": (bytes, "String", b"abc"),
    "names": (list[str], "[String!]", ["a", "b"]),
    "maybe_names": (list[str | None] | None, "[String]", ["a", None]),
    "bag": (set[int], "[Int!]", {1}),
    "pair_of": (tuple[int, int], "[Int!]", (1, 2)),
    "many_of": (tuple[int, ...], "[Int!]", (1, 2, 3)),
    "mixed": (tuple[int, str], "[JSON]", (1, "a")),
    "bare_list": (list, "[JSON]", [1, None]),
    "mapping": (dict[str, Any], "JSON", {"a": Decimal("1.5"), "b": [uuid.UUID(int=1)]}),
    "bare_dict": (dict, "JSON", {}),
    "anything": (Any, "JSON", 3),
    "either": (int | str, "JSON", "x"),
    "noted": (Annotated[str | None, "note"], "String", "x"),
    "literal": (Literal["a", "b"], "RowLiteralEnum", "a"),
    "sub_int": (type("Kilo", (int,), {}), "Int", 5),
    "point": (Point, "Point", {"x": 1, "y_axis": None}),
    "points": (list[Point], "[Point!]", [{"x": 1, "y_axis": 2.5}]),
    "partial": (Partial, "Partial", {}),
}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_field_goes_by_its_return_hint(book: Book, name: str) -> None:
    hint, expected, value = METHODS[name]

    def get(self: Any, book: Book) -> Any:
        """What it says."""
        return value

    get.__annotations__["return"] = hint
    field = serializers.SerializerMethodField()
    serializer = model_serializer(Book, [name], **{name: field, f"get_{name}": get})
    found = round_trip(serializer, book)
    assert found.types == {name: expected}
    rest = dict(found.rest)
    if name == "point":
        rest = {name: {"x": 1, "yAxis": None}}
    elif name == "points":
        rest = {name: [{"x": 1, "yAxis": 2.5}]}
    elif name == "partial":
        rest = {name: {"label": None}}
    assert found.graphql == rest


def test_a_method_field_is_described_by_its_docstring(book: Book) -> None:
    class RowSerializer(serializers.ModelSerializer[Book]):
        shout = serializers.SerializerMethodField()

        class Meta:
            model = Book
            fields = ["shout"]

        def get_shout(self, book: Book) -> str:
            """The title, louder."""
            return book.title.upper()

    found = round_trip(RowSerializer, book)
    assert found.schema._schema.type_map["Row"].fields["shout"].description == "The title, louder."


def test_an_object_may_come_as_a_named_tuple_or_as_an_enum(book: Book) -> None:
    class RowSerializer(serializers.ModelSerializer[Book]):
        pair = serializers.SerializerMethodField()

        class Meta:
            model = Book
            fields = ["pair"]

        def get_pair(self, book: Book) -> Pair:
            return Pair(1, Mood.WILD)

    with pytest.raises(TypeError, match="not JSON serializable"):
        # REST can't even write this enum: GraphQL can.
        round_trip(RowSerializer, book)
    from tests.schema_gen.harness import execute, schema_of, viewset

    view = schema_gen.describe_view(viewset(RowSerializer, Book), prefix="books")
    schema, _ = schema_of(view, answers={"books": [RowSerializer(book).data]})
    answer = execute(schema, "{ books { pair { left right } } }")
    assert answer == {"books": [{"pair": {"left": 1, "right": "WILD"}}]}


def anything(value: Any) -> Any:
    """Of no type that a caller's code shows."""
    return value


def unreadable(self: Any, book: Book) -> Any:
    return anything({"any": 1})


unreadable.__annotations__ = {"return": "NowhereToBeFound"}


def unhinted(self, book):  # type: ignore[no-untyped-def]
    return anything([1, "a"])


def modelled(self: Any, book: Book) -> Book:
    raise NotImplementedError


@pytest.mark.parametrize("method", [unreadable, unhinted, modelled])
def test_a_method_without_a_hint_that_can_be_said_is_json_with_a_warning(method: Any) -> None:
    field = serializers.SerializerMethodField()
    serializer = model_serializer(Book, ["told"], told=field, get_told=method)
    with pytest.warns(SchemaWarning) as caught:
        assert round_trip_types(serializer) == {"told": "JSON"}
    text = str(caught[0].message)
    assert "TagViewSet" in text
    assert "RowSerializer.told" in text
    assert "return hint" in text
    assert "@extend_schema_field" in text


def test_one_warning_for_a_field_that_both_roots_have() -> None:
    field = serializers.SerializerMethodField()
    serializer = model_serializer(Book, ["told"], told=field, get_told=unhinted)
    with pytest.warns(SchemaWarning) as caught:
        round_trip_types(serializer)
    assert len(caught) == 1


def test_a_read_only_field_of_unknown_type_is_json_with_a_warning() -> None:
    for source in ("author.untold", "author.secret", "nowhere", "author"):
        with pytest.warns(SchemaWarning, match=r"RowSerializer\.told.*nullable JSON"):
            types = round_trip_types(
                model_serializer(Book, ["told"], told=serializers.ReadOnlyField(source=source))
            )
        assert types == {"told": "JSON"}


def test_an_annotation_of_the_queryset_gives_a_read_only_field_its_type(book: Book) -> None:
    serializer = model_serializer(
        Book,
        ["tag_count", "author_name", "huge", "untyped"],
        tag_count=serializers.ReadOnlyField(),
        author_name=serializers.ReadOnlyField(),
        huge=serializers.IntegerField(),
        untyped=serializers.CharField(),
    )
    rows = Book.objects.annotate(
        tag_count=Count("tags"),
        author_name=F("author__name"),
        huge=F("sold"),
        untyped=F("pages") + F("title"),
    )
    row = Book.objects.annotate(
        tag_count=Count("tags"),
        author_name=F("author__name"),
        huge=F("sold"),
        untyped=F("title"),
    ).get(pk=book.pk)
    found = round_trip(serializer, row, queryset=rows)
    assert found.types == {
        "tag_count": "Int!",
        "author_name": "String",
        "huge": "BigInt",
        "untyped": "String",
    }
    assert (
        found.graphql
        == found.rest
        == {
            "tag_count": 2,
            "author_name": "Ada Lovelace",
            "huge": 0,
            "untyped": "Notes",
        }
    )


def test_a_value_that_is_no_choice_is_null_and_logged(
    book: Book, caplog: pytest.LogCaptureFixture
) -> None:
    book.genre, book.mood = "western", ""
    found = round_trip(model_serializer(Book, ["genre", "mood"]), book)
    assert found.rest == {"genre": "western", "mood": ""}
    assert found.graphql == {"genre": None, "mood": None}
    assert [record.getMessage() for record in caplog.records] == [
        "Row.genre: 'western' is none of the values of RowGenreEnum and is left out"
    ]


def test_an_unhashable_value_is_no_choice_either(
    book: Book, caplog: pytest.LogCaptureFixture
) -> None:
    field = serializers.ChoiceField(["a"], source="meta")
    found = trip(book, "odd", field)
    assert found.graphql == {"odd": None}
    assert "none of the values of RowOddEnum" in caplog.text


def test_multiple_choices_leave_out_what_is_none_of_them(
    book: Book, caplog: pytest.LogCaptureFixture
) -> None:
    book.meta = ["dark"]
    field = serializers.MultipleChoiceField(
        choices=[("dark", "Dark"), ("light", "Light")], source="meta"
    )
    found = trip(book, "shades", field)
    assert found.types == {"shades": "[RowShadesEnum!]"}
    assert found.graphql == found.rest == {"shades": ["dark"]}
    book.meta = ["dark", "gone"]
    assert trip(book, "shades", field).graphql == {"shades": ["dark"]}
    assert "'gone' is none of the values" in caplog.text
    free = serializers.MultipleChoiceField(choices=[], source="meta")
    assert trip(book, "shades", free).types == {"shades": "[String!]"}


@pytest.mark.parametrize(
    ("child", "expected"),
    [
        (None, "[JSON]"),
        (serializers.IntegerField(), "[Int]"),
        (serializers.IntegerField(allow_null=True), "[Int]"),
        (serializers.ListField(child=serializers.CharField()), "[[String]]"),
        (serializers.ChoiceField([1, 2]), "[RowListedEnum]"),
    ],
)
def test_a_list_holds_what_its_child_says(book: Book, child: Any, expected: str) -> None:
    nested = isinstance(child, serializers.ListField)
    book.meta = [["1"], ["2"]] if nested else [1, 2]
    options = {} if child is None else {"child": child}
    found = trip(book, "listed", serializers.ListField(source="meta", **options))
    assert found.types == {"listed": expected}
    assert found.graphql == found.rest


def test_a_primary_key_may_be_written_by_a_field_of_its_own(book: Book) -> None:
    book.shelf = Shelf.objects.create(label="top")
    field = serializers.PrimaryKeyRelatedField(
        source="shelf", read_only=True, pk_field=serializers.UUIDField(format="hex")
    )
    found = trip(book, "shelf_hex", field)
    assert found.types == {"shelf_hex": "UUID"}
    assert found.graphql == found.rest == {"shelf_hex": book.shelf.pk.hex}


def test_links_are_text(book: Book) -> None:
    field = serializers.HyperlinkedRelatedField("author", read_only=True)
    identity = serializers.HyperlinkedIdentityField("book")
    types = round_trip_types(model_serializer(Book, ["url", "author"], url=identity, author=field))
    assert types == {"url": "String!", "author": "String!"}


def test_what_is_written_only_is_left_out() -> None:
    types = round_trip_types(
        model_serializer(
            Book,
            ["title", "pages", "rating"],
            pages=serializers.IntegerField(write_only=True),
            rating=serializers.HiddenField(default=1),
        )
    )
    assert types == {"title": "String!"}


def test_a_key_that_drf_leaves_out_is_null(book: Book) -> None:
    found = trip(book, "editor_name", serializers.CharField(source="editor.name", read_only=True))
    assert found.rest == {}
    assert found.graphql == {"editor_name": None}


class Money(serializers.Field[Any, Any, Any, Any]):
    def to_representation(self, value):  # type: ignore[no-untyped-def]
        return anything(f"{value} EUR")


class HintedMoney(Money):
    def to_representation(self, value: Any) -> str:
        return f"{value} EUR"


class Rounded(serializers.DecimalField):
    def to_representation(self, value: Any) -> int:
        return round(value)


class Doubled(serializers.CharField):
    def to_representation(self, value):  # type: ignore[no-untyped-def]
        return anything([value, value])


class Kept(serializers.CharField):
    """Changes nothing of the output."""


class Elsewhere(serializers.CharField):
    def get_attribute(self, instance: Any) -> None:
        return None


def test_a_custom_field_goes_by_the_hint_of_its_to_representation(book: Book) -> None:
    found = trip(book, "cost", HintedMoney(source="price"))
    assert found.types == {"cost": "String!"}
    assert found.graphql == found.rest == {"cost": "9.90 EUR"}
    rounded = trip(book, "cost", Rounded(6, 2, source="price"))
    assert rounded.types == {"cost": "Int"}
    assert rounded.graphql == rounded.rest == {"cost": 10}


@pytest.mark.parametrize("field", [Money(source="price"), Doubled(source="title")])
def test_a_custom_field_without_a_hint_is_json_with_a_warning(book: Book, field: Any) -> None:
    with pytest.warns(SchemaWarning, match=r"RowSerializer\.cost.*register_field_type"):
        found = trip(book, "cost", field)
    assert found.types == {"cost": "JSON"}
    assert found.graphql == found.rest


def test_a_custom_field_that_writes_as_its_base_has_its_type(book: Book) -> None:
    assert trip(book, "cost", Kept(source="title")).types == {"cost": "String!"}


def test_a_field_that_reads_its_own_way_may_be_null(book: Book) -> None:
    found = trip(book, "cost", Elsewhere(source="title"))
    assert found.types == {"cost": "String"}
    assert found.graphql == {"cost": None}


def test_a_registered_type_wins(book: Book) -> None:
    class Registered(Money):
        pass

    class Child(Registered):
        pass

    schema_gen.register_field_type(Registered, list[str] | None)
    assert round_trip_types(model_serializer(Book, ["cost"], cost=Child(source="price"))) == {
        "cost": "[String!]"
    }
    schema_gen.register_field_type(Registered, Book)
    with pytest.warns(SchemaWarning, match="Register a scalar"):
        types = round_trip_types(model_serializer(Book, ["cost"], cost=Child(source="price")))
    assert types == {"cost": "JSON"}


def test_a_describer_that_fails_is_a_warning_not_a_crash() -> None:
    class Broken(Money):
        pass

    @schema_gen.register_field(Broken)
    def _broken(scope: schema_gen.FieldScope) -> schema_gen.TypeDescription:
        raise RuntimeError("no idea")

    with pytest.warns(SchemaWarning, match="describing it failed: RuntimeError"):
        types = round_trip_types(model_serializer(Book, ["cost"], cost=Broken(source="price")))
    assert types == {"cost": "JSON"}


def test_a_model_field_of_unknown_class_is_json_with_a_warning() -> None:
    class Peculiar(BigIntegerField):  # type: ignore[type-arg]
        pass

    known = serializers.ModelField(Peculiar(), source="sold", read_only=True)
    assert round_trip_types(model_serializer(Book, ["raw"], raw=known)) == {"raw": "BigInt!"}
    unknown = serializers.ModelField(Book._meta.get_field("cover"), source="cover")
    with pytest.warns(SchemaWarning, match="no scalar is known for the model field class"):
        assert round_trip_types(model_serializer(Book, ["raw"], raw=unknown)) == {"raw": "JSON"}


def test_a_range_of_postgresql_s_is_text(author: Author) -> None:
    column = DateRangeField(null=True)
    column.set_attributes_from_name("meta")
    known = serializers.ModelField(column, source="meta", read_only=True)
    book = Book(author=author, meta=DateRange(datetime.date(2024, 1, 2), None))
    found = round_trip(model_serializer(Book, ["span"], span=known), book)
    assert found.types == {"span": "String"}
    assert found.graphql == found.rest
    assert json.loads(found.rest["span"]) == {
        "lower": "2024-01-02",
        "upper": None,
        "bounds": "[)",
    }


def test_a_one_to_one_relation_seen_from_behind_may_be_missing(author: Author) -> None:
    serializer = model_serializer(
        Author,
        ["contract", "royalty", "books"],
        contract=serializers.PrimaryKeyRelatedField(read_only=True),
        royalty=serializers.DecimalField(4, 2, source="contract.royalty", read_only=True),
        books=serializers.PrimaryKeyRelatedField(many=True, read_only=True),
    )
    found = round_trip(serializer, author)
    assert found.types == {"contract": "ID", "royalty": "Decimal", "books": "[ID!]!"}
    assert found.graphql == {"contract": None, "royalty": None, "books": []}
    Contract.objects.create(author=author)
    author.refresh_from_db()
    assert round_trip(serializer, author).graphql["royalty"] == "0.10"


def test_a_primary_key_is_an_id_in_every_guise(book: Book, author: Author) -> None:
    contract = Contract.objects.create(author=author)
    assert trip(contract, "author").types == {"author": "ID!"}
    assert trip(book, "pk", serializers.IntegerField()).types == {"pk": "ID!"}
    assert trip(book, "key", serializers.ReadOnlyField(source="pk")).types == {"key": "ID!"}
    shelf = Shelf.objects.create(label="s")
    found = trip(shelf, "id")
    assert found.types == {"id": "ID!"}
    assert found.graphql == {"id": str(shelf.pk)}
    edition = Edition.objects.create(author=author, title="Second")
    assert trip(edition, "id").types == {"id": "ID!"}
