"""The socket with a live view behind it, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.test import Client

from drf_live_graphql.testing import settled
from tests.oracle.wire import InProcessWire, Socket
from tests.project.asgi import application
from tests.project.models import Note

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.usefixtures("live_db", "channel_layer")

NOTES = """subscription {
  notes { snapshot { count results { id text pinned } } created { id text } updated { id text }
  deleted cursor } }"""


def _log_in(name: str) -> tuple[Any, str]:
    user = get_user_model().objects.create_user(name)
    client = Client()
    client.force_login(user)
    return user, f"sessionid={client.cookies['sessionid'].value}"


@pytest.fixture
async def ada() -> AsyncIterator[tuple[Any, Socket]]:
    user, cookie = await sync_to_async(_log_in)("ada")
    socket = Socket(InProcessWire(application, cookie=cookie))
    await socket.open()
    yield user, socket
    await socket.close()


async def test_a_list_is_told_by_membership(ada: tuple[Any, Socket]) -> None:
    user, socket = ada
    operation = await socket.subscribe(NOTES)
    await operation.started()
    assert operation.payloads[0]["data"]["notes"]["snapshot"] == {"count": 0, "results": []}

    note = await Note.objects.acreate(owner=user, text="first")
    await settled()
    note.text = "changed"
    await note.asave()
    await settled()
    pk = note.pk
    await note.adelete()
    await settled()

    told = [payload["data"]["notes"] for payload in operation.payloads[1:]]
    assert [(t["created"], t["updated"], t["deleted"], t["snapshot"]) for t in told] == [
        ([{"id": str(pk), "text": "first"}], [], [], None),
        ([], [{"id": str(pk), "text": "changed"}], [], None),
        ([], [], [str(pk)], None),
    ]
