"""Redis lives, and yet forgets, cuts or holds back what was entrusted to it.

`SOAK_PAUSE` sets for how many seconds it holds commands back, on both layers; else a few.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from redis.asyncio import Redis

from tests.faults.processes import CommandWriter
from tests.oracle.wire import PATIENCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from tests.servers import RedisServer

PAUSE = int(os.environ.get("SOAK_PAUSE", "0"))
ROW = {"name": "Tug", "in_service": True}


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_server.url, socket_timeout=None) as redis:
        yield redis


@pytest.fixture
def unheard(live_db: None, layer: dict[str, str]) -> Iterator[CommandWriter]:
    """A writer of whose messages none arrives: what becomes known of it the reader found out."""
    with CommandWriter({**layer, "TEST_CHANNEL_PREFIX": "elsewhere"}) as writer:
        yield writer


@pytest.mark.parametrize("layer", ["core"], indirect=True)
async def test_everything_is_flushed(
    redis: Redis, writer: CommandWriter, client: Callable[..., Any]
) -> None:
    """Groups of `RedisChannelLayer` are keys: with them goes every membership."""
    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    await redis.flushall()
    row = await writer.work("Vehicle", values=ROW)
    await writer.end()
    await ada.agrees(vehicles)
    with CommandWriter(writer.environment) as other:
        await other.work("Vehicle", pk=row["pk"], values={"name": "Renamed"})
        await ada.agrees(vehicles)


@pytest.mark.parametrize(
    ("layer", "kind"), [("pubsub", "pubsub"), ("core", "normal")], indirect=["layer"]
)
async def test_connections_are_killed(
    redis: Redis, kind: str, writer: CommandWriter, client: Callable[..., Any]
) -> None:
    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    row = await writer.work("Vehicle", values=ROW)
    await ada.agrees(vehicles)
    for number in range(3):
        assert await redis.client_kill_filter(_type=kind)
        await writer.work("Vehicle", pk=row["pk"], values={"name": f"Renamed {number}"})
        await ada.agrees(vehicles)


@pytest.mark.parametrize("layer", ["pubsub"], indirect=True)
async def test_a_message_is_lost_while_the_layer_subscribes_again(
    redis: Redis, unheard: CommandWriter, client: Callable[..., Any]
) -> None:
    """`RedisPubSubChannelLayer` does so by itself within milliseconds, and says nothing."""
    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    await unheard.work("Vehicle", values=ROW)
    assert await redis.client_kill_filter(_type="pubsub")
    await ada.agrees(vehicles)


@pytest.mark.parametrize(
    ("layer", "seconds"), [("pubsub", PAUSE or 2), ("core", PAUSE or 6)], indirect=["layer"]
)
async def test_commands_are_held_back(
    redis: Redis, seconds: int, writer: CommandWriter, client: Callable[..., Any]
) -> None:
    """Above and below `PUBLISH_TIMEOUT`, after which messages are sent again."""
    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    row = await writer.work("Vehicle", values=ROW)
    await ada.agrees(vehicles)
    await redis.client_pause(seconds * 1000, all=True)
    await writer.work("Vehicle", values=ROW, times=3)
    await writer.work("Vehicle", pk=row["pk"], values={"name": "Renamed meanwhile"})
    await ada.agrees(vehicles, seconds + PATIENCE)


@pytest.mark.parametrize("layer", ["pubsub"], indirect=True)
async def test_two_restarts_without_a_breath_between(
    redis_server: RedisServer, writer: CommandWriter, client: Callable[..., Any]
) -> None:
    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    for number in range(2):
        redis_server.kill()
        await writer.work("Vehicle", values={"name": f"Tug {number}"})
        redis_server.start()
    await writer.end()
    await ada.agrees(vehicles)
