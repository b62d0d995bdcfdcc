"""`live.disconnect(user=...)`: the connections of one user end, in this process and for good."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from rest_framework.authtoken.models import Token

from drf_live_graphql import LiveRouter
from drf_live_graphql.changes import group_of, publisher
from drf_live_graphql.changes.control import CONTROL
from drf_live_graphql.exceptions import ENDED_MESSAGE, LiveError
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.testing import settled
from tests.project import models
from tests.project.live import live

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect
    from tests.oracle.wire import Operation, Socket

pytestmark = pytest.mark.usefixtures("live_db")

NOTES = "subscription { notes { snapshot { count } } }"
FENCES = "subscription { fences { snapshot { id } created { id } } }"
READINGS = "subscription { readings { snapshot { count } } }"
ENDED = [{"message": ENDED_MESSAGE, "extensions": {"code": "NOT_AUTHENTICATED"}}]


async def _started(socket: Socket, document: str) -> Operation:
    operation = await socket.subscribe(document)
    await operation.started()
    assert operation.errors is None, operation.errors
    return operation


async def _user(name: str) -> Any:
    return await get_user_model().objects.aget(username=name)


async def _closed(socket: Socket) -> int | None:
    """The code with which the server closes the socket."""
    async with asyncio.timeout(10):
        await socket.closed.wait()
    return socket.close_code


@pytest.mark.parametrize("by", ["user", "pk", "text"])
async def test_every_connection_of_the_user_is_closed_and_no_other(
    connect: Connect, by: str, channel_layer: str
) -> None:
    sockets = [await connect("ada"), await connect("ada"), await connect("ben"), await connect()]
    notes, fences = await _started(sockets[0], NOTES), await _started(sockets[0], FENCES)
    others = [await _started(socket, FENCES) for socket in sockets[2:]]
    user = await _user("ada")
    await settled()
    await sync_to_async(live.disconnect)(
        user={"user": user, "pk": user.pk, "text": str(user.pk)}[by]
    )
    await settled()
    # The second has nothing open.
    assert [await _closed(socket) for socket in sockets[:2]] == [4403, 4403]
    assert notes.errors == fences.errors == ENDED
    await models.Fence.objects.acreate()
    await settled()
    assert [len(operation.payloads) for operation in (notes, fences, *others)] == [1, 1, 2, 2]
    assert [socket.close_code for socket in sockets[2:]] == [None, None]


async def test_a_user_whom_the_views_own_authentication_found(connect: Connect) -> None:
    user = await get_user_model().objects.acreate(username="ada")
    token = await Token.objects.acreate(user=user)
    socket = await connect(Authorization=f"Token {token.key}")
    fences, readings = await _started(socket, FENCES), await _started(socket, READINGS)
    live.disconnect(user=user)
    await settled()
    assert await _closed(socket) == 4403
    assert fences.errors == readings.errors == ENDED


async def test_a_query_that_is_under_way_ends_as_well(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    from drf_live_graphql.live import resolvers

    socket = await connect("ada")
    await settled()
    begun = asyncio.Event()

    async def never(*_: Any) -> Any:
        begun.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(resolvers.executor, "run", never)
        query = await socket.subscribe("{ notes { count } }")
        await begun.wait()
    live.disconnect(user=await _user("ada"))
    await settled()
    assert await _closed(socket) == 4403
    assert query.errors == ENDED


async def test_a_message_that_was_on_its_way_starts_nothing(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect("ada")
    await settled()
    (handler,) = get_hub().lines
    started: list[object] = []
    monkeypatch.setattr(handler, "_start", lambda *message: started.append(message))
    handler.disconnect(AssertionError())  # type: ignore[arg-type]  # Nothing is open to tell it.
    await socket.subscribe("{ __typename }")
    assert await _closed(socket) == 4403
    await socket.close()
    assert started == []


async def test_a_stream_ends_with_the_error() -> None:
    request = RequestFactory().get("/graphql/")
    request.user = await get_user_model().objects.acreate(username="ada")
    stream = await live.schema.subscribe(FENCES, context_value={"request": request})
    assert (await anext(stream)).data == {"fences": {"snapshot": [], "created": []}}
    # A row that waits to be taken is not told any more.
    await models.Fence.objects.acreate()
    await settled()
    live.disconnect(user=request.user)
    await settled()
    result = await anext(stream)
    assert [error.formatted["extensions"] for error in result.errors] == [
        {"code": "NOT_AUTHENTICATED"}
    ]
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert get_hub().queries == ()
    assert not get_hub().lines
    await settled()


async def test_without_anybody_connected_no_group_is_joined(connect: Connect) -> None:
    layer: Any = get_channel_layer()
    socket = await connect("ada")
    await settled()
    channel = get_hub()._ear._channel
    assert channel in layer.groups[group_of(CONTROL)]
    await socket.close()
    await settled()
    assert channel not in layer.groups.get(group_of(CONTROL), ())


async def test_an_order_that_was_missed_has_everybody_asked(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect("ada")
    await _started(socket, NOTES)
    user = await _user("ada")
    live.disconnect(user=0)  # So that this process is known as a publisher of orders.
    await settled()
    layer = get_channel_layer()

    async def swallow(group: str, message: dict[str, Any]) -> None:
        return None

    with monkeypatch.context() as patch:
        patch.setattr(layer, "group_send", swallow)
        live.disconnect(user=user)
        await asyncio.to_thread(publisher.flush, 30)
    assert socket.close_code is None
    await get_user_model().objects.filter(pk=user.pk).aupdate(is_active=False)
    live.disconnect(user=0)
    await settled()
    assert await _closed(socket) == 4403


async def test_a_layer_that_is_down_delays_the_order_and_raises_nothing(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect("ada")
    await _started(socket, NOTES)
    layer: Any = get_channel_layer()
    send, failed = layer.group_send, asyncio.Event()

    async def fail(group: str, message: dict[str, Any]) -> None:
        if failed.is_set():
            await send(group, message)
        failed.set()
        raise ConnectionError("the layer is down")

    with monkeypatch.context() as patch:
        patch.setattr(layer, "group_send", fail)
        live.disconnect(user=await _user("ada"))
        await failed.wait()
    await settled()
    assert await _closed(socket) == 4403


async def test_a_connection_made_while_the_layer_is_down_is_known_later(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"HUB_PING": 0.02}
    layer: Any = get_channel_layer()
    tried = asyncio.Event()

    async def fail() -> str:
        tried.set()
        raise ConnectionError("the layer is down")

    with monkeypatch.context() as patch:
        patch.setattr(layer, "new_channel", fail)
        sockets = [await connect("ada"), await connect("ada")]
        await tried.wait()
    # Waits for as long as there is a doubt.
    await settled()
    assert CONTROL in get_hub()._ear.joined
    live.disconnect(user=await _user("ada"))
    await settled()
    assert [await _closed(socket) for socket in sockets] == [4403, 4403]


def test_without_a_channel_layer_nothing_is_raised(settings: SettingsWrapper) -> None:
    settings.CHANNEL_LAYERS = {}
    LiveRouter().disconnect(user=7)


@pytest.mark.parametrize("user", [None, AnonymousUser(), get_user_model()(username="unsaved")])
def test_nobody_is_no_user(user: object) -> None:
    with pytest.raises(LiveError, match=r"expected a user that is saved.* came"):
        live.disconnect(user=user)


async def test_a_reader_that_does_not_read_is_closed_all_the_same(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    from drf_live_graphql.transport import handler as module

    monkeypatch.setattr(module, "GRACE", 0.01)
    socket = await connect("ada")
    fences = await _started(socket, FENCES)
    (handler,) = get_hub().lines
    stuck = asyncio.Event()

    async def send(message: object) -> None:
        stuck.set()
        await asyncio.Event().wait()

    handler._outbox._send = send  # type: ignore[attr-defined]
    await models.Fence.objects.acreate()
    await stuck.wait()
    live.disconnect(user=await _user("ada"))
    await settled()
    assert await _closed(socket) == 4403
    assert len(fences.payloads) == 1
