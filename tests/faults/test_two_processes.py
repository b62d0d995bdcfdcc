"""A write in one process reaches a socket in another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.faults.processes import CommandWriter, WsgiWriter

if TYPE_CHECKING:
    from collections.abc import Callable

ROW = {"name": "Tug", "in_service": True}


async def test_a_management_command_writes(
    writer: CommandWriter, client: Callable[..., Any]
) -> None:
    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    written = await writer.work("Vehicle", values=ROW)
    await ada.agrees(vehicles)
    assert [row["id"] for row in vehicles.held.rows.values()] == [written["pk"]]


async def test_a_child_of_a_multi_table_parent_reaches_both(
    writer: CommandWriter, client: Callable[..., Any]
) -> None:
    ada = await client("ada")
    vehicles, trucks = await ada.watch("vehicles"), await ada.watch("trucks")
    await writer.work("Truck", values={**ROW, "load": 7})
    await ada.agrees(vehicles)
    await ada.agrees(trucks)


async def test_a_wsgi_process_writes(layer: dict[str, str], client: Callable[..., Any]) -> None:
    ada, grace = await client("ada"), await client("grace")
    of_ada, of_grace = await ada.watch("notes"), await grace.watch("notes")
    with WsgiWriter(layer) as server:
        for number in range(3):
            await server.post("notes/", ada.visitor.cookie, {"text": f"note {number}"})
        await server.post("notes/", grace.visitor.cookie, {"text": "her own"})
        # Before the server goes: one that is killed takes with it what it did not publish yet.
        await ada.agrees(of_ada)
        await grace.agrees(of_grace)
    assert [row["text"] for row in of_grace.held.rows.values()] == ["her own"]


async def test_a_rollback_in_the_other_process_sends_nothing(
    writer: CommandWriter, client: Callable[..., Any]
) -> None:
    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    await writer.work("Vehicle", values=ROW, roll_back=True)
    await writer.work("Vehicle", values=ROW)
    await ada.agrees(vehicles)
    # The first payload was the snapshot; messages of one writer arrive in their order.
    assert len(vehicles.operation.payloads) == 2


async def test_a_reader_joins_late(writer: CommandWriter, client: Callable[..., Any]) -> None:
    """What was written before anybody was subscribed is in the snapshot, once."""
    await writer.work("Vehicle", values=ROW, times=3)
    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    await writer.work("Vehicle", values=ROW)
    await ada.agrees(vehicles)
    assert len(vehicles.held.rows) == 4
