"""The ASGI application of a ``RealtimeRouter``: who may connect, and one ``Socket`` for each."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from strawberry.http.websocket_origin import (
    is_same_origin,
    normalize_allowed_origins,
    normalize_origin,
)

from drf_live_graphql.conf import settings
from drf_live_graphql.live import executor
from drf_live_graphql.transport.application import SEND

from .connection import RealtimeConnection
from .roots import Roots
from .socket import NOT_AUTHENTICATED, Socket

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Receive = Callable[[], Awaitable[Mapping[str, Any]]]

logger = logging.getLogger("drf_live_graphql.transport")

# A handshake is refused before it is accepted: servers answer it with HTTP 403.
_FORBIDDEN = 4403


class RealtimeApplication:
    """Serves sockets. Goes into a ``URLRouter`` as it is, or by ``as_asgi()`` as a consumer does.

    It expects in its scope what the project's middleware puts there: session and user.
    """

    def __init__(self, views: Mapping[str, type[Any]], *, public: bool) -> None:
        """``views`` are by the labels of their models; ``public`` lets anybody connect."""
        self._roots = Roots(views)
        self._public = public

    def as_asgi(self, **initkwargs: Any) -> RealtimeApplication:
        """The application itself, for code that was written for a Channels consumer."""
        if initkwargs:
            raise TypeError(f"as_asgi() expected no arguments; {sorted(initkwargs)} came.")
        return self

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Any) -> None:
        """One socket, from its handshake to its end."""
        if scope["type"] != "websocket":
            raise ValueError(
                f"A RealtimeRouter serves websockets; a connection of type {scope['type']!r} came."
                " Put it under 'websocket' in the ProtocolTypeRouter."
            )
        await receive()  # The handshake.
        headers = _headers(scope)
        if not _is_allowed(headers):
            logger.warning(
                "A page of %r may not open a socket here; ALLOWED_ORIGINS in DRF_LIVE_GRAPHQL can"
                " let it in.",
                headers["origin"],
            )
            await send({"type": "websocket.close", "code": _FORBIDDEN})
            return
        connection = await executor.run(lambda: RealtimeConnection.from_scope(scope))
        if not (self._public or connection.session_user or connection.user is not None):
            await send({"type": "websocket.close", "code": NOT_AUTHENTICATED})
            return
        await send({"type": "websocket.accept"})
        socket = Socket(scope.get(SEND, send), connection, self._roots, headers.get("accept"))
        await socket.serve(receive)


def _headers(scope: Mapping[str, Any]) -> dict[str, str]:
    return {name.decode("latin1"): value.decode("latin1") for name, value in scope["headers"]}


def _is_allowed(headers: Mapping[str, str]) -> bool:
    """Whether a page may open a socket; no browser asks where there is no origin.

    The rule is that of the GraphQL socket: the site's own pages, by the browser's word too, as a
    proxy may have written another host; and the setting ``ALLOWED_ORIGINS``.
    """
    origin = headers.get("origin")
    if origin is None or headers.get("sec-fetch-site") == "same-origin":
        return True
    if is_same_origin(origin, headers.get("host")):
        return True
    allowed = normalize_allowed_origins(tuple(settings.ALLOWED_ORIGINS))
    return "*" in allowed or normalize_origin(origin) in allowed


__all__ = ["RealtimeApplication"]
