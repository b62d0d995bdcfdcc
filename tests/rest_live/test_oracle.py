"""One oracle over two transports: the same changes, told the same by both, and as REST has them.

A user has a list open in both protocols, on a connection each; the client of django-rest-live
fetched it from the REST API once, as its documentation says. After each commit both were told of
the same rows in the same words, and what the client of django-rest-live holds is what GET answers.
"""

from __future__ import annotations

import json
import random
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from channels.auth import AuthMiddlewareStack
from django.db import transaction

from drf_live_graphql import LiveRouter
from drf_live_graphql.changes import bulk
from drf_live_graphql.rest_live import RealtimeMixin, RealtimeRouter
from drf_live_graphql.testing import settled
from tests.oracle import world
from tests.oracle.client import HeldList, subscribe
from tests.oracle.rest import Visitor
from tests.oracle.targets import TARGETS, Target, camel
from tests.oracle.wire import InProcessWire, Socket
from tests.project import models, views
from tests.rest_live import views as mixed
from tests.rest_live.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.oracle.client import Subscribed

COMMITS = 40


class TaskDetails(views.TaskDetailViewSet, RealtimeMixin):
    queryset = models.Task.objects.none()


# By the GraphQL root: the prefix and the basename on a LiveRouter, and the view, which is one for
# both.
LISTS: dict[str, tuple[str, str, Any]] = {
    "tasks": ("tasks", "task", mixed.Tasks),
    "projects": ("projects", "project", mixed.Projects),
    "notes": ("notes", "note", mixed.Notes),
    "articles": ("articles", "article", mixed.Articles),
    "documents": ("documents", "document", mixed.Documents),
    "announcements": ("announcements", "announcement", mixed.Announcements),
    "vehicles": ("vehicles", "vehicle", mixed.Vehicles),
    "trucks": ("trucks", "truck", mixed.Trucks),
    "serviceVehicles": ("service-vehicles", "servicevehicle", mixed.ServiceVehicles),
    "taskDetails": ("task-details", "task-detail-row", TaskDetails),
}


@pytest.fixture
def bulk_writes() -> Iterator[None]:
    """Writes without signals are captured, as with the setting CAPTURE_BULK."""
    bulk.install()
    yield
    bulk.uninstall()


