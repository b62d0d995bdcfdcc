"""A client that comes back, also to another process."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from websockets.exceptions import ConnectionClosed

from tests.faults.conftest import Client
from tests.faults.processes import CommandWriter
from tests.oracle.client import Held, HeldList, HeldRow, Subscribed, subscribe
from tests.oracle.rest import Visitor
from tests.oracle.targets import TARGETS, Query
from tests.oracle.wire import ServerWire, Socket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests import servers

ROW = {"name": "Tug", "in_service": True}


@pytest.fixture
def other(
    asgi_server: Callable[..., servers.AsgiServer], layer: dict[str, str]
) -> servers.AsgiServer:
    """A second process beside the reader."""
    return asgi_server(**layer)


def cursor_of(subscribed: Subscribed) -> str:
    cursor: str = subscribed.operation.payloads[-1]["extensions"]["live"]["cursor"]
    return cursor


HOST = "live.example"
"""Both processes go by one name, as they do behind a proxy."""


class Traveller(Client):
    """One user who goes from process to process, and keeps what was held."""

    def __init__(self, visitor: Visitor, server: servers.AsgiServer) -> None:
        super().__init__(visitor, server)
        self.sockets: list[Socket] = []

    async def connect(self, server: servers.AsgiServer) -> None:
        self.wire = ServerWire(server.ws, cookie=self.visitor.cookie, host=HOST)
        self.socket = Socket(self.wire)
        await self.socket.open()
        self.sockets.append(self.socket)

    async def resume(self, subscribed: Subscribed, server: servers.AsgiServer) -> Subscribed:
        """Go on with what is held, on a new socket to ``server``."""
        await self.connect(server)
        held, after = subscribed.held, cursor_of(subscribed)
        operation = await self.socket.subscribe(held.document, held.apply, live={"after": after})
        return Subscribed(held, operation)


@pytest.fixture
async def traveller(live_db: None, reader: servers.AsgiServer) -> AsyncIterator[Any]:
    travellers: list[Traveller] = []

    async def login(name: str) -> Traveller:
        user = await sync_to_async(get_user_model().objects.create)(username=name)
        one = Traveller(await sync_to_async(Visitor)(user), reader)
        travellers.append(one)
        await one.connect(reader)
        return one

    yield login
    for one in travellers:
        for socket in one.sockets:
            with suppress(ConnectionClosed):  # By the server's death.
                await socket.close()


def changes(subscribed: Subscribed) -> list[Any]:
    return [
        payload["data"][subscribed.held.target.root] for payload in subscribed.operation.payloads
    ]


async def test_exactly_what_was_missed_at_another_process(
    writer: CommandWriter, traveller: Callable[..., Any], other: servers.AsgiServer
) -> None:
    ada = await traveller("ada")
    vehicles = await ada.watch("vehicles")
    kept = await writer.work("Vehicle", values=ROW)
    changed = await writer.work("Vehicle", values=ROW)
    await ada.agrees(vehicles)
    await ada.socket.close()
    await writer.work("Vehicle", pk=changed["pk"], values={"name": "Renamed"})
    new = await writer.work("Vehicle", values=ROW)
    again = await ada.resume(vehicles, other)
    await ada.agrees(again)
    (told,) = changes(again)
    assert told["snapshot"] is None
    assert [row["id"] for row in told["created"]] == [new["pk"]]
    assert [row["id"] for row in told["updated"]] == [changed["pk"]]
    assert told["deleted"] == []
    await writer.work("Vehicle", pk=kept["pk"], values={"name": "After"})
    await ada.agrees(again)
    assert [row["id"] for row in changes(again)[1]["updated"]] == [kept["pk"]]


async def test_nothing_was_missed_at_another_process(
    writer: CommandWriter, traveller: Callable[..., Any], other: servers.AsgiServer
) -> None:
    ada = await traveller("ada")
    vehicles = await ada.watch("vehicles")
    await writer.work("Vehicle", values=ROW)
    await ada.agrees(vehicles)
    await ada.socket.close()
    again = await ada.resume(vehicles, other)
    fence = await again_is_up(again, ada, writer)
    assert [row["id"] for row in changes(again)[0]["created"]] == [fence]
    assert changes(again)[0]["snapshot"] is None


async def again_is_up(again: Subscribed, client: Any, writer: CommandWriter) -> str:
    """Write until the change is heard of: a subscription without a payload has no other sign."""
    written = await writer.work("Vehicle", values=ROW)
    await client.agrees(again)
    pk: str = written["pk"]
    return pk


async def test_others_are_connected_to_both(
    writer: CommandWriter, traveller: Callable[..., Any], other: servers.AsgiServer
) -> None:
    """Both processes have the list already, and rounds go on in both."""
    ada = await traveller("ada")
    ben = await traveller("ben")
    vehicles, stays = await ada.watch("vehicles"), await ben.watch("vehicles")
    there = Socket(ServerWire(other.ws, cookie=ben.visitor.cookie, host=HOST))
    await there.open()
    elsewhere = await subscribe(there, HeldList(TARGETS["vehicles"], Query(), "full"))
    await elsewhere.operation.started()
    await writer.work("Vehicle", values=ROW)
    await ada.agrees(vehicles)
    await ada.socket.close()
    new = [await writer.work("Vehicle", values=ROW) for _ in range(3)]
    await ben.agrees(stays)
    await ben.agrees(elsewhere)
    again = await ada.resume(vehicles, other)
    await ada.agrees(again)
    (told,) = changes(again)
    assert told["snapshot"] is None
    assert [row["id"] for row in told["created"]] == [row["pk"] for row in new]
    await there.close()


async def test_a_single_row_at_another_process(
    writer: CommandWriter, traveller: Callable[..., Any], other: servers.AsgiServer
) -> None:
    ada = await traveller("ada")
    note = await writer.work("Note", values={"owner_id": ada.visitor.user.pk, "text": "mine"})
    held: Held = HeldRow(TARGETS["note"], note["pk"])
    one = await subscribe(ada.socket, held)
    await one.operation.started()
    await ada.socket.close()
    await writer.work("Note", pk=note["pk"], values={"text": "changed"})
    again = await ada.resume(one, other)
    await again.operation.started()
    assert changes(again)[0]["action"] == "UPDATED"
    assert held.row is not None
    assert held.row["text"] == "changed"


async def test_a_process_that_was_killed_is_followed_by_a_snapshot(
    reader: servers.AsgiServer,
    writer: CommandWriter,
    traveller: Callable[..., Any],
    other: servers.AsgiServer,
) -> None:
    ada = await traveller("ada")
    vehicles = await ada.watch("vehicles")
    await writer.work("Vehicle", values=ROW)
    await ada.agrees(vehicles)
    reader.process.kill()
    await sync_to_async(reader.process.wait)()
    await writer.work("Vehicle", values=ROW)
    again = await ada.resume(vehicles, other)
    await ada.agrees(again)
    assert len(changes(again)[0]["snapshot"]) == 2


@pytest.mark.parametrize("layer", ["pubsub"], indirect=True)
async def test_with_a_journal_a_process_that_was_killed_is_followed_by_what_was_missed(
    asgi_server: Callable[..., servers.AsgiServer], layer: dict[str, str], live_db: None
) -> None:
    """All of the processes were, so that nobody is left who remembers."""
    journaled = {**layer, "TEST_JOURNAL": "1"}
    reader = asgi_server(**journaled)
    ada = Traveller(await sync_to_async(Visitor)(await user("ada")), reader)
    await ada.connect(reader)
    vehicles = await ada.watch("vehicles")
    with CommandWriter(journaled) as writer:
        gone, changed = [await writer.work("Vehicle", values=ROW) for _ in range(2)]
        await ada.agrees(vehicles)
        reader.kill()
        await vehicles.operation.until(lambda: vehicles.operation.ended)
        await writer.work("Vehicle", pk=changed["pk"], values={"name": "Renamed"})
        await writer.work("Vehicle", pk=gone["pk"], values={"in_service": False})
        new = await writer.work("Vehicle", values=ROW)
        reader.start()
        again = await ada.resume(vehicles, reader)
        await ada.agrees(again)
        told = changes(again)[0]
        assert told["snapshot"] is None
        assert [row["id"] for row in told["created"]] == [new["pk"]]
        assert changed["pk"] in [row["id"] for row in told["updated"]]
        await writer.work("Vehicle", values=ROW)
        await ada.agrees(again)
    await ada.socket.close()


async def user(name: str) -> Any:
    return await sync_to_async(get_user_model().objects.create)(username=name)


async def test_the_cursor_of_another_user_at_another_process(
    writer: CommandWriter, traveller: Callable[..., Any], other: servers.AsgiServer
) -> None:
    ada = await traveller("ada")
    ben = await traveller("ben")
    notes = await ada.watch("notes")
    await writer.work("Note", values={"owner_id": ada.visitor.user.pk, "text": "hers"})
    await ada.agrees(notes)
    await ada.socket.close()
    await writer.work("Note", values={"owner_id": ada.visitor.user.pk, "text": "hers too"})
    his = Subscribed(HeldList(TARGETS["notes"], Query(), "full"), notes.operation)
    again = await ben.resume(his, other)
    await again.operation.started()
    assert changes(again)[0]["snapshot"]["results"] == []
    assert "hers" not in str(again.operation.payloads)
    await ben.agrees(again)
