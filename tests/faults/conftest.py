"""A reader on Redis, a writer beside it, and a client that is subscribed."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model

from tests.faults.processes import CommandWriter, layer_environment
from tests.oracle.client import Held, HeldList, Subscribed, subscribe
from tests.oracle.rest import Visitor
from tests.oracle.targets import TARGETS, Query
from tests.oracle.wire import PATIENCE, ServerWire, Socket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from tests import servers
    from tests.oracle.rest import View


@pytest.fixture(params=["pubsub", "core"])
def layer(request: pytest.FixtureRequest, redis_server: servers.RedisServer) -> dict[str, str]:
    """The environment that puts a process on one of the two Redis layers."""
    return layer_environment(redis_server, request.param)


@pytest.fixture
def reader(
    asgi_server: Callable[..., servers.AsgiServer], layer: dict[str, str]
) -> servers.AsgiServer:
    return asgi_server(**layer)


@pytest.fixture
def writer(live_db: None, layer: dict[str, str]) -> Iterator[CommandWriter]:
    with CommandWriter(layer) as writer:
        yield writer


class Client:
    """One user with a socket to the reader, and what GET answers that user."""

    def __init__(self, visitor: Visitor, reader: servers.AsgiServer) -> None:
        self.visitor = visitor
        self.wire = ServerWire(reader.ws, cookie=visitor.cookie)
        self.socket = Socket(self.wire)

    async def watch(self, root: str) -> Subscribed:
        """Subscribe to a list, and return once its first payload is there."""
        subscribed = await subscribe(self.socket, HeldList(TARGETS[root], Query(), "full"))
        await subscribed.operation.started()
        assert subscribed.operation.errors is None, subscribed.operation.errors
        return subscribed

    async def view(self, held: Held) -> View:
        return await sync_to_async(self.visitor.view)(held)

    async def agrees(self, subscribed: Subscribed, patience: float = PATIENCE) -> None:
        """Return once the client holds what GET shows by now; fails where it never does.

        That is: not within `patience` seconds.
        """
        view = await self.view(subscribed.held)
        held = subscribed.held
        assert isinstance(held, HeldList)
        await subscribed.operation.until(lambda: held.rows == view.rows, patience)


@pytest.fixture
async def client(live_db: None, reader: servers.AsgiServer) -> AsyncIterator[Callable[..., Any]]:
    """Logs a new user in and opens a socket: `await client("ada", is_staff=True)`."""
    async with _logins(reader) as login:
        yield login


@pytest.fixture
async def journaled_client(
    asgi_server: Callable[..., servers.AsgiServer], layer: dict[str, str]
) -> AsyncIterator[Callable[..., Any]]:
    """The same, at a reader that follows the journal."""
    async with _logins(asgi_server(**layer, TEST_JOURNAL="1")) as login:
        yield login


@asynccontextmanager
async def _logins(reader: servers.AsgiServer) -> AsyncIterator[Callable[..., Any]]:
    async with AsyncExitStack() as stack:

        async def login(name: str, **values: Any) -> Client:
            user = await sync_to_async(get_user_model().objects.create)(username=name, **values)
            client = Client(await sync_to_async(Visitor)(user), reader)
            await client.socket.open()
            stack.push_async_callback(client.socket.close)
            return client

        yield login
