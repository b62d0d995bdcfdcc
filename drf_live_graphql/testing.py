"""For the tests of projects that are live."""

from __future__ import annotations

import asyncio

from .changes import publisher
from .live.hub import get_hub

TIMEOUT = 30.0


async def settled() -> None:
    """Wait until every change committed so far in this process reached its subscribers.

    That is: published, received back by this event loop's hub, and evaluated. Raises
    ``TimeoutError`` where that takes longer than half a minute, as with a channel layer that is
    down.
    """
    async with asyncio.timeout(TIMEOUT):
        while not publisher.idle:
            await asyncio.to_thread(publisher.flush, 1.0)
        await get_hub().settle()


__all__ = ["settled"]
