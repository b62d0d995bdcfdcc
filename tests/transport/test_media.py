"""The Accept header, as GraphQL over HTTP reads it."""

from __future__ import annotations

import pytest

from drf_live_graphql.transport.media import Accept, Media


@pytest.mark.parametrize(
    ("header", "single"),
    [
        (None, Media.JSON),
        ("", Media.JSON),
        ("*/*", Media.JSON),
        ("application/*", Media.JSON),
        ("application/json", Media.JSON),
        ("APPLICATION/JSON; charset=utf-8", Media.JSON),
        ("application/graphql-response+json", Media.RESPONSE),
        ("application/graphql-response+json,application/json;q=0.9", Media.RESPONSE),
        ("application/json;q=0.5, application/graphql-response+json;q=0.7", Media.RESPONSE),
        ("application/json, application/graphql-response+json", Media.JSON),
        ("application/json; v=1; q=nonsense", Media.JSON),
        ("text/html, */*;q=0.8", Media.JSON),
        ("*/*, application/json;q=0", Media.RESPONSE),
        ("application/json;q=0", None),
        ("text/html", None),
        ("text/event-stream", None),
    ],
)
def test_one_result_comes_in_the_json_type_that_is_wanted_most(
    header: str | None, single: Media | None
) -> None:
    assert Accept.parse(header).single is single


@pytest.mark.parametrize(
    ("header", "first", "at_all"),
    [
        ("text/event-stream", True, True),
        ("text/event-stream, application/json", True, True),
        ("application/json, text/event-stream", False, True),
        ("text/event-stream;q=0.5, application/json", False, True),
        ("application/json;q=0.5, text/event-stream", True, True),
        ("application/json, text/event-stream;q=0", False, False),
        ("*/*", False, False),
        (None, False, False),
    ],
)
def test_a_stream_is_sent_to_those_who_name_it(
    header: str | None, first: bool, at_all: bool
) -> None:
    accept = Accept.parse(header)
    assert (accept.stream_first, accept.stream) == (first, at_all)


@pytest.mark.parametrize(
    ("header", "page"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", True),
        ("application/xhtml+xml", True),
        ("application/json, text/html", False),
        ("text/html;q=0.5, application/json", False),
        ("*/*", False),
        (None, False),
    ],
)
def test_a_page_is_for_those_who_want_html_first(header: str | None, page: bool) -> None:
    assert Accept.parse(header).page is page
