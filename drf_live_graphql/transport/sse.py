"""Server-sent events in graphql-sse's distinct connections mode: one response, one operation.

Source: graphql-sse's PROTOCOL.md. ``next`` carries an execution result, ``complete`` ends the
stream; a result that is an error travels as ``next`` too, because a client takes any other
status for a network failure and tries again.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from drf_live_graphql.exceptions import INTERNAL_MESSAGE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

logger = logging.getLogger(__name__)

# Proxies that gather a response before they pass it on would hold events back, and so does
# compressing or caching one that never ends. Django's GZipMiddleware looks for an encoding only;
# it would make a gzip member of each event, of which Chromium reads the first.
HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache, no-transform",
    "Content-Encoding": "identity",
    "X-Accel-Buffering": "no",
}
COMMENT = b":\n\n"


def event(name: str, data: str = "") -> bytes:
    """One event. ``data`` is JSON in one line; an empty one is sent, or EventSource drops it."""
    return f"event: {name}\ndata: {data}\n\n".encode()


async def events(
    results: AsyncGenerator[Any, None], encode: Callable[[Any], Awaitable[str]]
) -> AsyncGenerator[bytes, None]:
    """The events of an operation: one ``next`` per result, then ``complete``.

    ``encode`` makes JSON of a result. What it or the operation raises is logged and ends the
    stream with an error in ``next``: a broken connection would make the client try for ever.
    """
    try:
        async with aclosing(results):
            async for result in results:
                yield event("next", await encode(result))
    except Exception:
        logger.exception("A streamed operation failed")
        yield event("next", f'{{"errors":[{{"message":"{INTERNAL_MESSAGE}"}}]}}')
    yield event("complete")


class EventStream:
    """An async iterator of bytes that keeps the connection alive and always closes its source.

    The source runs in one task of its own, so that a wait for the next event can be broken by a
    comment without cancelling it, and so that context variables it sets are its own. At most one
    event waits: a slow reader slows the source down.

    It ends when the source ends, when the reading task is cancelled (the client went away),
    by ``close()`` (Django calls it when the response is done with), and when nobody holds it.
    """

    def __init__(self, source: AsyncGenerator[bytes, None], keep_alive: float) -> None:
        """``source`` yields encoded events; ``keep_alive`` is in seconds."""
        self._source = source
        self._keep_alive = keep_alive
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=1)
        self._pump: asyncio.Task[None] | None = None
        self._finalizer: Callable[[], object] | None = None

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> bytes:
        if self._pump is None:
            self._start()
            # The first bytes at once: some proxies hold the headers back until the body begins.
            return COMMENT
        item = await self._wait()
        if item is None:
            raise StopAsyncIteration
        return item

    async def aclose(self) -> None:
        """Stop, and wait until the source has cleaned up."""
        if self._pump is None:
            await self._source.aclose()
            return
        self._pump.cancel()
        await asyncio.wait({self._pump})

    def close(self) -> None:
        """Stop from any thread, without waiting for the source to clean up."""
        if self._finalizer is not None:
            self._finalizer()

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        self._pump = loop.create_task(_pump(self._source, self._queue))
        # The task must not hold the stream, or a stream that nobody reads would live for ever.
        finalizer = weakref.finalize(self, _cancel, loop, self._pump)
        finalizer.atexit = False
        self._finalizer = finalizer

    async def _wait(self) -> bytes | None:
        try:
            async with asyncio.timeout(self._keep_alive):
                return await self._queue.get()
        except TimeoutError:
            return COMMENT
        except asyncio.CancelledError:
            await self.aclose()
            raise


async def _pump(source: AsyncGenerator[bytes, None], queue: asyncio.Queue[bytes | None]) -> None:
    async with aclosing(source):
        async for item in source:
            await queue.put(item)
    await queue.put(None)


def _cancel(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(task.cancel)


__all__ = ["COMMENT", "HEADERS", "EventStream", "event", "events"]
