"""The connection behind a GraphQL context, whoever made the context."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from drf_live_graphql.context import CONNECTION, connection_of
from drf_live_graphql.exceptions import LiveError
from drf_live_graphql.requests import Connection

SCOPE = {"headers": [(b"host", b"example.com"), (b"x-team", b"7")], "scheme": "wss"}


def _connection() -> Connection:
    return Connection(meta={}, cookies={}, scheme="http")


def _shapes(**values: Any) -> list[Any]:
    """A context as a dictionary and as an object."""
    return [values, SimpleNamespace(**values)]


def test_a_connection_that_is_there_is_taken() -> None:
    connection = _connection()
    for context in _shapes(**{CONNECTION: connection}):
        assert connection_of(context) is connection


def test_a_django_request_has_one_connection() -> None:
    request = RequestFactory().get("/", HTTP_X_TEAM="7")
    request.user = AnonymousUser()
    made = [connection_of(context) for context in _shapes(request=request)]
    assert made[0] is made[1]
    assert made[0].meta["HTTP_X_TEAM"] == "7"


def test_a_request_of_channels_over_http() -> None:
    """Strawberry's `ChannelsRequest` carries its consumer."""
    request = SimpleNamespace(consumer=SimpleNamespace(scope=SCOPE))
    for context in _shapes(request=request):
        connection = connection_of(context)
        assert (connection.meta["HTTP_X_TEAM"], connection.scheme) == ("7", "https")


def test_a_consumer_of_channels_over_a_socket() -> None:
    """There the request is the consumer itself, and the context has what `connection_init` said."""
    consumer = SimpleNamespace(scope=SCOPE)
    for context in _shapes(request=consumer, connection_params={"authorization": "Token abc"}):
        assert connection_of(context).meta["HTTP_AUTHORIZATION"] == "Token abc"


@pytest.mark.parametrize("context", [None, {}, {"request": None}, SimpleNamespace(request="GET")])
def test_a_context_without_a_request(context: Any) -> None:
    with pytest.raises(LiveError, match=f"'request' in it.*got {type(context).__name__}"):
        connection_of(context)
