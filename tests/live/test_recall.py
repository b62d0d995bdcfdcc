"""Coming back where nobody remembers: the journals tell what was missed."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from rest_framework import serializers, viewsets

from drf_live_graphql import LiveRouter
from drf_live_graphql.changes import outbox
from drf_live_graphql.changes.capture import _captured
from drf_live_graphql.live import (
    follower,
    reads,
    recall,
    release,
    seal,
    standing,
    timetable,
    trace,
)
from drf_live_graphql.live.cursor import decode
from drf_live_graphql.live.hub import Hub
from drf_live_graphql.models import JournalEntry
from drf_live_graphql.transport import operations
from tests.live.test_query import _nowhere
from tests.live.test_resume import FENCES, NOTES, NOTHING, cursor_of, row, told, user_of
from tests.project import models
from tests.project.asgi import application as project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect
    from tests.oracle.wire import Operation, Socket

pytestmark = pytest.mark.usefixtures("live_db")

ARTICLES = """subscription { articles {
  snapshot { slug title } created { slug title } updated { slug title } deleted } }"""
TASKS = """subscription { taskDetails {
  snapshot { title labels { name } } created { title }
  updated { title labels { name } } deleted } }"""


@pytest.fixture(autouse=True)
def journal(
    live_db: None, settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A project of one database, with the setting JOURNAL."""
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL": True, "JOURNAL_POLL": 3600.0}
    for module in (follower, standing):
        monkeypatch.setattr(module, "databases", lambda: ("default",))
    outbox.install(_captured)
    yield
    outbox.uninstall()


