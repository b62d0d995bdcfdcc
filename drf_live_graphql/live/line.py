"""What the hub knows of a client's connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from graphql import GraphQLError

    from drf_live_graphql.requests import Connection


class Line(Protocol):
    """A connection that can be ended: a socket, or a stream of its own."""

    @property
    def connection(self) -> Connection:
        """Its facts; ``users`` says whose it is."""

    def disconnect(self, error: GraphQLError) -> None:
        """End all that is open on it with ``error``, and itself. Returns at once, never raises."""


__all__ = ["Line"]
