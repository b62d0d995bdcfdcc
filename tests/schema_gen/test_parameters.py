from __future__ import annotations

from typing import Any

import pytest
from rest_framework import filters, pagination, serializers

import schema_gen
from schema_gen import SchemaError, SchemaWarning, Style
from tests.schema_gen.harness import viewset
from tests.schema_gen.models import Author, Book


class BookSerializer(serializers.ModelSerializer[Book]):
    class Meta:
        model = Book
        fields = ["id", "title", "genre"]


def describe(**attributes: Any) -> schema_gen.ViewDescription:
    return schema_gen.describe_view(viewset(BookSerializer, Book, **attributes), prefix="books")


def arguments(root: int = 0, **attributes: Any) -> dict[str, schema_gen.ArgumentDescription]:
    return {item.key: item for item in describe(**attributes).roots[root].arguments}


def test_search_is_there_only_with_search_fields() -> None:
    assert arguments(filter_backends=[filters.SearchFilter]) == {}
    found = arguments(filter_backends=[filters.SearchFilter], search_fields=["title"])
    assert found["search"].type == schema_gen.ScalarType("String", nullable=True)


def test_search_goes_by_the_parameter_that_the_backend_reads() -> None:
    class Query(filters.SearchFilter):
        search_param = "q"

    assert list(arguments(filter_backends=[Query], search_fields=["title"])) == ["q"]


def ordering_values(**attributes: Any) -> dict[str, str]:
    found = arguments(filter_backends=[filters.OrderingFilter], **attributes)["ordering"]
    assert found.style is Style.COMMA
    assert isinstance(found.type, schema_gen.ListType)
    assert isinstance(found.type.of, schema_gen.EnumType)
    assert found.type.of.enum.name == "BookOrdering"
    return {value.name: value.value for value in found.type.of.enum.values}


def test_ordering_is_an_enum_of_both_directions() -> None:
    assert ordering_values(ordering_fields=["title", ("author__name", "Author")]) == {
        "TITLE_ASC": "title",
        "TITLE_DESC": "-title",
        "AUTHOR_NAME_ASC": "author__name",
        "AUTHOR_NAME_DESC": "-author__name",
    }


def test_terms_of_one_graphql_name_are_kept_apart() -> None:
    assert ordering_values(ordering_fields=["author__name", "author_name"]) == {
        "AUTHOR_NAME_ASC": "author__name",
        "AUTHOR_NAME_DESC": "-author__name",
        "AUTHOR_NAME_ASC_2": "author_name",
        "AUTHOR_NAME_DESC_2": "-author_name",
    }


def test_ordering_fields_default_to_the_serializer_s() -> None:
    assert "GENRE_DESC" in ordering_values()


def test_all_fields_include_the_annotations_of_the_queryset() -> None:
    from django.db.models import Count

    found = ordering_values(
        ordering_fields="__all__", queryset=Book.objects.annotate(tag_count=Count("tags"))
    )
    assert {"SUBTITLE_ASC", "TAG_COUNT_DESC"} <= set(found)


def test_no_ordering_fields_no_argument() -> None:
    assert arguments(filter_backends=[filters.OrderingFilter], ordering_fields=[]) == {}


class Declared(filters.BaseFilterBackend):
    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        strings = {"type": "array", "items": {"type": "string"}}
        return [
            {"name": "must", "required": True, "schema": {"type": "integer"}, "description": "!"},
            {"name": "many", "in": "query", "schema": strings},
            {"name": "joined", "explode": False, "schema": strings},
            {"name": "genre", "schema": {"type": "string", "enum": ["sci-fi", "crime"]}},
            {"name": "X-Header", "in": "header"},
        ]


def test_a_backend_s_own_word_is_taken() -> None:
    found = arguments(filter_backends=[Declared])
    described = {key: (item.type.signature, item.style) for key, item in found.items()}
    strings = ("list", ("String", False), True)
    assert list(found) == ["must", "many", "joined", "genre"]
    assert described["must"] == (("Int", False), Style.SINGLE)
    assert found["must"].description == "!"
    assert described["many"] == (strings, Style.REPEATED)
    assert described["joined"] == (strings, Style.COMMA)
    assert isinstance(found["genre"].type, schema_gen.EnumType)


