"""Threads of our own for evaluations, so that Django's one shared thread stays free."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections

from drf_live_graphql.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable


Result = TypeVar("Result")

_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None


async def run(function: Callable[[], Result]) -> Result:
    """Run ``function`` on an evaluation thread and return what it returns.

    With the setting ``THREAD_SENSITIVE`` it runs on Django's shared thread instead, which sees
    the transaction that a test has open.
    """
    if settings.THREAD_SENSITIVE:
        return await sync_to_async(function, thread_sensitive=True)()
    return await asyncio.get_running_loop().run_in_executor(_executor(), _clean, function)


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


def _executor() -> ThreadPoolExecutor:
    global _pool
    with _lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(settings.EVALUATION_THREADS, "drf-live-evaluation")
        return _pool


def _forget() -> None:
    global _pool, _lock
    _pool, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)

__all__ = ["run"]
