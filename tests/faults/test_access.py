"""Access that ends while somebody is subscribed in another process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from rest_framework.authtoken.models import Token

from drf_live_graphql.exceptions import ENDED_MESSAGE
from tests import servers
from tests.faults.conftest import Client
from tests.oracle.client import HeldRow, subscribe
from tests.oracle.rest import Visitor
from tests.oracle.targets import TARGETS
from tests.oracle.wire import ServerWire, Socket

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.processes import CommandWriter
    from tests.servers import AsgiServer

ENDED = [{"message": ENDED_MESSAGE, "extensions": {"code": "NOT_AUTHENTICATED"}}]


async def test_a_view_that_refuses_ends_the_operation_and_no_other(
    writer: CommandWriter, client: Callable[..., Any]
) -> None:
    root, grace = await client("root", is_staff=True), await client("grace", is_staff=True)
    hers, his = await grace.watch("announcements"), await root.watch("announcements")
    vehicles = await root.watch("vehicles")
    first = await writer.work("Announcement", values={"text": "for staff"})
    await root.agrees(his)
    await writer.work("auth.User", pk=root.visitor.user.pk, values={"is_staff": False})
    await writer.work("Announcement", pk=first["pk"], values={"text": "secret"})
    await his.operation.until(lambda: his.operation.ended)
    assert his.operation.errors[0]["extensions"]["code"] == "PERMISSION_DENIED"
    assert "secret" not in str(his.operation.payloads)
    await grace.agrees(hers)
    await writer.work("Vehicle", values={"name": "Tug"})
    await root.agrees(vehicles)


async def test_a_row_moved_out_of_sight_is_deleted(
    writer: CommandWriter, client: Callable[..., Any]
) -> None:
    ada, grace = await client("ada"), await client("grace")
    of_ada, of_grace = await ada.watch("notes"), await grace.watch("notes")
    note = await writer.work("Note", values={"owner_id": ada.visitor.user.pk, "text": "mine"})
    await ada.agrees(of_ada)
    target = TARGETS["note"]
    one = await subscribe(ada.socket, HeldRow(target, note["pk"]))
    await one.operation.started()
    await writer.work(
        "Note", pk=note["pk"], values={"owner_id": grace.visitor.user.pk, "text": "hers"}
    )
    await ada.agrees(of_ada)
    await grace.agrees(of_grace)
    await one.operation.until(lambda: one.held.row is None)
    assert of_ada.held.rows == {}
    assert "hers" not in str([*of_ada.operation.payloads, *one.operation.payloads])


async def test_a_closed_account_is_sent_nothing_more(
    writer: CommandWriter, client: Callable[..., Any]
) -> None:
    ada, grace = await client("ada"), await client("grace")
    notes, vehicles = await ada.watch("notes"), await grace.watch("vehicles")
    note = await writer.work("Note", values={"owner_id": ada.visitor.user.pk, "text": "mine"})
    await ada.agrees(notes)
    await writer.work("auth.User", pk=ada.visitor.user.pk, values={"is_active": False})
    await writer.work("Note", pk=note["pk"], values={"text": "secret"})
    await notes.operation.until(lambda: notes.operation.ended)
    assert notes.operation.errors == ENDED
    assert "secret" not in str(notes.operation.payloads)
    await writer.work("Vehicle", values={"name": "Tug"})
    await grace.agrees(vehicles)


# Nothing is written but what ends the access, by this process, which publishes nothing.


@pytest.fixture
def watchful(asgi_server: Callable[..., AsgiServer], layer: dict[str, str]) -> AsgiServer:
    """A server that asks for everybody's access anew, often."""
    return asgi_server(**layer, TEST_AUTH_MAX_AGE="0.3")


async def _closed(socket: Socket) -> int | None:
    async with asyncio.timeout(30):
        await socket.closed.wait()
    return socket.close_code


async def _visitor(name: str) -> Visitor:
    user = await get_user_model().objects.acreate(username=name)
    return await sync_to_async(Visitor)(user)


def _delete_session(visitor: Visitor) -> None:
    Session.objects.get(session_key=visitor.cookie.removeprefix("sessionid=")).delete()


def _deactivate(visitor: Visitor) -> None:
    get_user_model().objects.filter(pk=visitor.user.pk).update(is_active=False)


@pytest.mark.parametrize("end", [_delete_session, _deactivate])
async def test_a_session_that_ends_closes_its_connections(
    live_db: None, watchful: AsgiServer, end: Callable[[Visitor], None]
) -> None:
    ada, ben = Client(await _visitor("ada"), watchful), Client(await _visitor("ben"), watchful)
    for client in (ada, ben):
        await client.socket.open()
    watched = [await ada.watch("notes"), await ada.watch("vehicles")]
    await ben.watch("notes")
    await sync_to_async(end)(ada.visitor)
    assert await _closed(ada.socket) == 4403
    for subscribed in watched:
        assert subscribed.operation.errors == ENDED
        assert len(subscribed.operation.payloads) == 1
    assert ben.socket.close_code is None
    await ben.socket.close()


async def test_a_token_that_is_revoked_closes_its_connections(
    live_db: None, watchful: AsgiServer
) -> None:
    user = await get_user_model().objects.acreate(username="robot")
    token = await Token.objects.acreate(user=user)
    socket = Socket(ServerWire(watchful.ws))
    await socket.open({"Authorization": f"Token {token.key}"})
    readings = await socket.subscribe("subscription { readings { snapshot { count } } }")
    await readings.started()
    assert readings.errors is None
    await token.adelete()
    assert await _closed(socket) == 4403
    assert readings.errors == ENDED


async def test_disconnect_reaches_every_process_at_once(
    live_db: None, asgi_server: Callable[..., AsgiServer], layer: dict[str, str]
) -> None:
    """Three processes: two that serve the user's sockets, and a command that ends them."""
    visitor, other = await _visitor("ada"), await _visitor("ben")
    clients = [Client(visitor, asgi_server(**layer)) for _ in range(2)]
    idle = Client(visitor, asgi_server(**layer))
    stays = Client(other, asgi_server(**layer))
    for client in (*clients, idle, stays):
        await client.socket.open()
    watched = [await client.watch("vehicles") for client in (*clients, stays)]
    code = f"from tests.project.live import live;live.disconnect(user={visitor.user.pk})"
    process = servers.django_process("shell", "--no-imports", "--command", code, **layer)
    await asyncio.to_thread(process.communicate)
    assert process.returncode == 0
    assert [await _closed(client.socket) for client in clients] == [4403, 4403]
    assert [one.operation.errors for one in watched] == [ENDED, ENDED, None]
    assert stays.socket.close_code is None
    await stays.socket.close()
    await idle.socket.close()
