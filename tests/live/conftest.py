"""Clients of a router, in this process and on this event loop."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.test import Client

from tests.oracle.wire import InProcessWire, Socket
from tests.project.asgi import application as project

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Connect(Protocol):
    """Opens a socket: as a user (logged in by session, made if need be) or as nobody."""

    async def __call__(
        self, user: str = "", *, application: Any = ..., headers: dict[str, str] = ..., **init: str
    ) -> Socket: ...


def session_cookie(name: str) -> str:
    """A new session of the user `name`, as the header's value."""
    user, _ = get_user_model().objects.get_or_create(username=name)
    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}"


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    async with AsyncExitStack() as stack:

        async def opened(
            user: str = "",
            *,
            application: Any = project,
            headers: dict[str, str] | None = None,
            **init: str,
        ) -> Socket:
            cookie = await sync_to_async(session_cookie)(user) if user else ""
            wire = InProcessWire(application, cookie=cookie)
            extra = {key.encode(): value.encode() for key, value in (headers or {}).items()}
            wire.scope["headers"] = [*wire.scope["headers"], *extra.items()]
            socket = Socket(wire)
            await socket.open(dict(init))
            stack.push_async_callback(socket.close)
            return socket

        yield opened
