"""A client that does not read costs bounded memory, and ends up with what GET answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from rest_framework.test import APIClient

from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.testing import settled
from tests.project import models

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from tests.rest_live.client import Client
    from tests.rest_live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")

FENCE = "project.Fence"


def _get() -> dict[int, Any]:
    return {row["id"]: row for row in APIClient().get("/api/fences/").json()}


def _held(client: Client) -> dict[int, Any]:
    held: dict[int, Any] = {}
    for frame in client.take():
        assert frame["type"] == "broadcast", frame
        key = frame["instance"]["id"]
        if frame["action"] == "DELETED":
            held.pop(key, None)
        else:
            held[key] = frame["instance"]
    return held


@pytest.fixture
async def client(connect: Connect, settings: SettingsWrapper) -> Client:
    settings.DRF_LIVE_GRAPHQL = {"OUTBOX_BYTES": 2_000}
    return await connect()


async def test_a_list(client: Client) -> None:
    await client.subscribe(1, FENCE)
    fences = [await models.Fence.objects.acreate(number=number) for number in range(5)]
    await settled()
    client.gate.clear()
    for number in range(60):
        fences[0].number = number
        await fences[0].asave()
        await settled()
    for fence in fences[1:3]:
        await fence.adelete()
    await models.Fence.objects.acreate(number=99)
    await settled()
    (line,) = get_hub().lines
    assert line._outbox.waiting < 3_000  # type: ignore[attr-defined]
    client.gate.set()
    await client.handled()
    await settled()
    assert len(client.frames) < 50
    assert _held(client) == await sync_to_async(_get)()


@pytest.mark.parametrize("end", ["there", "gone", "back"])
async def test_a_single_row(client: Client, end: str) -> None:
    fence = await models.Fence.objects.acreate(number=-1)
    pk = fence.pk
    await client.subscribe(1, FENCE, "retrieve", lookup_by=pk)
    client.gate.clear()
    for number in range(60):
        fence.number = number
        await fence.asave()
        await settled()
    if end != "there":
        await fence.adelete()
        await settled()
    client.gate.set()
    await client.handled()
    await settled()
    if end == "back":
        await models.Fence.objects.acreate(pk=pk, number=7)
        await settled()
    actions = [json.loads(frame)["action"] for frame in client.frames]
    assert _held(client) == await sync_to_async(_get)()
    assert actions[-1] == {"there": "UPDATED", "gone": "DELETED", "back": "CREATED"}[end]
    assert actions.count("DELETED") == (end != "there")


async def test_one_who_asks_and_asks_without_reading_is_closed(client: Client) -> None:
    client.gate.clear()
    for _ in range(200):
        await client.send({"id": "x" * 50, "type": "nonsense"})
    await client.fetched()
    client.gate.set()
    await client.handled()
    assert client.close_code == 4503


# What a resync tells.


async def test_what_may_have_been_missed_is_told_only_where_it_differs(client: Client) -> None:
    fence = await models.Fence.objects.acreate(number=1)
    await client.subscribe(1, FENCE, "retrieve", lookup_by=fence.pk)
    for query in get_hub().queries:
        query.resync()
    assert await client.quiet() == []
    await models.Fence.objects.filter(pk=fence.pk).aupdate(number=2)  # No signal tells of it.
    for query in get_hub().queries:
        query.resync()
    (frame,) = await client.quiet()
    assert (frame["action"], frame["instance"]["number"]) == ("UPDATED", 2)
    await fence.adelete()
    assert [frame["action"] for frame in await client.quiet()] == ["DELETED"]
    for query in get_hub().queries:
        query.resync()
    assert await client.quiet() == []
