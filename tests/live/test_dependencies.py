"""Rows that others show, and whatever else an answer was seen to depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model

from drf_live_graphql.testing import settled
from tests.oracle.client import HeldList, HeldRow, subscribe
from tests.oracle.rest import Visitor
from tests.oracle.targets import TARGETS, Query
from tests.oracle.wire import InProcessWire, Socket
from tests.project import models
from tests.project.asgi import application

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.oracle.client import Held, Subscribed

pytestmark = pytest.mark.usefixtures("live_db")
from django.apps import apps

from drf_live_graphql.changes import watch

for m in apps.get_models(include_auto_created=True):
    watch(m)


class Watcher:
    """A member of a project with two tasks, subscribed to a root."""

    def __init__(self, visitor: Visitor, socket: Socket) -> None:
        self.visitor = visitor
        self.socket = socket

    async def watch(self, held: Held) -> Subscribed:
        subscribed = await subscribe(self.socket, held)
        if isinstance(held, HeldRow) or held.form != "delta":
            await subscribed.operation.started()
        assert subscribed.operation.errors is None, subscribed.operation.errors
        await settled()
        return subscribed

    async def agrees(self, subscribed: Subscribed) -> None:
        """What is held is what GET shows, and nothing else was ever sent."""
        await settled()
        subscribed.operation.verify()
        view = await sync_to_async(self.visitor.view)(subscribed.held)
        held = subscribed.held
        if isinstance(held, HeldRow):
            assert held.row == next(iter(view.rows.values()), None)
        else:
            assert held.rows == view.rows


@pytest.fixture
async def ada(live_db: None) -> AsyncIterator[Watcher]:
    user = await get_user_model().objects.acreate(username="ada")
    visitor = await sync_to_async(Visitor)(user)
    socket = Socket(InProcessWire(application, cookie=visitor.cookie))
    await socket.open()
    yield Watcher(visitor, socket)
    await socket.close()


@pytest.fixture
def board(ada: Watcher) -> Callable[[], dict[str, Any]]:
    def build() -> dict[str, Any]:
        grace = get_user_model().objects.create(username="grace")
        hull = models.Project.objects.create(name="Hull", slug="hull")
        engine = models.Project.objects.create(name="Engine", slug="engine")
        for project in (hull, engine):
            models.Membership.objects.create(project=project, user=ada.visitor.user)
        paint = models.Task.objects.create(project=hull, title="paint", assignee=grace)
        weld = models.Task.objects.create(project=hull, title="weld")
        red = models.Label.objects.create(name="red")
        paint.labels.add(red)
        comment = models.Comment.objects.create(task=paint, author=grace, text="wet")
        return locals()

    return build


def _change(what: str, board: dict[str, Any]) -> None:
    if what == "a nested row":
        board["hull"].name = "Keel"
        board["hull"].save()
    elif what == "a nested row of many":
        board["comment"].text = "dry"
        board["comment"].save()
    elif what == "a nested row moves to another parent":
        board["comment"].task = board["weld"]
        board["comment"].save()
    elif what == "a nested row is created":
        models.Comment.objects.create(task=board["weld"], author=board["grace"], text="hot")
    elif what == "a nested row is deleted":
        board["comment"].delete()
    elif what == "a row two relations away":
        board["grace"].username = "hopper"
        board["grace"].save()
    elif what == "a row of a many-to-many":
        board["red"].name = "crimson"
        board["red"].save()
    elif what == "a row of a many-to-many is deleted":
        board["red"].delete()
    elif what == "a membership ends":
        models.Membership.objects.filter(project=board["hull"]).delete()
    elif what == "a membership moves":
        membership = models.Membership.objects.get(project=board["hull"])
        membership.user = board["grace"]
        membership.save()
    elif what == "the assignee is deleted":
        board["comment"].delete()
        board["grace"].delete()


CHANGES = [
    "a nested row",
    "a nested row of many",
    "a nested row moves to another parent",
    "a nested row is created",
    "a nested row is deleted",
    "a row two relations away",
    "a row of a many-to-many",
    "a row of a many-to-many is deleted",
    "a membership ends",
    "a membership moves",
    "the assignee is deleted",
]


@pytest.mark.parametrize("what", CHANGES)
async def test_a_list_shows_what_a_get_shows(
    what: str, ada: Watcher, board: Callable[[], dict[str, Any]]
) -> None:
    rows = await sync_to_async(board)()
    full = await ada.watch(HeldList(TARGETS["taskDetails"], Query(), "full"))
    await sync_to_async(_change)(what, rows)
    await ada.agrees(full)
    assert len(full.operation.payloads) >= 2, "nothing was told"


@pytest.mark.parametrize("what", CHANGES)
async def test_a_single_row_shows_what_a_get_shows(
    what: str, ada: Watcher, board: Callable[[], dict[str, Any]]
) -> None:
    rows = await sync_to_async(board)()
    target = TARGETS["task"]
    one = await ada.watch(HeldRow(target, str(rows["paint"].pk)))
    await sync_to_async(_change)(what, rows)
    await ada.agrees(one)


async def test_a_live_query_of_another_root_is_told_of_what_that_reads(
    ada: Watcher, board: Callable[[], dict[str, Any]]
) -> None:
    rows = await sync_to_async(board)()
    document = (
        "subscription { fences { query { taskDetails { project { name } comments { text } } } } }"
    )
    operation = await ada.socket.subscribe(document)
    await operation.started()
    await settled()
    await sync_to_async(_change)("a nested row", rows)
    await settled()
    told = operation.payloads[-1]["data"]["fences"]["query"]["taskDetails"]
    assert {task["project"]["name"] for task in told} == {"Keel"}
    await sync_to_async(_change)("a nested row is created", rows)
    await settled()
    told = operation.payloads[-1]["data"]["fences"]["query"]["taskDetails"]
    assert {comment["text"] for task in told for comment in task["comments"]} == {"wet", "hot"}
