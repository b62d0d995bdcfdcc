"""What stays behind after a subscription that did not come about, or that has ended."""

from __future__ import annotations

import asyncio
from inspect import isawaitable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from channels.layers import InMemoryChannelLayer
from graphql import create_source_event_stream, parse

from drf_live_graphql.exceptions import Refusal
from drf_live_graphql.live import ear
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.testing import settled
from tests.project.live import live

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")

FENCES = "subscription { fences { snapshot { id } created { id } } }"


async def test_a_subscription_without_a_channel_layer_leaves_nothing(
    connect: Connect, settings: SettingsWrapper
) -> None:
    settings.CHANNEL_LAYERS = {}
    operation = await (await connect()).subscribe(FENCES)
    await operation.started()
    assert operation.errors is not None
    assert get_hub().queries == ()


async def test_a_subscription_that_ends_at_its_fence_raises_no_doubt(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group that was left again sends no echo; nothing is missed for it."""
    sent = asyncio.Event()

    async def lost(self: Any, group: str, message: Any) -> None:
        sent.set()

    socket = await connect()
    await settled()
    with monkeypatch.context() as patch:
        patch.setattr(ear, "FENCE_TIMEOUT", 0.1)
        patch.setattr(InMemoryChannelLayer, "group_send", lost)
        operation = await socket.subscribe(FENCES)
        await sent.wait()
        fences = list(get_hub()._ear._fences.values())
        await socket.complete(operation)
        await asyncio.wait(fences)
    assert not get_hub()._ear._doubt


async def _stream(document: str) -> Any:
    """The source of a subscription, as a transport that iterates has it."""
    scope = {"type": "http", "headers": [(b"host", b"testserver")]}
    context = {"request": SimpleNamespace(scope=scope)}
    executor = live.schema.execution_context_class.build(
        live.schema._schema, parse(document), context_value=context
    )
    source: Any = create_source_event_stream(executor)
    return await source if isawaitable(source) else source


async def test_a_stream_that_is_closed_lets_its_reader_go() -> None:
    stream = await _stream(FENCES)
    await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await settled()
    await stream.aclose()
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(waiting, 5)


async def test_a_stream_that_was_refused_is_over() -> None:
    stream = await _stream("subscription { projects { deleted } }")
    with pytest.raises(Refusal):
        await anext(stream)
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(anext(stream), 5)
