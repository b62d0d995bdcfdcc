"""Memory stays flat: what is subscribed and unsubscribed, and what changes, leaves nothing behind.

`SOAK_CYCLES` sets how often; `make soak` runs 10,000 cycles.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from channels.layers import get_channel_layer

from drf_live_graphql.changes import publisher
from drf_live_graphql.changes.control import CONTROL
from drf_live_graphql.live import executor, trace, wants
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.testing import settled
from tests.project import models

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect
    from tests.oracle.wire import Socket

pytestmark = pytest.mark.usefixtures("live_db")

CYCLES = int(os.environ.get("SOAK_CYCLES", "200"))
WARM = 20
IN_HAND = 8
"""Objects of a class that the threads may have in hand, however many cycles there were."""
DOCUMENTS = (
    "subscription { fences { snapshot { id } created { id } updated { number } deleted } }",
    "subscription { vehicles { created { name } } }",
    "subscription { notes { snapshot { count } query { notes { count } } } }",
    "subscription { vehicles { snapshot { id nothing } } }",
    "subscription { announcements { deleted } }",
)


@pytest.fixture(autouse=True)
def nothing_to_resume(settings: SettingsWrapper) -> None:
    """What is kept for those who come back is bounded by time and number (see test_resume)."""
    settings.DRF_LIVE_GRAPHQL = {"RESUME_WINDOW": 0}


def _things() -> Counter[str]:
    """How many objects of the package's own classes there are, by class."""
    gc.collect()
    classes = (type(thing) for thing in gc.get_objects())
    # Some classes have a descriptor for a ``__module__``.
    return Counter(
        cls.__qualname__ for cls in classes if str(cls.__module__).startswith("drf_live_graphql")
    )


async def _state() -> dict[str, Any]:
    """Everything that could grow."""
    await settled()
    hub, layer, pool = get_hub(), get_channel_layer(), executor._pool
    ear = hub._ear
    assert layer is not None
    assert pool is not None
    return {
        "things": _things(),
        "tasks": Counter(task.get_coro().__qualname__ for task in asyncio.all_tasks()),
        "queries": len(hub.queries),
        "labels": {label: len(queries) for label, queries in hub._by_label.items()},
        "joined": sorted(ear.joined),
        # Numbers of groups that were left; those of joined ones come with whoever publishes.
        "sequence": sorted({label for label, _ in ear._sequence._last} - ear.joined.keys()),
        "fences": (
            len(ear._fences),
            len(ear._echoes),
            len(hub._admissions),
            len(ear.moves),
        ),
        # Those of this test; others may have left some that expire.
        "groups": sorted(name for name, ours in layer.groups.items() if hub.address in ours),
        "wants": len(wants._interned),
        "traces": len(trace._traces),
        "lines": sorted(publisher._lines),
        "pool": (len(pool._waiting), len(pool._at_work)),
    }


def _flat(before: dict[str, Any], after: dict[str, Any]) -> None:
    grown = after.pop("things") - before.pop("things")
    assert not {name: more for name, more in grown.items() if more > IN_HAND}
    assert after == before


async def _cycle(socket: Socket, number: int) -> None:
    operation = await socket.subscribe(DOCUMENTS[number % len(DOCUMENTS)])
    if number % 3:
        await socket.complete(operation)  # At once, whatever it was about to do.
        return
    await models.Fence.objects.acreate(number=number)
    await (await socket.subscribe("{ __typename }")).started()
    await socket.complete(operation)


async def _cycles(connect: Connect, socket: Socket, count: int) -> dict[str, Any]:
    for number in range(count):
        await _cycle(socket, number)
    # Handled after all that came before it on the socket.
    await (await socket.subscribe("{ fences { id } }")).started()
    socket.operations.clear()
    await models.Fence.objects.all().adelete()
    return await _state()


async def test_subscriptions_that_come_and_go_leave_nothing_behind(connect: Connect) -> None:
    socket = await connect("ada")
    for document in DOCUMENTS:
        # What is learned of each root once.
        operation = await socket.subscribe(document)
        await (await socket.subscribe("{ fences { id } }")).started()
        await settled()
        await socket.complete(operation)
    before = await _cycles(connect, socket, WARM)
    after = await _cycles(connect, socket, CYCLES)
    _flat(before, after)
    assert (after["queries"], after["labels"], after["joined"]) == (0, {}, [CONTROL])


async def test_an_hour_of_changes_leaves_nothing_behind(connect: Connect) -> None:
    socket = await connect("ada")
    for document in DOCUMENTS[:3]:
        operation = await socket.subscribe(document)
    await operation.started()

    async def change(count: int) -> dict[str, Any]:
        for number in range(count):
            fence = await models.Fence.objects.acreate(number=number)
            vehicle = await models.Vehicle.objects.acreate(name=f"van {number}")
            await vehicle.asave()
            await fence.adelete()
            await vehicle.adelete()
        state = await _state()
        for one in socket.operations.values():
            one.payloads.clear()
        return state

    before = await change(WARM)
    _flat(before, await change(CYCLES))
