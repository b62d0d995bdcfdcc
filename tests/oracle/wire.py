"""A graphql-transport-ws conversation, with the application in this process or with a server.

What arrives is handed on at once, in the very call that delivers it: when the application has
nothing left to do, every payload has been applied. There is no queue to wait for.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["InProcessWire", "Operation", "ServerWire", "Socket", "Wire"]

SUBPROTOCOL = "graphql-transport-ws"
PATIENCE = 30.0
"""Seconds after which something that should have come is called missing."""


class Wire(Protocol):
    """The way of text frames to a server and back."""

    async def open(self, receive: Callable[[str], None], closed: Callable[[int], None]) -> None:
        """Connect; from now on each text frame goes to `receive`, the close code to `closed`."""

    async def send(self, text: str) -> None: ...

    async def close(self) -> None: ...


class InProcessWire:
    """An ASGI application in this process and this event loop."""

    def __init__(self, application: Any, *, cookie: str = "", host: str = "testserver") -> None:
        self.application = application
        headers = {"host": host, "origin": f"http://{host}", "cookie": cookie}
        self.scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "scheme": "ws",
            "path": "/graphql/",
            "raw_path": b"/graphql/",
            "root_path": "",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 50000),
            "server": (host, 80),
            "subprotocols": [SUBPROTOCOL],
        }

    async def open(self, receive: Callable[[str], None], closed: Callable[[int], None]) -> None:
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        accepted = asyncio.get_running_loop().create_future()

        async def send(event: dict[str, Any]) -> None:
            if event["type"] == "websocket.accept":
                accepted.set_result(event.get("subprotocol"))
            elif event["type"] == "websocket.send":
                receive(event["text"])
            elif event["type"] == "websocket.close":
                closed(event.get("code", 1000))
                if not accepted.done():
                    accepted.set_exception(ConnectionError(f"refused: {event}"))

        self._events.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self.application(self.scope, self._events.get, send))
        self._task.add_done_callback(lambda task: task.cancelled() or task.exception())
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait({self._task, accepted}, return_when=asyncio.FIRST_COMPLETED)
        if not accepted.done():
            await self._task
            raise ConnectionError("the application returned without accepting the socket")
        assert await accepted == SUBPROTOCOL

    async def send(self, text: str) -> None:
        self._events.put_nowait({"type": "websocket.receive", "text": text})

    async def close(self) -> None:
        self._events.put_nowait({"type": "websocket.disconnect", "code": 1000})
        async with asyncio.timeout(PATIENCE):
            await self._task


class ServerWire:
    """A real socket to a real server. Clear `reading` and it stops taking what arrives.

    `host` is what the client calls the server by, where that is not its address: behind a proxy,
    several servers have one name.
    """

    def __init__(self, url: str, *, cookie: str = "", host: str = "") -> None:
        self.url = f"ws://{host}" if host else url
        self._address = urlsplit(url)
        self.cookie = cookie
        self.reading = asyncio.Event()
        self.reading.set()

    async def open(self, receive: Callable[[str], None], closed: Callable[[int], None]) -> None:
        self._socket = await connect(
            f"{self.url}/graphql/",
            origin=self.url.replace("ws", "http", 1),  # type: ignore[arg-type]
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
            additional_headers={"Cookie": self.cookie},
            host=self._address.hostname,
            port=self._address.port,
            open_timeout=PATIENCE,
            ping_interval=None,
            max_size=None,
            max_queue=1,
            proxy=None,
        )
        self._task = asyncio.create_task(self._read(receive, closed))

    async def _read(self, receive: Callable[[str], None], closed: Callable[[int], None]) -> None:
        with suppress(ConnectionClosedError):  # Any code but those of a plain goodbye.
            async for frame in self._socket:
                receive(str(frame))
                await self.reading.wait()
        closed(self._socket.close_code or 1006)

    async def send(self, text: str) -> None:
        await self._socket.send(text)

    async def close(self) -> None:
        await self._socket.close()
        await self._task


class Operation:
    """One subscription of a socket: its payloads, and how it ended if it did."""

    def __init__(self, apply: Callable[[dict[str, Any]], None]) -> None:
        self.apply = apply
        self.payloads: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] | None = None
        self.ended = False
        self.failure: AssertionError | None = None
        """What was wrong with a payload: kept, since it must not be raised into the server."""
        self._news = asyncio.Event()

    def receive(self, message: dict[str, Any]) -> None:
        if message["type"] == "next":
            payload = message["payload"]
            self.payloads.append(payload)
            try:
                self.apply(payload)
            except AssertionError as failure:
                self.failure = self.failure or failure
        else:
            self.ended = True
            if message["type"] == "error":
                self.errors = message["payload"]
        self._news.set()

    async def until(self, condition: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Return once `condition` holds, which is asked after every message of this operation.

        Raises `AssertionError` with what came if it does not within `patience` seconds.
        """
        try:
            async with asyncio.timeout(patience):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
            self.verify()
        except TimeoutError:
            raise AssertionError(
                f"the expected state did not come; ended={self.ended}, errors={self.errors}, "
                f"last payloads: {json.dumps(self.payloads[-3:], indent=1)}"
            ) from None

    def verify(self) -> None:
        """Raise what was wrong with a payload, if anything was."""
        if self.failure is not None:
            raise self.failure

    async def started(self) -> None:
        """Return once the first payload has come, or the operation has ended."""
        await self.until(lambda: bool(self.payloads) or self.ended)


class Socket:
    """One client's connection, with any number of operations on it."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.operations: dict[str, Operation] = {}
        self.close_code: int | None = None
        self.closed = asyncio.Event()
        self._numbers = iter(range(1, 1_000_000))
        self._acknowledged = asyncio.Event()

    async def open(self, payload: dict[str, Any] | None = None) -> None:
        await self.wire.open(self._receive, self._closed)
        await self._send({"type": "connection_init", "payload": payload or {}})
        async with asyncio.timeout(PATIENCE):
            await self._acknowledged.wait()
        if self.close_code is not None:
            raise ConnectionError(f"closed with {self.close_code} instead of an ack")

    async def subscribe(
        self,
        document: str,
        apply: Callable[[dict[str, Any]], None] = lambda payload: None,
        **extensions: Any,
    ) -> Operation:
        name = str(next(self._numbers))
        operation = self.operations[name] = Operation(apply)
        payload: dict[str, Any] = {"query": document}
        if extensions:
            payload["extensions"] = extensions
        await self._send({"id": name, "type": "subscribe", "payload": payload})
        return operation

    async def complete(self, operation: Operation) -> None:
        """End an operation from the client's side."""
        name = next(name for name, one in self.operations.items() if one is operation)
        del self.operations[name]
        if not operation.ended:
            await self._send({"id": name, "type": "complete"})

    async def close(self) -> None:
        await self.wire.close()

    async def _send(self, message: dict[str, Any]) -> None:
        await self.wire.send(json.dumps(message))

    def _receive(self, text: str) -> None:
        message = json.loads(text)
        kind = message["type"]
        if kind == "connection_ack":
            self._acknowledged.set()
        elif kind == "ping":
            self._pong = asyncio.ensure_future(self._send({"type": "pong"}))
        elif kind != "pong" and message["id"] in self.operations:
            self.operations[message["id"]].receive(message)

    def _closed(self, code: int) -> None:
        self.close_code = code
        self.closed.set()
        self._acknowledged.set()
        for operation in self.operations.values():
            operation.receive({"type": "closed"})
