"""Coming back: exactly what was missed, as one change, or where things stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.core import signing
from django.db import transaction

from drf_live_graphql.live import history
from drf_live_graphql.live import query as query_module
from drf_live_graphql.live.cursor import SALT
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.testing import settled
from drf_live_graphql.transport.operations import Operation as SocketOperation
from tests.project import models

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect
    from tests.oracle.wire import Operation, Socket

pytestmark = pytest.mark.usefixtures("live_db")

FENCES = """subscription { fences {
  snapshot { id number } created { id number } updated { id number } deleted } }"""
NOTES = """subscription { notes {
  snapshot { results { id text } } created { id text } updated { id text } deleted } }"""
NOTHING: dict[str, Any] = {"snapshot": None, "created": [], "updated": [], "deleted": []}


def cursor_of(operation: Operation) -> str:
    cursor: str = operation.payloads[-1]["extensions"]["live"]["cursor"]
    return cursor


def told(operation: Operation) -> list[Any]:
    return [next(iter(payload["data"].values())) for payload in operation.payloads]


async def begin(socket: Socket, document: str, after: str | None = None) -> Operation:
    """Subscribe, and return once everything that is to be said at first was said."""
    extensions = {} if after is None else {"live": {"after": after}}
    operation = await socket.subscribe(document, **extensions)
    await (await socket.subscribe("{ fences { id } }")).started()
    await settled()
    return operation


async def was_connected(connect: Connect, document: str, user: str = "") -> str:
    """The cursor of a client that is gone."""
    socket = await connect(user)
    operation = await begin(socket, document)
    await socket.close()
    return cursor_of(operation)


async def user_of(name: str) -> Any:
    return await get_user_model().objects.aget_or_create(username=name)


def row(fence: models.Fence) -> dict[str, Any]:
    return {"id": str(fence.pk), "number": fence.number}


# What was missed.


async def test_it_comes_as_one_change(connect: Connect) -> None:
    kept, changed, gone = [await models.Fence.objects.acreate() for _ in range(3)]
    cursor = await was_connected(connect, FENCES)
    changed.number = 7
    await changed.asave()
    new = await models.Fence.objects.acreate()
    passing = await models.Fence.objects.acreate()
    pk = str(gone.pk)
    await gone.adelete()
    await passing.adelete()
    back = await begin(await connect(), FENCES, cursor)
    assert told(back) == [
        {"snapshot": None, "created": [row(new)], "updated": [row(changed)], "deleted": [pk]}
    ]
    kept.number = 1
    await kept.asave()
    await settled()
    assert told(back)[1:] == [{**NOTHING, "updated": [row(kept)]}]


async def test_who_missed_nothing_is_told_nothing(connect: Connect) -> None:
    await models.Fence.objects.acreate()
    cursor = await was_connected(connect, FENCES)
    back = await begin(await connect(), FENCES, cursor)
    assert back.payloads == []
    fence = await models.Fence.objects.acreate()
    await settled()
    assert told(back) == [{**NOTHING, "created": [row(fence)]}]


async def test_the_same_is_told_where_others_stayed(connect: Connect) -> None:
    """Rounds went on meanwhile; what they found is remembered."""
    stays = await begin(await connect(), FENCES)
    first = await models.Fence.objects.acreate()
    await settled()
    cursor = await was_connected(connect, FENCES)
    pk = str(first.pk)
    second = await models.Fence.objects.acreate()
    await settled()
    await first.adelete()
    await settled()
    second.number = 3
    await second.asave()
    await settled()
    heard = len(stays.payloads)
    back = await begin(await connect(), FENCES, cursor)
    assert told(back) == [{**NOTHING, "created": [row(second)], "deleted": [pk]}]
    assert len(stays.payloads) == heard, "who stayed was told something for it"
    third = await models.Fence.objects.acreate()
    await settled()
    assert told(back)[-1] == told(stays)[-1] == {**NOTHING, "created": [row(third)]}


async def test_any_payload_of_an_operation_can_be_gone_on_from(connect: Connect) -> None:
    socket = await connect()
    operation = await begin(socket, FENCES)
    fences = []
    for _ in range(3):
        fences.append(await models.Fence.objects.acreate())
        await settled()
    cursors = [payload["extensions"]["live"]["cursor"] for payload in operation.payloads]
    assert len(set(cursors)) == 4
    for missed, cursor in enumerate(cursors):
        back = await begin(await connect(), FENCES, cursor)
        rows = [row(fence) for fence in fences[missed:]]
        assert told(back) == ([{**NOTHING, "created": rows}] if rows else [])


async def test_a_cursor_can_be_used_again(connect: Connect) -> None:
    cursor = await was_connected(connect, FENCES)
    fence = await models.Fence.objects.acreate()
    for _ in range(2):
        socket = await connect()
        back = await begin(socket, FENCES, cursor)
        assert told(back) == [{**NOTHING, "created": [row(fence)]}]
        await socket.close()


async def test_several_who_come_back_together_are_told_alike(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = await was_connected(connect, FENCES)
    fence = await models.Fence.objects.acreate()
    socket = await connect()
    back = [await socket.subscribe(FENCES, live={"after": cursor}) for _ in range(3)]
    fresh = await begin(socket, FENCES)
    for operation in back:
        assert told(operation) == [{**NOTHING, "created": [row(fence)]}]
    assert told(fresh) == [{**NOTHING, "snapshot": [row(fence)]}]


async def test_the_new_document_may_select_something_else(connect: Connect) -> None:
    fence = await models.Fence.objects.acreate()
    cursor = await was_connected(connect, FENCES)
    fence.number = 2
    await fence.asave()
    document = "subscription { fences { created { id } updated { number } } }"
    back = await begin(await connect(), document, cursor)
    assert told(back) == [{"created": [], "updated": [{"number": 2}]}]


async def test_a_row_by_another_id_is_deleted_by_the_id_that_was_known(connect: Connect) -> None:
    author, _ = await user_of("ada")
    article = await models.Article.objects.acreate(
        slug="old", title="T", published=True, author=author
    )
    document = """subscription { articles {
      snapshot { slug } created { slug } updated { slug } deleted } }"""
    cursor = await was_connected(connect, document, "ada")
    for slug in ("between", "new"):
        article.slug = slug
        await article.asave()
    back = await begin(await connect("ada"), document, cursor)
    assert told(back) == [{**NOTHING, "created": [{"slug": "new"}], "deleted": ["old"]}]


async def test_a_list_that_is_a_slice(connect: Connect) -> None:
    from rest_framework import viewsets

    from drf_live_graphql import LiveRouter
    from tests.live.test_query import _nowhere
    from tests.project.serializers import FenceSerializer

    class Newest(viewsets.ReadOnlyModelViewSet):
        """The two newest: a new row pushes an old one out."""

        serializer_class = FenceSerializer
        queryset = models.Fence.objects.all()

        def get_queryset(self) -> Any:
            return models.Fence.objects.order_by("-id")[:2]

        def filter_queryset(self, queryset: Any) -> Any:
            return queryset

    router = LiveRouter()
    router.register("fences", Newest)
    application = router.asgi(_nowhere)
    old, kept = [await models.Fence.objects.acreate() for _ in range(2)]
    socket = await connect(application=application)
    operation = await begin(socket, FENCES)
    await socket.close()
    new = await models.Fence.objects.acreate()
    back = await begin(await connect(application=application), FENCES, cursor_of(operation))
    assert told(back) == [{**NOTHING, "created": [row(new)], "deleted": [str(old.pk)]}]
    kept.number = 5
    await kept.asave()
    await settled()
    assert told(back)[-1] == {**NOTHING, "updated": [row(kept)]}


async def test_rows_that_others_show(connect: Connect) -> None:
    """A nested row changed, and its parent was not written to."""
    user, _ = await user_of("ada")

    def build() -> tuple[models.Project, models.Label]:
        project = models.Project.objects.create(name="Hull", slug="hull")
        models.Membership.objects.create(project=project, user=user)
        label = models.Label.objects.create(name="red")
        for title in ("one", "two"):
            task = models.Task.objects.create(project=project, title=title)
            if title == "one":
                task.labels.add(label)
        return project, label

    _, label = await sync_to_async(build)()
    fields = "{ title labels { name } }"
    document = f"""subscription {{ taskDetails {{
      snapshot {fields} created {fields} updated {fields} deleted }} }}"""
    cursor = await was_connected(connect, document, "ada")
    label.name = "blue"
    await label.asave()
    back = await begin(await connect("ada"), document, cursor)
    (part,) = told(back)
    assert part["snapshot"] is None
    assert part["created"] == part["deleted"] == []
    assert {"title": "one", "labels": [{"name": "blue"}]} in part["updated"]
    label.name = "red"
    await label.asave()
    await settled()
    assert {"title": "one", "labels": [{"name": "red"}]} in told(back)[-1]["updated"]


async def test_rows_that_others_show_changed_while_nobody_looked_in_that_way(
    connect: Connect,
) -> None:
    """Those who stayed see other fields, so nobody knows whether the row differs."""
    user, _ = await user_of("ada")

    def build() -> models.Label:
        project = models.Project.objects.create(name="Hull", slug="hull")
        models.Membership.objects.create(project=project, user=user)
        label = models.Label.objects.create(name="red")
        models.Task.objects.create(project=project, title="one").labels.add(label)
        return label

    label = await sync_to_async(build)()
    fields = "{ title labels { name } }"
    document = f"""subscription {{ taskDetails {{
      snapshot {fields} created {fields} updated {fields} deleted }} }}"""
    stays = await connect("ada")
    await begin(stays, "subscription { taskDetails { updated { title } } }")
    cursor = await was_connected(connect, document, "ada")
    label.name = "blue"
    await label.asave()
    await settled()
    back = await begin(await connect("ada"), document, cursor)
    shown = {"title": "one", "labels": [{"name": "blue"}]}
    part = told(back)[0]
    assert shown in (part["snapshot"] or part["updated"])


@pytest.mark.parametrize("saved", [False, True])
async def test_what_was_told_to_those_who_left_is_not_what_others_hold(
    connect: Connect, saved: bool
) -> None:
    """A row changes back, by way of others, to what it was when somebody was last told of it."""
    user, _ = await user_of("ada")

    def build() -> tuple[models.Task, models.Label]:
        project = models.Project.objects.create(name="Hull", slug="hull")
        models.Membership.objects.create(project=project, user=user)
        label = models.Label.objects.create(name="red")
        task = models.Task.objects.create(project=project, title="one")
        task.labels.add(label)
        return task, label

    task, label = await sync_to_async(build)()
    document = "subscription { taskDetails { updated { title labels { name } } } }"
    await begin(await connect("ada"), "subscription { taskDetails { updated { title } } }")
    gone = await connect("ada")
    operation = await begin(gone, document)
    label.name = "blue"
    await label.asave()
    await settled()
    shown = {"updated": [{"title": "one", "labels": [{"name": "blue"}]}]}
    assert told(operation) == [shown]
    await gone.close()
    label.name = "green"
    await label.asave()
    if saved:
        await task.asave()
    await settled()
    operation = await begin(await connect("ada"), document)
    assert operation.payloads == []
    label.name = "blue"
    await label.asave()
    await settled()
    assert told(operation) == [shown]


# A live query, and one row.


async def test_a_live_query_is_always_told(connect: Connect) -> None:
    document = "subscription { fences { query { fences { id } } } }"
    cursor = await was_connected(connect, document)
    back = await begin(await connect(), document, cursor)
    assert told(back) == [{"query": {"fences": []}}]


async def test_query_beside_rows_is_told_where_something_happened(connect: Connect) -> None:
    document = "subscription { fences { snapshot { id } created { id } query { fences { id } } } }"
    cursor = await was_connected(connect, document)
    socket = await connect()
    back = await begin(socket, document, cursor)
    assert back.payloads == []
    await socket.close()
    fence = await models.Fence.objects.acreate()
    rows = [{"id": str(fence.pk)}]
    back = await begin(await connect(), document, cursor)
    assert told(back) == [{"snapshot": None, "created": rows, "query": {"fences": rows}}]


@pytest.mark.parametrize("stays", [False, True])
async def test_a_single_row(connect: Connect, stays: bool) -> None:
    fence = await models.Fence.objects.acreate()
    document = (
        f"subscription {{ fence(id: {fence.pk}) {{ action objectId instance {{ number }} }} }}"
    )
    if stays:
        await begin(await connect(), document)

    async def resumed(cursor: str) -> list[Any]:
        await settled()
        socket = await connect()
        back = await begin(socket, document, cursor)
        await socket.close()
        return told(back)

    cursor = await was_connected(connect, document)
    await models.Fence.objects.acreate()
    assert await resumed(cursor) == []
    fence.number = 4
    await fence.asave()
    shown = {"objectId": str(fence.pk), "instance": {"number": 4}}
    assert await resumed(cursor) == [{"action": "UPDATED", **shown}]
    pk = fence.pk
    await fence.adelete()
    gone = {"action": "DELETED", "objectId": str(pk), "instance": None}
    assert await resumed(cursor) == [gone]
    await models.Fence.objects.acreate(pk=pk, number=4)
    assert await resumed(cursor) == [{"action": "UPDATED", **shown}]


async def test_a_single_row_that_was_hidden(connect: Connect) -> None:
    ada, _ = await user_of("ada")
    ben, _ = await user_of("ben")
    note = await models.Note.objects.acreate(owner=ada, text="mine")
    document = f"subscription {{ note(id: {note.pk}) {{ action instance {{ text }} }} }}"
    socket = await connect("ada")
    operation = await begin(socket, document)
    note.owner = ben
    await note.asave()
    await settled()
    assert told(operation)[-1]["action"] == "DELETED"
    cursor = cursor_of(operation)
    await socket.close()
    note.text = "secret"
    await note.asave()
    socket = await connect("ada")
    back = await begin(socket, document, cursor)
    assert (back.payloads, back.errors) == ([], None)
    await socket.close()
    note.owner, note.text = ada, "mine again"
    await note.asave()
    back = await begin(await connect("ada"), document, cursor)
    assert told(back) == [{"action": "CREATED", "instance": {"text": "mine again"}}]


# Who may go on.


async def test_another_user_gets_a_snapshot(connect: Connect) -> None:
    ada, _ = await user_of("ada")
    cursor = await was_connected(connect, NOTES, "ada")
    await models.Note.objects.acreate(owner=ada, text="hers")
    back = await begin(await connect("ben"), NOTES, cursor)
    assert told(back) == [{**NOTHING, "snapshot": {"results": []}}]


async def test_other_arguments_get_a_snapshot(connect: Connect) -> None:
    document = "subscription { tasks%s { snapshot { results { title } } created { title } } }"
    cursor = await was_connected(connect, document % "", "ada")
    back = await begin(await connect("ada"), document % '(search: "x")', cursor)
    assert told(back) == [{"snapshot": {"results": []}, "created": []}]


async def test_permission_is_asked_as_ever(connect: Connect) -> None:
    user, _ = await user_of("root")
    user.is_staff = True
    await user.asave()
    document = "subscription { announcements { snapshot { text } created { text } } }"
    cursor = await was_connected(connect, document, "root")
    user.is_staff = False
    await user.asave()
    await models.Announcement.objects.acreate(text="secret")
    back = await begin(await connect("root"), document, cursor)
    assert back.payloads == []
    assert back.errors is not None
    assert back.errors[0]["extensions"]["code"] == "PERMISSION_DENIED"


def _flipped(cursor: str) -> str:
    return cursor.replace(cursor[5], "A" if cursor[5] != "A" else "B", 1)


@pytest.mark.parametrize(
    "made",
    [
        _flipped,
        lambda cursor: cursor.partition(":")[0],
        lambda cursor: signing.Signer(salt="another").sign_object(["", 1, 1]),
        lambda cursor: signing.Signer(key="another" * 9, salt=SALT).sign_object(["", 1, 1]),
        lambda cursor: "",
        lambda cursor: "x" * 100_000,
        lambda cursor: 7,
        lambda cursor: {"a": [cursor]},
    ],
)
async def test_what_is_no_cursor_of_ours_gets_a_snapshot(
    connect: Connect, made: Callable[[str], Any]
) -> None:
    cursor = await was_connected(connect, FENCES)
    fence = await models.Fence.objects.acreate()
    back = await begin(await connect(), FENCES, made(cursor))
    assert told(back) == [{**NOTHING, "snapshot": [row(fence)]}]


@pytest.mark.parametrize("extensions", [{"live": None}, {"live": []}, {"live": {}}, {"other": 1}])
async def test_extensions_without_a_cursor_are_no_harm(
    connect: Connect, extensions: dict[str, Any]
) -> None:
    operation = await (await connect()).subscribe(FENCES, **extensions)
    await operation.started()
    assert told(operation) == [{**NOTHING, "snapshot": []}]


async def test_a_key_that_was_rotated_still_counts(
    connect: Connect, settings: SettingsWrapper
) -> None:
    cursor = await was_connected(connect, FENCES)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "rotated" * 9
    fence = await models.Fence.objects.acreate()
    back = await begin(await connect(), FENCES, cursor)
    assert told(back) == [{**NOTHING, "created": [row(fence)]}]


async def test_a_payload_that_was_refused_is_missed(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader fell behind, and then lost its socket."""
    socket = await connect()
    operation = await begin(socket, FENCES)
    with monkeypatch.context() as patch:
        patch.setattr(SocketOperation, "deliver", lambda self, *_: False)
        fence = await models.Fence.objects.acreate()
        await settled()
    assert len(operation.payloads) == 1
    await socket.close()
    back = await begin(await connect(), FENCES, cursor_of(operation))
    assert told(back) == [{**NOTHING, "created": [row(fence)]}]


