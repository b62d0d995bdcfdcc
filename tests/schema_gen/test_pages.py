"""Page types: by the response that a paginator makes, and by what it says of it."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework import pagination
from rest_framework.response import Response

import schema_gen
from schema_gen import SchemaWarning
from tests.schema_gen.harness import execute, field_types, schema_of, viewset
from tests.schema_gen.models import Tag
from tests.schema_gen.test_serializers import TagSerializer


class Numbers(pagination.PageNumberPagination):
    page_size = 2


def describe(paginator: Any, **attributes: Any) -> Any:
    view = viewset(TagSerializer, Tag, pagination_class=paginator, **attributes)
    return schema_gen.describe_view(view, prefix="tags")


def page_of(paginator: Any, **attributes: Any) -> dict[str, str]:
    return field_types(schema_of(describe(paginator, **attributes))[0], "TagPage")


class Slices(pagination.LimitOffsetPagination):
    default_limit = 2


class Cursors(pagination.CursorPagination):
    page_size = 2
    ordering = "name"


LINKS = {"next": "String", "previous": "String", "results": "[Tag!]!"}


@pytest.mark.parametrize(
    ("paginator", "expected"),
    [
        (Numbers, {"count": "Int!", **LINKS}),
        (Slices, {"count": "Int!", **LINKS}),
        (Cursors, LINKS),
    ],
)
def test_the_three_paginators(paginator: Any, expected: dict[str, str]) -> None:
    assert page_of(paginator) == expected
    page = describe(paginator).roots[0].page
    assert (page.name, page.results_key) == ("TagPage", "results")


class Silent(pagination.PageNumberPagination):
    page_size = None


class Asked(Silent):
    page_size_query_param = "size"


class NoLimit(pagination.LimitOffsetPagination):
    default_limit = None


@pytest.mark.parametrize("paginator", [None, Silent, Asked, NoLimit])
def test_without_a_page_size_a_list_is_a_list(paginator: Any) -> None:
    root = describe(paginator).roots[0]
    assert root.page is None
    # A parameter that made pages of it would make the list's type a lie.
    assert root.arguments == ()


class Described(Numbers):
    def get_paginated_response(self, data: Any) -> Response:
        return Response({"total_pages": 3, "next": None, "rows": data, "sort": "a", "extra": None})

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        properties = {
            "total_pages": {"type": "integer"},
            "next": {"type": "string"},
            "rows": schema,
            "extra": {"type": "object"},
        }
        return {"type": "object", "required": ["total_pages"], "properties": properties}


def test_a_page_of_one_s_own_has_the_types_that_its_schema_says() -> None:
    assert page_of(Described) == {
        "totalPages": "Int!",
        "next": "String",
        "rows": "[Tag!]!",
        "sort": "String",
        "extra": "JSON",
    }
    schema, _ = schema_of(
        describe(Described), answers={"tags": {"total_pages": 4, "rows": [{"name": "x"}]}}
    )
    answer = execute(schema, "{ tags { totalPages rows { name } } }")
    assert answer == {"tags": {"totalPages": 4, "rows": [{"name": "x"}]}}


class Undescribed(Numbers):
    def get_paginated_response(self, data: Any) -> Response:
        body = super().get_paginated_response(data).data
        return Response({**body, "pages": 1, "ratio": 0.5, "last": True, "meta": {"a": 1}})


def test_what_a_schema_does_not_say_is_read_off_the_response() -> None:
    with pytest.warns(SchemaWarning, match=r"Undescribed\.meta.*get_paginated_response_schema"):
        found = page_of(Undescribed)
    assert found == {
        "count": "Int!",
        **LINKS,
        "pages": "Int",
        "ratio": "Float",
        "last": "Boolean",
        "meta": "JSON",
    }


class Bare(Numbers):
    def get_paginated_response(self, data: Any) -> Response:
        return Response(data, headers={"Link": "..."})


def test_a_page_that_is_the_bare_list_is_a_list_with_arguments() -> None:
    root = describe(Bare).roots[0]
    assert root.page is None
    assert [item.name for item in root.arguments] == ["page"]


class Deep(Numbers):
    def get_paginated_response(self, data: Any) -> Response:
        return Response({"data": {"items": data}})


class Text(Numbers):
    def get_paginated_response(self, data: Any) -> Response:
        return Response("rows")


@pytest.mark.parametrize("paginator", [Deep, Text])
def test_rows_that_are_not_found_leave_the_list_out(paginator: Any) -> None:
    with pytest.warns(SchemaWarning, match="the rows are under no key"):
        described = describe(paginator)
    assert [root.action for root in described.roots] == ["retrieve"]


def test_a_view_may_have_a_page_of_its_own() -> None:
    def get_paginated_response(self: Any, data: Any) -> Response:
        return Response({"count": 1, "tags": data})

    found = page_of(Numbers, get_paginated_response=get_paginated_response)
    assert found == {"count": "Int!", "tags": "[Tag!]!"}


class Twins(Numbers):
    def get_paginated_response(self, data: Any) -> Response:
        return Response({"total_pages": 1, "totalPages": 1, "results": data})


def test_two_keys_of_one_graphql_name_leave_the_list_out() -> None:
    with pytest.warns(SchemaWarning, match="one GraphQL name: total_pages, totalPages"):
        described = describe(Twins)
    assert [root.action for root in described.roots] == ["retrieve"]
