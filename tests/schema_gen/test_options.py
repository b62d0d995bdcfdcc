"""The options of one view's registration."""

from __future__ import annotations

import warnings
from typing import Any

import django_filters as df
import pytest
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from graphql import get_named_type
from rest_framework import filters, pagination, serializers

import schema_gen
from schema_gen import NameClashError, SchemaError, SchemaWarning
from schema_gen.options import ViewOptions
from tests.schema_gen.harness import field_types, schema_of, sdl, viewset
from tests.schema_gen.models import Book


class BookSerializer(serializers.ModelSerializer[Book]):
    untold = serializers.SerializerMethodField()
    secret = serializers.CharField(source="subtitle", read_only=True)

    class Meta:
        model = Book
        fields = ["id", "title", "genre", "price", "secret", "untold"]

    def get_untold(self, book: Book):  # type: ignore[no-untyped-def]
        raise AssertionError("This is never asked for.")


class Pages(pagination.PageNumberPagination):
    page_size = 10
    page_size_query_param = "page_size"


class OwnBackend(filters.BaseFilterBackend):
    """Demands a parameter."""

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [{"name": "tenant", "in": "query", "required": True, "schema": {"type": "string"}}]


VIEW = viewset(
    BookSerializer,
    Book,
    pagination_class=Pages,
    filter_backends=[DjangoFilterBackend, filters.OrderingFilter],
    filterset_fields={"genre": ["exact"], "price": ["gte", "lte"]},
)


def books(**options: Any) -> schema_gen.ViewDescription:
    return schema_gen.describe_view(
        VIEW, **{"prefix": "books", "exclude_fields": ["untold"], **options}
    )


def arguments(view: schema_gen.ViewDescription) -> list[str]:
    return [argument.name for argument in view.roots[0].arguments]


# Fields.


def test_an_excluded_field_is_no_field_of_the_type_and_warns_of_nothing() -> None:
    with pytest.warns(SchemaWarning, match=r"BookSerializer\.untold.*nullable JSON"):
        schema_gen.describe_view(VIEW, prefix="books")
    schema, _ = schema_of(books(exclude_fields=["untold", "secret"]))
    assert set(field_types(schema, "Book")) == {"id", "title", "genre", "price"}
    assert "ecret" not in sdl(schema)


def test_nothing_is_sorted_by_an_excluded_field() -> None:
    shown, _ = schema_of(books())
    hidden, _ = schema_of(books(exclude_fields=["untold", "secret"]))
    # DRF's own default: every column that the serializer shows.
    assert "SUBTITLE_ASC" in sdl(shown)
    assert "SUBTITLE" not in sdl(hidden)
    assert "TITLE_ASC" in sdl(hidden)


def test_a_filter_that_tells_of_an_excluded_field_is_warned_of() -> None:
    with pytest.warns(SchemaWarning, match="the argument 'priceGte'.*tells what the field holds"):
        books(exclude_fields=["untold", "price"], exclude_arguments=["price__lte"])
    books(exclude_fields=["untold", "price"], exclude_arguments=["price__lte", "priceGte"])


def sorted_by(view: Any, **options: Any) -> set[str]:
    """The values of the ordering arguments of the view's list."""
    schema, _ = schema_of(schema_gen.describe_view(view, prefix="books", **options))
    found = schema._schema.query_type
    assert found is not None
    ordering = found.fields["books"].args.get("ordering")
    return set(get_named_type(ordering.type).values) if ordering else set()  # type: ignore[union-attr]


class PlainSerializer(serializers.ModelSerializer[Book]):
    class Meta:
        model = Book
        fields = ["id", "title", "author", "price"]


class DetailSerializer(serializers.ModelSerializer[Book]):
    cost = serializers.DecimalField(source="price", max_digits=8, decimal_places=2)
    key = serializers.IntegerField(source="author.id")

    class Meta:
        model = Book
        fields = ["id", "cost", "key"]


class Sorted(FilterSet):
    ordering = df.OrderingFilter(fields=(("price", "cost"), ("title", "price")))
    max_cost = df.NumberFilter(field_name="price", lookup_expr="lte")
    price = df.CharFilter(field_name="title")

    class Meta:
        model = Book
        fields: list[str] = []


