from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.http import Http404
from django.urls import Resolver404, URLResolver
from django.urls.resolvers import RegexPattern
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ReadOnlyModelViewSet

from schema_gen import describe_view
from schema_gen.exceptions import SchemaError
from schema_gen.routes import ANY_SEGMENT, Kwarg, parse_route
from tests.schema_gen.models import Author
from tests.schema_gen.test_serializers import fields_of


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


class AnyView(ReadOnlyModelViewSet[Author]):
    queryset = Author.objects.all()
    serializer_class = fields_of(Author, "name")


LOOKUPS: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"lookup_value_regex": "[0-9]{2}"}, True),
    ({"lookup_value_regex": "[a-f]+|x.y"}, True),
    ({"lookup_field": "slug", "lookup_value_regex": r"[\w-]+(?:\.\w+)?"}, True),
    ({"lookup_value_converter": "int"}, False),
    ({"lookup_value_converter": "uuid"}, False),
    ({"lookup_value_converter": "path"}, False),
    ({"lookup_url_kwarg": "author_id"}, False),
]
VALUES = st.one_of(
    st.text(max_size=4),
    st.text("0123456789abcdefx.y/-_\n", max_size=6),
    st.integers().map(str),
    st.uuids().map(str),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(lookup=st.sampled_from(LOOKUPS), value=VALUES, parent=VALUES)
@example(lookup=({"lookup_url_kwarg": "author_id"}, False), value=".", parent="0")
def test_a_root_takes_exactly_what_django_s_resolver_takes(
    lookup: tuple[dict[str, Any], bool], value: str, parent: str
) -> None:
    attributes, use_regex = lookup
    view = type("View", (AnyView,), attributes)
    router = SimpleRouter(use_regex_path=use_regex)
    prefix = "shops/(?P<shop_pk>[^/.]+)/authors" if use_regex else "shops/<str:shop_pk>/authors"
    router.register(prefix, view)
    root = describe_view(view, prefix=prefix).roots[1]
    assert [argument.place for argument in root.arguments] == ["path", "path"]
    names = [argument.name for argument in root.arguments]
    try:
        call = root.encode(dict(zip(names, (parent, value), strict=True)))
        accepted: Any = root.url_kwargs(call)
    except Http404:
        accepted = None
    resolver = URLResolver(RegexPattern(r"^"), router.urls)
    try:
        resolved: Any = resolver.resolve(f"shops/{parent}/authors/{value}/")
    except Resolver404:
        resolved = None
    if resolved is None or "format" in resolved.kwargs:
        assert accepted is None or "/" in parent + value
    elif "/" not in parent + value:
        assert accepted == resolved.kwargs
