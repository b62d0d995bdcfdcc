"""More arrives than a hub takes in time, or than its layer holds."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test import Client

from drf_live_graphql.changes import publisher
from drf_live_graphql.changes.publish import Publisher
from tests.project import models

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect
    from tests.oracle.wire import Operation

pytestmark = pytest.mark.usefixtures("live_db")

FENCES = "subscription { fences { snapshot { id } created { id } deleted } }"


class Held:
    """The ids that a client holds."""

    def __init__(self) -> None:
        self.ids: set[str] = set()

    def apply(self, payload: dict[str, Any]) -> None:
        change = payload["data"]["fences"]
        if change["snapshot"] is not None:
            self.ids = {row["id"] for row in change["snapshot"]}
        self.ids |= {row["id"] for row in change["created"]}
        self.ids -= set(change["deleted"])

    async def agrees(self, operation: Operation) -> None:
        answer = await sync_to_async(Client().get)("/api/fences/")
        rows = {str(row["id"]) for row in answer.json()}
        await operation.until(lambda: self.ids == rows)


def _stand_still(work: Callable[[], None]) -> None:
    """Do the work in a thread; the event loop does nothing meanwhile."""

    def thread() -> None:
        try:
            work()
        finally:
            connection.close()

    worker = threading.Thread(target=thread)
    worker.start()
    worker.join()


async def test_the_event_loop_stands_still_while_many_commits_arrive(
    connect: Connect, channel_layer: str
) -> None:
    held = Held()
    operation = await (await connect()).subscribe(FENCES, held.apply)
    await operation.started()

    def work() -> None:
        for number in range(1_000):
            models.Fence.objects.create(number=number)
        if channel_layer != "memory":  # Which is handed over on the loop that stands still.
            assert publisher.flush(30)

    _stand_still(work)
    await held.agrees(operation)
    assert len(held.ids) == 1_000


@pytest.mark.parametrize("channel_layer", ["core"], indirect=True)
async def test_a_full_layer_drops_what_nobody_will_repeat(
    connect: Connect,
    channel_layer: str,
    settings: SettingsWrapper,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The numbers that arrive have no gap: only the length of the queue tells."""
    layers = settings.CHANNEL_LAYERS
    layers["default"]["CONFIG"]["capacity"] = 3
    settings.CHANNEL_LAYERS = {**layers}
    held = Held()
    operation = await (await connect()).subscribe(FENCES, held.apply)
    await operation.started()
    gone = Publisher()
    monkeypatch.setattr(publisher, "publish", gone.publish)

    def work() -> None:
        for number in range(20):
            models.Fence.objects.create(number=number)
        assert gone.flush(30)
        gone.close()

    _stand_still(work)
    await held.agrees(operation)
    assert len(held.ids) == 20


async def test_a_full_layer_within_the_process(connect: Connect, settings: SettingsWrapper) -> None:
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels.layers.InMemoryChannelLayer",
            "CONFIG": {"capacity": 1},
        }
    }
    held = Held()
    operation = await (await connect()).subscribe(FENCES, held.apply)
    await operation.started()
    await asyncio.gather(*(models.Fence.objects.acreate() for _ in range(50)))
    await held.agrees(operation)
    assert len(held.ids) == 50
