from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema_gen.naming import argument_name, camel, pascal, type_name, unique, upper_snake

GRAPHQL_NAME = re.compile(r"^[_A-Za-z][_0-9A-Za-z]*$")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title__icontains", "titleIcontains"),
        ("i__gte", "iGte"),
        ("x_1", "x1"),
        ("task-comments", "taskComments"),
        ("taskComments", "taskComments"),
        ("ID", "id"),
        ("URLField", "urlField"),
        ("IPAddress", "ipAddress"),
        ("CIDR", "cidr"),
        ("H2Heading", "h2Heading"),
        ("Tag", "tag"),
        ("_private", "private"),
        ("__typename", "typename"),
        ("2fa", "_2fa"),
        ("größe", "groe"),
        ("日", "x65e5"),
    ],
)
def test_camel(text: str, expected: str) -> None:
    # NFKD takes the umlaut off its letter; the sharp s has no ASCII form.
    assert camel(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("project_task", "ProjectTask"), ("HTTPLog", "HTTPLog"), ("3d", "_3d"), ("a.b", "AB")],
)
def test_pascal(text: str, expected: str) -> None:
    assert pascal(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in-progress", "IN_PROGRESS"),
        ("inProgress", "IN_PROGRESS"),
        ("HTTPError", "HTTP_ERROR"),
        ("true", "TRUE"),
        ("__dunder__", "DUNDER"),
        ("2xl", "VALUE_2XL"),
        ("++", "X2B_X2B"),
    ],
)
def test_upper_snake(text: str, expected: str) -> None:
    assert upper_snake(text) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TaskSerializer", "Task"),
        ("Task", "Task"),
        ("Serializer", "Serializer"),
        ("SerializerForTask", "SerializerForTask"),
    ],
)
def test_type_name(name: str, expected: str) -> None:
    assert type_name(name) == expected


def test_an_argument_never_takes_a_name_that_strawberry_passes_itself() -> None:
    assert argument_name("info") == "info_"
    assert argument_name("information") == "information"


def test_unique() -> None:
    assert unique("A", {}) == "A"
    assert unique("A", {"A", "A_2"}) == "A_3"


@given(st.text(min_size=1))
def test_any_text_becomes_a_graphql_name(text: str) -> None:
    for name in (camel(text), pascal(text), upper_snake(text), argument_name(text)):
        assert GRAPHQL_NAME.match(name)
        assert not name.startswith("__")
