"""Clients of a `RealtimeRouter`."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from asgiref.sync import sync_to_async
from channels.auth import AuthMiddlewareStack

from drf_live_graphql.rest_live import RealtimeRouter
from tests.live.conftest import session_cookie
from tests.rest_live.client import Client
from tests.rest_live.views import EVERY_VIEW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Connect(Protocol):
    """Opens a socket: as a user (logged in by session, made if need be) or as nobody.

    It is to the test project's views with the mixin, or to those of another router.
    """

    async def __call__(
        self, user: str = "", *, router: RealtimeRouter | None = ..., **options: Any
    ) -> Client: ...


def every_view() -> RealtimeRouter:
    router = RealtimeRouter()
    router.register_all(EVERY_VIEW)
    return router


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    every = every_view()
    async with AsyncExitStack() as stack:

        async def opened(
            user: str = "",
            *,
            router: RealtimeRouter | None = None,
            headers: dict[str, str] | None = None,
            **scope: Any,
        ) -> Client:
            cookie = {"cookie": await sync_to_async(session_cookie)(user)} if user else {}
            application = AuthMiddlewareStack((router or every).as_consumer().as_asgi())
            client = Client(application, headers={**cookie, **(headers or {})}, **scope)
            assert await client.open(), client.close_code
            stack.push_async_callback(client.close)
            return client

        yield opened
