"""django-filter's filters: their arguments, encoded, must reach the filter as it expects them."""

from __future__ import annotations

import datetime
from typing import Any

import django_filters as df
import pytest
from django.db.models import TextChoices
from django.http import QueryDict
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

import schema_gen
from schema_gen import SchemaWarning
from schema_gen.registry import register_filter
from tests.schema_gen.harness import viewset
from tests.schema_gen.models import Author, Book, Shelf, Tag


class BookSerializer(serializers.ModelSerializer[Book]):
    class Meta:
        model = Book
        fields = ["id", "title", "genre"]


class In(df.BaseInFilter, df.NumberFilter):
    pass


class WordsIn(df.BaseInFilter, df.CharFilter):
    pass


class GenresIn(df.BaseInFilter, df.ChoiceFilter):
    pass


class Between(df.BaseRangeFilter, df.DateFilter):
    pass


class Own(df.Filter):
    pass


class Colour(TextChoices):
    RED = "red", "Red"


class BookFilter(df.FilterSet):
    text = df.CharFilter(field_name="title", lookup_expr="icontains", help_text="Part of it.")
    flag = df.BooleanFilter(field_name="available")
    key = df.UUIDFilter(field_name="uuid")
    day = df.DateFilter(field_name="published")
    moment = df.DateTimeFilter(field_name="created", lookup_expr="gte")
    iso = df.IsoDateTimeFilter(field_name="created", lookup_expr="gte")
    clock = df.TimeFilter(field_name="opens")
    span = df.DurationFilter(field_name="reading_time")
    pages = df.NumberFilter(field_name="pages", lookup_expr="gte")
    cost = df.NumberFilter(field_name="price", lookup_expr="lte")
    sold = df.NumberFilter()
    rating = df.NumberFilter(lookup_expr="gt")
    year = df.NumberFilter(field_name="created", lookup_expr="year__gte")
    title_number = df.NumberFilter(field_name="title")
    genre = df.ChoiceFilter(choices=Book.Genre.choices)
    typed = df.TypedChoiceFilter(field_name="grade", choices=Book.Grade.choices, coerce=int)
    late = df.ChoiceFilter(field_name="title", choices=lambda: [("Notes", "Notes")])
    genres = df.MultipleChoiceFilter(field_name="genre", choices=Book.Genre.choices)
    author = df.ModelChoiceFilter(queryset=Author.objects.all())
    shelf = df.ModelChoiceFilter(queryset=Shelf.objects.all())
    slugged = df.ModelChoiceFilter(
        field_name="author", to_field_name="slug", queryset=Author.objects.all()
    )
    late_author = df.ModelChoiceFilter(field_name="author", queryset=lambda r: Author.objects.all())
    tags = df.ModelMultipleChoiceFilter(queryset=Tag.objects.all())
    tag_names = df.ModelMultipleChoiceFilter(
        field_name="tags__name", to_field_name="name", queryset=Tag.objects.all()
    )
    ids = In(field_name="id")
    words = WordsIn(field_name="title")
    kinds = GenresIn(field_name="genre", choices=Book.Genre.choices)
    between = Between(field_name="published")
    price = df.RangeFilter()
    published = df.DateFromToRangeFilter()
    created = df.DateTimeFromToRangeFilter()
    opens = df.TimeRangeFilter()
    sort = df.OrderingFilter(fields=[("title", "name"), "pages"])
    hinted = df.NumberFilter(method="filter_hinted")
    plain = df.Filter(method="filter_plain")
    unhinted = df.Filter(field_name="title")
    function = df.CharFilter(method=lambda queryset, name, value: queryset.filter(title=value))
    values = df.AllValuesFilter(field_name="title")
    all_values = df.AllValuesMultipleFilter(field_name="title")
    by_date = df.DateRangeFilter(field_name="created")
    free = df.LookupChoiceFilter(field_name="title", lookup_choices=["exact"])

    class Meta:
        model = Book
        fields: list[str] = []

    def filter_hinted(self, queryset: Any, name: str, value: int) -> Any:
        return queryset.filter(pages=value)

    def filter_plain(self, queryset: Any, name: str, value: bool | None) -> Any:
        return queryset.filter(available=value == "true")


def describe(**attributes: Any) -> Any:
    attributes = {"filter_backends": [DjangoFilterBackend], **attributes}
    view = viewset(BookSerializer, Book, **attributes)
    return schema_gen.describe_view(view, prefix="books").roots[0]


