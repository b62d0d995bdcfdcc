"""A client of django-rest-live's protocol, in this process and on this event loop.

What arrives is handed on in the very call that delivers it: once the application has nothing left
to do, every frame is in `frames`.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from drf_live_graphql.testing import settled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Client"]

PATIENCE = 30.0
BARRIER = "barrier"


class Client:
    """One socket. Everything sent to it is in `frames`, as text; `take` decodes what is new."""

    def __init__(
        self, application: Any, *, headers: Mapping[str, str] | None = None, **scope: Any
    ) -> None:
        self.application = application
        given = {"host": "testserver", **(headers or {})}
        self.scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "scheme": "ws",
            "path": "/ws/",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("testserver", 80),
            "subprotocols": [],
            **scope,
        }
        self.frames: list[str] = []
        self.close_code: int | None = None
        self.gate = asyncio.Event()
        """While it is cleared, this client reads nothing."""
        self.gate.set()
        self.received: Callable[[dict[str, Any]], None] = lambda frame: None
        """Called with each frame as it comes."""
        self._taken = 0
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._fetched = asyncio.Event()
        self._news = asyncio.Event()
        self._passed = 0

    async def open(self) -> bool:
        """Whether the socket was accepted."""
        accepted = asyncio.Event()

        async def send(event: dict[str, Any]) -> None:
            await self.gate.wait()
            if event["type"] == "websocket.accept":
                accepted.set()
            elif event["type"] == "websocket.close":
                self.close_code = event["code"]
                accepted.set()
                self._news.set()
            else:
                self._receive(event["text"])

        async def receive() -> dict[str, Any]:
            if self._events.empty():
                self._fetched.set()
            return await self._events.get()

        self._put({"type": "websocket.connect"})
        self._task = asyncio.create_task(self.application(self.scope, receive, send))
        async with asyncio.timeout(PATIENCE):
            await accepted.wait()
        return self.close_code is None

    def _put(self, event: dict[str, Any]) -> None:
        self._fetched.clear()
        self._events.put_nowait(event)

    def _receive(self, text: str) -> None:
        if f'"id":"{BARRIER}"' in text:
            self._passed += 1
        else:
            self.frames.append(text)
            self.received(json.loads(text))
        self._news.set()

    async def send(self, message: object) -> None:
        """Send a message; a text goes as it is."""
        text = message if isinstance(message, str) else json.dumps(message)
        self._put({"type": "websocket.receive", "text": text})

    async def send_bytes(self, data: bytes) -> None:
        self._put({"type": "websocket.receive", "bytes": data})

    async def subscribe(
        self, id_: object, model: str, action: str = "list", **more: object
    ) -> list[dict[str, Any]]:
        """Subscribe, and return once that is in effect or refused: what was sent meanwhile."""
        message = {"type": "subscribe", "id": id_, "model": model, "action": action}
        await self.send({**message, **more})
        return await self.quiet()

    async def unsubscribe(self, id_: object) -> list[dict[str, Any]]:
        await self.send({"type": "unsubscribe", "id": id_})
        return await self.quiet()

    async def quiet(self) -> list[dict[str, Any]]:
        """Return once all that was sent is taken and all that was committed is told: the news."""
        await self.handled()
        await settled()
        return self.take()

    async def handled(self) -> None:
        """Return once the application has taken all messages: it answers them in their order."""
        before = self._passed
        if self.gate.is_set() and self.close_code is None:
            await self.send({"type": "unsubscribe", "id": BARRIER})
            async with asyncio.timeout(PATIENCE):
                while self._passed == before and self.close_code is None:
                    self._news.clear()
                    await self._news.wait()

    async def fetched(self) -> None:
        """Return once the application has fetched all messages, whether it can answer or not."""
        async with asyncio.timeout(PATIENCE):
            await self._fetched.wait()

    async def closed(self) -> int:
        """The code with which the application closes the socket, once it does."""
        async with asyncio.timeout(PATIENCE):
            while self.close_code is None:
                self._news.clear()
                await self._news.wait()
        return self.close_code

    def take(self) -> list[dict[str, Any]]:
        """The frames that came since this was last asked, decoded."""
        news, self._taken = self.frames[self._taken :], len(self.frames)
        return [json.loads(frame) for frame in news]

    async def close(self) -> None:
        self.gate.set()
        self._put({"type": "websocket.disconnect", "code": 1000})
        async with asyncio.timeout(PATIENCE):
            await self._task