class Restarts:
    """A process that is started anew for each who connects: it knows nothing, and is not asked."""

    def __init__(self, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
        self.connect = connect
        self.monkeypatch = monkeypatch
        self.hub = Hub()

    async def begin(
        self,
        document: str,
        after: str | None = None,
        user: str = "",
        application: Any = project,
    ) -> tuple[Socket, Operation]:
        self.hub = Hub()
        reads._known.clear()
        trace._traces.clear()
        self.monkeypatch.setattr(operations, "get_hub", lambda: self.hub)
        if after is not None and (cursor := decode(after)) is not None:
            after = replace(cursor, hub="").encode()
        socket = await self.connect(user, application=application)
        extensions = {} if after is None else {"live": {"after": after}}
        operation = await socket.subscribe(document, **extensions)
        await (await socket.subscribe("{ fences { id } }")).started()
        await self.hub.settle()
        return socket, operation

    async def was_connected(self, document: str, user: str = "", application: Any = project) -> str:
        socket, operation = await self.begin(document, None, user, application)
        await socket.close()
        await self.hub.settle()
        return cursor_of(operation)

    async def back(
        self, document: str, after: str, user: str = "", application: Any = project
    ) -> list[Any]:
        _, operation = await self.begin(document, after, user, application)
        assert operation.errors is None, operation.errors
        return told(operation)


@pytest.fixture
def restarts(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> Restarts:
    return Restarts(connect, monkeypatch)


async def test_it_is_told_what_it_missed_and_what_comes_then(restarts: Restarts) -> None:
    kept, changed, gone = [await models.Fence.objects.acreate() for _ in range(3)]
    cursor = await restarts.was_connected(FENCES)
    changed.number = 7
    await changed.asave()
    new = await models.Fence.objects.acreate()
    passing = await models.Fence.objects.acreate()
    pk = str(gone.pk)
    await gone.adelete()
    await passing.adelete()
    _, operation = await restarts.begin(FENCES, cursor)
    assert told(operation) == [
        {"snapshot": None, "created": [row(new)], "updated": [row(changed)], "deleted": [pk]}
    ]
    kept.number = 1
    await kept.asave()
    await restarts.hub.settle()
    assert told(operation)[1:] == [{**NOTHING, "updated": [row(kept)]}]


async def test_who_missed_nothing_is_told_nothing(restarts: Restarts) -> None:
    await models.Fence.objects.acreate()
    cursor = await restarts.was_connected(FENCES)
    assert await restarts.back(FENCES, cursor) == []


async def test_who_comes_back_can_come_back_again(restarts: Restarts) -> None:
    cursor = await restarts.was_connected(FENCES)
    for _ in range(3):
        fence = await models.Fence.objects.acreate()
        socket, operation = await restarts.begin(FENCES, cursor)
        assert told(operation) == [{**NOTHING, "created": [row(fence)]}]
        cursor = cursor_of(operation)
        await socket.close()


async def test_several_who_come_back_together_are_told_alike(restarts: Restarts) -> None:
    cursor = await restarts.was_connected(FENCES)
    fence = await models.Fence.objects.acreate()
    socket, first = await restarts.begin(FENCES)
    after = decode(cursor)
    assert after is not None
    assert after.standing is not None
    extensions = {"live": {"after": replace(after, hub="").encode()}}
    back = [await socket.subscribe(FENCES, **extensions) for _ in range(5)]
    await (await socket.subscribe("{ fences { id } }")).started()
    await restarts.hub.settle()
    assert [told(operation) for operation in back] == [[{**NOTHING, "created": [row(fence)]}]] * 5
    assert told(first) == [{**NOTHING, "snapshot": [row(fence)]}]


async def test_the_cursor_of_another_user_is_a_snapshot(restarts: Restarts) -> None:
    ada, _ = await user_of("ada")
    await user_of("ben")
    cursor = await restarts.was_connected(NOTES, "ada")
    await models.Note.objects.acreate(owner=ada, text="hers")
    assert await restarts.back(NOTES, cursor, "ben") == [{**NOTHING, "snapshot": {"results": []}}]


async def test_a_row_that_was_never_shown_is_not_named(restarts: Restarts) -> None:
    ada, _ = await user_of("ada")
    ben, _ = await user_of("ben")
    hidden = await models.Note.objects.acreate(owner=ben, text="his")
    seen = await models.Note.objects.acreate(owner=ada, text="hers")
    pk = str(seen.pk)
    cursor = await restarts.was_connected(NOTES, "ada")
    await hidden.adelete()
    await seen.adelete()
    assert await restarts.back(NOTES, cursor, "ada") == [{**NOTHING, "deleted": [pk]}]


async def test_rows_by_an_id_of_their_own(restarts: Restarts) -> None:
    author, _ = await user_of("ada")
    make = models.Article.objects.acreate
    kept = await make(slug="kept", title="A", published=True, author=author)
    cursor = await restarts.was_connected(ARTICLES, "ada")
    kept.title = "B"
    await kept.asave()
    await make(slug="new", title="N", published=True, author=author)
    assert await restarts.back(ARTICLES, cursor, "ada") == [
        {
            **NOTHING,
            "created": [{"slug": "new", "title": "N"}],
            "updated": [{"slug": "kept", "title": "B"}],
        }
    ]


async def test_a_row_that_left_by_an_id_that_nobody_knows_any_more_is_a_snapshot(
    restarts: Restarts,
) -> None:
    author, _ = await user_of("ada")
    gone = await models.Article.objects.acreate(
        slug="gone", title="A", published=True, author=author
    )
    cursor = await restarts.was_connected(ARTICLES, "ada")
    await gone.adelete()
    (part,) = await restarts.back(ARTICLES, cursor, "ada")
    assert part["snapshot"] is not None
    assert part["deleted"] == []


async def _task(labels: int = 1) -> tuple[models.Task, models.Label]:
    ada, _ = await user_of("ada")

    def build() -> tuple[models.Task, models.Label]:
        project = models.Project.objects.create(name="Hull", slug="hull")
        models.Membership.objects.create(project=project, user=ada)
        label = models.Label.objects.create(name="red")
        task = models.Task.objects.create(project=project, title="one")
        models.Task.objects.create(project=project, title="two")
        task.labels.add(label)
        return task, label

    return await sync_to_async(build)()


async def test_a_row_that_another_shows(restarts: Restarts) -> None:
    _, label = await _task()
    cursor = await restarts.was_connected(TASKS, "ada")
    label.name = "blue"
    await label.asave()
    (part,) = await restarts.back(TASKS, cursor, "ada")
    assert part["snapshot"] is None
    assert part["updated"] == [{"title": "one", "labels": [{"name": "blue"}]}]


async def test_a_membership_that_takes_rows_away_is_a_snapshot(restarts: Restarts) -> None:
    """The journal names the membership, and not the rows that are seen by it."""
    await _task()
    cursor = await restarts.was_connected(TASKS, "ada")
    await models.Membership.objects.all().adelete()
    (part,) = await restarts.back(TASKS, cursor, "ada")
    assert part["snapshot"] in ([], {"results": []})


async def test_the_users_own_row_is_a_snapshot(restarts: Restarts) -> None:
    """What a view makes of it, nobody can tell."""
    ada, _ = await user_of("ada")
    cursor = await restarts.was_connected(NOTES, "ada")
    ada.first_name = "Ada"
    await ada.asave()
    assert await restarts.back(NOTES, cursor, "ada") == [{**NOTHING, "snapshot": {"results": []}}]


async def test_a_login_is_none(restarts: Restarts) -> None:
    """Each writes to the user's row, and nothing that an answer depends on."""
    await user_of("ada")
    cursor = await restarts.was_connected(NOTES, "ada")
    assert await restarts.back(NOTES, cursor, "ada") == []


# How far back.


async def test_too_many_changes_are_a_snapshot(restarts: Restarts) -> None:
    cursor = await restarts.was_connected(FENCES)
    fences = [models.Fence() for _ in range(seal.MOST_CANDIDATES + 1)]

    def write() -> None:
        for fence in fences:
            fence.save()

    await sync_to_async(write)()
    (part,) = await restarts.back(FENCES, cursor)
    assert len(part["snapshot"]) == len(fences)


async def test_a_cursor_that_is_older_than_the_journal_is_a_snapshot(
    restarts: Restarts, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = await restarts.was_connected(FENCES)
    fence = await models.Fence.objects.acreate()
    now = time.time() + 3600
    monkeypatch.setattr(standing, "clock", lambda: now)
    assert await restarts.back(FENCES, cursor) == [{**NOTHING, "snapshot": [row(fence)]}]


async def test_a_cursor_of_another_release_is_a_snapshot(
    restarts: Restarts, settings: SettingsWrapper
) -> None:
    cursor = await restarts.was_connected(FENCES)
    settings.DRF_LIVE_GRAPHQL = {**settings.DRF_LIVE_GRAPHQL, "RELEASE": "2"}
    assert await restarts.back(FENCES, cursor) == [{**NOTHING, "snapshot": []}]


async def test_a_cursor_of_other_sources_is_a_snapshot(
    restarts: Restarts, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = await restarts.was_connected(FENCES)
    monkeypatch.setattr(release, "_digest", lambda: "another")
    assert await restarts.back(FENCES, cursor) == [{**NOTHING, "snapshot": []}]


async def test_a_journal_that_is_another_is_a_snapshot(
    restarts: Restarts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a backup: what it tells is not what was committed since."""
    await models.Fence.objects.acreate()
    cursor = decode(await restarts.was_connected(FENCES))
    assert cursor is not None
    assert cursor.standing is not None
    ahead = {"postgresql": "999999999:999999999:", "sqlite": "999999999"}[connection.vendor]
    later = replace(cursor.standing, positions=(("default", ahead),))
    fence = await models.Fence.objects.acreate()
    (part,) = await restarts.back(FENCES, replace(cursor, standing=later).encode())
    assert row(fence) in part["snapshot"]


async def test_an_age_that_was_raised_does_not_bring_entries_back(
    restarts: Restarts, settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were pruned by the age of then."""
    journal = settings.DRF_LIVE_GRAPHQL
    settings.DRF_LIVE_GRAPHQL = {**journal, "JOURNAL_AGE": 60.0}
    cursor = await restarts.was_connected(FENCES)
    settings.DRF_LIVE_GRAPHQL = journal
    fence = await models.Fence.objects.acreate()
    now = time.time() + 61
    monkeypatch.setattr(standing, "clock", lambda: now)
    assert await restarts.back(FENCES, cursor) == [{**NOTHING, "snapshot": [row(fence)]}]


async def test_where_too_many_come_back_at_once_some_are_told_everything(
    restarts: Restarts, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = await restarts.was_connected(FENCES)
    monkeypatch.setattr(recall, "MOST_READINGS", 0)
    assert await restarts.back(FENCES, cursor) == [{**NOTHING, "snapshot": []}]


async def test_what_changes_unheard_is_a_snapshot(
    restarts: Restarts, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = await restarts.was_connected(FENCES)
    monkeypatch.setattr(recall, "interval_of", lambda root: 5.0)
    assert await restarts.back(FENCES, cursor) == [{**NOTHING, "snapshot": []}]
    assert timetable.interval_of is not recall.interval_of


async def test_without_a_journal_cursors_say_nothing_of_it(
    restarts: Restarts, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {}
    cursor = decode(await restarts.was_connected(FENCES))
    assert cursor is not None
    assert cursor.standing is None


async def test_a_list_that_is_a_slice_is_a_snapshot(restarts: Restarts) -> None:
    from tests.project.serializers import FenceSerializer

    class Newest(viewsets.ReadOnlyModelViewSet):
        """The two newest: a new row pushes an old one out."""

        serializer_class = FenceSerializer
        queryset = models.Fence.objects.all()

        def filter_queryset(self, queryset: Any) -> Any:
            return queryset.order_by("-id")[:2]

    router = LiveRouter()
    router.register("fences", Newest)
    application = router.asgi(_nowhere)
    fences = [await models.Fence.objects.acreate() for _ in range(2)]
    cursor = await restarts.was_connected(FENCES, application=application)
    fences.append(await models.Fence.objects.acreate())
    (part,) = await restarts.back(FENCES, cursor, application=application)
    assert part["snapshot"] == [row(fences[2]), row(fences[1])]


# One row.

FENCE = "subscription($id: ID!) { fence(id: $id) { action objectId instance { id number } } }"


def _fence(pk: Any) -> str:
    return FENCE.replace("($id: ID!)", "").replace("$id", f'"{pk}"')


async def test_a_row_that_changed(restarts: Restarts) -> None:
    fence = await models.Fence.objects.acreate()
    other = await models.Fence.objects.acreate()
    document = _fence(fence.pk)
    cursor = await restarts.was_connected(document)
    other.number = 3
    await other.asave()
    assert await restarts.back(document, cursor) == []
    fence.number = 4
    await fence.asave()
    assert await restarts.back(document, cursor) == [
        {"action": "UPDATED", "objectId": str(fence.pk), "instance": row(fence)}
    ]


async def test_a_row_that_is_gone_and_comes_again(restarts: Restarts) -> None:
    fence = await models.Fence.objects.acreate()
    pk = fence.pk
    document = _fence(pk)
    cursor = await restarts.was_connected(document)
    await fence.adelete()
    _, operation = await restarts.begin(document, cursor)
    assert told(operation) == [{"action": "DELETED", "objectId": str(pk), "instance": None}]
    cursor = cursor_of(operation)
    assert await restarts.back(document, cursor) == []
    again = await models.Fence.objects.acreate(pk=pk)
    assert await restarts.back(document, cursor) == [
        {"action": "CREATED", "objectId": str(pk), "instance": row(again)}
    ]


async def test_entries_are_written_for_what_is_told(restarts: Restarts) -> None:
    await models.Fence.objects.acreate()
    assert await JournalEntry.objects.acount() == 1


async def test_a_row_by_a_key_that_is_none(restarts: Restarts) -> None:
    """A cursor of another row, and an id that no row can have: as a GET has it."""
    fence = await models.Fence.objects.acreate()
    cursor = await restarts.was_connected(_fence(fence.pk))
    socket, operation = await restarts.begin(_fence("x"), cursor)
    assert operation.errors is not None
    await socket.close()


async def test_a_row_that_is_seen_by_another_key_and_is_gone_is_as_a_get_has_it(
    restarts: Restarts,
) -> None:
    """Its id was its slug, which nobody knows any more."""
    author, _ = await user_of("ada")
    article = await models.Article.objects.acreate(
        slug="gone", title="A", published=True, author=author
    )
    document = 'subscription { article(slug: "gone") { action objectId instance { title } } }'
    cursor = await restarts.was_connected(document, "ada")
    article.title = "B"
    await article.asave()
    (part,) = await restarts.back(document, cursor, "ada")
    assert part == {"action": "UPDATED", "objectId": "gone", "instance": {"title": "B"}}
    await article.adelete()
    _, operation = await restarts.begin(document, cursor, "ada")
    assert operation.payloads == []
    assert operation.errors is not None
    assert operation.errors[0]["extensions"]["code"] == "NOT_FOUND"


async def test_the_process_itself_may_have_forgotten(
    restarts: Restarts, connect: Connect, settings: SettingsWrapper
) -> None:
    """After ``RESUME_WINDOW`` the journal still knows."""
    settings.DRF_LIVE_GRAPHQL = {**settings.DRF_LIVE_GRAPHQL, "RESUME_QUERIES": 0}
    socket, operation = await restarts.begin(FENCES)
    await socket.close()
    await restarts.hub.settle()
    fence = await models.Fence.objects.acreate()
    again = await connect()
    back = await again.subscribe(FENCES, live={"after": cursor_of(operation)})
    await (await again.subscribe("{ fences { id } }")).started()
    await restarts.hub.settle()
    assert told(back) == [{**NOTHING, "created": [row(fence)]}]


async def test_where_others_are_already(restarts: Restarts, connect: Connect) -> None:
    """The list is known here, but not what the client held of it."""
    first = await models.Fence.objects.acreate()
    pk = str(first.pk)
    cursor = await restarts.was_connected(FENCES)
    socket, stays = await restarts.begin(FENCES)
    await first.adelete()
    second = await models.Fence.objects.acreate()
    await restarts.hub.settle()
    heard = len(stays.payloads)
    after = decode(cursor)
    assert after is not None
    back = await socket.subscribe(FENCES, live={"after": replace(after, hub="").encode()})
    await (await socket.subscribe("{ fences { id } }")).started()
    await restarts.hub.settle()
    third = await models.Fence.objects.acreate()
    await restarts.hub.settle()
    assert told(back) == [
        {**NOTHING, "created": [row(second)], "deleted": [pk]},
        {**NOTHING, "created": [row(third)]},
    ]
    assert told(stays)[heard:] == [{**NOTHING, "created": [row(third)]}]


# What rows show that no column of theirs holds.


def _shown(show: Callable[[Any, models.Fence], str]) -> Any:
    """An application of fences that show what `show` says, given the request."""

    class Shown(serializers.ModelSerializer[models.Fence]):
        shown = serializers.SerializerMethodField()

        class Meta:
            model = models.Fence
            fields = ("id", "shown")

        def get_shown(self, fence: models.Fence) -> str:
            return show(self.context["request"], fence)

    class Fences(viewsets.ReadOnlyModelViewSet[models.Fence]):
        serializer_class = Shown
        queryset = models.Fence.objects.order_by("id")

    router = LiveRouter()
    router.register("fences", Fences)
    return router.asgi(_nowhere)


SHOWN = """subscription { fences {
  snapshot { id shown } created { id shown } updated { id shown } deleted } }"""


def _one(pk: Any) -> str:
    return f'subscription {{ fence(id: "{pk}") {{ action instance {{ shown }} }} }}'


def _labels(request: Any, fence: models.Fence) -> str:
    names = models.Label.objects.values_list("name", flat=True)
    return ",".join(names) if fence.number else ""


@pytest.mark.parametrize("root", ["list", "row"])
async def test_what_only_some_rows_read_is_known_of_all(restarts: Restarts, root: str) -> None:
    """The first row, by which a process learns what showing one reads, does not read it."""
    application = _shown(_labels)
    await models.Fence.objects.acreate()
    fence = await models.Fence.objects.acreate(number=1)
    label = await models.Label.objects.acreate(name="red")
    document = SHOWN if root == "list" else _one(fence.pk)
    cursor = await restarts.was_connected(document, application=application)
    label.name = "blue"
    await label.asave()
    assert "blue" in str(await restarts.back(document, cursor, application=application))


async def test_what_others_have_taught_is_in_a_cursor(restarts: Restarts) -> None:
    """Their root is known already, so this one's round is made only once."""
    application = _shown(_labels)
    fences = [await models.Fence.objects.acreate(number=1) for _ in range(2)]
    label = await models.Label.objects.acreate(name="red")
    socket, _ = await restarts.begin(_one(fences[0].pk), application=application)
    operation = await socket.subscribe(_one(fences[1].pk))
    await operation.started()
    label.name = "blue"
    await label.asave()
    back = await restarts.back(_one(fences[1].pk), cursor_of(operation), application=application)
    assert "blue" in str(back)


@pytest.mark.parametrize("root", ["list", "row"])
async def test_a_header_that_only_a_serializer_reads_tells_clients_apart(
    restarts: Restarts, connect: Connect, root: str
) -> None:
    application = _shown(lambda request, fence: request.headers.get("X-Currency", "none"))
    fence = await models.Fence.objects.acreate()
    document = SHOWN if root == "list" else _one(fence.pk)
    headers = {"x-currency": "EUR"}

    async def with_headers(*arguments: Any, **options: Any) -> Any:
        return await connect(*arguments, **options, headers=headers)

    restarts.connect = with_headers
    cursor = await restarts.was_connected(document, application=application)
    headers["x-currency"] = "USD"
    assert "USD" in str(await restarts.back(document, cursor, application=application))


async def test_a_reading_that_has_begun_tells_nobody_who_comes_after(
    restarts: Restarts, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was committed since it began is not in it, and was before that one listened."""
    ada, _ = await user_of("ada")
    note = await models.Note.objects.acreate(owner=ada, text="old")
    cursor = decode(await restarts.was_connected(NOTES, "ada"))
    assert cursor is not None
    assert cursor.standing is not None
    begun, go_on = threading.Event(), threading.Event()
    since = recall._since

    def slow(*place: Any) -> Any:
        found = since(*place)
        begun.set()
        assert go_on.wait(30)
        return found

    journals = recall.Journals()
    monkeypatch.setattr(recall, "_since", slow)
    labels = frozenset({models.Note._meta.label_lower})
    first = asyncio.create_task(journals.trail(cursor.standing, labels))
    await asyncio.to_thread(begun.wait, 30)
    note.text = "new"
    await note.asave()
    second = asyncio.create_task(journals.trail(cursor.standing, labels))
    third = asyncio.create_task(journals.trail(cursor.standing, labels))
    await asyncio.sleep(0)
    go_on.set()
    one, two, three = await asyncio.gather(first, second, third)
    assert one is not None
    assert two is not None
    assert [changes.kinds for changes in one.changes] == []
    assert [list(changes.kinds) for changes in two.changes] == [[note.pk]]
    assert three is two
    assert not journals._readings


async def test_a_round_that_tells_nobody_anything_keeps_the_seal(restarts: Restarts) -> None:
    """Else all members would be hashed again at the next change."""
    await models.Fence.objects.acreate()
    await restarts.begin(FENCES)
    (query,) = (one for one in restarts.hub.queries if one.key.root.name == "fences")
    known = query._state.seal
    assert known
    query.reauthorise()
    await restarts.hub.settle()
    assert query._state.seal == known