class Both:
    """One list of one user, open in both protocols."""

    def __init__(self, visitor: Visitor, target: Target, client: Client, number: int) -> None:
        self.visitor = visitor
        self.held = HeldList(target, target.queries[0], "delta")
        self.client = client
        self.number = number
        self.subscribed: Subscribed | None = None
        self.rows: dict[str, Any] = {}
        self.ended = False

    @property
    def key(self) -> str:
        return self.held.target.shape.key

    def fetch(self) -> None:
        """What a client does first, since the protocol does not."""
        self.rows = self.get()

    def get(self) -> dict[str, Any]:
        target = self.held.target
        parameters = {target.paginated: "100"} if target.paginated else {}
        response = self.visitor.client.get(f"/api/{self.held.path}", parameters)
        if response.status_code != 200:
            return {}
        answer = response.json()
        rows = answer["results"] if target.paginated else answer
        return {str(row[self.key]): row for row in rows}

    def apply(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "error":
            self.ended = True
            return
        row, action = frame["instance"], frame["action"]
        name = str(row[self.key])
        if action == "DELETED":
            assert name in self.rows, f"deleted, yet not held: {frame}"
            del self.rows[name]
        else:
            assert (action == "CREATED") == (name not in self.rows), f"{frame}, held: {self.rows}"
            self.rows[name] = row

    def told_by_graphql(self, payloads: list[dict[str, Any]]) -> list[list[str]]:
        """What was created, updated and deleted, by key."""
        told: list[list[str]] = [[], [], []]
        for payload in payloads:
            change = payload["data"][self.held.target.root]
            name = camel(self.key)
            told[0] += [row[name] for row in change["created"]]
            told[1] += [row[name] for row in change["updated"]]
            told[2] += change["deleted"]
        return [sorted(part) for part in told]

    def told_by_rest_live(self, frames: list[dict[str, Any]]) -> list[list[str]]:
        """The same, by the other protocol's frames."""
        return [
            sorted(str(f["instance"][self.key]) for f in frames if f.get("action") == action)
            for action in ("CREATED", "UPDATED", "DELETED")
        ]


def _commit(source: random.Random) -> None:
    # One commit, so that both hear of the same changes at once: how several gather is open.
    names = sorted(world.WRITES.keys() - {"task_after"})
    with transaction.atomic():
        for _ in range(source.randint(1, 3)):
            picks = (source.randrange(12), source.randrange(12), source.randrange(12))
            world.Write(source.choice(names), picks)()
        if source.random() < 0.1:
            transaction.set_rollback(True)


def _applications() -> tuple[Any, Any, Any]:
    """GraphQL; django-rest-live's protocol; the latter for what has another view there."""
    live, flat, nested = LiveRouter(), RealtimeRouter(), RealtimeRouter()
    for prefix, basename, view in LISTS.values():
        live.register(prefix, view, basename=basename)
        (nested if view is TaskDetails else flat).register(view)
    sockets = (AuthMiddlewareStack(router.as_consumer().as_asgi()) for router in (flat, nested))
    return live.asgi(_nowhere, path="graphql/"), *sockets


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no HTTP here")


def _begin() -> list[Visitor]:
    world.clear()
    world.build()
    return [Visitor(world.person(at)) for at in range(len(world.USERS))]


@pytest.mark.usefixtures("live_db", "bulk_writes")
@pytest.mark.parametrize("seed", range(2))
async def test_both_protocols_tell_the_same_story_and_it_is_that_of_rest(seed: int) -> None:
    graphql, *realtime = _applications()
    visitors = await sync_to_async(_begin)()
    everything: list[Both] = []
    async with AsyncExitStack() as stack:
        for visitor in visitors:
            wire = InProcessWire(graphql, cookie=visitor.cookie)
            socket = Socket(wire)
            await socket.open()
            stack.push_async_callback(socket.close)
            clients = []
            for application in realtime:
                client = Client(application, headers={"cookie": visitor.cookie})
                assert await client.open()
                stack.push_async_callback(client.close)
                clients.append(client)
            for number, (root, (_, _, view)) in enumerate(LISTS.items()):
                client = clients[view is TaskDetails]
                both = Both(visitor, TARGETS[root], client, number)
                both.subscribed = await subscribe(socket, both.held)
                frames = await client.subscribe(number, view.get_model_class()._meta.label)
                await _begun(socket, both)
                refused = both.subscribed.operation.ended
                assert [frame["code"] for frame in frames] == [403] * refused
                if not refused:
                    await sync_to_async(both.fetch)()
                    everything.append(both)
        assert len(everything) > 25
        source = random.Random(seed)
        for _ in range(COMMITS):
            before = {id(one): len(_payloads(one)) for one in everything}
            await sync_to_async(_commit)(source)
            await settled()
            news = {id(client): client.take() for client in {one.client for one in everything}}
            for one in everything:
                frames = [f for f in news[id(one.client)] if f["id"] == one.number]
                for frame in frames:
                    one.apply(frame)
                await sync_to_async(_compare)(one, frames, _payloads(one)[before[id(one)] :])
            everything = [one for one in everything if not one.ended]


async def _begun(socket: Socket, both: Both) -> None:
    """Return once the GraphQL subscription is in effect, or refused: it says nothing at first.

    Another one to the same list begins after it, or is refused after it, and says so.
    """
    after = await subscribe(socket, HeldList(both.held.target, both.held.query, "full"))
    await after.operation.started()
    await socket.complete(after.operation)
    await settled()


def _payloads(both: Both) -> list[dict[str, Any]]:
    assert both.subscribed is not None
    return both.subscribed.operation.payloads


def _compare(both: Both, frames: list[dict[str, Any]], payloads: list[dict[str, Any]]) -> None:
    where = f"{both.visitor.user}: {both.held.document}\n{json.dumps(frames, indent=1)}"
    assert both.subscribed is not None
    assert both.subscribed.operation.ended == both.ended, where
    if both.ended:
        return
    assert both.told_by_rest_live(frames) == both.told_by_graphql(payloads), where
    assert both.rows == both.get(), where
