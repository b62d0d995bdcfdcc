"""The options of one view's registration."""

from __future__ import annotations

from typing import Any

import pytest
from django_filters.rest_framework import DjangoFilterBackend
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
        ({"exclude_arguments": ["pgae"]}, r"exclude_arguments names 'pgae'.*'page'"),
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
