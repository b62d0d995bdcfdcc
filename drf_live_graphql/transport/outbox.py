"""What waits to be sent on one socket: bounded, and sent at once where the server takes it."""

from __future__ import annotations

import asyncio
import math
import sys
import types
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping

    Send = Callable[[Mapping[str, Any]], Coroutine[Any, Any, None]]


class Outbox:
    """The one way out of a socket.

    A frame is sent eagerly: the server's ``send`` is stepped at once, and only if it blocks does
    a task go on with it. What comes meanwhile waits, up to a number of bytes.

    Not every server pushes back on a reader that does not read (daphne takes all of it into
    memory), so bytes also count as waiting until the client has answered a ping sent after them.
    Where the protocol has no pings, what the server took counts as read.

    A change passes here once for each subscriber: hence the slots, and few calls on that way.
    """

    __slots__ = (
        "_acknowledged",
        "_closed",
        "_drained",
        "_limit",
        "_ping",
        "_ping_due",
        "_pings",
        "_refused",
        "_send",
        "_sent",
        "_task",
        "_waiting",
        "_waiting_bytes",
    )

    def __init__(
        self,
        send: Send,
        *,
        limit: int,
        drained: Callable[[], None],
        ping: Callable[[], str] | None,
    ) -> None:
        """``send`` is the server's (ASGI); ``limit`` is the number of bytes that may wait.

        ``drained`` is called when frames can be taken again after some were refused. ``ping``
        makes a frame that the client has to answer; ``None``: the protocol knows of none.
        """
        self._send = send
        self._limit = limit
        self._drained = drained
        self._ping = ping
        self._waiting: deque[str] = deque()
        self._waiting_bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._refused = False
        self._closed = False
        # Bytes sent in all, up to the last answered ping, and at each ping not answered yet,
        # with the time of that ping.
        self._sent = self._acknowledged = 0
        self._pings: deque[tuple[int, float]] = deque()
        # The number of bytes sent above which the next ping is due.
        self._ping_due: float = limit // 4 if ping is not None else math.inf

    @property
    def waiting(self) -> int:
        """Bytes that were not yet handed to the server, or not yet known to be read."""
        return self._waiting_bytes + self._sent - self._acknowledged

    @property
    def silence(self) -> float:
        """Seconds for which the oldest unanswered ping has been waiting."""
        return asyncio.get_running_loop().time() - self._pings[0][1] if self._pings else 0.0

    def offer(self, frame: str) -> bool:
        """Send ``frame`` unless too much waits; whether it was taken."""
        waiting = self._waiting_bytes + self._sent - self._acknowledged
        if self._refused or waiting >= self._limit:
            return self._refuse()
        self.put(frame)
        return True

    def _refuse(self) -> bool:
        if self._closed:
            return True
        self._refused = True
        if self._ping is not None and not self._pings:
            self.ping()
        return False

    def put(self, frame: str) -> None:
        """Send ``frame`` in any case (answers and errors; each is asked for by the client)."""
        if self._closed:
            return
        if self._task is None:
            self._sent += len(frame)
            try:
                rest = step(self._send({"type": "websocket.send", "text": frame}))
            except Exception:  # noqa: BLE001  # The socket is gone; disconnect tells its reader.
                self._closed = True
                return
            if rest is not None:
                self._task = asyncio.ensure_future(self._finish(rest))
            elif self._ping is None:
                self._acknowledged = self._sent
        else:
            self._waiting.append(frame)
            self._waiting_bytes += len(frame)
        if self._sent > self._ping_due:
            self.ping()

    def ping(self) -> None:
        """Send a ping; everything sent before it is known to be read once it is answered."""
        total = self._sent + self._waiting_bytes
        assert self._ping is not None
        self._pings.append((total, asyncio.get_running_loop().time()))
        self._ping_due = total + self._limit // 4
        self.put(self._ping())

    def answered(self) -> None:
        """The client answered its oldest unanswered ping."""
        if self._pings:
            self._acknowledged = max(self._acknowledged, self._pings.popleft()[0])
            self._maybe_drained()

    def drop(self) -> None:
        """Forget what waits to be sent."""
        self._waiting.clear()
        self._waiting_bytes = 0

    async def flush(self, patience: float) -> None:
        """Wait until the server took what was put, or for ``patience`` seconds."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=patience)

    def close(self) -> None:
        """Send nothing more."""
        self._closed = True
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    async def _finish(self, rest: Awaitable[None]) -> None:
        """Go on with a send that blocked, then with what came meanwhile."""
        try:
            await rest
            self._taken()
            while self._waiting:
                frame = self._waiting.popleft()
                self._waiting_bytes = max(0, self._waiting_bytes - len(frame))
                self._sent += len(frame)
                await self._send({"type": "websocket.send", "text": frame})
                self._taken()
        except Exception:  # noqa: BLE001  # As in put.
            self._closed = True
            self._waiting.clear()
        finally:
            self._task = None
        self._maybe_drained()

    def _taken(self) -> None:
        if self._ping is None:
            self._acknowledged = self._sent

    def _maybe_drained(self) -> None:
        if self._refused and not self._closed and self.waiting < self._limit // 2:
            self._refused = False
            self._drained()


if sys.version_info >= (3, 12):

    def step(coroutine: Coroutine[Any, Any, None]) -> Awaitable[None] | None:
        """Run ``coroutine`` up to where it waits; what is left of it, ``None`` if it is done.

        Raises what the coroutine raises before it waits.
        """
        task = asyncio.Task(coroutine, loop=asyncio.get_running_loop(), eager_start=True)
        if not task.done():
            return task
        task.result()
        return None

else:  # There are no eager tasks yet.

    def step(coroutine: Coroutine[Any, Any, None]) -> Awaitable[None] | None:
        """Run ``coroutine`` up to where it waits; what is left of it, ``None`` if it is done.

        Raises what the coroutine raises before it waits.
        """
        try:
            waited_for = coroutine.send(None)
        except StopIteration:
            return None
        return _resume(coroutine, waited_for)


@types.coroutine
def _resume(coroutine: Coroutine[Any, Any, None], waited_for: Any) -> Generator[Any, Any, None]:
    """Await the rest of a coroutine that was stepped by hand."""
    while True:
        try:
            value = yield waited_for
        except BaseException as error:  # noqa: BLE001
            advance = _thrower(coroutine, error)
        else:
            advance = _sender(coroutine, value)
        try:
            waited_for = advance()
        except StopIteration:
            return


def _sender(coroutine: Coroutine[Any, Any, None], value: Any) -> Callable[[], Any]:
    return lambda: coroutine.send(value)


def _thrower(coroutine: Coroutine[Any, Any, None], error: BaseException) -> Callable[[], Any]:
    return lambda: coroutine.throw(error)


__all__ = ["Outbox", "step"]
