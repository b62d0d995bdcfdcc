"""What a project says of its own filter and serializer classes."""

from __future__ import annotations

import datetime
import enum
import importlib
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import django_filters as df
import pytest
from django.http import QueryDict
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import serializers, viewsets

import schema_gen
from schema_gen import SchemaError, SchemaWarning, fields, filtersets, parameters, registry
from tests.schema_gen.harness import field_types, schema_of, sdl, viewset
from tests.schema_gen.models import Author, Book

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test registers is forgotten after it."""
    # Imported by now, so that django-filter's own registrations are not forgotten with them.
    assert filtersets
    monkeypatch.setattr(registry, "_filters", dict(registry._filters))
    monkeypatch.setattr(registry, "_serializers", {})
    return


class AuthorSerializer(serializers.ModelSerializer[Author]):
    class Meta:
        model = Author
        fields = ["id", "name"]


class BookSerializer(serializers.ModelSerializer[Book]):
    author = AuthorSerializer()

    class Meta:
        model = Book
        fields = ["id", "title", "author"]


def books(**options: Any) -> schema_gen.ViewDescription:
    return schema_gen.describe_view(viewset(BookSerializer, Book), prefix="books", **options)


# Filters.


class Money(df.Filter):
    pass


class Euros(Money):
    pass


class Joined(df.BaseInFilter):
    pass


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


class Shape:
    pass


def filtered(filter_: df.Filter) -> schema_gen.ViewDescription:
    """A view with one filter, called `cost`."""
    meta = type("Meta", (), {"model": Book, "fields": []})
    filterset = type("Filters", (df.FilterSet,), {"cost": filter_, "Meta": meta})
    view = viewset(
        BookSerializer,
        Book,
        filter_backends=[DjangoFilterBackend],
        filterset_class=filterset,
    )
    return schema_gen.describe_view(view, prefix="books")


def argument(filter_: df.Filter) -> str:
    schema, _ = schema_of(filtered(filter_))
    query = schema._schema.query_type
    assert query is not None
    return str(query.fields["books"].args["cost"].type)


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (Decimal, "Decimal"),
        (int | None, "Int"),
        (list[datetime.date], "[Date!]"),
        (Mood, "BookCostEnum"),
    ],
)
def test_a_filter_takes_what_its_registered_hint_says(hint: Any, expected: str) -> None:
    with pytest.warns(SchemaWarning, match=r"a value of its Money is.*register_filter_type"):
        assert argument(Money(field_name="price")) == "String"
    schema_gen.register_filter_type(Money, hint)
    assert argument(Money(field_name="price")) == expected
    assert argument(Euros(field_name="price")) == expected


def test_a_list_is_joined_by_commas_for_a_filter_that_reads_it_so() -> None:
    schema_gen.register_filter_type(Joined, list[int])
    schema_gen.register_filter_type(Money, list[int])
    for filter_class, query in ((Joined, "cost=1%2C2"), (Money, "cost=1&cost=2")):
        [root, _] = filtered(filter_class(field_name="pages")).roots
        found = QueryDict(mutable=True)
        for key, text in root.encode({"cost": [1, 2]}).query:
            found.appendlist(key, text)
        assert found.urlencode() == query


def test_a_function_may_describe_a_filter() -> None:
    @schema_gen.register_filter(Money)
    def _money(scope: Any) -> schema_gen.TypeDescription:
        return schema_gen.ScalarType("Float" if scope.key == "cost" else "String")

    assert argument(Money(field_name="price")) == "Float"


@pytest.mark.parametrize("hint", [Shape, Book, object()])
def test_a_filter_can_t_take_what_is_no_input(hint: Any) -> None:
    schema_gen.register_filter_type(Money, hint)
    with pytest.raises(SchemaError, match=r"Filters\.cost: the type .* registered for Money"):
        filtered(Money(field_name="price"))


# Names of serializers.


def test_a_serializer_s_type_has_its_registered_name_wherever_it_is_shown() -> None:
    schema_gen.register_serializer(AuthorSerializer, name="Writer")
    schema_gen.register_serializer(BookSerializer, name="Volume")
    schema, _ = schema_of(
        books(), schema_gen.describe_view(viewset(AuthorSerializer, Author), prefix="authors")
    )
    assert field_types(schema, "Volume")["author"] == "Writer!"
    assert set(field_types(schema, "Writer")) == {"id", "name"}
    assert "type Book " not in sdl(schema)


def test_the_name_of_a_view_s_registration_goes_before_it() -> None:
    schema_gen.register_serializer(BookSerializer, name="Volume")
    schema, _ = schema_of(books(type_name="Tome"))
    assert field_types(schema, "Tome")


def test_a_subclass_has_a_name_of_its_own() -> None:
    class ShortBookSerializer(BookSerializer):
        class Meta(BookSerializer.Meta):
            fields = ["id", "title"]
            ref_name = "Short"

        author = None

    schema_gen.register_serializer(BookSerializer, name="Volume")
    view = viewset(ShortBookSerializer, Book)
    schema, _ = schema_of(schema_gen.describe_view(view, prefix="short"))
    assert set(field_types(schema, "Short")) == {"id", "title"}


def test_two_serializers_of_one_name_are_both_named() -> None:
    schema_gen.register_serializer(AuthorSerializer, name="Book")
    with pytest.raises(schema_gen.NameClashError) as error:
        schema_of(books())
    for name in ("'Book'", f"{__name__}.AuthorSerializer", f"{__name__}.BookSerializer"):
        assert name in str(error.value)


@pytest.mark.parametrize("name", ["two words", "__hidden", "1st", "", "né"])
def test_a_name_that_graphql_can_t_have(name: str) -> None:
    with pytest.raises(SchemaError, match="expected a GraphQL name"):
        schema_gen.register_serializer(BookSerializer, name=name)


@pytest.mark.parametrize("thing", [viewsets.ViewSet, "BookSerializer", BookSerializer()])
def test_what_is_no_serializer_class(thing: Any) -> None:
    with pytest.raises(SchemaError, match=r"register_serializer\(\) expected serializer classes"):
        schema_gen.register_serializer(thing, name="Volume")


@pytest.mark.parametrize("first", [False, True])
def test_a_project_s_word_on_a_class_of_django_filter_s_counts_whichever_came_first(
    first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Until a view uses django-filter, nothing of ours has been said of its classes.
    monkeypatch.setattr(parameters, "_registry", {})
    monkeypatch.setattr(registry, "_filter_defaults", {})
    monkeypatch.delitem(sys.modules, "schema_gen.filtersets")
    if not first:
        importlib.import_module("schema_gen.filtersets")
    schema_gen.register_filter_type(df.CharFilter, int)
    assert argument(df.CharFilter(field_name="title")) == "Int"
    assert argument(df.NumberFilter(field_name="pages")) == "Int"

    @schema_gen.register_backend(DjangoFilterBackend)
    def one(backend: Any, scope: Any) -> Any:
        yield scope.argument("cost", schema_gen.ScalarType("Boolean"))

    assert argument(df.CharFilter(field_name="title")) == "Boolean"


def test_the_nearest_class_decides_whoever_spoke_of_it() -> None:
    schema_gen.register_filter_type(df.Filter, bool)
    assert argument(df.Filter(field_name="title")) == "Boolean"
    assert argument(Money(field_name="price")) == "Boolean"
    assert argument(df.NumberFilter(field_name="price")) == "Decimal"


# What is no class.


@pytest.mark.parametrize(
    ("register", "message"),
    [
        (lambda: schema_gen.register_field(serializers.CharField()), r"field classes, or .* came"),
        (lambda: schema_gen.register_field(Mood), r"register_field\(\) expected .*Mood"),
        (lambda: schema_gen.register_field("CharField"), r"dotted paths, 'CharField' came"),
        (lambda: schema_gen.register_field_type(serializers.CharField(), int), r"field_type\(\)"),
        (lambda: schema_gen.register_field_type(3, int), "3 came. Name the class itself"),
        (lambda: schema_gen.register_filter("x"), r"register_filter\(\) .* classes, 'x' came"),
        (lambda: schema_gen.register_filter_type("x", 3), r"register_filter_type\(\) .* 'x' came"),
        (lambda: schema_gen.register_backend(DjangoFilterBackend()), r"filter backend classes, <"),
        (lambda: schema_gen.register_serializer(BookSerializer(), name="A"), r"serializer classes"),
        (lambda: schema_gen.register_serializer(Mood, name="A"), r"serializer classes, .*Mood"),
    ],
)
def test_what_is_registered_must_be_a_class(register: Any, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        register()


def test_a_field_type_may_be_registered_by_the_path_of_its_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fields, "_registry", dict(fields._registry))

    class Row(serializers.ModelSerializer[Book]):
        title = Titled()

        class Meta:
            model = Book
            fields = ["title"]

    schema_gen.register_field_type(f"{__name__}.Titled", int)
    view = schema_gen.describe_view(viewset(Row, Book), prefix="books")
    assert field_types(schema_of(view)[0], "Row") == {"title": "Int"}
    schema_gen.register_field_type(f"{__name__}.Titled", object())
    with pytest.warns(SchemaWarning, match=rf"registered for {__name__}\.Titled is not one"):
        schema_gen.describe_view(viewset(Row, Book), prefix="books")


class Titled(serializers.Field):  # type: ignore[type-arg]
    def to_representation(self, value: Any) -> Any:
        return value
