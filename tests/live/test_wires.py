"""Connections under a layer: found where they are expected, and let alone where they are not."""

from __future__ import annotations

import asyncio
import uuid
from types import SimpleNamespace

import pytest
from channels.layers import InMemoryChannelLayer
from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer

from drf_live_graphql.live.wires import Wires


@pytest.mark.parametrize("layer", [InMemoryChannelLayer(), SimpleNamespace(_shards=[object()])])
async def test_a_layer_of_another_make_is_let_alone(layer: object) -> None:
    renewed: list[str] = []
    wires = Wires(lambda: renewed.append("renewed"))
    wires.watch(layer)
    await wires.cut(layer)
    assert renewed == []


async def test_a_pubsub_layer_that_is_cut_subscribes_again_and_says_so(redis_url: str) -> None:
    layer = RedisPubSubChannelLayer(hosts=[redis_url], prefix=uuid.uuid4().hex)
    channel = await layer.new_channel()
    renewed = asyncio.Event()
    wires = Wires(renewed.set)
    wires.watch(layer)
    await wires.cut(layer)
    async with asyncio.timeout(30):
        await renewed.wait()
        await layer.send(channel, {"type": "again"})
        assert await layer.receive(channel) == {"type": "again"}
    await layer.flush()


async def test_a_core_layer_that_is_cut_goes_on_receiving(redis_url: str) -> None:
    host = {"address": redis_url, "socket_timeout": None}
    layer = RedisChannelLayer(hosts=[host], prefix=uuid.uuid4().hex)
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "first"})
    assert await layer.receive(channel) == {"type": "first"}
    await Wires(lambda: None).cut(layer)
    await layer.send(channel, {"type": "again"})
    async with asyncio.timeout(30):
        assert await layer.receive(channel) == {"type": "again"}
    await layer.flush()
