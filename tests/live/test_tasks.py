"""Tasks that run beside what started them."""

from __future__ import annotations

import asyncio

from drf_live_graphql.live.tasks import Tasks


async def test_a_task_is_among_them_until_it_ends() -> None:
    tasks, go = Tasks(), asyncio.Event()

    async def wait() -> None:
        await go.wait()

    first, second = tasks.spawn(wait()), tasks.spawn(wait())
    assert set(tasks) == {first, second}
    second.cancel()
    await asyncio.wait({second})
    assert (first in tasks, second in tasks, len(tasks)) == (True, False, 1)
    go.set()
    await first
    assert len(tasks) == 0