def test_an_ordering_that_calls_an_excluded_field_something_else_is_none() -> None:
    view = viewset(
        PlainSerializer, Book, filter_backends=[DjangoFilterBackend], filterset_class=Sorted
    )
    hidden = {"exclude_fields": ["price"], "exclude_arguments": ["max_cost"]}
    # By what it sorts by, not by what it is called.
    assert sorted_by(view) == {"COST_ASC", "COST_DESC", "PRICE_ASC", "PRICE_DESC"}
    assert sorted_by(view, **hidden) == {"PRICE_ASC", "PRICE_DESC"}


@pytest.mark.parametrize("name", ["author", "author_id", "author__pk", "author__name"])
def test_a_column_of_several_names_is_excluded_under_all(name: str) -> None:
    backends = [filters.OrderingFilter]
    view = viewset(PlainSerializer, Book, filter_backends=backends, ordering_fields=[name, "title"])
    assert sorted_by(view, exclude_fields=["author"]) == {"TITLE_ASC", "TITLE_DESC"}
    assert len(sorted_by(view)) == 4


def test_what_only_a_single_row_would_show_is_not_sorted_by_either() -> None:
    class ByAction(viewset(PlainSerializer, Book)):  # type: ignore[misc]
        filter_backends = [filters.OrderingFilter]
        ordering_fields = ["price", "author", "author__name", "title"]

        def get_serializer_class(self) -> Any:
            return DetailSerializer if self.action == "retrieve" else PlainSerializer

    assert sorted_by(ByAction, exclude_fields=["cost", "key"]) == {
        *("AUTHOR_NAME_ASC", "AUTHOR_NAME_DESC", "TITLE_ASC", "TITLE_DESC")
    }


def test_a_filter_of_another_name_that_tells_of_an_excluded_field_is_warned_of() -> None:
    view = viewset(
        PlainSerializer, Book, filter_backends=[DjangoFilterBackend], filterset_class=Sorted
    )
    with pytest.warns(SchemaWarning, match="the argument 'maxCost'.*tells what the field") as seen:
        schema_gen.describe_view(view, prefix="books", exclude_fields=["price"])
    assert len(seen) == 1


@pytest.mark.parametrize("field", ["price", "^price", "=author__books__price", "title"])
def test_a_search_that_tells_of_an_excluded_field_is_warned_of(field: str) -> None:
    backends = [filters.SearchFilter]
    view = viewset(PlainSerializer, Book, filter_backends=backends, search_fields=["id", field])
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        schema_gen.describe_view(view, prefix="books", exclude_fields=["price"])
    told = [str(warning.message) for warning in seen]
    assert len(told) == (field in ("price", "^price"))
    assert all("the argument 'search'" in text for text in told)


