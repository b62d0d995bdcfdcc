"""Threads of our own for evaluations, so that Django's one shared thread stays free."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections

from drf_live_graphql.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable


Result = TypeVar("Result")


class Pool:
    """Threads of which the one that was last at work is the first to work again.

    Its caches are warm, those of its database connection too; and where there is little to do,
    there is only one connection.
    """

    def __init__(self, size: int) -> None:
        """No more than ``size`` threads; none yet."""
        self._size = size
        self._started = 0
        self._idle: list[ThreadPoolExecutor] = []
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._lock = threading.Lock()

    def submit(self, function: Callable[[], Result]) -> Future[Result]:
        """Have ``function`` run by a thread as soon as one is free."""
        future: Future[Result] = Future()
        with self._lock:
            if self._idle:
                thread = self._idle.pop()
            elif self._started < self._size:
                self._started += 1
                thread = ThreadPoolExecutor(1, f"drf-live-evaluation-{self._started}")
            else:
                self._waiting.append((future, function))
                return future
        thread.submit(self._work, thread, future, function)
        return future

    def _work(
        self, thread: ThreadPoolExecutor, future: Future[Any], function: Callable[[], Any]
    ) -> None:
        while True:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function())
                except BaseException as error:  # noqa: BLE001  # Raised where it is awaited.
                    future.set_exception(error)
            with self._lock:
                if not self._waiting:
                    self._idle.append(thread)
                    return
                future, function = self._waiting.popleft()


_lock = threading.Lock()
_pool: Pool | None = None


async def run(function: Callable[[], Result]) -> Result:
    """Run ``function`` on an evaluation thread and return what it returns.

    With the setting ``THREAD_SENSITIVE`` it runs on Django's shared thread instead, which sees
    the transaction that a test has open.
    """
    if settings.THREAD_SENSITIVE:
        return await sync_to_async(function, thread_sensitive=True)()
    return await asyncio.wrap_future(_executor().submit(lambda: _clean(function)))


def _clean(function: Callable[[], Result]) -> Result:
    """Django's request signals do this around a request; here nobody else would."""
    close_old_connections()
    try:
        return function()
    finally:
        for connection in connections.all(initialized_only=True):
            _keep(connection)
        close_old_connections()


def _keep(connection: Any) -> None:
    """Have a connection that Django would close after each request live a little longer.

    A change is evaluated in a millisecond, and connecting can cost several. The threads are few and
    ours; a pool (``OPTIONS["pool"]``) gets its connections back at once, as it keeps them itself.
    """
    pooled = "pool" in connection.settings_dict.get("OPTIONS", {})
    if connection.settings_dict["CONN_MAX_AGE"] != 0 or pooled or connection.health_check_enabled:
        return
    connection.close_at = time.monotonic() + settings.EVALUATION_CONN_MAX_AGE
    # The server may have gone meanwhile.
    connection.health_check_enabled = True


def _executor() -> Pool:
    global _pool
    with _lock:
        if _pool is None:
            _pool = Pool(settings.EVALUATION_THREADS)
        return _pool


def _forget() -> None:
    global _pool, _lock
    _pool, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)

__all__ = ["run"]
