"""Rows that others show, and whatever else an answer was seen to depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db.models import Count, Exists, OuterRef, Prefetch
from django.utils import timezone
from rest_framework import permissions, serializers, viewsets

from drf_live_graphql import LiveRouter
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.live.reads import Purpose
from drf_live_graphql.testing import settled
from tests.oracle.client import HeldList, HeldRow, subscribe
from tests.oracle.rest import Visitor
from tests.oracle.targets import TARGETS, Query
from tests.oracle.wire import InProcessWire, Socket
from tests.project import models
from tests.project.asgi import application as board_application

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect
    from tests.oracle.client import Held, Subscribed
    from tests.oracle.wire import Operation

pytestmark = pytest.mark.usefixtures("live_db")


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
    socket = Socket(InProcessWire(board_application, cookie=visitor.cookie))
    await socket.open()
    yield Watcher(visitor, socket)
    await socket.close()


@pytest.fixture
def board() -> Callable[[], dict[str, Any]]:
    def build() -> dict[str, Any]:
        ada, _ = get_user_model().objects.get_or_create(username="ada")
        grace = get_user_model().objects.create(username="grace")
        hull = models.Project.objects.create(name="Hull", slug="hull")
        engine = models.Project.objects.create(name="Engine", slug="engine")
        for project in (hull, engine):
            models.Membership.objects.create(project=project, user=ada)
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


# What serializers do not say.


class IsMember(permissions.BasePermission):
    """Asks a table that no row shows."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return models.Membership.objects.filter(user_id=request.user.pk, role="owner").exists()


class CountedSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    comments = serializers.SerializerMethodField()
    project_name = serializers.ReadOnlyField(source="project.name")

    class Meta:
        model = models.Task
        fields = ["id", "title", "comments", "project_name"]

    def get_comments(self, task: models.Task) -> int:
        return models.Comment.objects.filter(task=task).count()


class CountedViewSet(viewsets.ReadOnlyModelViewSet):  # type: ignore[type-arg]
    queryset = models.Task.objects.order_by("id")
    serializer_class = CountedSerializer


class OwnersViewSet(CountedViewSet):
    permission_classes = [IsMember]


class RivalsViewSet(CountedViewSet):
    """Rows that depend on others of their own table: of each project, the last one."""

    def get_queryset(self) -> Any:
        later = models.Task.objects.filter(project=OuterRef("project"), id__gt=OuterRef("id"))
        return super().get_queryset().filter(~Exists(later))


class StaffViewSet(CountedViewSet):
    """Shows staff more, by a column of the user's own row."""

    def get_queryset(self) -> Any:
        tasks = super().get_queryset()
        return tasks if self.request.user.is_staff else tasks.filter(status="open")


class AnnotatedSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    size = serializers.IntegerField()

    class Meta:
        model = models.Task
        fields = ["id", "size"]


class AnnotatedViewSet(CountedViewSet):
    serializer_class = AnnotatedSerializer

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("assignee").annotate(size=Count("comments"))


class PrefetchedSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    texts = serializers.SerializerMethodField()

    class Meta:
        model = models.Task
        fields = ["id", "texts"]

    def get_texts(self, task: Any) -> list[str]:
        return [comment.text for comment in task.by_staff]


class PrefetchedViewSet(CountedViewSet):
    serializer_class = PrefetchedSerializer

    def get_queryset(self) -> Any:
        comments = models.Comment.objects.filter(author__is_staff=True)
        lookup = Prefetch("comments", queryset=comments, to_attr="by_staff")
        return super().get_queryset().prefetch_related(lookup)


