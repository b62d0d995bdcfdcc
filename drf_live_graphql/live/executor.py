"""Threads of our own for evaluations, so that Django's one shared thread stays free."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import Counter, OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections

from drf_live_graphql.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


Result = TypeVar("Result")


class Pool:
    """Threads of which the one that was last at work is the first to work again.

    Its caches are warm, those of its database connection too; and where there is little to do,
    there is only one connection.

    Owners of work take turns, and one owner never has the last thread: a view that takes a minute
    holds up nobody but those who asked for it.
    """

    def __init__(self, size: int) -> None:
        """No more than ``size`` threads; none yet."""
        self._size = size
        self._started = 0
        self._idle: list[ThreadPoolExecutor] = []
        # What waits, by owner; the owner whose turn it is comes first.
        self._waiting: OrderedDict[Hashable, OrderedDict[Future[Any], _Job]] = OrderedDict()
        self._at_work: Counter[Hashable] = Counter()
        self._lock = threading.Lock()

    def submit(self, function: Callable[[], Result], owner: Hashable = None) -> Future[Result]:
        """Have ``function`` run by a thread as soon as one is free; work of ``None`` is small."""
        job = _Job(function, owner)
        with self._lock:
            thread = self._free_thread() if self._may_work(owner) else None
            if thread is None:
                self._waiting.setdefault(owner, OrderedDict())[job.future] = job
                job.future.add_done_callback(lambda future: self._done(future, owner))
                return job.future
            self._at_work[owner] += 1
        thread.submit(self._work, thread, job)
        return job.future

    def _done(self, future: Future[Any], owner: Hashable) -> None:
        """What was cancelled waits no more: who asked may come and go as often as they like."""
        with self._lock:
            jobs = self._waiting.get(owner)
            if jobs is not None and jobs.pop(future, None) is not None and not jobs:
                del self._waiting[owner]

    def _may_work(self, owner: Hashable) -> bool:
        return owner is None or self._at_work[owner] < max(1, self._size - 1)

    def _free_thread(self) -> ThreadPoolExecutor | None:
        if self._idle:
            return self._idle.pop()
        if self._started == self._size:
            return None
        self._started += 1
        return ThreadPoolExecutor(1, f"drf-live-evaluation-{self._started}")

    def _work(self, thread: ThreadPoolExecutor, job: _Job) -> None:
        while True:
            job.run()
            with self._lock:
                self._at_work[job.owner] -= 1
                if not self._at_work[job.owner]:
                    del self._at_work[job.owner]
                following = self._next()
                if following is None:
                    self._idle.append(thread)
                    return
                job = following

    def _next(self) -> _Job | None:
        for owner, jobs in self._waiting.items():
            if self._may_work(owner):
                _, job = jobs.popitem(last=False)
                self._waiting.move_to_end(owner)
                if not jobs:
                    del self._waiting[owner]
                self._at_work[owner] += 1
                return job
        return None


class _Job:
    """A function that waits to be run, and for whom."""

    __slots__ = ("_function", "future", "owner")

    def __init__(self, function: Callable[[], Any], owner: Hashable) -> None:
        self.future: Future[Any] = Future()
        self.owner = owner
        self._function = function

    def run(self) -> None:
        """Run it, unless it was cancelled; what it raises is raised where it is awaited."""
        if self.future.set_running_or_notify_cancel():
            try:
                self.future.set_result(self._function())
            except BaseException as error:  # noqa: BLE001
                self.future.set_exception(error)


_lock = threading.Lock()
_pool: Pool | None = None


async def run(function: Callable[[], Result], owner: Hashable = None) -> Result:
    """Run ``function`` on an evaluation thread and return what it returns.

    ``owner`` is whose work it is (see ``Pool``): the root that is asked.

    With the setting ``THREAD_SENSITIVE`` it runs on Django's shared thread instead, which sees
    the transaction that a test has open.
    """
    if settings.THREAD_SENSITIVE:
        return await sync_to_async(function, thread_sensitive=True)()
    return await asyncio.wrap_future(_executor().submit(lambda: _clean(function), owner))


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
