"""The same board in several processes, on PostgreSQL and Redis."""

from __future__ import annotations

import json
import uuid
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests import servers
from tests.example.site import Site, manage, visitor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from websockets.sync.client import ClientConnection

PROTOCOL = Subprotocol("graphql-transport-ws")
SUBSCRIPTION = """
subscription {
  tasks(project: "website", status: [TODO]) {
    snapshot { count }
    created { title status }
    updated { title }
    deleted
  }
}
"""


@pytest.fixture
def database_url() -> Iterator[str]:
    """A PostgreSQL database of this test's own."""
    url, name = servers.postgres_url(), f"board_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


class Subscriber:
    """A subscription over a socket of its own."""

    def __init__(self, socket: ClientConnection, token: str) -> None:
        self._socket = socket
        self._send({"type": "connection_init", "payload": {"Authorization": token}})
        assert self._receive()["type"] == "connection_ack"
        self._send({"type": "subscribe", "id": "1", "payload": {"query": SUBSCRIPTION}})

    def next(self) -> dict[str, Any]:
        """The next payload's `tasks`."""
        message = self._receive()
        while message["type"] == "ping":
            self._send({"type": "pong"})
            message = self._receive()
        assert message["type"] == "next", message
        tasks = message["payload"]["data"]["tasks"]
        assert isinstance(tasks, dict)
        return tasks

    def _send(self, message: dict[str, Any]) -> None:
        self._socket.send(json.dumps(message))

    def _receive(self) -> dict[str, Any]:
        message = json.loads(self._socket.recv(timeout=30))
        assert isinstance(message, dict)
        return message


def test_what_one_process_writes_another_ones_visitors_see(
    tmp_path: Path, database_url: str, redis_server: servers.RedisServer
) -> None:
    env = {"DATABASE_URL": database_url, "REDIS_URL": redis_server.url}
    with ExitStack() as stack:
        writer = stack.enter_context(Site(tmp_path / "writer", **env))
        reader = stack.enter_context(Site(tmp_path / "reader", **env))
        ada = stack.enter_context(visitor(writer, "ada"))
        ben = stack.enter_context(visitor(reader, "ben"))
        url = f"ws://127.0.0.1:{reader.port}/graphql/"
        socket = stack.enter_context(connect(url, subprotocols=[PROTOCOL], open_timeout=60))
        subscriber = Subscriber(socket, ben.headers["Authorization"])
        assert subscriber.next()["snapshot"] == {"count": 4}

        task = ada.task("Checkout")
        assert ada.patch(f"/api/tasks/{task['id']}/", json={"status": "todo"}).is_success
        entered = {"title": "Checkout loses the basket in Safari", "status": "TODO"}
        assert subscriber.next()["created"] == [entered]

        rename = f"from board.models import Task; Task.objects.get(pk={task['id']}).touch()"
        manage("shell", "-c", rename, **env)
        assert subscriber.next()["updated"] == [{"title": entered["title"]}]

        assert ada.patch(f"/api/tasks/{task['id']}/", json={"project": "autumn-list"}).is_success
        assert subscriber.next()["deleted"] == [str(task["id"])]
