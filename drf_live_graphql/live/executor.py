"""Threads of our own for evaluations, so that Django's one shared thread stays free."""

from __future__ import annotations

import asyncio
import itertools
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

# Seconds after which a thread that is still at the same work is replaced for so long.
SLOW = 1.0
# Times the number of threads that there may be, those included that are held by slow work.
MOST = 4


class Pool:
    """Threads of which the one that was last at work is the first to work again.

    Its caches are warm, those of its database connection too; and where there is little to do,
    there is only one connection.

    Owners of work take turns, and one owner never has the last thread. Where several are slow, each
    thread that they hold is replaced for so long: views that take a minute hold up nobody but
    those who asked for them.
    """

    def __init__(self, size: int, slow: float = SLOW) -> None:
        """At most ``size`` threads, besides those that are held for ``slow`` seconds or more."""
        self._size = size
        self._slow = slow
        self._started = 0
        self._numbers = itertools.count(1)
        self._idle: list[ThreadPoolExecutor] = []
        # What waits, by owner; the owner whose turn it is comes first.
        self._waiting: OrderedDict[Hashable, OrderedDict[_Job, None]] = OrderedDict()
        self._at_work: dict[_Job, float] = {}
        self._relief: threading.Timer | None = None
        self._lock = threading.Lock()

    def submit(self, function: Callable[[], Result], owner: Hashable = None) -> Future[Result]:
        """Have ``function`` run by a thread as soon as one is free; work of ``None`` is small."""
        job = _Job(function, owner)
        with self._lock:
            self._waiting.setdefault(owner, OrderedDict())[job] = None
            self._start()
            if job not in self._at_work:
                job.future.add_done_callback(lambda _: self._forget(job))
        return job.future

    def _forget(self, job: _Job) -> None:
        """What was cancelled waits no more: who asked may come and go as often as they like."""
        with self._lock:
            jobs = self._waiting.get(job.owner, OrderedDict())
            if job in jobs:
                del jobs[job]
                if not jobs:
                    del self._waiting[job.owner]

    def _start(self) -> None:
        """Have threads take up what may be worked at; look again later where there are too few."""
        while self._waiting:
            thread = self._idle.pop() if self._idle else self._further_thread()
            if thread is None:
                self._look_again()
                return
            job = self._next()
            if job is None:
                self._idle.append(thread)
                return
            thread.submit(self._work, thread, job)

    def _further_thread(self) -> ThreadPoolExecutor | None:
        if not self._room_for(self._started + 1):
            return None
        self._started += 1
        return ThreadPoolExecutor(1, f"drf-live-evaluation-{next(self._numbers)}")

    def _room_for(self, threads: int) -> bool:
        if self._size < threads <= self._size * MOST:
            since = time.monotonic() - self._slow
            threads -= sum(started <= since for started in self._at_work.values())
        return threads <= self._size

    def _look_again(self) -> None:
        if self._relief is None:
            self._relief = threading.Timer(self._slow, self._relieve)
            self._relief.daemon = True
            self._relief.start()

    def _relieve(self) -> None:
        with self._lock:
            self._relief = None
            self._start()

    def _next(self) -> _Job | None:
        """What is to be worked at next, from now on."""
        most = max(1, self._size - 1)
        at_work = Counter(job.owner for job in self._at_work)
        for owner, jobs in self._waiting.items():
            if owner is None or at_work[owner] < most:
                job, _ = jobs.popitem(last=False)
                self._waiting.move_to_end(owner)
                if not jobs:
                    del self._waiting[owner]
                self._at_work[job] = time.monotonic()
                return job
        return None

    def _work(self, thread: ThreadPoolExecutor, job: _Job) -> None:
        following: _Job | None = job
        while following is not None:
            following.run()
            following = self._after(thread, following)

    def _after(self, thread: ThreadPoolExecutor, done: _Job) -> _Job | None:
        """What a thread does next; if there is nothing, it waits, or ends if it is one too many."""
        with self._lock:
            del self._at_work[done]
            if not self._room_for(self._started):
                self._started -= 1
                self._start()
            else:
                following = self._next()
                if following is None:
                    self._idle.append(thread)
                return following
        # Connections are the thread's own, and nobody could close them after it.
        connections.close_all()
        thread.shutdown(wait=False)
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
