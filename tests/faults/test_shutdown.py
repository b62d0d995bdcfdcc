"""A server that is stopped while clients are subscribed and others write, and the next one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model

from tests.faults.conftest import Client
from tests.oracle.rest import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.processes import CommandWriter
    from tests.servers import AsgiServer

CLIENTS = 10
# Seconds between two rows.
PACE = 0.02


@pytest.mark.parametrize(("program", "code"), [("uvicorn", 1012), ("daphne", 1006)])
async def test_clients_are_told_to_come_back_and_find_everything(
    live_db: None,
    asgi_server: Callable[..., AsgiServer],
    layer: dict[str, str],
    writer: CommandWriter,
    program: str,
    code: int,
) -> None:
    """The codes are those after which graphql-ws connects again by itself."""
    user = await get_user_model().objects.acreate(username="ada")
    visitor = await sync_to_async(Visitor)(user)
    first = asgi_server(**layer, program=program)
    clients = [Client(visitor, first) for _ in range(CLIENTS)]
    for client in clients:
        await client.socket.open()
    watched = [await client.watch("vehicles") for client in clients]
    enough = asyncio.Event()
    load = asyncio.create_task(_write(writer, enough))
    await asyncio.gather(
        *(one.operation.until(lambda one=one: len(one.operation.payloads) > 3) for one in watched)  # type: ignore[misc]
    )
    first.process.terminate()
    async with asyncio.timeout(30):
        for client in clients:
            await client.socket.closed.wait()
        await asyncio.to_thread(first.process.wait)
    assert {client.socket.close_code for client in clients} == {code}
    for one in watched:
        assert one.operation.errors is None

    second = Client(visitor, asgi_server(**layer, program=program))
    await second.socket.open()
    again = await second.watch("vehicles")
    enough.set()
    written = await load
    await second.agrees(again)
    assert len(again.held.rows) == written
    await second.socket.close()


async def _write(writer: CommandWriter, enough: asyncio.Event) -> int:
    """Write until it is enough; the number of rows."""
    number = 0
    while not enough.is_set():
        await writer.work("Vehicle", values={"name": f"Tug {number}"})
        number += 1
        # So that there are not thousands for a server that is slow to start on a loaded machine.
        await asyncio.sleep(PACE)
    return number
