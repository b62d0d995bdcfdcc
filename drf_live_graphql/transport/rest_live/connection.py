"""A socket's connection, as the views of a ``RealtimeRouter`` see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from drf_live_graphql.requests import Connection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.urls import ResolverMatch

    from drf_live_graphql.requests import LiveRequest

    from .roots import RealtimeRoot


class RealtimeConnection(Connection):
    """A connection whose user counts for a view, even if the project's middleware found it.

    A view's authentication classes look for a token in a header that browsers can't send with a
    socket; where middleware took it from elsewhere, none of them would find the user.
    """

    _stranger: Connection

    @classmethod
    def from_scope(
        cls, scope: Mapping[str, Any], parameters: Mapping[str, Any] | None = None
    ) -> Self:
        """See ``Connection``."""
        connection = super().from_scope(scope, parameters)
        connection._stranger = Connection.from_scope(scope, parameters)
        return connection

    def to(self, root: RealtimeRoot) -> Connection:
        """The connection to be used with a view.

        One that authenticates nobody answers every GET as a stranger's, whoever sends it.
        """
        return self if root.authenticates else self._stranger

    def request(
        self, path: str, query: Sequence[tuple[str, str]], match: ResolverMatch | None = None
    ) -> LiveRequest:
        """See ``Connection``; the user is read anew, as in any request."""
        request = super().request(path, query, match)
        if self.user is not None and "HTTP_AUTHORIZATION" not in self.meta:
            # DRF's own way to say who asks (``rest_framework.request.ForcedAuthentication``).
            request._force_auth_user = request.user  # type: ignore[attr-defined]
        return request


__all__ = ["RealtimeConnection"]
