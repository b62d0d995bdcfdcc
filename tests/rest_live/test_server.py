"""The protocol on real servers, with a real client, and writes by the REST API."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.servers import AsgiServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.asyncio.client import ClientConnection

APPLICATION = "tests.rest_live.app:application"
# Seconds; a server that starts on a busy machine takes some.
PATIENCE = 60

pytestmark = pytest.mark.usefixtures("live_db")


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def server(request: pytest.FixtureRequest, django_db_setup: None) -> Iterator[AsgiServer]:
    with AsgiServer(APPLICATION, program=request.param) as server:
        yield server


def _connect(server: AsgiServer, path: str) -> connect:
    return connect(f"{server.ws}/{path}/", proxy=None, open_timeout=PATIENCE)


async def _receive(socket: ClientConnection) -> Any:
    async with asyncio.timeout(PATIENCE):
        return json.loads(await socket.recv())


async def _about(socket: ClientConnection, key: object) -> Any:
    """The next frame that tells of one row."""
    frame = await _receive(socket)
    while frame["instance"]["id"] != key:
        frame = await _receive(socket)
    return frame


async def test_what_is_written_by_rest_is_broadcast(server: AsgiServer) -> None:
    async with _connect(server, "ws") as socket, httpx.AsyncClient(timeout=PATIENCE) as rest:
        subscription = {"type": "subscribe", "model": "project.Fence", "action": "list"}
        await socket.send(json.dumps({**subscription, "id": 1}))
        told = asyncio.create_task(_receive(socket))
        while not told.done():
            # Nothing says that it is in effect, but that something is told.
            await rest.post(f"{server.http}/api/fences/", json={"number": 0})
            await asyncio.wait({told}, timeout=0.1)
        row = (await rest.post(f"{server.http}/api/fences/", json={"number": 1})).json()
        shown = {"id": 1, "type": "broadcast", "model": "project.Fence"}
        assert await _about(socket, row["id"]) == {**shown, "action": "CREATED", "instance": row}
        await rest.delete(f"{server.http}/api/fences/{row['id']}/")
        gone = {"pk": row["id"], "id": row["id"]}
        assert await _about(socket, row["id"]) == {**shown, "action": "DELETED", "instance": gone}
        await socket.send(json.dumps({"type": "unsubscribe", "id": 1}))
        await socket.send(json.dumps({"type": "unsubscribe", "id": 1}))
        assert (await _receive(socket))["code"] == 404


async def test_an_anonymous_connection_to_a_private_router_is_refused(server: AsgiServer) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with _connect(server, "private"):
            pass
    assert refusal.value.response.status_code == 403


async def test_a_frame_over_the_limit_ends_the_socket(server: AsgiServer) -> None:
    async with _connect(server, "ws") as socket:
        await socket.send("x" * (128 * 1024 + 1))
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ConnectionClosed):
                await socket.recv()
        assert socket.close_code == 4400