def written(type_: Any) -> str:
    if isinstance(type_, schema_gen.ListType):
        found = f"[{written(type_.of)}]"
    else:
        found = type_.enum.name if isinstance(type_, schema_gen.EnumType) else type_.name
    return found if type_.nullable else f"{found}!"


TYPES = {
    "text": "String",
    "flag": "Boolean",
    "key": "UUID",
    "day": "Date",
    "moment": "DateTime",
    "iso": "DateTime",
    "clock": "Time",
    "span": "Duration",
    "pages": "Int",
    "cost": "Decimal",
    "sold": "BigInt",
    "rating": "Float",
    "year": "Int",
    "title_number": "Float",
    "genre": "BookGenreEnum",
    "typed": "BookTypedEnum",
    "late": "String",
    "genres": "[BookGenreEnum!]",
    "author": "ID",
    "shelf": "ID",
    "slugged": "String",
    "late_author": "ID",
    "tags": "[ID!]",
    "tag_names": "[String!]",
    "ids": "[ID!]",
    "words": "[String!]",
    "kinds": "[BookGenreEnum!]",
    "between": "[Date!]",
    "price_min": "Decimal",
    "price_max": "Decimal",
    "published_after": "Date",
    "published_before": "Date",
    "created_after": "DateTime",
    "created_before": "DateTime",
    "opens_after": "Time",
    "opens_before": "Time",
    "sort": "[BookSort!]",
    "hinted": "Int",
    "plain": "Boolean",
    "unhinted": "String",
    "function": "String",
    "values": "String",
    "all_values": "[String!]",
    "by_date": "BookByDateEnum",
    "free": "String",
    "free_lookup": "String",
}


def test_each_filter_is_an_argument_of_its_type() -> None:
    root = describe(filterset_class=BookFilter)
    assert {item.key: written(item.type) for item in root.arguments} == TYPES
    descriptions = {item.key: item.description for item in root.arguments}
    assert descriptions["text"] == "Part of it."
    assert descriptions["flag"] is None


def member(root: Any, key: str, value: Any) -> Any:
    """The enum member as strawberry hands it over."""
    import enum

    return enum.Enum("Member", {"ONE": value}).ONE  # type: ignore[attr-defined]


def run(root: Any, arguments: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """The titles that the real filter set lets through, and what its form made of the texts."""
    names = {item.key: item.name for item in root.arguments}
    call = root.encode({names[key]: value for key, value in arguments.items()})
    data = QueryDict(mutable=True)
    for key, value in call.query:
        data.appendlist(key, value)
    filterset = BookFilter(data, Book.objects.order_by("title"))
    assert filterset.is_valid(), filterset.errors
    return [book.title for book in filterset.qs], filterset.form.cleaned_data


@pytest.fixture
def books() -> dict[str, Book]:
    author = Author.objects.create(name="Ada", slug="ada")
    other = Author.objects.create(name="Ben", slug="ben")
    shelf = Shelf.objects.create(label="top")
    first = Book.objects.create(
        author=author,
        title="a",
        pages=10,
        sold=2**40,
        genre="sci-fi",
        shelf=shelf,
        published=datetime.date(2020, 1, 1),
        opens=datetime.time(8),
        rating=1.5,
        grade=1,
    )
    second = Book.objects.create(
        author=other,
        title="b",
        pages=20,
        available=False,
        price="20.50",
        published=datetime.date(2022, 1, 1),
        created=datetime.datetime(2025, 6, 1, tzinfo=datetime.UTC),
        reading_time=datetime.timedelta(hours=3),
    )
    first.tags.add(Tag.objects.create(name="x"), Tag.objects.create(name="y"))
    second.tags.add(Tag.objects.get(name="y"))
    return {"a": first, "b": second}


@pytest.mark.django_db
def test_encoded_values_reach_the_real_filters(books: dict[str, Book]) -> None:
    root = describe(filterset_class=BookFilter)
    a, b = books["a"], books["b"]
    tag = Tag.objects.get(name="x")
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"text": "A"}, ["a"]),
        ({"flag": True}, ["a"]),
        ({"flag": False}, ["b"]),
        ({"key": a.uuid}, ["a"]),
        ({"day": a.published}, ["a"]),
        ({"moment": b.created}, ["b"]),
        ({"iso": b.created}, ["b"]),
        ({"clock": datetime.time(8)}, ["a"]),
        ({"span": datetime.timedelta(hours=3)}, ["b"]),
        ({"span": datetime.timedelta(days=1, hours=2)}, ["a"]),
        ({"pages": 20}, ["b"]),
        ({"sold": 2**40}, ["a"]),
        ({"rating": 1.0}, ["a"]),
        ({"year": 2025}, ["b"]),
        ({"genre": member(root, "genre", "sci-fi")}, ["a"]),
        ({"typed": member(root, "typed", 1)}, ["a"]),
        ({"late": "Notes"}, []),
        ({"genres": [member(root, "genres", g) for g in ("sci-fi", "crime")]}, ["a", "b"]),
        ({"author": str(a.author_id)}, ["a"]),
        ({"shelf": str(a.shelf_id)}, ["a"]),
        ({"slugged": "ben"}, ["b"]),
        ({"late_author": a.author_id}, ["a"]),
        ({"tags": [str(tag.pk)]}, ["a"]),
        ({"tag_names": ["x", "y"]}, ["a", "b"]),
        ({"ids": [str(a.pk), str(b.pk)]}, ["a", "b"]),
        ({"words": ["b", "c"]}, ["b"]),
        ({"kinds": [member(root, "kinds", "sci-fi")]}, ["a"]),
        ({"between": [datetime.date(2021, 1, 1), datetime.date(2023, 1, 1)]}, ["b"]),
        ({"price_min": "10", "price_max": "30"}, ["b"]),
        ({"published_after": datetime.date(2021, 1, 1)}, ["b"]),
        ({"published_before": datetime.date(2021, 1, 1)}, ["a"]),
        ({"opens_before": datetime.time(9)}, ["a"]),
        ({"sort": [member(root, "sort", "-name")]}, ["b", "a"]),
        ({"sort": [member(root, "sort", v) for v in ("pages", "-name")]}, ["a", "b"]),
        ({"hinted": 20}, ["b"]),
        ({"plain": True}, ["a"]),
        ({"function": "b"}, ["b"]),
        ({"values": "a"}, ["a"]),
        ({"all_values": ["a", "b"]}, ["a", "b"]),
        ({"free": "a", "free_lookup": "exact"}, ["a"]),
    ]
    for arguments, expected in cases:
        titles, cleaned = run(root, arguments)
        assert titles == expected, (arguments, cleaned)