# What is no longer known.


class Clock:
    """The time, as a test wants it."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(history, "clock", clock)
    return clock


@pytest.mark.parametrize(("away", "known"), [(119.0, True), (121.0, False)])
@pytest.mark.parametrize("stays", [False, True])
async def test_the_window(
    connect: Connect, clock: Clock, away: float, known: bool, stays: bool
) -> None:
    if stays:
        await begin(await connect(), FENCES)
    cursor = await was_connected(connect, FENCES)
    fence = await models.Fence.objects.acreate()
    await settled()
    clock.now += away
    if stays:
        get_hub().beat()
    back = await begin(await connect(), FENCES, cursor)
    expected = {"created": [row(fence)]} if known else {"snapshot": [row(fence)]}
    assert told(back) == [{**NOTHING, **expected}]


async def test_a_window_of_nothing_is_off(connect: Connect, settings: SettingsWrapper) -> None:
    settings.DRF_LIVE_GRAPHQL = {"RESUME_WINDOW": 0}
    cursor = await was_connected(connect, FENCES)
    assert get_hub().retained == ()
    back = await begin(await connect(), FENCES, cursor)
    assert told(back) == [{**NOTHING, "snapshot": []}]
    back = await begin(await connect(), FENCES, cursor_of(back))
    assert told(back) == [{**NOTHING, "snapshot": []}]


@pytest.mark.parametrize("stays", [False, True])
async def test_more_than_is_remembered_is_a_snapshot(
    connect: Connect, settings: SettingsWrapper, stays: bool
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"RESUME_ROWS": 5}
    if stays:
        await begin(await connect(), FENCES)
    cursor = await was_connected(connect, FENCES)
    for _ in range(6):
        await models.Fence.objects.acreate()
    await settled()
    back = await begin(await connect(), FENCES, cursor)
    assert len(told(back)[0]["snapshot"]) == 6


async def test_more_of_what_rows_show_than_is_remembered_is_a_snapshot(
    connect: Connect, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"RESUME_ROWS": 5}
    user, _ = await user_of("ada")

    def build() -> models.Task:
        project = models.Project.objects.create(name="Hull", slug="hull")
        models.Membership.objects.create(project=project, user=user)
        task = models.Task.objects.create(project=project, title="one")
        task.comments.create(author=user, text="first")
        return task

    task = await sync_to_async(build)()
    document = "subscription { taskDetails { snapshot { comments { text } } updated { title } } }"
    cursor = await was_connected(connect, document, "ada")
    assert len(get_hub().retained) == 1
    for _ in range(6):
        await task.comments.acreate(author=user, text="more")
    await settled()
    assert get_hub().retained == ()
    back = await begin(await connect("ada"), document, cursor)
    assert len(told(back)[0]["snapshot"][0]["comments"]) == 7


async def test_changes_that_may_have_been_missed_are_a_snapshot(
    connect: Connect, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"MAX_CHANGES_PER_MESSAGE": 1}
    cursor = await was_connected(connect, FENCES)

    def write() -> None:
        with transaction.atomic():
            for _ in range(3):
                models.Fence.objects.create()

    await sync_to_async(write)()
    await settled()
    assert get_hub().retained == ()
    back = await begin(await connect(), FENCES, cursor)
    assert len(told(back)[0]["snapshot"]) == 3


# What is kept, and for how long.


async def test_a_query_is_kept_without_being_evaluated_and_then_forgotten(
    connect: Connect, clock: Clock, monkeypatch: pytest.MonkeyPatch, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"HUB_PING": 0.01}
    await was_connected(connect, FENCES)
    hub = get_hub()
    assert hub.queries == ()
    (query,) = hub.retained
    rounds: list[object] = []
    monkeypatch.setattr(query_module.Round, "run", lambda self: rounds.append(self))
    await models.Fence.objects.acreate()
    await settled()
    assert rounds == []
    assert query.overgrown is False
    clock.now += 121
    hub.beat()
    assert hub.retained == ()
    await settled()
    assert hub._by_label == {}
    assert hub._ear.joined == {}


async def test_the_watch_forgets_what_is_over(
    connect: Connect, clock: Clock, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"HUB_PING": 0.01}
    socket = await connect()
    operation = await begin(socket, FENCES)
    await was_connected(connect, NOTES, "ada")
    await models.Fence.objects.acreate()
    await settled()
    clock.now += 121
    hub = get_hub()
    (query,) = hub.queries
    await operation.until(lambda: True)
    while hub.retained or query.history._rounds:
        await get_hub()._ear.echo("project.fence")
    assert query.history._size == 0


async def test_the_oldest_go_where_there_are_too_many(
    connect: Connect, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"RESUME_QUERIES": 2}
    document = 'subscription { tasks(search: "%s") { snapshot { results { id } } deleted } }'
    for word in "abc":
        await was_connected(connect, document % word, "ada")
    kept = [dict(query.key.call.query)["search"] for query in get_hub().retained]
    assert kept == ["b", "c"]


async def test_the_oldest_go_where_they_remember_too_many_rows(
    connect: Connect, settings: SettingsWrapper
) -> None:
    """A list of a million rows is not kept for each word that somebody searched for."""
    for _ in range(3):
        await models.Fence.objects.acreate()
    await models.Vehicle.objects.acreate()
    vehicles = "subscription { vehicles { snapshot { id } deleted } }"
    cursor = await was_connected(connect, FENCES)
    (fences,) = get_hub().retained
    assert fences.size >= 3
    settings.DRF_LIVE_GRAPHQL = {"RESUME_MEMBERS": fences.size}
    await was_connected(connect, vehicles)
    assert [query.key.root.name for query in get_hub().retained] == ["vehicles"]
    back = await begin(await connect(), FENCES, cursor)
    assert len(told(back)[0]["snapshot"]) == 3
    settings.DRF_LIVE_GRAPHQL = {"RESUME_MEMBERS": 0}
    await was_connected(connect, vehicles)
    assert get_hub().retained == ()


async def test_one_that_comes_back_to_a_query_takes_it_out_of_what_is_kept(
    connect: Connect,
) -> None:
    cursor = await was_connected(connect, FENCES)
    (query,) = get_hub().retained
    await begin(await connect(), FENCES, cursor)
    assert get_hub().retained == ()
    assert get_hub().queries == (query,)


async def test_a_query_that_is_its_connections_alone_is_not_kept(connect: Connect) -> None:
    """Its key holds the connection's address in memory, which another may have by then."""
    from rest_framework.authentication import BaseAuthentication
    from rest_framework.viewsets import ReadOnlyModelViewSet

    from drf_live_graphql import LiveRouter
    from tests.live.test_query import _nowhere
    from tests.project.serializers import FenceSerializer

    class Program:
        is_authenticated = True

    class ByHeader(BaseAuthentication):
        def authenticate(self, request: Any) -> Any:
            return Program(), None

    class Fences(ReadOnlyModelViewSet):
        authentication_classes = [ByHeader]
        serializer_class = FenceSerializer
        queryset = models.Fence.objects.order_by("id")

    router = LiveRouter()
    router.register("fences", Fences)
    socket = await connect(application=router.asgi(_nowhere))
    operation = await begin(socket, FENCES)
    assert len(told(operation)) == 1
    await socket.close()
    await settled()
    assert get_hub().retained == ()
