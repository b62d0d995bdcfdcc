"""A thread for work that may hang: who asked for it goes on, and the process can end anyway."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

Result = TypeVar("Result")
Tool = TypeVar("Tool")

# Threads of one worker that may hang; while they all do, nothing is begun.
MOST_HANGING = 3


class HangingError(Exception):
    """Work that took longer than anybody waits, or that waits behind such work."""


class Worker(Generic[Tool]):
    """One thread that does one thing after the other, with a tool that no other thread uses.

    A thread that hangs is left to itself: the next thing is done by another, with another tool.
    """

    def __init__(self, name: str, tool: Callable[[], AbstractContextManager[Tool]]) -> None:
        """Threads are called ``name``, and started when there is something to do.

        Each enters a ``tool()`` when it starts, and leaves it should it end.
        """
        self._name = name
        self._tool = tool
        self._lock = threading.Lock()
        self._hand: _Hand[Tool] | None = None
        self._hanging: list[_Hand[Tool]] = []

    async def run(self, function: Callable[[Tool], Result], patience: float) -> Result:
        """What ``function`` returns or raises; it is called with the tool.

        Raises ``HangingError`` where that takes longer than ``patience`` seconds; at once, where
        ``MOST_HANGING`` threads hang. What was begun goes on, and its result is lost.
        """
        hand = self._free_hand(patience)
        try:
            # Before Python 3.12 ``wait_for`` can swallow a cancellation.
            async with asyncio.timeout(patience) as timeout:
                return await asyncio.wrap_future(hand.do(function))
        except TimeoutError:
            if not timeout.expired():
                raise  # The work's own.
            self._leave(hand)
            raise HangingError(f"No answer within {patience} s.") from None

    def _free_hand(self, patience: float) -> _Hand[Tool]:
        with self._lock:
            if self._hand is not None and self._hand.busy_for() > patience:
                self._let_go(self._hand)
            if self._hand is None:
                self._hanging = [hand for hand in self._hanging if hand.is_alive()]
                if len(self._hanging) >= MOST_HANGING:
                    raise HangingError(f"No answer on any of {MOST_HANGING} threads.")
                self._hand = _Hand(self._name, self._tool)
            return self._hand

    def _leave(self, hand: _Hand[Tool]) -> None:
        with self._lock:
            if self._hand is hand:
                self._let_go(hand)

    def _let_go(self, hand: _Hand[Tool]) -> None:
        hand.end()
        self._hanging.append(hand)
        self._hand = None


class _Hand(Generic[Tool]):
    """One thread.

    A daemon, which a pool's threads are not: the interpreter would wait for what hangs in it.
    """

    def __init__(self, name: str, tool: Callable[[], AbstractContextManager[Tool]]) -> None:
        self._tool = tool
        self._jobs: SimpleQueue[Callable[[Tool], None] | None] = SimpleQueue()
        # When the work that is being done was begun (``time.monotonic``).
        self._began_at: float | None = None
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def busy_for(self) -> float:
        """Seconds since the work that is being done was begun."""
        began_at = self._began_at
        return 0.0 if began_at is None else time.monotonic() - began_at

    def do(self, function: Callable[[Tool], Result]) -> Future[Result]:
        future: Future[Result] = Future()

        def job(tool: Tool) -> None:
            if not future.set_running_or_notify_cancel():
                return
            self._began_at = time.monotonic()
            try:
                result = function(tool)
            except BaseException as error:  # noqa: BLE001
                self._began_at = None
                future.set_exception(error)
            else:
                self._began_at = None
                future.set_result(result)

        self._jobs.put(job)
        return future

    def end(self) -> None:
        """End as soon as what it was given is done."""
        self._jobs.put(None)

    def _work(self) -> None:
        with self._tool() as tool:
            while (job := self._jobs.get()) is not None:
                job(tool)


__all__ = ["MOST_HANGING", "HangingError", "Worker"]