def test_filterset_fields_make_a_filter_set() -> None:
    root = describe(
        filterset_fields={
            "genre": ["exact", "in"],
            "published": ["year", "isnull", "range"],
            "author": ["exact"],
            "author__slug": ["exact"],
        }
    )
    assert {item.name: written(item.type) for item in root.arguments} == {
        "genre": "BookGenreEnum",
        "genreIn": "[String!]",
        "publishedYear": "Int",
        "publishedIsnull": "Boolean",
        "publishedRange": "[Date!]",
        "author": "ID",
        "authorSlug": "String",
    }


class Told(df.FilterSet):
    """Choices of a column that are no texts, and those that stand for no value at all."""

    signed = df.ChoiceFilter(choices=[(True, "Yes"), (False, "No")], null_label="Nobody knows")
    genre = df.MultipleChoiceFilter(
        choices=Book.Genre.choices, null_label="None", null_value="without"
    )
    created = df.TypedChoiceFilter(
        choices=[(datetime.datetime(2024, 5, 6), "Then")], coerce=datetime.datetime.fromisoformat
    )


@pytest.mark.django_db
def test_every_choice_of_a_filter_can_be_asked_for(books: dict[str, Book]) -> None:
    books["a"].signed = False
    books["a"].save()
    books["b"].signed = True
    books["b"].save()
    Book.objects.create(author=books["a"].author, title="c")
    root = describe(filterset_class=Told)
    types: dict[str, Any] = {item.key: item.type for item in root.arguments}
    enums = {"signed": types["signed"].enum, "genre": types["genre"].of.enum}
    assert [(v.name, v.description) for v in enums["signed"].values] == [
        ("NULL", "Nobody knows"),
        ("TRUE", "Yes"),
        ("FALSE", "No"),
    ]
    assert [v.name for v in enums["genre"].values] == ["WITHOUT", "SCI_FI", "CRIME"]
    for value, expected in ((True, ["b"]), (False, ["a"]), ("null", ["c"])):
        call = root.encode({"signed": member(root, "signed", value)})
        found = Told(QueryDict("&".join("=".join(pair) for pair in call.query)), Book.objects.all())
        assert [book.title for book in found.qs] == expected
    ((_, text),) = root.encode(
        {"created": member(root, "created", types["created"].enum.values[0].value)}
    ).query
    assert Told(QueryDict(f"created={text}"), Book.objects.all()).is_valid()


