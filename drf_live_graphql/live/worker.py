"""A thread for work that may hang: who asked for it goes on, and the process can end anyway."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


class HangingError(Exception):
    """Work that took longer than anybody waits, or that waits behind such work."""


class Worker:
    """One thread that does one thing after the other.

    A daemon, which a pool's threads are not: the interpreter would wait for what hangs in it.
    """

    def __init__(self, name: str) -> None:
        """The thread is called ``name``, and started when there is something to do."""
        self._name = name
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._thread: threading.Thread | None = None
        # When the work that is being done was begun (``time.monotonic``).
        self._began_at: float | None = None

    async def run(self, function: Callable[[], Result], patience: float) -> Result:
        """What ``function`` returns or raises.

        Raises ``HangingError`` where that takes longer than ``patience`` seconds; at once, where
        earlier work has. What was begun goes on, and its result is lost.
        """
        began_at = self._began_at
        if began_at is not None and time.monotonic() - began_at > patience:
            raise HangingError(f"No answer since {time.monotonic() - began_at:.0f} s.")
        try:
            # Before Python 3.12 ``wait_for`` can swallow a cancellation.
            async with asyncio.timeout(patience) as timeout:
                return await asyncio.wrap_future(self._submit(function))
        except TimeoutError:
            if not timeout.expired():
                raise  # The work's own.
            raise HangingError(f"No answer within {patience} s.") from None

    def _submit(self, function: Callable[[], Result]) -> Future[Result]:
        future: Future[Result] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            self._began_at = time.monotonic()
            try:
                result = function()
            except BaseException as error:  # noqa: BLE001
                self._began_at = None
                future.set_exception(error)
            else:
                self._began_at = None
                future.set_result(result)

        self._jobs.put(job)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        return future

    def _work(self) -> None:
        while True:
            self._jobs.get()()


__all__ = ["HangingError", "Worker"]
