"""The connection behind a GraphQL context, whichever view or consumer made the context."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from .exceptions import LiveError
from .requests import Connection

# The key or attribute under which a context, or its request, carries its connection.
CONNECTION = "drf_live_connection"


def connection_of(context: Any) -> Connection:
    """The connection that ``context`` stands for.

    Understands this package's socket, strawberry-django's HTTP context and strawberry's Channels
    contexts. May read session and user from the database, so call it from a thread. Raises
    ``LiveError`` for a context that carries no request.
    """
    connection = _get(context, CONNECTION)
    if isinstance(connection, Connection):
        return connection
    request = _get(context, "request")
    if isinstance(request, HttpRequest):
        return _of_request(request)
    scope = getattr(request, "scope", None) or getattr(
        getattr(request, "consumer", None), "scope", None
    )
    if scope is not None:
        return Connection.from_scope(scope, _get(context, "connection_params"))
    raise LiveError(
        "The GraphQL context carries no request. Expected 'request' in it, a Django HttpRequest or"
        f" a Channels consumer, as strawberry's own views have; got {type(context).__name__}."
    )


def _of_request(request: HttpRequest) -> Connection:
    known = getattr(request, CONNECTION, None)
    if isinstance(known, Connection):
        return known
    connection = Connection.from_request(request)
    setattr(request, CONNECTION, connection)
    return connection


def _get(context: Any, name: str) -> Any:
    if isinstance(context, dict):
        return context.get(name)
    return getattr(context, name, None)


__all__ = ["CONNECTION", "connection_of"]