@pytest.fixture(scope="module")
def application() -> Any:
    live = LiveRouter()
    for prefix, view in {
        "counted": CountedViewSet,
        "owners": OwnersViewSet,
        "rivals": RivalsViewSet,
        "staff": StaffViewSet,
        "annotated": AnnotatedViewSet,
        "prefetched": PrefetchedViewSet,
    }.items():
        live.register(prefix, view, basename=f"one_{prefix}")

    async def nowhere(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("no HTTP here")

    return live.asgi(nowhere)


def _told(operation: Operation, root: str) -> list[Any]:
    return [payload["data"][root] for payload in operation.payloads]


async def _follow(connect: Connect, application: Any, root: str, row: str) -> Operation:
    """A subscription to the changes of a list, in effect."""
    socket = await connect("ada", application=application)
    parts = f"created {{ {row} }} updated {{ {row} }} deleted"
    operation = await socket.subscribe(f"subscription {{ {root} {{ {parts} }} }}")
    await (await socket.subscribe("{ __typename }")).started()
    await settled()
    assert operation.errors is None
    return operation


@pytest.mark.parametrize("root", ["counted", "annotated", "prefetched"])
async def test_what_a_field_of_its_own_reads_is_followed(
    root: str, connect: Connect, application: Any, board: Callable[[], dict[str, Any]]
) -> None:
    row = {"counted": "id comments", "annotated": "id size", "prefetched": "id texts"}[root]
    rows = await sync_to_async(board)()
    rows["grace"].is_staff = True
    await rows["grace"].asave()
    operation = await _follow(connect, application, root, row)
    await models.Comment.objects.acreate(task=rows["paint"], author=rows["grace"], text="hot")
    await settled()
    first = {row["id"]: row for row in _told(operation, root)[-1]["updated"]}
    shown = first[str(rows["paint"].pk)]
    assert list(shown.values())[1] in (2, ["wet", "hot"])
    # By now it is known of every row what was told: only what differs is told again.
    await rows["comment"].adelete()
    await settled()
    again = _told(operation, root)[-1]["updated"]
    assert [row["id"] for row in again] == [str(rows["paint"].pk)]
    assert list(again[0].values())[1] in (1, ["hot"])


async def test_what_a_query_makes_values_of_is_told_from_what_it_only_selects(
    connect: Connect, application: Any, board: Callable[[], dict[str, Any]]
) -> None:
    await sync_to_async(board)()
    await _follow(connect, application, "annotated", "id size")
    (query,) = get_hub().queries
    assert Purpose.OPAQUE in query._dependencies["project.comment"]
    assert Purpose.WHAT in query._dependencies["auth.user"]
    assert Purpose.OPAQUE not in query._dependencies["auth.user"]


async def test_a_filter_inside_of_a_prefetch_is_followed(
    connect: Connect, application: Any, board: Callable[[], dict[str, Any]]
) -> None:
    rows = await sync_to_async(board)()
    operation = await _follow(connect, application, "prefetched", "id texts")
    rows["grace"].is_staff = True
    await rows["grace"].asave()
    await settled()
    told = {row["id"]: row["texts"] for row in _told(operation, "prefetched")[-1]["updated"]}
    assert told[str(rows["paint"].pk)] == ["wet"]


async def test_a_path_is_followed_back_to_the_rows_concerned_alone(
    connect: Connect, board: Callable[[], dict[str, Any]]
) -> None:
    rows = await sync_to_async(board)()
    socket = await connect("ada")
    operation = await socket.subscribe(
        "subscription { taskDetails { updated { title comments { text } project { name } } } }"
    )
    await (await socket.subscribe("{ __typename }")).started()
    await settled()
    await sync_to_async(_change)("a nested row moves to another parent", rows)
    await settled()
    moved = _told(operation, "taskDetails")[-1]["updated"]
    assert sorted((row["title"], len(row["comments"])) for row in moved) == [
        ("paint", 0),
        ("weld", 1),
    ]
    rows["comment"].text = "cold"
    await rows["comment"].asave()
    await settled()
    told = _told(operation, "taskDetails")
    assert [row["title"] for row in told[-1]["updated"]] == ["weld"]
    # A change that shows nowhere is told nobody.
    before = len(told)
    await rows["engine"].asave()
    await rows["red"].asave()
    await rows["grace"].asave()
    await settled()
    assert len(_told(operation, "taskDetails")) == before


async def test_more_parents_than_are_read_one_by_one_are_compared_as_a_whole(
    connect: Connect, board: Callable[[], dict[str, Any]], settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"MAX_PARENTS": 1}
    rows = await sync_to_async(board)()
    socket = await connect("ada")
    document = "{ taskDetails { snapshot { id } updated { id project { name } } } }"
    operation = await socket.subscribe(f"subscription {document}")
    await operation.started()
    await settled()
    await sync_to_async(_change)("a nested row", rows)
    await settled()
    updated = _told(operation, "taskDetails")[-1]["updated"]
    assert [row["project"]["name"] for row in updated] == ["Keel", "Keel"]


async def test_a_permission_that_asks_another_table_is_asked_when_that_changes(
    connect: Connect, application: Any, board: Callable[[], dict[str, Any]]
) -> None:
    await sync_to_async(board)()
    await models.Membership.objects.filter(user__username="ada").aupdate(role="owner")
    operation = await _follow(connect, application, "owners", "id")
    for membership in [row async for row in models.Membership.objects.all()]:
        membership.role = "member"
        await membership.asave()
    await settled()
    assert operation.errors is not None
    assert operation.errors[0]["extensions"]["code"] == "PERMISSION_DENIED"


async def test_rows_that_hang_on_others_of_their_table_are_followed(
    connect: Connect, application: Any, board: Callable[[], dict[str, Any]]
) -> None:
    rows = await sync_to_async(board)()
    operation = await _follow(connect, application, "rivals", "title")
    await models.Task.objects.acreate(project=rows["hull"], title="last")
    await settled()
    assert _told(operation, "rivals")[-1] == {
        "created": [{"title": "last"}],
        "updated": [],
        "deleted": [str(rows["weld"].pk)],
    }


async def test_a_column_of_the_users_own_row_is_followed(
    connect: Connect, application: Any, board: Callable[[], dict[str, Any]]
) -> None:
    rows = await sync_to_async(board)()
    rows["weld"].status = "closed"
    await rows["weld"].asave()
    operation = await _follow(connect, application, "staff", "title")
    ada = await get_user_model().objects.aget(username="ada")
    ada.is_staff = True
    await ada.asave()
    await settled()
    assert _told(operation, "staff")[-1]["created"] == [{"title": "weld"}]
    # What each login writes is nobody's business, and other people's rows are not either.
    told = len(operation.payloads)
    ada.last_login = timezone.now()
    await ada.asave()
    await rows["grace"].asave()
    await settled()
    assert len(operation.payloads) == told


async def test_the_first_row_of_an_empty_list_is_followed_too(
    connect: Connect, application: Any, board: Callable[[], dict[str, Any]]
) -> None:
    """What is read to show a row is heard of from the time that it is first read."""
    operation = await _follow(connect, application, "counted", "comments projectName")
    rows = await sync_to_async(board)()
    await settled()
    rows["hull"].name = "Keel"
    await rows["hull"].asave()
    await models.Comment.objects.acreate(task=rows["weld"], author=rows["grace"], text="hot")
    await settled()
    updated = [row for change in _told(operation, "counted") for row in change["updated"]]
    assert {"comments": 1, "projectName": "Keel"} in updated[-2:]
