"""Subscriptions as plain asynchronous iterators, as any strawberry transport takes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator  # noqa: TC003  # Strawberry reads the annotations.
from typing import TYPE_CHECKING, Any

import pytest
import strawberry
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from strawberry.extensions import SchemaExtension
from strawberry.tools import merge_types

from drf_live_graphql.live import stream as stream_module
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.testing import settled
from tests.project import models
from tests.project.live import live

if TYPE_CHECKING:
    from tests.live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")

FENCES = "subscription { fences { snapshot { id } created { id } deleted } }"


def _context(user: Any = None) -> dict[str, Any]:
    request = RequestFactory().get("/graphql/")
    request.user = user or AnonymousUser()
    return {"request": request}


async def _subscribe(document: str, context: dict[str, Any], schema: Any = live.schema) -> Any:
    return await schema.subscribe(document, context_value=context)


async def test_any_transport_can_iterate_a_subscription() -> None:
    stream = await _subscribe(FENCES, _context())
    first = await anext(stream)
    assert first.data == {"fences": {"snapshot": [], "created": [], "deleted": []}}
    fence = await models.Fence.objects.acreate()
    second = await anext(stream)
    assert second.data["fences"]["created"] == [{"id": str(fence.pk)}]
    await stream.aclose()
    assert get_hub().queries == ()


async def test_query_in_the_envelope_is_the_root() -> None:
    stream = await _subscribe("subscription { fences { query { fences { id } } } }", _context())
    assert (await anext(stream)).data == {"fences": {"query": {"fences": []}}}
    fence = await models.Fence.objects.acreate()
    rows = [{"id": str(fence.pk)}]
    assert (await anext(stream)).data == {"fences": {"query": {"fences": rows}}}
    await stream.aclose()


async def test_a_refusal_is_the_streams_error() -> None:
    stream = await _subscribe("subscription { notes { deleted } }", _context())
    result = await anext(stream)
    assert result.errors[0].extensions["code"] in {"NOT_AUTHENTICATED", "PERMISSION_DENIED"}


async def test_a_user_without_a_session_is_read_anew() -> None:
    user = await get_user_model().objects.acreate(username="ada")
    stream = await _subscribe("subscription { projects { snapshot { id } } }", _context(user))
    assert (await anext(stream)).data == {"projects": {"snapshot": []}}
    await get_user_model().objects.filter(pk=user.pk).aupdate(is_active=False)
    await models.Project.objects.acreate(name="x", slug="x")
    result = await anext(stream)
    assert result.errors[0].extensions["code"] in {"NOT_AUTHENTICATED", "PERMISSION_DENIED"}


async def test_a_consumer_that_falls_behind_is_told_where_things_stand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_module, "BACKLOG", 2)
    whole = await _subscribe(FENCES, _context())
    deltas = await _subscribe(
        "subscription { fences { created { id } updated { id } deleted } }", _context()
    )
    await anext(whole)
    waiting = asyncio.ensure_future(anext(deltas))
    for _ in range(6):
        fence = await models.Fence.objects.acreate()
        await settled()
    await models.Fence.objects.filter(pk__lt=fence.pk - 2).adelete()
    await settled()
    held: set[str] = set()
    result = await waiting
    async with asyncio.timeout(30):
        while True:
            told = result.data["fences"]
            held |= {row["id"] for row in (*told["created"], *told["updated"])}
            held -= set(told["deleted"])
            if held == {str(fence.pk - back) for back in range(3)}:
                break
            result = await anext(deltas)
        while (await anext(whole)).data["fences"]["snapshot"] is None:
            pass
    await whole.aclose()
    await deltas.aclose()


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, info: strawberry.Info) -> str:
        return f"hello {type(info.context['request']).__name__}"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number


def _merged(*extensions: type[SchemaExtension]) -> strawberry.Schema:
    return strawberry.Schema(
        query=merge_types("Query", (live.query_type, Query)),
        subscription=merge_types("Subscription", (live.subscription_type, Subscription)),
        config=live.config,
        extensions=extensions,
    )


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no HTTP here")


class Traced(SchemaExtension):
    """Any extension of the user's: it must see each operation."""

    seen: list[str] = []

    def on_operation(self) -> Any:
        self.seen.append(str(self.execution_context.query))
        yield


@pytest.mark.parametrize("extensions", [(), (Traced,)])
async def test_a_merged_schema_serves_both_kinds_of_subscription(
    connect: Connect, extensions: tuple[type[SchemaExtension], ...]
) -> None:
    schema = _merged(*extensions)
    socket = await connect(application=live.asgi(_nowhere, schema=schema))
    ticks = await socket.subscribe("subscription { ticks(to: 3) }")
    await ticks.until(lambda: ticks.ended)
    assert [payload["data"]["ticks"] for payload in ticks.payloads] == [0, 1, 2]
    document = "subscription { fences { snapshot { id } query { hello fences { id } } } }"
    operation = await socket.subscribe(document)
    await operation.started()
    assert operation.payloads[0]["data"]["fences"]["query"] == {
        "hello": "hello LiveConsumer",
        "fences": [],
    }
    if extensions:
        assert document in Traced.seen


async def test_a_merged_schema_listens_to_a_channel_of_its_own(connect: Connect) -> None:
    from channels.layers import get_channel_layer

    @strawberry.type
    class Chat:
        @strawberry.subscription
        async def messages(self, info: strawberry.Info) -> AsyncGenerator[str, None]:
            consumer = info.context["ws"]
            async with consumer.listen_to_channel("chat.message", groups=["chat"]) as channel:
                yield "ready"
                async for message in channel:
                    yield message["text"]

    schema = strawberry.Schema(
        query=live.query_type,
        subscription=merge_types("Subscription", (live.subscription_type, Chat)),
        config=live.config,
    )
    socket = await connect(application=live.asgi(_nowhere, schema=schema))
    operation = await socket.subscribe("subscription { messages }")
    await operation.started()
    layer = get_channel_layer()
    await layer.group_send("chat", {"type": "chat.message", "text": "hello"})
    await operation.until(lambda: len(operation.payloads) == 2)
    assert operation.payloads[1]["data"] == {"messages": "hello"}


async def test_a_context_without_a_request_is_a_clear_error() -> None:
    stream = await _subscribe(FENCES, {})
    result = await anext(stream)
    assert "carries no request" in result.errors[0].message
    answer = await live.schema.execute("{ fences { id } }", context_value={})
    assert "carries no request" in answer.errors[0].message


async def test_a_stream_can_be_thrown_into_and_closed_twice() -> None:
    stream = stream_module.LiveStream(None, None, None, {})  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        await stream.athrow(KeyError("x"))
    await stream.aclose()
    with pytest.raises(StopAsyncIteration):
        await stream.asend(None)


async def test_the_session_of_an_http_request_is_the_connections(connect: Connect) -> None:
    from django.contrib.sessions.backends.db import SessionStore
    from django.test import Client

    user = await get_user_model().objects.acreate(username="ada")
    client = Client()
    await sync_to_async(client.force_login)(user)
    request = RequestFactory().get("/graphql/")
    request.session = SessionStore(client.cookies["sessionid"].value)
    request.user = user
    stream = await _subscribe("subscription { notes { snapshot { count } } }", {"request": request})
    assert (await anext(stream)).data == {"notes": {"snapshot": {"count": 0}}}
    await stream.aclose()
