"""A project that is served below a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model

from tests.live.conftest import session_cookie
from tests.oracle.wire import InProcessWire, Socket
from tests.project import models
from tests.project.asgi import application

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.usefixtures("live_db")

NOTES = "subscription { notes { snapshot { next } } }"


async def _socket(prefix: str) -> Socket:
    wire = InProcessWire(application, cookie=await sync_to_async(session_cookie)("ada"))
    wire.scope.update(root_path=prefix, path=f"{prefix}/graphql/")
    socket = Socket(wire)
    await socket.open({})
    return socket


@pytest.fixture
async def sockets() -> AsyncIterator[list[Socket]]:
    opened = [await _socket("/app"), await _socket("")]
    yield opened
    for socket in opened:
        await socket.close()


async def test_each_client_has_the_links_of_its_own_path(sockets: list[Socket]) -> None:
    ada = await get_user_model().objects.aget(username="ada")
    for number in range(4):
        await models.Note.objects.acreate(owner=ada, text=str(number))
    operations = [await socket.subscribe(NOTES) for socket in sockets]
    links = []
    for operation in operations:
        await operation.started()
        [payload] = operation.payloads
        links.append(payload["data"]["notes"]["snapshot"]["next"])
    assert links == [
        "http://testserver/app/api/notes/?page=2",
        "http://testserver/api/notes/?page=2",
    ]
