"""A thread whose work may hang."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest

from drf_live_graphql.live.worker import HangingError, Worker


def _gives_up() -> None:
    raise TimeoutError("one of its own")


async def test_work_returns_and_raises_on_one_thread_of_its_own() -> None:
    worker = Worker("test-worker")
    threads = [await worker.run(threading.current_thread, 30) for _ in range(2)]
    assert threads[0] is threads[1] is not threading.current_thread()
    assert threads[0].name == "test-worker"
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda: 1 // 0, 30)
    with pytest.raises(TimeoutError, match="of its own"):
        await worker.run(_gives_up, 30)
    assert await worker.run(lambda: 7, 30) == 7


async def test_nobody_waits_for_what_hangs_and_it_works_on_when_that_is_over() -> None:
    worker, answers = Worker("test-worker"), threading.Event()
    try:
        with pytest.raises(HangingError, match="within"):
            await worker.run(lambda: answers.wait(60), 0.05)
        worker._began_at = 0.0  # A long time ago, whatever the machine is busy with.
        with pytest.raises(HangingError, match="since"):
            await worker.run(lambda: None, 60)
    finally:
        answers.set()
    worker._began_at = None
    assert await worker.run(lambda: 7, 60) == 7


async def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    worker, answers, begun = Worker("test-worker"), threading.Event(), threading.Event()
    first = asyncio.ensure_future(worker.run(lambda: answers.wait(60), 60))
    try:
        second = asyncio.ensure_future(worker.run(begun.set, 60))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait([second])
    finally:
        answers.set()
    await first
    await worker.run(lambda: None, 60)
    assert not begun.is_set()


def test_what_hangs_does_not_keep_the_process() -> None:
    program = (
        "import asyncio, threading\n"
        "from drf_live_graphql.live.worker import Worker\n"
        "worker = Worker('hangs')\n"
        "try:\n"
        "    asyncio.run(worker.run(threading.Event().wait, 0.05))\n"
        "except Exception as error:\n"
        "    print(type(error).__name__)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=True
    )
    assert ended.stdout.strip() == "HangingError"
