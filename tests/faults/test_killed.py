"""Processes that are stopped or killed, and what that leaves to the others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.processes import CommandWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers import AsgiServer, RedisServer

ROW = {"name": "Tug", "in_service": True}


async def test_the_reader_stands_still_while_more_is_written_than_a_layer_holds(
    reader: AsgiServer, writer: CommandWriter, client: Callable[..., Any]
) -> None:
    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    row = await writer.work("Vehicle", values=ROW)
    await ada.agrees(vehicles)
    reader.freeze()
    try:
        await writer.work("Vehicle", pk=row["pk"], values={"name": "Renamed {n}"}, times=200)
        await writer.work("Vehicle", values=ROW)
        await writer.end()  # So that nobody repeats what was dropped.
    finally:
        reader.thaw()
    await ada.agrees(vehicles)
    assert ada.socket.close_code is None


@pytest.mark.parametrize("layer", ["pubsub"], indirect=True)
async def test_the_reader_is_killed_and_another_takes_its_place(
    reader: AsgiServer, writer: CommandWriter, client: Callable[..., Any]
) -> None:
    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    await writer.work("Vehicle", values=ROW)
    await ada.agrees(vehicles)
    reader.kill()
    await vehicles.operation.until(lambda: vehicles.operation.ended)
    assert ada.socket.close_code == 1006  # To which every client comes back.
    await writer.work("Vehicle", values=ROW)
    reader.start()
    again = await client("ada again")
    vehicles = await again.watch("vehicles")
    await again.agrees(vehicles)
    assert len(vehicles.held.rows) == 2
    await writer.work("Vehicle", values=ROW)
    await again.agrees(vehicles)


@pytest.mark.parametrize("layer", ["pubsub"], indirect=True)
async def test_a_writer_killed_before_its_message_went_out_takes_it_along_and_nothing_else(
    redis_server: RedisServer, layer: dict[str, str], client: Callable[..., Any]
) -> None:
    """The one loss that nobody can notice: what is promised is that the row's next change heals."""
    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    with CommandWriter(layer) as doomed:
        lost = await doomed.work("Vehicle", values=ROW)
        await ada.agrees(vehicles)
        redis_server.freeze()
        try:
            await doomed.work("Vehicle", pk=lost["pk"], values={"name": "Never told"})
            doomed.kill()
        finally:
            redis_server.thaw()
    with CommandWriter(layer) as writer:
        other = await writer.work("Vehicle", values=ROW)
        await vehicles.operation.until(lambda: other["pk"] in vehicles.held.rows)
        assert set(vehicles.held.rows) == {lost["pk"], other["pk"]}
        await writer.work("Vehicle", pk=lost["pk"], values={"in_service": False})
        await ada.agrees(vehicles)
    assert vehicles.held.rows[lost["pk"]]["name"] == "Never told"


@pytest.mark.parametrize("layer", ["pubsub"], indirect=True)
async def test_with_a_journal_a_writer_killed_before_its_message_went_out_loses_nothing(
    redis_server: RedisServer, layer: dict[str, str], journaled_client: Callable[..., Any]
) -> None:
    ada = await journaled_client("ada")
    vehicles = await ada.watch("vehicles")
    with CommandWriter({**layer, "TEST_JOURNAL": "1"}) as doomed:
        row = await doomed.work("Vehicle", values=ROW)
        await ada.agrees(vehicles)
        redis_server.freeze()
        try:
            await doomed.work("Vehicle", pk=row["pk"], values={"name": "Told all the same"})
            doomed.kill()
            # Though no layer is there to call.
            await ada.agrees(vehicles)
        finally:
            redis_server.thaw()
    assert vehicles.held.rows[row["pk"]]["name"] == "Told all the same"
    assert all(p["data"]["vehicles"]["snapshot"] is None for p in vehicles.operation.payloads[1:])


@pytest.mark.parametrize("layer", ["pubsub", "core"], indirect=True)
async def test_with_a_journal_a_redis_that_is_gone_holds_nothing_up(
    redis_server: RedisServer, layer: dict[str, str], journaled_client: Callable[..., Any]
) -> None:
    ada = await journaled_client("ada")
    vehicles = await ada.watch("vehicles")
    with CommandWriter({**layer, "TEST_JOURNAL": "1"}) as writer:
        redis_server.kill()
        for _ in range(3):
            await writer.work("Vehicle", values=ROW)
            await ada.agrees(vehicles)
        redis_server.start()
        await writer.work("Vehicle", values=ROW)
        await ada.agrees(vehicles)
    assert len(vehicles.held.rows) == 4
    assert all(p["data"]["vehicles"]["snapshot"] is None for p in vehicles.operation.payloads[1:])


@pytest.mark.parametrize("layer", ["pubsub"], indirect=True)
async def test_a_writer_killed_before_its_commit_told_nobody_anything(
    layer: dict[str, str], writer: CommandWriter, client: Callable[..., Any]
) -> None:
    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    with CommandWriter(layer) as doomed:
        await doomed.work("Vehicle", values=ROW, stay=True)
        doomed.kill()
    # What the killed one held in the database is let go once it is noticed to be gone.
    await asyncio.wait_for(writer.work("Vehicle", values=ROW), 30)
    await ada.agrees(vehicles)
    assert len(vehicles.operation.payloads) == 2
    assert len(vehicles.held.rows) == 1
