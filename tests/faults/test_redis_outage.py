"""Redis dies, or hangs, while clients are subscribed and others write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.processes import CommandWriter
    from tests.servers import RedisServer

ROW = {"name": "Tug", "in_service": True}
A_MOMENT = 0.5
"""Seconds: far above any save on a busy machine, far below any timeout of a connection."""


async def test_the_client_is_right_again_without_reconnecting(
    redis_server: RedisServer, writer: CommandWriter, client: Callable[..., Any]
) -> None:
    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    first = await writer.work("Vehicle", values=ROW)
    await ada.agrees(vehicles)
    redis_server.kill()
    await writer.work("Vehicle", pk=first["pk"], values={"name": "Renamed meanwhile"})
    await writer.work("Vehicle", values=ROW, times=3)
    redis_server.start()
    await ada.agrees(vehicles)
    await writer.work("Vehicle", pk=first["pk"], values={"name": "Renamed after"})
    await ada.agrees(vehicles)
    assert ada.socket.close_code is None


async def test_a_write_by_a_process_that_is_gone_by_then_is_not_lost(
    redis_server: RedisServer,
    layer: dict[str, str],
    client: Callable[..., Any],
) -> None:
    """Its message can't be sent later by anybody: the reader has to notice the gap itself."""
    from tests.faults.processes import CommandWriter

    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    redis_server.kill()
    with CommandWriter(layer) as writer:
        await writer.work("Vehicle", values=ROW)
    redis_server.start()
    await ada.agrees(vehicles)


async def test_several_outages_in_a_row(
    redis_server: RedisServer, writer: CommandWriter, client: Callable[..., Any]
) -> None:
    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    for number in range(3):
        redis_server.kill()
        await writer.work("Vehicle", values={"name": f"Tug {number}"})
        redis_server.start()
        await ada.agrees(vehicles)


async def test_writers_do_not_notice_that_redis_is_dead(
    redis_server: RedisServer, writer: CommandWriter
) -> None:
    await writer.work("Vehicle", values=ROW)
    redis_server.kill()
    answer = await writer.work("Vehicle", values=ROW, times=50)
    assert answer["slowest"] < A_MOMENT


async def test_writers_do_not_notice_that_redis_hangs(
    redis_server: RedisServer, writer: CommandWriter, client: Callable[..., Any]
) -> None:
    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    await writer.work("Vehicle", values=ROW)
    await ada.agrees(vehicles)
    redis_server.freeze()
    try:
        answer = await writer.work("Vehicle", values=ROW, times=50)
    finally:
        redis_server.thaw()
    assert answer["slowest"] < A_MOMENT
    await ada.agrees(vehicles)


async def test_a_subscription_made_during_the_outage_is_right_after_it(
    redis_server: RedisServer, writer: CommandWriter, client: Callable[..., Any]
) -> None:
    ada = await client("ada")
    redis_server.kill()
    vehicles = await ada.watch("vehicles")
    await writer.work("Vehicle", values=ROW)
    redis_server.start()
    await ada.agrees(vehicles)