def test_a_field_of_either_action_may_be_excluded() -> None:
    class Short(serializers.ModelSerializer[Book]):
        class Meta:
            model = Book
            fields = ["id", "title", "sold"]

    class ByAction(VIEW):  # type: ignore[misc,valid-type]
        def get_serializer_class(self) -> Any:
            return Short if self.action == "list" else BookSerializer

    view = schema_gen.describe_view(ByAction, prefix="books", exclude_fields=["sold", "untold"])
    assert [{field.key for field in root.row.fields} for root in view.roots] == [
        {"id", "title"},
        {"id", "title", "genre", "price", "secret"},
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"exclude_fields": ["untold", "sceret"]},
            r"exclude_fields names 'sceret', which is no field.*'secret'",
        ),
        (
            {"exclude_arguments": ["pgae"]},
            (
                r"names 'pgae', which is no query parameter that it reads\. .* \['genre', "
                r"'ordering', 'page', 'page_size', 'price__gte', 'price__lte'\]\.$"
            ),
        ),
        ({"enum_names": {"title": "Title"}}, r"enum_names names 'title'.*'genre', 'ordering'"),
        ({"exclude_arguments": ["pk"]}, r"names 'pk', which is part of its URL"),
        ({"exclude_arguments": ["id"]}, r"names 'pk', which is part of its URL"),
        ({"exclude_fields": "secret"}, r"exclude_fields expected a list of names, 'secret' came"),
        ({"exclude_arguments": [1]}, r"exclude_arguments expected a list of names, \[1\] came"),
        ({"enum_names": {"genre": "a b"}}, r"enum_names\['genre'\] of .* expected a GraphQL name"),
        (
            {"exclude_fields": BookSerializer.Meta.fields},
            "exclude_fields leaves no field of BookSerializer to read",
        ),
    ],
)
def test_an_option_that_the_view_can_t_have(options: Any, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        books(**options)


def test_what_a_get_can_t_do_without_is_not_excluded() -> None:
    class Demanding(VIEW):  # type: ignore[misc,valid-type]
        filter_backends = [OwnBackend]

    with pytest.raises(SchemaError, match="names 'tenant', which is required"):
        schema_gen.describe_view(
            Demanding, prefix="books", exclude_fields=["untold"], exclude_arguments=["tenant"]
        )


# Arguments.


def test_an_excluded_argument_is_none() -> None:
    assert arguments(books()) == [
        *("genre", "priceGte", "priceLte", "ordering", "page", "pageSize")
    ]
    view = books(exclude_arguments=["price__gte", "pageSize", "ordering"])
    assert arguments(view) == ["genre", "priceLte", "page"]
    schema, _ = schema_of(view)
    assert "Ordering" not in sdl(schema)
    # What is not described is not encoded either, whoever calls.
    call = view.roots[0].encode({"priceGte": 3, "pageSize": 100, "page": 2})
    assert call.query == (("page", "2"),)


# Enums.


def test_enums_have_the_names_that_are_given() -> None:
    schema, _ = schema_of(books(enum_names={"genre": "Genre", "ordering": "SortBooksBy"}))
    assert field_types(schema, "Book")["genre"] == "Genre"
    query = schema._schema.query_type
    assert query is not None
    args = query.fields["books"].args
    assert str(args["genre"].type) == "Genre"
    assert str(args["ordering"].type) == "[SortBooksBy!]"
    assert "BookGenreEnum" not in sdl(schema)


def test_a_parameter_that_is_named_has_an_enum_of_its_own() -> None:
    class Genres(FilterSet):
        kind = df.ChoiceFilter(field_name="genre", choices=Book.Genre.choices)

        class Meta:
            model = Book
            fields: list[str] = []

    class Filtered(VIEW):  # type: ignore[misc,valid-type]
        filterset_class = Genres
        filterset_fields = None

    def named(**enum_names: str) -> tuple[str, str]:
        options = {"exclude_fields": ["untold"], "enum_names": enum_names}
        schema, _ = schema_of(schema_gen.describe_view(Filtered, prefix="books", **options))
        query = schema._schema.query_type
        assert query is not None
        return str(query.fields["books"].args["kind"].type), field_types(schema, "Book")["genre"]

    assert named() == ("BookGenreEnum", "BookGenreEnum")
    assert named(genre="Genre") == ("Genre", "Genre")
    assert named(kind="Kind") == ("Kind", "BookGenreEnum")


def test_two_views_may_share_an_enum_of_the_same_values() -> None:
    other = books(
        prefix="others",
        retrieve_name="other",
        type_name="Other",
        exclude_arguments=["genre"],
        enum_names={"genre": "Genre"},
    )
    schema, _ = schema_of(books(enum_names={"genre": "Genre"}), other)
    assert field_types(schema, "Other")["genre"] == field_types(schema, "Book")["genre"] == "Genre"


def test_enums_of_one_name_and_other_values_are_both_named() -> None:
    with pytest.raises(NameClashError) as error:
        schema_of(books(enum_names={"genre": "Word", "ordering": "Word"}))
    assert "'Word'" in str(error.value)
    assert "the field 'genre' of" in str(error.value)
    assert "the argument 'ordering' of 'books'" in str(error.value)


def test_a_nested_field_of_the_same_name_keeps_its_enum() -> None:
    class SequelSerializer(serializers.ModelSerializer[Book]):
        class Meta:
            model = Book
            fields = ["genre"]

    class OuterSerializer(serializers.ModelSerializer[Book]):
        sequel_to = SequelSerializer()

        class Meta:
            model = Book
            fields = ["id", "genre", "sequel_to"]

    view = viewset(OuterSerializer, Book)
    schema, _ = schema_of(
        schema_gen.describe_view(view, prefix="books", enum_names={"genre": "Genre"})
    )
    assert field_types(schema, "Outer")["genre"] == "Genre"
    assert field_types(schema, "Sequel")["genre"] == "SequelGenreEnum"


def test_options_that_are_not_given_change_nothing() -> None:
    options = ViewOptions("here")
    assert options.enum_name("genre", "BookGenreEnum") == "BookGenreEnum"
    assert not options.hides("genre")
    options.check()
