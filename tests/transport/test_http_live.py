"""The HTTP view over a live schema: what views answer, refuse and change, as HTTP has it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.test import AsyncClient, Client

from drf_live_graphql.exceptions import ENDED_MESSAGE
from tests.project import models

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pytest_django.fixtures import SettingsWrapper

pytestmark = [
    pytest.mark.urls("tests.clients.urls"),
    pytest.mark.usefixtures("live_db"),
]

NOTES = "{ notes { count results { text } } }"
CHANGES = "subscription { notes { snapshot { count } created { text } deleted } }"


@pytest.fixture
def user() -> Any:
    user = get_user_model().objects.create_user("vera")
    user.notes.create(text="first")
    return user


@pytest.fixture
async def client(user: Any) -> AsyncClient:
    client = AsyncClient()
    await client.aforce_login(user)
    return client


async def post(client: AsyncClient, query: str, accept: str) -> Any:
    return await client.post(
        "/graphql/", {"query": query}, "application/json", headers={"Accept": accept}
    )


async def payloads(response: Any) -> AsyncIterator[Any]:
    async for part in response.streaming_content:
        text = part.decode()
        if text.startswith("event: next"):
            yield json.loads(text.split("data: ")[1])


async def test_a_session_reads_what_a_get_answers(client: AsyncClient) -> None:
    response = await post(client, NOTES, "application/json")
    expected = {"data": {"notes": {"count": 1, "results": [{"text": "first"}]}}}
    assert response.json() == expected


def test_the_same_under_wsgi(user: Any) -> None:
    client = Client()
    client.force_login(user)
    response = client.post("/graphql/", {"query": NOTES}, content_type="application/json")
    assert response.json()["data"]["notes"]["count"] == 1


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_a_refusal_of_the_view_is_an_answer_with_its_code(accept: str) -> None:
    """200: the operation ran; which of its fields were refused is for the body to say."""
    response = await post(AsyncClient(), NOTES, accept)
    (error,) = response.json()["errors"]
    assert response.status_code == 200
    assert error["extensions"] == {"code": "NOT_AUTHENTICATED"}
    assert error["message"] == "Authentication credentials were not provided."


async def test_a_refused_subscription_ends_with_the_views_words() -> None:
    response = await post(AsyncClient(), CHANGES, "text/event-stream")
    (payload,) = [payload async for payload in payloads(response)]
    assert payload["errors"][0]["extensions"] == {"code": "NOT_AUTHENTICATED"}


async def test_a_stream_follows_the_list(client: AsyncClient, user: Any) -> None:
    async with asyncio.timeout(20):
        response = await post(client, CHANGES, "text/event-stream")
        stream = payloads(response)
        first = await anext(stream)
        assert first["data"]["notes"] == {"snapshot": {"count": 1}, "created": [], "deleted": []}
        note = await models.Note.objects.acreate(owner=user, text="second")
        second = await anext(stream)
        assert second["data"]["notes"] == {
            "snapshot": None,
            "created": [{"text": "second"}],
            "deleted": [],
        }
        key = str(note.pk)
        await note.adelete()
        third = await anext(stream)
        assert third["data"]["notes"]["deleted"] == [key]
    await asyncio.to_thread(response.close)


async def test_a_session_that_ends_ends_the_stream(
    client: AsyncClient, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"AUTH_MAX_AGE": 0.2}
    async with asyncio.timeout(20):
        response = await post(client, CHANGES, "text/event-stream")
        parts = aiter(response.streaming_content)
        assert await anext(parts) == b":\n\n"
        assert (await anext(parts)).startswith(b"event: next")
        await client.session.aflush()
        error, end = [part.decode() async for part in parts]
    (refusal,) = json.loads(error.split("data: ")[1])["errors"]
    assert refusal["message"] == ENDED_MESSAGE
    assert refusal["extensions"] == {"code": "NOT_AUTHENTICATED"}
    assert end.startswith("event: complete")
    await asyncio.to_thread(response.close)


async def test_a_stream_goes_on_after_a_cursor(client: AsyncClient, user: Any) -> None:
    document = CHANGES.replace("deleted", "deleted cursor")

    async def following(after: str | None) -> tuple[Any, AsyncIterator[Any]]:
        response = await client.post(
            "/graphql/",
            {"query": document, "extensions": {"live": {"after": after}}},
            "application/json",
            headers={"Accept": "text/event-stream"},
        )
        return response, payloads(response)

    async with asyncio.timeout(20):
        response, stream = await following(None)
        cursor = (await anext(stream))["data"]["notes"]["cursor"]
        await asyncio.to_thread(response.close)
        await models.Note.objects.acreate(owner=user, text="missed")
        response, stream = await following(cursor)
        missed = (await anext(stream))["data"]["notes"]
        assert missed["cursor"] != cursor
        assert (missed["snapshot"], missed["created"]) == (None, [{"text": "missed"}])
    await asyncio.to_thread(response.close)
