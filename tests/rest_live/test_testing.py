"""The helpers for users' tests, used as django-rest-live's documentation shows it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.test import TransactionTestCase

from drf_live_graphql.rest_live import CREATED, UPDATED, RealtimeRouter
from drf_live_graphql.rest_live.testing import APICommunicator, async_test, get_headers_for_user
from drf_live_graphql.testing import settled
from tests.project.models import Fence, Note
from tests.rest_live.views import Fences, Notes

db = database_sync_to_async


class AsUsersWriteThem(TransactionTestCase):
    """Nothing in this class knows of us but its imports, and `settled` for a sleep."""

    async def asyncSetUp(self) -> None:
        router = RealtimeRouter()
        router.register(Fences)
        router.register(Notes)
        self.user: Any = await db(get_user_model().objects.create_user)(username="test")
        headers = await get_headers_for_user(self.user)
        self.client_ = APICommunicator(
            AuthMiddlewareStack(router.as_consumer()), "/ws/subscribe/?a=1", headers
        )
        connected, _ = await self.client_.connect()
        assert connected

    async def asyncTearDown(self) -> None:
        await self.client_.disconnect()

    async def subscribe(self, model: str, **more: object) -> None:
        message = {"type": "subscribe", "id": 1337, "model": model, "action": "list", **more}
        await self.client_.send_json_to(message)
        assert await self.client_.receive_nothing()  # type: ignore[no-untyped-call]
        await settled()

    @async_test
    async def test_anybodys(self) -> None:
        await self.subscribe("project.Fence")
        fence = await db(Fence.objects.create)(number=3)
        assert await self.client_.receive_json_from(timeout=10) == {
            "type": "broadcast",
            "id": 1337,
            "model": "project.Fence",
            "action": CREATED,
            "instance": {"id": fence.pk, "number": 3},
        }

    @async_test
    async def test_ones_own(self) -> None:
        note = await db(Note.objects.create)(owner=self.user, text="mine")
        await self.subscribe("project.Note", action="retrieve", lookup_by=note.pk)
        await db(note.save)()
        frame = await self.client_.receive_json_from(timeout=10)
        assert (frame["action"], frame["instance"]["text"]) == (UPDATED, "mine")


@pytest.mark.usefixtures("live_db")
async def test_settled_waits_until_a_subscription_is_in_effect() -> None:
    router = RealtimeRouter()
    router.register(Fences)
    client = APICommunicator(AuthMiddlewareStack(router.as_consumer()), "/ws/")
    await client.connect()
    message = {"type": "subscribe", "id": 1, "model": "project.Fence", "action": "list"}
    await client.send_json_to(message)
    await settled()
    await Fence.objects.acreate()
    await settled()
    assert client.output_queue.qsize() == 1
    await client.disconnect()


async def _closes(scope: Any, receive: Any, send: Any) -> None:
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.close", "code": 4003})
    await receive()


async def _echoes(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept", "subprotocol": scope["subprotocols"][0]})
    while (event := await receive())["type"] == "websocket.receive":
        if event.get("text") == "close":
            await send({"type": "websocket.close"})
        else:
            kind = "bytes" if event.get("text") is None else "text"
            await send({"type": "websocket.send", kind: event[kind]})


async def test_a_refused_connection_is_false_and_its_code() -> None:
    client = APICommunicator(_closes, "/")
    assert await client.connect() == (False, 4003)
    await client.disconnect()


async def test_frames_of_text_and_bytes_go_both_ways() -> None:
    client = APICommunicator(_echoes, "/a%20b/?x=1", [(b"a", b"b")], ["one"], user="u")
    assert client.scope["path"] == "/a b/"
    assert client.scope["query_string"] == b"x=1"
    assert client.scope["headers"] == [(b"a", b"b")]
    assert client.scope["user"] == "u"
    assert await client.connect() == (True, "one")
    await client.send_json_to({"a": 1})
    assert await client.receive_json_from() == {"a": 1}
    await client.send_to(bytes_data=b"raw")
    assert await client.receive_from() == b"raw"
    await client.send_to(bytes_data=b"raw")
    with pytest.raises(AssertionError, match="Expected a text frame"):
        await client.receive_json_from()
    with pytest.raises(TypeError, match="either"):
        await client.send_to("a", b"b")
    await client.send_to("close")
    with pytest.raises(AssertionError, match="Expected a frame"):
        await client.receive_from()
    await client.disconnect()


async def test_what_was_set_up_is_torn_down_when_the_test_fails() -> None:
    steps: list[str] = []

    class Case:
        async def asyncSetUp(self) -> None:
            steps.append("up")

        async def asyncTearDown(self) -> None:
            await asyncio.sleep(0)
            steps.append("down")

        @async_test
        async def test(self) -> None:
            raise LookupError

    with pytest.raises(LookupError):
        await Case().test()
    assert steps == ["up", "down"]
