"""What is missed at the channel layer, how it is noticed, and how it ends right."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from channels.layers import channel_layers, get_channel_layer

from drf_live_graphql.changes import group_of, publisher
from drf_live_graphql.changes.control import CONTROL
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.testing import settled
from tests.project import models

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect
    from tests.oracle.wire import Operation

pytestmark = pytest.mark.usefixtures("live_db")

FENCES = "subscription { fences { snapshot { id } created { id } deleted } }"
LABEL = "project.fence"


def _snapshots(operation: Operation) -> list[int]:
    """How many rows each snapshot had."""
    told = [payload["data"]["fences"]["snapshot"] for payload in operation.payloads]
    return [len(snapshot) for snapshot in told if snapshot is not None]


async def _lose(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Commit changes whose messages the layer swallows."""
    layer = get_channel_layer()

    async def swallow(group: str, message: dict[str, Any]) -> None:
        return None

    with monkeypatch.context() as patch:
        patch.setattr(layer, "group_send", swallow)
        for _ in range(number):
            await models.Fence.objects.acreate()
        await asyncio.to_thread(publisher.flush, 30)


async def test_a_gap_in_the_numbers_is_followed_by_a_snapshot(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = await (await connect()).subscribe(FENCES)
    await operation.started()
    await models.Fence.objects.acreate()
    await settled()
    await _lose(monkeypatch, 2)
    await models.Fence.objects.acreate()
    await settled()
    assert _snapshots(operation) == [0, 4]


async def test_a_publisher_that_was_never_heard_may_have_been_missed(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = await (await connect()).subscribe(FENCES)
    await operation.started()
    publisher.reset()
    publisher.bind(asyncio.get_running_loop())
    await _lose(monkeypatch, 1)
    await models.Fence.objects.acreate()
    await settled()
    assert _snapshots(operation) == [0, 2]


async def test_a_layer_that_fails_and_comes_back_is_followed_by_a_snapshot(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"HUB_PING": 0.02}
    operation = await (await connect()).subscribe(FENCES)
    await operation.started()
    layer = get_channel_layer()
    failed = asyncio.Event()

    async def fail(channel: str, message: dict[str, Any]) -> None:
        failed.set()
        raise ConnectionError("the layer is down")

    with monkeypatch.context() as patch:
        patch.setattr(layer, "send", fail)
        await failed.wait()
        await _lose(monkeypatch, 1)
    await operation.until(lambda: _snapshots(operation) == [0, 1])


async def test_a_subscription_made_while_the_layer_is_down_is_put_right(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"HUB_PING": 0.02}
    layer = get_channel_layer()

    async def fail(*arguments: object) -> str:
        raise ConnectionError("the layer is down")

    with monkeypatch.context() as patch:
        patch.setattr(layer, "new_channel", fail)
        operation = await (await connect()).subscribe(FENCES)
        await operation.started()
        await models.Fence.objects.acreate()
    await operation.until(lambda: _snapshots(operation)[-1] == 1)
    await models.Fence.objects.acreate()
    await settled()
    assert len(operation.payloads[-1]["data"]["fences"]["created"]) == 1


@pytest.mark.parametrize("method", ["new_channel", "group_add"])
async def test_a_layer_that_hangs_is_waited_for_once_and_not_by_each_who_comes(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, settings: SettingsWrapper, method: str
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"PUBLISH_TIMEOUT": 0.3}
    calls: list[tuple[object, ...]] = []

    async def hang(*arguments: object) -> None:
        calls.append(arguments)
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(get_channel_layer(), method, hang)
        sockets = [await connect() for _ in range(3)]
        operations = [await socket.subscribe(FENCES) for socket in sockets for _ in range(10)]
        for operation in operations:
            await operation.started()
        # Beside the first, only tries to recover, one in a second.
        assert len(calls) < len(operations)
    await models.Fence.objects.acreate()
    for operation in operations:
        await operation.until(lambda it=operation: _snapshots(it)[-1] == 1)  # type: ignore[misc]
    await settled()
    await models.Fence.objects.acreate()
    await settled()
    assert {len(one.payloads[-1]["data"]["fences"]["created"]) for one in operations} == {1}


async def test_groups_are_left_once_a_layer_is_heard_that_hung_when_nobody_needed_them_any_more(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"PUBLISH_TIMEOUT": 0.3, "RESUME_WINDOW": 0}
    socket = await connect("ada")
    roots = ("fences", "vehicles", "articles", "notes", "announcements")
    operations = [await socket.subscribe(f"subscription {{ {r} {{ deleted }} }}") for r in roots]
    await (await socket.subscribe("{ fences { id } }")).started()  # Handled after those.
    await settled()
    hub, calls = get_hub(), []
    assert len(hub._ear.joined) > len(roots)

    async def hang(*arguments: object) -> None:
        calls.append(arguments)
        await asyncio.Event().wait()

    async def fail(*arguments: object) -> None:
        raise ConnectionError("the layer is down")

    with monkeypatch.context() as patch:
        patch.setattr(get_channel_layer(), "group_discard", hang)
        for method in ("send", "group_send"):
            patch.setattr(get_channel_layer(), method, fail)
        for operation in operations:
            await socket.complete(operation)
        fences = await socket.subscribe(FENCES)
        await fences.started()
        assert len(calls) == 1
    await socket.complete(fences)
    await (await socket.subscribe("{ fences { id } }")).started()
    await settled()
    assert hub._ear.joined.keys() == {CONTROL}


async def test_a_message_that_makes_no_sense_harms_nobody(
    connect: Connect, settings: SettingsWrapper, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"HUB_PING": 0.02}
    operation = await (await connect()).subscribe(FENCES)
    await operation.started()
    await get_channel_layer().group_send(group_of(LABEL), {"type": "drf_live.changes"})
    await operation.until(lambda: len(_snapshots(operation)) == 2)
    assert "could not be used" in caplog.text
    await models.Fence.objects.acreate()
    await settled()
    assert len(operation.payloads[-1]["data"]["fences"]["created"]) == 1


async def test_rejoining_keeps_a_group_that_the_layer_would_forget(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"HUB_PING": 0.02}
    monkeypatch.setattr("drf_live_graphql.live.ear.REJOIN", 0.0)
    operation = await (await connect()).subscribe(FENCES)
    await operation.started()
    layer: Any = get_channel_layer()
    layer.groups.clear()
    joined = asyncio.Event()
    add = layer.group_add

    async def group_add(group: str, channel: str) -> None:
        await add(group, channel)
        if group == group_of(LABEL):
            joined.set()

    monkeypatch.setattr(layer, "group_add", group_add)
    await joined.wait()
    await models.Fence.objects.acreate()
    await settled()
    assert len(operation.payloads[-1]["data"]["fences"]["created"]) == 1


async def test_a_group_is_left_where_who_wanted_it_went_while_it_was_joined(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel_layers.backends = {}  # Without the groups of earlier tests.
    layer: Any = get_channel_layer()
    joining, go = asyncio.Event(), asyncio.Event()
    add = layer.group_add

    async def group_add(group: str, channel: str) -> None:
        joining.set()
        await go.wait()
        await add(group, channel)

    monkeypatch.setattr(layer, "group_add", group_add)
    socket = await connect()
    operation = await socket.subscribe(FENCES)
    await joining.wait()
    await socket.complete(operation)
    await (await socket.subscribe("{ fences { id } }")).started()
    go.set()
    await settled()
    assert get_hub()._ear.joined.keys() == {CONTROL}
    assert [name for name, channels in layer.groups.items() if channels] == [group_of(CONTROL)]


async def test_a_group_that_the_layer_lost_is_missed(
    connect: Connect, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"HUB_PING": 0.02}
    socket = await connect()
    operation = await socket.subscribe(FENCES)
    vehicles = await socket.subscribe("subscription { vehicles { snapshot { id } } }")
    await operation.started()
    await vehicles.started()
    layer: Any = get_channel_layer()
    del layer.groups[group_of(LABEL)]
    await models.Fence.objects.acreate()
    await operation.until(lambda: _snapshots(operation)[-1] == 1)


async def test_what_was_published_before_the_subscription_is_not_missed(connect: Connect) -> None:
    first = await (await connect()).subscribe("subscription { vehicles { snapshot { id } } }")
    await first.started()
    await models.Fence.objects.acreate()
    await settled()
    operation = await (await connect()).subscribe(FENCES)
    await operation.started()
    await models.Fence.objects.acreate()
    await settled()
    assert _snapshots(operation) == [1]
