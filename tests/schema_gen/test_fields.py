"""Each field class: its type in the schema, and its value as the REST response writes it."""

from __future__ import annotations

import datetime
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import pytest
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


def model_serializer(model_: type[Model], names: list[str], **declared: Any) -> Any:
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
    "pages": "Int!",
    "sold": "BigInt!",
    "price": "Decimal!",
    "rating": "Float!",
    "available": "Boolean!",
    "signed": "Boolean",
    "published": "Date",
    "created": "DateTime!",
    "opens": "Time!",
    "reading_time": "Duration!",
    "meta": "JSON!",
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
    "integer": (serializers.IntegerField(source="pages"), "Int!"),
    "big": (serializers.IntegerField(source="sold"), "BigInt!"),
    "text_big": (serializers.BigIntegerField(source="sold", coerce_to_string=True), "String!"),
    "number_big": (serializers.BigIntegerField(source="sold"), "BigInt!"),
    "localized": (serializers.DecimalField(6, 2, source="price", localize=True), "String!"),
    "iso": (iso(), "DateTime!"),
    "own_format": (iso(format="%d.%m.%Y"), "String!"),
    "native": (iso(format=None), "DateTime!"),
    "native_date": (serializers.DateField(source="published", format=None), "Date"),
    "own_date": (serializers.DateField(source="published", format="%d"), "String"),
    "native_time": (serializers.TimeField(source="opens", format=None), "Time!"),
    "own_time": (serializers.TimeField(source="opens", format="%H"), "String!"),
    "hex_uuid": (serializers.UUIDField(source="uuid", format="hex"), "UUID!"),
    "binary_json": (serializers.JSONField(source="meta", binary=True), "String!"),
    "dict": (serializers.DictField(source="meta"), "JSON!"),
    "hstore": (serializers.HStoreField(source="meta"), "JSON!"),
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
    "raw_date": (serializers.ReadOnlyField(source="created"), "DateTime!"),
    "raw_duration": (serializers.ReadOnlyField(source="reading_time"), "Duration!"),
    "raw_title": (serializers.ReadOnlyField(source="title"), "String!"),
    "raw_json": (serializers.ReadOnlyField(source="meta"), "JSON!"),
    "property": (serializers.ReadOnlyField(source="author.initials"), "String!"),
    "maybe_property": (serializers.ReadOnlyField(source="editor.initials"), "String"),
    "optional": (serializers.ReadOnlyField(source="author.nickname"), "String"),
    "cached": (serializers.ReadOnlyField(source="author.length"), "Int!"),
    "method": (serializers.ReadOnlyField(source="author.shout"), "String!"),
    "static": (serializers.ReadOnlyField(source="author.motto"), "String!"),
    "char_of_property": (serializers.CharField(source="author.initials"), "String!"),
    "char_of_untold": (serializers.CharField(source="author.untold", read_only=True), "String"),
    "through_property": (serializers.CharField(source="author.first_book.title"), "String"),
    "display": (serializers.ReadOnlyField(source="get_genre_display"), "String"),
    "whole": (serializers.CharField(source="*"), "String!"),
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
    assert round_trip_types(Loose) == {"big": "BigInt!", "small": "Int!", "open": "Int!"}


def round_trip_types(serializer_class: Any) -> dict[str, str]:
    from tests.schema_gen.harness import field_types, schema_of, viewset

    view = viewset(serializer_class, Tag)
    description = schema_gen.describe_view(view, prefix="rows", basename="row", type_name="Row")
    return field_types(schema_of(description)[0], "Row")