@pytest.mark.parametrize("schema", [{"schema": {"type": "object"}}, {}])
def test_a_parameter_of_no_single_type_is_a_string_with_a_warning(schema: Any) -> None:
    class Shapeless(filters.BaseFilterBackend):
        def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
            return [{"name": "shape", **schema}]

    with pytest.warns(SchemaWarning, match=r"the parameter 'shape': its schema .* is a String"):
        found = arguments(filter_backends=[Shapeless])
    assert found["shape"].type.signature == ("String", True)


def test_the_enum_of_a_parameter_is_the_row_s_where_their_values_agree() -> None:
    class Genres(filters.BaseFilterBackend):
        choices: list[str] = []

        def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
            schema = {"type": "string", "enum": self.choices}
            return [{"name": name, "schema": schema} for name in ("genre", "mood")]

    def enum_names(choices: list[Any]) -> list[str]:
        backend = type("Backend", (Genres,), {"choices": choices})
        found = arguments(filter_backends=[backend])
        return [found[key].type.enum.name for key in ("genre", "mood")]  # type: ignore[union-attr]

    assert enum_names(["a"]) == ["BookGenreFilterEnum", "BookMoodEnum"]
    assert enum_names(["a", "b"]) == ["BookGenreFilterEnum", "BookMoodEnum"]
    blank = type("Backend", (Genres,), {"choices": [""]})
    found = arguments(filter_backends=[blank])
    assert [item.type.signature for item in found.values()] == [("String", True)] * 2


def test_only_what_a_filter_demands_is_asked_for_a_single_row() -> None:
    assert list(arguments(1, filter_backends=[Declared])) == ["pk", "must"]


class Silent(filters.BaseFilterBackend):
    pass


class Foreign:
    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        return queryset


@pytest.mark.parametrize("backend", [Silent, Foreign])
def test_a_backend_that_says_nothing_is_a_warning(backend: Any) -> None:
    with pytest.warns(SchemaWarning) as caught:
        assert arguments(filter_backends=[backend]) == {}
    text = str(caught[0].message)
    assert backend.__name__ in text
    assert "get_schema_operation_parameters" in text
    assert len(caught) == 1


def test_a_registered_backend_needs_no_word_of_its_own() -> None:
    class Known(Silent):
        pass

    @schema_gen.register_backend(Known)
    def _known(backend: Any, scope: schema_gen.ParameterScope) -> Any:
        yield scope.argument("x", schema_gen.ScalarType("Int"))

    assert list(arguments(filter_backends=[Known])) == ["x"]


class Numbers(pagination.PageNumberPagination):
    page_size = 5
    page_query_param = "p"


class Sizes(Numbers):
    page_size_query_param = "size"


class Slices(pagination.LimitOffsetPagination):
    default_limit = 5


class Cursors(pagination.CursorPagination):
    page_size = 5
    ordering = "id"


@pytest.mark.parametrize(
    ("paginator", "expected"),
    [
        (Numbers, {"p": "Int"}),
        (Sizes, {"p": "Int", "size": "Int"}),
        (Slices, {"limit": "Int", "offset": "Int"}),
        (Cursors, {"cursor": "String"}),
        (None, {}),
    ],
)
def test_a_paginator_brings_its_parameters_to_the_list(
    paginator: Any, expected: dict[str, str]
) -> None:
    found = arguments(pagination_class=paginator)
    assert {key: item.type.name for key, item in found.items()} == expected  # type: ignore[union-attr]
    assert list(arguments(1, pagination_class=paginator)) == ["pk"]


def test_two_parameters_of_one_graphql_name_are_an_error_that_names_both() -> None:
    class Twins(filters.BaseFilterBackend):
        def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
            return [{"name": name, "schema": {"type": "string"}} for name in ("x_1", "x1")]

    with pytest.raises(SchemaError, match=r"'x_1'.*'x1'.*'x1'"):
        describe(filter_backends=[Twins])


@pytest.mark.django_db
def test_filters_that_fail_leave_the_root_out_with_a_warning() -> None:
    class Broken(filters.BaseFilterBackend):
        def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
            return [{"name": name} for name in Author.objects.values_list("name", flat=True)]

    with pytest.warns(SchemaWarning, match="it runs SQL") as caught:
        assert describe(filter_backends=[Broken]).roots == ()
    assert len(caught) == 2
