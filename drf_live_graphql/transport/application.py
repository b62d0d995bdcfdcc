"""The ASGI application around a consumer: sessions, users, one path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path, re_path

if TYPE_CHECKING:
    from asgiref.typing import ASGIApplication


def application(http: ASGIApplication, consumer: ASGIApplication, route: str) -> ASGIApplication:
    """``http`` for everything else, ``consumer`` for websockets on ``route``."""
    websocket = AuthMiddlewareStack(
        URLRouter(
            [
                path(route.lstrip("/"), cast("Any", consumer)),
                re_path("", cast("Any", _refuse)),
            ]
        )
    )
    return cast("ASGIApplication", ProtocolTypeRouter({"http": http, "websocket": websocket}))


async def _refuse(scope: Any, receive: Any, send: Any) -> None:
    """A socket to a path where nothing is: closed before it is accepted, an HTTP 403."""
    await receive()
    await send({"type": "websocket.close"})


__all__ = ["application"]
