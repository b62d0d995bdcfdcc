"""Commits leave the process: one long-lived connection, and nobody who writes waits for it.

``publish`` only appends to a queue. A thread of its own, with one event loop for the life of the
process, hands the queue to the channel layer; it works the same from WSGI, ASGI, threads and
management commands. A layer that lives inside the process (Channels' in-memory one) is bound to
the event loop of its reader, so there the queue is handed over on that loop instead.

Each message carries its publisher's number for its group. While the layer is down messages wait
and are sent again; where the backlog overflows, the numbers of the lost ones are skipped, so that
every reader sees that it missed something.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import socket
import threading
import time
import uuid
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from channels.layers import InMemoryChannelLayer, get_channel_layer

from drf_live_graphql.conf import settings

from .control import Disconnect
from .message import Commit, Stamp, encode, encode_alive, group_of, split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .message import Changes

logger = logging.getLogger("drf_live_graphql.changes")

FIRST_RETRY = 0.05
LONGEST_RETRY = 2.0
# Seconds after the last message of a group at which its number is repeated: a reader that lost
# exactly that message has no later one to notice it by.
ANNOUNCEMENTS = (1.0, 5.0, 25.0)
# Seconds that the first commit of a process waits for the thread; it takes a millisecond.
THREAD_START = 5.0


@dataclass(slots=True)
class _Line:
    """Where this publisher stands in one group."""

    number: int = 0
    sent_at: float = 0.0
    announced: int = len(ANNOUNCEMENTS)
    # How many of the messages are in the journal of which database.
    journals: dict[str, int] = field(default_factory=dict)

    def count(self, item: Changes | Disconnect) -> None:
        """Number one more message, whether or not it is sent."""
        self.number += 1
        if item.journal:
            self.journals[item.journal] = self.journals.get(item.journal, 0) + 1

    def stamp(self, publisher: str) -> Stamp:
        """The stamp of the last message."""
        return Stamp(publisher, self.number, self.sent_at, journals=dict(self.journals))

    def next_announcement(self) -> float | None:
        """When the number is due to be repeated (``time.time()``), ``None`` where it is not."""
        if self.announced >= len(ANNOUNCEMENTS):
            return None
        return self.sent_at + ANNOUNCEMENTS[self.announced]


class Publisher:
    """The one way from a process's commits to the channel layer."""

    def __init__(self) -> None:
        self.reset()
        atexit.register(self._finish)

    def reset(self) -> None:
        """Start afresh: what a forked child has to do, as the thread stays with its parent."""
        # Reentrant, as the garbage collector may end a batch, which publishes, at any time.
        self._lock = threading.RLock()
        self._id = uuid.uuid4().hex
        self._queue: deque[Changes | Disconnect] = deque()
        self._lines: dict[str, _Line] = {}
        self._commits = count(1)
        self._idle = threading.Event()
        self._idle.set()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reader_loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._work: asyncio.Task[None] | None = None
        self._drain: asyncio.Task[None] | None = None

    def close(self) -> None:
        """End the thread, with what it has not sent; then start afresh."""
        thread, loop, work = self._thread, self._loop, self._work
        while thread is not None and thread.is_alive():
            # More than once: before Python 3.12 ``wait_for`` can swallow a cancellation.
            with suppress(RuntimeError):  # The loop may close first.
                if loop is not None and work is not None:
                    loop.call_soon_threadsafe(work.cancel)
            thread.join(0.05)
        self.reset()

    @property
    def idle(self) -> bool:
        """Whether everything published so far was handed to the channel layer."""
        return self._idle.is_set()

    def publish(self, commit: Sequence[Changes]) -> None:
        """Send a commit's changes, one message a model, soon; never raises, never waits."""
        try:
            parts = split(commit, settings.MAX_CHANGES_PER_MESSAGE)
            if len(parts) > 1:
                whole = Commit(next(self._commits), tuple(part.label for part in parts))
                for part in parts:
                    part.commit = whole
            self._enqueue(parts)
        except Exception:
            logger.exception("The changes of a commit could not be published.")

    def disconnect(self, order: Disconnect) -> None:
        """Send an order to every process, soon and as changes go; never raises, never waits."""
        try:
            self._enqueue([order])
        except Exception:
            logger.exception("%r could not be published.", order)

    def flush(self, timeout: float) -> bool:
        """Wait up to ``timeout`` seconds until everything was sent; whether it was."""
        with self._lock:
            # What a loop has closed over reaches nobody, however long one waits.
            self._has_reader()
        return self._idle.wait(timeout)

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand messages of an in-process layer over on ``loop``, that of the layer's reader."""
        with self._lock:
            # What an earlier reader's loop closed over would be sent by nobody.
            self._has_reader()
            self._reader_loop = loop
            self._drain = None

    def unbind(self, loop: asyncio.AbstractEventLoop) -> None:
        """The reader on ``loop`` is gone; changes of an in-process layer concern nobody."""
        with self._lock:
            if self._reader_loop is loop:
                self._forget_reader()

    def _forget_reader(self) -> None:
        self._reader_loop = None
        self._drain = None
        if self._thread is None:
            self._queue.clear()
            self._idle.set()

    def _enqueue(self, commit: Sequence[Changes | Disconnect]) -> None:
        layer = get_channel_layer(settings.CHANNEL_LAYER)
        if layer is None:
            return  # The system check drf_live_graphql.E001 has said so.
        in_process = isinstance(layer, InMemoryChannelLayer)
        with self._lock:
            if in_process and not self._has_reader():
                return
            self._idle.clear()
            for changes in commit:
                self._make_room()
                self._queue.append(changes)
            if in_process:
                assert self._reader_loop is not None
                self._reader_loop.call_soon_threadsafe(self._start_drain)
            else:
                self._start_thread()

    def _has_reader(self) -> bool:
        if self._reader_loop is not None and self._reader_loop.is_closed():
            self._forget_reader()
        return self._reader_loop is not None

    def _make_room(self) -> None:
        if len(self._queue) >= settings.PUBLISH_BACKLOG:
            dropped = self._queue.popleft()
            line = self._line(dropped.label)
            line.count(dropped)
            # No message may follow it: then its number is what tells of the loss.
            line.sent_at, line.announced = time.time(), 0

    def _line(self, label: str) -> _Line:
        return self._lines.setdefault(label, _Line())

    # In the reader's loop (in-process layers).

    def _start_drain(self) -> None:
        if self._drain is None or self._drain.done():
            self._drain = asyncio.get_running_loop().create_task(self._send_queue())

    # In the thread (layers that go over a network).

    def _start_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            ready = threading.Event()
            self._thread = threading.Thread(
                target=self._run, args=(ready,), name="drf-live-publisher", daemon=True
            )
            self._thread.start()
            ready.wait(THREAD_START)
        if self._loop is None or self._wake is None:
            raise RuntimeError(
                "The publisher's thread did not start. Under uWSGI, set enable-threads."
            )
        self._loop.call_soon_threadsafe(self._wake.set)

    def _run(self, ready: threading.Event) -> None:
        with (
            suppress(asyncio.CancelledError),
            asyncio.Runner(loop_factory=_PublisherLoop) as runner,
        ):
            runner.run(self._work_on(ready))

    async def _work_on(self, ready: threading.Event) -> None:
        wake = self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._work = asyncio.current_task()
        ready.set()
        while True:
            try:
                await asyncio.wait_for(wake.wait(), self._until_announcement())
            except TimeoutError:
                await self._announce()
            else:
                wake.clear()
                await self._send_queue()

    async def _send_queue(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._idle.set()
                    return
                changes = self._queue.popleft()
                line = self._line(changes.label)
                line.count(changes)
                stamp = line.stamp(self._id)
            await self._send_until_sent(group_of(changes.label), _encode(changes, stamp))
            line.sent_at = time.time()
            line.announced = 0
            # A reader on this loop gets its turn: the in-memory layer holds 100 messages.
            await asyncio.sleep(0)

    async def _send_until_sent(self, group: str, message: dict[str, Any]) -> None:
        retry = FIRST_RETRY
        while True:
            try:
                await self._send(group, message)
            except Exception as error:  # noqa: BLE001
                if retry == FIRST_RETRY:
                    logger.warning("The channel layer takes no changes; trying again: %r", error)
                await asyncio.sleep(retry)
                retry = min(retry * 2, LONGEST_RETRY)
            else:
                if retry != FIRST_RETRY:
                    logger.warning("The channel layer takes changes again.")
                return

    async def _send(self, group: str, message: dict[str, Any]) -> None:
        layer = get_channel_layer(settings.CHANNEL_LAYER)
        await asyncio.wait_for(layer.group_send(group, message), settings.PUBLISH_TIMEOUT)

    def _until_announcement(self) -> float | None:
        due = [at for line in self._lines.values() if (at := line.next_announcement()) is not None]
        return max(0.0, min(due) - time.time()) if due else None

    async def _announce(self) -> None:
        now = time.time()
        for label, line in list(self._lines.items()):
            at = line.next_announcement()
            if at is None or at > now:
                continue
            line.announced += 1
            stamp = line.stamp(self._id)
            try:
                await self._send(group_of(label), encode_alive(label, stamp))
            except Exception as error:  # noqa: BLE001
                logger.info("An announcement of %s could not be sent: %r", label, error)

    def _finish(self) -> None:
        if not self._idle.is_set() and not self.flush(settings.PUBLISH_FLUSH):
            logger.error(
                "The process ended with %d changes unpublished: the channel layer took none for"
                " %s seconds.",
                len(self._queue) + 1,
                settings.PUBLISH_FLUSH,
            )


def _encode(item: Changes | Disconnect, stamp: Stamp) -> dict[str, Any]:
    return item.encode(stamp) if isinstance(item, Disconnect) else encode(item, stamp)


class _PublisherLoop(asyncio.SelectorEventLoop):
    """An event loop that can still look up a host while the interpreter shuts down.

    The default one hands ``getaddrinfo`` to a thread pool, and pools take no more work once the
    main thread has ended; that is when a short command's only change is on its way. Only the
    publisher runs here, so it may block.
    """

    async def getaddrinfo(self, host: Any, port: Any, **kwargs: Any) -> Any:
        return socket.getaddrinfo(host, port, **kwargs)


publisher = Publisher()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=publisher.reset)

__all__ = ["Publisher", "publisher"]
