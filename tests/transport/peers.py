"""One client for each transport, all with the same few words: what the conformance suite needs."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from asgiref.sync import sync_to_async
from channels.auth import AuthMiddlewareStack
from django.test import AsyncClient

from drf_live_graphql.rest_live import RealtimeRouter
from tests.live.conftest import session_cookie
from tests.oracle.wire import InProcessWire, Socket
from tests.rest_live.client import Client
from tests.rest_live.views import EVERY_VIEW

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PEERS", "Peer", "Subject", "Watch"]

PATIENCE = 30.0
CODES = {
    "INVALID": 400,
    "NOT_AUTHENTICATED": 403,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
}


class Subject:
    """A view by its names in both protocols, and one field of its rows."""

    def __init__(self, rows: str, row: str, model: str, field: str, pages: bool = False) -> None:
        self.rows = rows
        self.row = row
        self.model = model
        self.field = field
        self.pages = pages

    def list_document(self, arguments: str) -> str:
        shown = f"{{ id {self.field} }}"
        page = f"{{ results {shown} }}" if self.pages else shown
        given = f"({arguments})" if arguments else ""
        parts = f"snapshot {page} created {shown} updated {shown} deleted"
        return f"subscription {{ {self.rows}{given} {{ {parts} }} }}"

    def row_document(self, pk: object) -> str:
        shown = f"{{ id {self.field} }}"
        return (
            f"subscription {{ {self.row}(id: {json.dumps(str(pk))})"
            f" {{ action objectId instance {shown} }} }}"
        )


class Watch:
    """A subscription: what it was told of which row, and how it ended if it did."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.told: list[tuple[str, str, Any]] = []
        """Action, key and shown field of each row that was told of; no rows of the beginning."""
        self.code: int | None = None
        """Of the error that ended it, as HTTP has it."""
        self.begun = False
        self.news = asyncio.Event()

    def tell(self, action: str, key: object, row: Any) -> None:
        self.told.append((action, str(key), row and row[self.subject.field]))

    def payload(self, payload: dict[str, Any]) -> None:
        """A GraphQL response."""
        self.begun = True
        for error in payload.get("errors", ()):
            self.fail(error)
        for change in filter(None, (payload.get("data") or {}).values()):
            if change.get("action", "SNAPSHOT") != "SNAPSHOT":
                self.tell(change["action"], change["objectId"], change["instance"])
            for key in change.get("deleted", ()):
                self.tell("DELETED", key, None)
            for action in ("created", "updated"):
                for row in change.get(action, ()):
                    self.tell(action.upper(), row["id"], row)
        self.news.set()

    def fail(self, error: dict[str, Any]) -> None:
        self.begun = True
        self.code = CODES[error["extensions"]["code"]]
        self.news.set()

    async def until(self, condition: Callable[[Watch], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition(self):
                self.news.clear()
                await self.news.wait()


class Peer(Protocol):
    """A client that has connected as a user, or as nobody."""

    async def open(self, user: str) -> None: ...

    async def list(self, subject: Subject, **parameters: str) -> Watch:
        """Subscribe to a list; returns once that is in effect, or refused."""

    async def row(self, subject: Subject, pk: object) -> Watch:
        """Subscribe to a row, likewise."""

    async def end(self, watch: Watch) -> None:
        """End a subscription from the client's side."""

    async def close(self) -> None: ...


def _arguments(parameters: dict[str, str]) -> str:
    return ", ".join(f"{name}: {value.upper()}" for name, value in parameters.items())


class WebsocketPeer:
    """graphql-transport-ws."""

    async def open(self, user: str) -> None:
        from tests.project.asgi import application

        cookie = await sync_to_async(session_cookie)(user) if user else ""
        self.socket = Socket(InProcessWire(application, cookie=cookie))
        await self.socket.open()
        self.operations: dict[Watch, Any] = {}

    async def list(self, subject: Subject, **parameters: str) -> Watch:
        return await self._subscribe(subject, subject.list_document(_arguments(parameters)))

    async def row(self, subject: Subject, pk: object) -> Watch:
        return await self._subscribe(subject, subject.row_document(pk))

    async def _subscribe(self, subject: Subject, document: str) -> Watch:
        watch = Watch(subject)
        operation = self.operations[watch] = await self.socket.subscribe(document, watch.payload)
        receive = operation.receive

        def received(message: dict[str, Any]) -> None:
            receive(message)
            if message["type"] == "error":
                watch.fail(message["payload"][0])

        operation.receive = received
        await watch.until(lambda watch: watch.begun)
        return watch

    async def end(self, watch: Watch) -> None:
        await self.socket.complete(self.operations[watch])

    async def close(self) -> None:
        await self.socket.close()


class SsePeer:
    """Server-sent events: a request for each subscription."""

    async def open(self, user: str) -> None:
        cookie = await sync_to_async(session_cookie)(user) if user else ""
        self.client = AsyncClient()
        self.client.cookies.load(cookie)
        self.tasks: dict[Watch, asyncio.Task[None]] = {}

    async def list(self, subject: Subject, **parameters: str) -> Watch:
        return await self._subscribe(subject, subject.list_document(_arguments(parameters)))

    async def row(self, subject: Subject, pk: object) -> Watch:
        return await self._subscribe(subject, subject.row_document(pk))

    async def _subscribe(self, subject: Subject, document: str) -> Watch:
        watch = Watch(subject)
        self.tasks[watch] = asyncio.create_task(self._read(watch, document))
        await watch.until(lambda watch: watch.begun)
        return watch

    async def _read(self, watch: Watch, document: str) -> None:
        response: Any = await self.client.post(
            "/graphql/",
            {"query": document},
            "application/json",
            headers={"accept": "text/event-stream"},
        )
        parts = response.streaming_content
        try:
            async for part in parts:
                text = part.decode()
                if text.startswith("event: next"):
                    watch.payload(json.loads(text.split("data: ")[1]))
        finally:
            await parts.aclose()

    async def end(self, watch: Watch) -> None:
        task = self.tasks[watch]
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def close(self) -> None:
        for watch in self.tasks:
            await self.end(watch)


class RestLivePeer:
    """django-rest-live's protocol."""

    async def open(self, user: str) -> None:
        router = RealtimeRouter()
        router.register_all(EVERY_VIEW)
        cookie = await sync_to_async(session_cookie)(user) if user else ""
        self.client = Client(
            AuthMiddlewareStack(router.as_consumer().as_asgi()), headers={"cookie": cookie}
        )
        self.client.received = self._received
        self.watches: list[Watch] = []
        await self.client.open()

    async def list(self, subject: Subject, **parameters: str) -> Watch:
        return await self._subscribe(subject, "list", query_params=parameters)

    async def row(self, subject: Subject, pk: object) -> Watch:
        return await self._subscribe(subject, "retrieve", lookup_by=str(pk))

    async def _subscribe(self, subject: Subject, action: str, **more: object) -> Watch:
        watch = Watch(subject)
        self.watches.append(watch)
        await self.client.subscribe(len(self.watches) - 1, subject.model, action, **more)
        return watch

    def _received(self, frame: dict[str, Any]) -> None:
        watch = self.watches[frame["id"]]
        if frame["type"] == "error":
            watch.code = frame["code"]
        else:
            row = frame["instance"]
            watch.tell(frame["action"], row["id"], None if frame["action"] == "DELETED" else row)
        watch.news.set()

    async def end(self, watch: Watch) -> None:
        await self.client.unsubscribe(self.watches.index(watch))

    async def close(self) -> None:
        await self.client.close()


PEERS: dict[str, Callable[[], Peer]] = {
    "graphql-transport-ws": WebsocketPeer,
    "server-sent events": SsePeer,
    "django-rest-live": RestLivePeer,
}
