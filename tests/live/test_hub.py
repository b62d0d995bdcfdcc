"""The hub: what it hears, and what it leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from channels.layers import channel_layers, get_channel_layer

from drf_live_graphql.changes import group_of
from drf_live_graphql.changes.control import CONTROL
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.testing import settled
from tests.project import models

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")

FENCES = "subscription { fences { snapshot { id } created { id } deleted } }"
LABEL = "project.fence"


async def test_too_many_changes_to_name_are_a_snapshot(
    connect: Connect, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"MAX_CHANGES_PER_MESSAGE": 3}
    operation = await (await connect()).subscribe(FENCES)
    deltas = await (await connect()).subscribe("subscription { fences { created { id } deleted } }")
    await operation.started()
    await settled()
    fences = [await models.Fence.objects.acreate() for _ in range(5)]
    await settled()
    await models.Fence.objects.all().adelete()
    await settled()
    assert operation.payloads[-1]["data"]["fences"]["snapshot"] == []
    assert deltas.payloads[-1]["data"]["fences"] == {
        "created": [],
        "deleted": [str(fence.pk) for fence in fences],
    }


async def test_one_channel_one_group_a_model_and_nothing_left_behind(
    connect: Connect, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"RESUME_WINDOW": 0}
    channel_layers.backends = {}  # Without the channels of earlier tests.
    layer: Any = get_channel_layer()
    sockets = [await connect("ada"), await connect("ben")]
    for socket in sockets:
        for document in (FENCES, FENCES, "subscription { vehicles { deleted } }"):
            await socket.subscribe(document)
        await (await socket.subscribe("{ fences { id } }")).started()
    await settled()
    assert len(layer.channels) <= 1
    # And those of what proves who they are.
    labels = {CONTROL, LABEL, "project.vehicle", "auth.user"}
    assert set(layer.groups) == set(map(group_of, labels))
    assert {len(channels) for channels in layer.groups.values()} == {1}

    hub = get_hub()
    for socket in sockets:
        for operation in list(socket.operations.values()):
            await socket.complete(operation)
    # A refused subscription comes after all of the completions before it on its socket.
    for socket in sockets:
        last = await socket.subscribe("subscription { announcements { deleted } }")
        await last.started()
    await settled()
    assert hub.queries == ()
    assert [group for group, channels in layer.groups.items() if channels] == [group_of(CONTROL)]
    assert {task.get_coro().__name__ for task in hub._ear._tasks} == {"_receive", "_watch"}
    assert hub._by_label == {}


async def test_a_model_that_nobody_watches_any_more_is_left(
    connect: Connect, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"RESUME_WINDOW": 0}
    layer: Any = get_channel_layer()
    socket = await connect()
    vehicles = await socket.subscribe("subscription { vehicles { snapshot { id } } }")
    fences = await socket.subscribe(FENCES)
    await vehicles.started()
    await fences.started()
    await socket.complete(vehicles)
    await (await socket.subscribe("{ fences { id } }")).started()
    await settled()
    joined = {group for group, channels in layer.groups.items() if channels}
    assert {group_of(CONTROL), group_of(LABEL)} <= joined
    assert group_of("project.vehicle") not in joined
