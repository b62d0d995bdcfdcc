from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.http import Http404

from schema_gen.exceptions import SchemaError
from schema_gen.routes import ANY_SEGMENT, Kwarg, parse_route


def shape(text: str) -> list[Any]:
    return [
        part if isinstance(part, str) else (part.name, part.pattern, part.converter)
        for part in parse_route(text).segments
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("tasks", ["tasks"]),
        (r"^v1/tasks/$", ["v1", "tasks"]),
        ("projects/{project_pk}/tasks", ["projects", ("project_pk", ANY_SEGMENT, None), "tasks"]),
        (
            r"^projects/(?P<project_pk>[^/.]+)/tasks/$",
            ["projects", ("project_pk", "[^/.]+", None), "tasks"],
        ),
        ("a/<int:n>/b", ["a", ("n", "[0-9]+", "int"), "b"]),
        ("a/<name>/b", ["a", ("name", "[^/]+", "str"), "b"]),
        (r"(?P<code>(a|b)\)[)(]{2})x", [("code", r"(a|b)\)[)(]{2}", None), "x"]),
        (r"(?P<code>[]a]+)", [("code", "[]a]+", None)]),
        (r"\d+/task\.list", ["task", ".list"]),
    ],
)
def test_a_route_is_words_and_kwargs(text: str, expected: list[Any]) -> None:
    assert shape(text) == expected


def test_an_unclosed_group_is_an_error() -> None:
    with pytest.raises(SchemaError, match=r"'\(\?P<pk>\[0-9\]\+' has a group that is not closed"):
        parse_route("(?P<pk>[0-9]+")


def test_an_unknown_converter_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(SchemaError, match=r"'hex', which is none of .*int, path, slug, str, uuid"):
        parse_route("tasks/<hex:pk>")


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        (ANY_SEGMENT, "7", True),
        (ANY_SEGMENT, "a/b", False),
        (ANY_SEGMENT, "a.b", False),
        (ANY_SEGMENT, "", False),
        ("[0-9]+", "7x", False),
        ("[0-9]+", "7\n", False),
        ("a|ab", "ab", True),
    ],
)
def test_a_value_must_fit_as_it_would_in_a_url(pattern: str, value: str, fits: bool) -> None:
    kwarg = Kwarg("pk", pattern)
    if fits:
        assert kwarg.check(value) == value
    else:
        with pytest.raises(Http404, match="can't be the 'pk' of a URL"):
            kwarg.check(value)


def test_converters_make_what_the_view_gets() -> None:
    route = parse_route("<int:n>/<uuid:key>/{text}")
    key = "00000000-0000-0000-0000-000000000001"
    found = route.convert({"n": "007", "key": key, "text": "x"})
    assert found == {"n": 7, "key": uuid.UUID(key), "text": "x"}


def test_a_value_that_a_converter_refuses_is_not_found() -> None:
    with pytest.raises(Http404, match="can't be the 'key'"):
        parse_route("<uuid:key>").convert({"key": "no-uuid"})
