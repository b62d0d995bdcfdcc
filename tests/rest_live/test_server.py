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
PATIENCE = 10

pytestmark = pytest.mark.usefixtures("live_db")


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def server(request: pytest.FixtureRequest, django_db_setup: None) -> Iterator[AsgiServer]:
    with AsgiServer(APPLICATION, program=request.param) as server:
        yield server


async def _receive(socket: ClientConnection) -> Any:
    async with asyncio.timeout(PATIENCE):
        return json.loads(await socket.recv())


async def test_what_is_written_by_rest_is_broadcast(server: AsgiServer) -> None:
    async with connect(f"{server.ws}/ws/", proxy=None) as socket, httpx.AsyncClient() as rest:
        subscription = {"type": "subscribe", "model": "project.Fence", "action": "list"}
        await socket.send(json.dumps({**subscription, "id": 1}))
        frame: Any = None
        while frame is None:
            # It is silent once it is in effect: it is when something is told.
            row = (await rest.post(f"{server.http}/api/fences/", json={"number": 1})).json()
            try:
                async with asyncio.timeout(0.2):
                    frame = json.loads(await socket.recv())
            except TimeoutError:
                continue
        assert frame["instance"] == row
        assert (frame["id"], frame["action"]) == (1, "CREATED")
        await rest.delete(f"{server.http}/api/fences/{row['id']}/")
        frame = await _receive(socket)
        assert frame["action"] == "DELETED"
        assert frame["instance"] == {"pk": row["id"], "id": row["id"]}
        await socket.send(json.dumps({"type": "unsubscribe", "id": 1}))
        await socket.send(json.dumps({"type": "unsubscribe", "id": 1}))
        assert (await _receive(socket))["code"] == 404


async def test_an_anonymous_connection_to_a_private_router_is_refused(server: AsgiServer) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(f"{server.ws}/private/", proxy=None):
            pass
    assert refusal.value.response.status_code == 403


async def test_a_frame_over_the_limit_ends_the_socket(server: AsgiServer) -> None:
    async with connect(f"{server.ws}/ws/", proxy=None) as socket:
        await socket.send("x" * (128 * 1024 + 1))
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ConnectionClosed):
                await socket.recv()
        assert socket.close_code == 4400
