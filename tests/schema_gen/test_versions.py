"""Versioning schemes: what of them is an argument, and what a view is asked with."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework import versioning

import schema_gen
from schema_gen import SchemaError
from schema_gen.versions import asked_version, url_version, version_argument, version_type
from tests.schema_gen.harness import viewset
from tests.schema_gen.models import Tag
from tests.schema_gen.test_serializers import TagSerializer


class Paths(versioning.URLPathVersioning):
    allowed_versions = ("v1", "v2")
    version_param = "edition"


class Free(versioning.URLPathVersioning):
    pass


class Queries(versioning.QueryParameterVersioning):
    allowed_versions = ("1.0", "2.0")
    default_version = "0.9"
    version_param = "api-version"


def describe(scheme: Any, **options: Any) -> schema_gen.ViewDescription:
    view = viewset(TagSerializer, Tag, versioning_class=scheme)
    return schema_gen.describe_view(view, **{"prefix": "tags", **options})


@pytest.mark.parametrize(
    ("scheme", "version", "expected"),
    [
        (Paths, "v2", {"edition": "v2"}),
        (Paths, None, {"edition": "v1"}),
        (Free, None, {"version": "v1"}),
        (Queries, "1.0", {}),
        (versioning.NamespaceVersioning, "v1", {}),
        (None, None, {}),
    ],
)
def test_a_version_is_in_the_url_where_the_scheme_reads_it(
    scheme: Any, version: Any, expected: dict[str, str]
) -> None:
    assert url_version(scheme, version) == expected


def test_a_request_has_the_version_that_was_asked_for() -> None:
    assert asked_version(Paths, None, {"edition": "v2"}) == "v2"
    assert asked_version(Queries, None, {}) == "0.9"
    assert asked_version(Queries, "2.0", {}) == "2.0"
    assert asked_version(None, None, {}) is None


def test_so_many_versions_are_an_enum_with_the_default_among_them() -> None:
    found: Any = version_type(Queries, "Tag")
    assert [value.value for value in found.enum.values] == ["1.0", "2.0", "0.9"]
    assert version_type(Free, "Tag") == schema_gen.ScalarType("String")


def test_the_parameter_of_a_query_is_an_argument_unless_the_version_is_settled() -> None:
    (argument,) = version_argument(Queries, None, "Tag")
    assert (argument.name, argument.key, argument.place) == ("version", "api-version", "query")
    assert argument.type.nullable
    assert version_argument(Queries, "1.0", "Tag") == []
    assert version_argument(Paths, None, "Tag") == []


def test_a_url_kwarg_of_versions_is_required_and_of_their_type() -> None:
    rows, row = describe(Paths, route="{edition}/tags").roots
    assert [item.name for item in rows.arguments] == ["edition"]
    assert [item.name for item in row.arguments] == ["edition", "id"]
    assert rows.arguments[0].type == version_type(Paths, "EditionTag")


def test_a_version_that_is_settled_is_no_argument_and_goes_to_the_view() -> None:
    rows, row = describe(Paths, route="{edition}/tags", version="v2").roots
    assert [root.name for root in (rows, row)] == ["v2Tags", "v2Tag"]
    assert [item.name for item in row.arguments] == ["id"]
    assert row.url_kwargs(row.encode({"id": "7"})) == {"edition": "v2", "pk": "7"}
    assert rows.version == "v2"


@pytest.mark.parametrize(
    ("scheme", "message"),
    [(None, "has no versioning_class"), (Queries, "Queries expects one of '1.0', '2.0'")],
)
def test_a_version_that_nobody_knows_is_an_error(scheme: Any, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        describe(scheme, version="v3")