def test_a_foreign_key_s_filter_takes_the_id_that_its_target_shows() -> None:
    root = describe(filterset_fields=["shelf", "translator", "author__contract"])
    assert {item.name: written(item.type) for item in root.arguments} == {
        "shelf": "ID",
        "translator": "String",
        "authorContract": "ID",
    }


def test_a_view_without_filters_has_no_arguments() -> None:
    assert describe().arguments == ()


def test_a_required_filter_is_required_of_the_row_too() -> None:
    class Strict(df.FilterSet):
        tenant = df.CharFilter(field_name="title", required=True)
        price = df.RangeFilter(required=True)

        class Meta:
            model = Book
            fields: list[str] = []

    view = viewset(
        BookSerializer, Book, filter_backends=[DjangoFilterBackend], filterset_class=Strict
    )
    rows, row = schema_gen.describe_view(view, prefix="books").roots
    assert [written(item.type) for item in rows.arguments] == ["String!", "Decimal", "Decimal"]
    assert [item.name for item in row.arguments] == ["id", "tenant"]


def test_a_filter_set_without_a_model_compares_with_the_view_s() -> None:
    class Loose(df.FilterSet):
        pages = df.NumberFilter()
        nowhere = df.NumberFilter()
        sort = df.OrderingFilter()

    root = describe(filterset_class=Loose)
    assert {item.name: written(item.type) for item in root.arguments} == {
        "pages": "Int",
        "nowhere": "Float",
    }


def test_an_ordering_filter_s_own_choices_are_all_there_is() -> None:
    class Sorted(df.FilterSet):
        sort = df.OrderingFilter(choices=[("-pages", "Longest first")])

    (argument,) = describe(filterset_class=Sorted).arguments
    assert [(v.name, v.value) for v in argument.type.of.enum.values] == [("PAGES_DESC", "-pages")]


def test_what_nobody_can_type_is_a_string_with_a_warning() -> None:
    class Vague(df.FilterSet):
        unhinted = df.Filter(method="filter_unhinted")
        stranger = type("Stranger", (df.Filter,), {})(field_name="pages")

        def filter_unhinted(self, queryset: Any, name: str, value: Any) -> Any:
            return queryset

    with pytest.warns(SchemaWarning) as caught:
        root = describe(filterset_class=Vague)
    assert {item.name: written(item.type) for item in root.arguments} == {
        "unhinted": "String",
        "stranger": "String",
    }
    texts = sorted({str(warning.message) for warning in caught})
    assert "the parameter 'stranger': nothing says what a value of its Stranger is" in texts[0]
    assert "the parameter 'unhinted'" in texts[1]
    assert "Hint the value of its method" in texts[1]


def test_a_plain_filter_is_of_the_field_that_it_compares() -> None:
    class Plain(df.FilterSet):
        pages = df.Filter(field_name="pages", lookup_expr="gt")

    (argument,) = describe(filterset_class=Plain).arguments
    assert written(argument.type) == "Int"


def test_the_decorator_of_schemas_types_a_filter() -> None:
    @extend_schema_field(OpenApiTypes.DATE)
    class Dated(df.CharFilter):
        pass

    class Documented(df.FilterSet):
        day = Dated()
        number = df.CharFilter(method="filter_number")
        numbers = df.CharFilter(method="filter_numbers")
        python = df.CharFilter(method="filter_python")
        free = df.CharFilter(method="filter_free")

        @extend_schema_field({"type": "integer"})
        def filter_number(self, queryset: Any, name: str, value: Any) -> Any:
            return queryset

        @extend_schema_field({"type": "array", "items": {"type": "integer"}})
        def filter_numbers(self, queryset: Any, name: str, value: Any) -> Any:
            return queryset

        @extend_schema_field(bool)
        def filter_python(self, queryset: Any, name: str, value: Any) -> Any:
            return queryset

        @extend_schema_field({"type": "object"})
        def filter_free(self, queryset: Any, name: str, value: Any) -> Any:
            return queryset

    found = {item.name: item for item in describe(filterset_class=Documented).arguments}
    assert {name: written(item.type) for name, item in found.items()} == {
        "day": "Date",
        "number": "Int",
        "numbers": "[Int!]",
        "python": "Boolean",
        "free": "String",
    }
    assert found["numbers"].texts([1, 2]) == ["1", "2"]


def test_a_filter_class_of_one_s_own_can_be_registered() -> None:
    @register_filter(Own)
    def _own(scope: Any) -> schema_gen.TypeDescription:
        return schema_gen.ScalarType("JSON")

    class Special(df.FilterSet):
        own = Own(field_name="title")

    root = describe(filterset_class=Special)
    assert [written(item.type) for item in root.arguments] == ["JSON"]
