"""A network between a process and Redis that a test can cut, close, and make swallow bytes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self

__all__ = ["Network"]


class Network:
    """Passes bytes between its own port and another; every connection through it can be hurt."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._pairs: set[_Pair] = set()
        self._refusing = False

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*(pair.ended.wait() for pair in tuple(self._pairs)))

    def cut(self) -> None:
        """End every connection at once; new ones are welcome."""
        for pair in tuple(self._pairs):
            pair.cut()

    def refuse(self) -> None:
        """End every connection, and each new one as soon as it is made."""
        self._refusing = True
        self.cut()

    def restore(self) -> None:
        """Take connections again."""
        self._refusing = False

    def swallow(self) -> None:
        """Let the connections that there are stay open and carry nothing any more."""
        for pair in tuple(self._pairs):
            pair.silent = True

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        pair = _Pair(writer)
        self._pairs.add(pair)
        try:
            with suppress(OSError):
                await pair.run(reader, self._target)
        finally:
            self._pairs.discard(pair)
            pair.ended.set()


class _Pair:
    """One connection and its continuation to the target."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writers = [writer]
        self.silent = False
        self.ended = asyncio.Event()

    async def run(self, reader: asyncio.StreamReader, target: int) -> None:
        """Pass bytes both ways until either side ends."""
        back, forth = await asyncio.open_connection("127.0.0.1", target)
        self._writers.append(forth)
        ways = [
            asyncio.create_task(self._pass(reader, forth)),
            asyncio.create_task(self._pass(back, self._writers[0])),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        self.cut()
        await asyncio.wait(ways)

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await source.read(65536):
                if not self.silent:
                    target.write(chunk)
                    await target.drain()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
