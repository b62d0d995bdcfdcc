"""A client that does not read costs bounded memory, holds nobody up, and ends up right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.processes import CommandWriter
    from tests.servers import AsgiServer

BODY = 200_000
ROUNDS = 40
MEBIBYTE = 1024 * 1024


async def test_a_slow_reader(
    reader: AsgiServer, writer: CommandWriter, client: Callable[..., Any]
) -> None:
    slow, quick = await client("slow"), await client("quick")
    asleep, awake = await slow.watch("articles"), await quick.watch("articles")
    article = await writer.work(
        "Article",
        values={
            "slug": "long",
            "title": "first",
            "published": True,
            "author_id": quick.visitor.user.pk,
        },
    )
    await slow.agrees(asleep)
    await quick.agrees(awake)
    process = psutil.Process(reader.process.pid)
    before = process.memory_info().rss
    slow.wire.reading.clear()
    for number in range(ROUNDS):
        # Each is delivered before the next is made, so that none is gathered with another.
        values = {"title": f"version {number}", "body": f"{number:04}" * (BODY // 4)}
        await writer.work("Article", pk=article["pk"], values=values)
        await quick.agrees(awake)
    grown = process.memory_info().rss - before
    slow.wire.reading.set()
    await slow.agrees(asleep)
    # 8 MB were sent to the quick one; the slow one may keep its outbox and the transport's buffer.
    assert len(asleep.operation.payloads) < len(awake.operation.payloads)
    assert grown < 40 * MEBIBYTE, f"{grown / MEBIBYTE:.0f} MiB more"
    assert slow.socket.close_code is None
