"""A thread whose work may hang."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from drf_live_graphql.live.worker import MOST_HANGING, HangingError, Worker

if TYPE_CHECKING:
    from collections.abc import Iterator


def _gives_up(tool: threading.Thread) -> None:
    raise TimeoutError("one of its own")


@contextmanager
def _tool() -> Iterator[threading.Thread]:
    """Says which thread has it, and by its name whether that left it."""
    thread = threading.current_thread()
    yield thread
    thread.name += " (left)"


def _worker() -> Worker[threading.Thread]:
    return Worker("test-worker", _tool)


async def test_work_returns_and_raises_on_one_thread_of_its_own() -> None:
    worker = _worker()
    threads = [await worker.run(lambda tool: (tool, threading.current_thread()), 30) for _ in "12"]
    assert threads[0] == threads[1]
    assert threads[0][0] is threads[0][1] is not threading.current_thread()
    assert threads[0][0].name == "test-worker"
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda _: 1 // 0, 30)
    with pytest.raises(TimeoutError, match="of its own"):
        await worker.run(_gives_up, 30)
    assert await worker.run(lambda _: 7, 30) == 7


async def test_nobody_waits_for_what_hangs_and_another_thread_works_on() -> None:
    """The one that hung ends when that is over, and leaves its tool."""
    worker, answers = _worker(), threading.Event()
    hanging: list[threading.Thread] = []

    def hang(tool: threading.Thread) -> None:
        hanging.append(tool)
        answers.wait(60)

    try:
        with pytest.raises(HangingError, match="within"):
            await worker.run(hang, 0.05)
        other = await worker.run(lambda tool: tool, 60)
        assert other is not hanging[0]
        assert hanging[0].is_alive()
    finally:
        answers.set()
    await asyncio.to_thread(hanging[0].join, 30)
    assert hanging[0].name == "test-worker (left)"
    assert await worker.run(lambda tool: tool, 60) is other


async def test_what_others_began_long_ago_is_not_waited_for_either() -> None:
    worker, answers = _worker(), threading.Event()
    first = asyncio.ensure_future(worker.run(lambda _: answers.wait(60), 60))
    try:
        await asyncio.sleep(0)
        assert worker._hand is not None
        worker._hand._began_at = 0.0  # A long time ago, whatever the machine is busy with.
        assert await worker.run(lambda _: 7, 60) == 7
    finally:
        answers.set()
    assert await first


async def test_only_so_many_threads_hang_and_then_nothing_is_begun_until_one_ends() -> None:
    worker, answers = _worker(), [threading.Event() for _ in range(MOST_HANGING)]
    try:
        for answer in answers:
            with pytest.raises(HangingError, match="within"):
                await worker.run(lambda _, answer=answer: answer.wait(60), 0.05)
        with pytest.raises(HangingError, match=f"any of {MOST_HANGING} threads"):
            await worker.run(lambda _: 7, 60)
        answers[1].set()
        await asyncio.to_thread(worker._hanging[1]._thread.join, 30)
        assert await worker.run(lambda _: 7, 60) == 7
    finally:
        for answer in answers:
            answer.set()


async def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    worker, answers, begun = _worker(), threading.Event(), threading.Event()
    first = asyncio.ensure_future(worker.run(lambda _: answers.wait(60), 60))
    try:
        second = asyncio.ensure_future(worker.run(lambda _: begun.set(), 60))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait([second])
    finally:
        answers.set()
    await first
    await worker.run(lambda _: None, 60)
    assert not begun.is_set()


def test_what_hangs_does_not_keep_the_process() -> None:
    program = (
        "import asyncio, contextlib, threading\n"
        "from drf_live_graphql.live.worker import Worker\n"
        "worker = Worker('hangs', contextlib.nullcontext)\n"
        "try:\n"
        "    asyncio.run(worker.run(lambda _: threading.Event().wait(), 0.05))\n"
        "except Exception as error:\n"
        "    print(type(error).__name__)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=True
    )
    assert ended.stdout.strip() == "HangingError"
