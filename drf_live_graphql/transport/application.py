"""The ASGI application around a consumer: sessions, users, one path."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path, re_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asgiref.typing import ASGIApplication

logger = logging.getLogger("drf_live_graphql.transport")

# Where a socket's scope carries the server's own send.
SEND = "drf_live_graphql.send"


def application(
    http: Callable[..., Awaitable[None]], consumer: ASGIApplication, route: str
) -> ASGIApplication:
    """``http`` for everything else, ``consumer`` for websockets on ``route``."""
    websocket = AuthMiddlewareStack(
        URLRouter(
            [
                path(route.lstrip("/"), cast("Any", consumer)),
                re_path("", cast("Any", _refusing(route))),
            ]
        )
    )
    return cast(
        "ASGIApplication", ProtocolTypeRouter({"http": http, "websocket": _with_send(websocket)})
    )


def _with_send(websocket: Any) -> Any:
    """Carry the server's own ``send`` past the middleware.

    Channels' session middleware looks at the session on every message, to save it with the
    headers of an HTTP response; for the frames of an open socket that is a third of their cost.
    """

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await websocket({**scope, SEND: send}, receive, send)

    return application


def _refusing(route: str) -> Any:
    """The application of all paths but ``route``: a socket is closed before it is accepted."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        # As Django logs a 404: the client is told no more than that it can't connect.
        logger.warning("No WebSocket at %r: it is at %r.", scope["path"], f"/{route.lstrip('/')}")
        await receive()
        await send({"type": "websocket.close"})

    return application


__all__ = ["SEND", "application"]
