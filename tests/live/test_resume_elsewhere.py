"""Coming back to another process: what it is told, and when it is a snapshot."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from channels.layers import get_channel_layer
from django.contrib.auth import get_user_model
from rest_framework.serializers import ModelSerializer, SerializerMethodField
from rest_framework.viewsets import ReadOnlyModelViewSet

from drf_live_graphql import LiveRouter
from drf_live_graphql.live import history, hub, resume
from drf_live_graphql.live.cursor import Cursor
from drf_live_graphql.live.hub import Hub
from drf_live_graphql.transport import operations
from tests.live.test_query import _nowhere
from tests.live.test_resume import FENCES, NOTES, NOTHING, cursor_of, row, told
from tests.project import models
from tests.project.asgi import application as project

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect
    from tests.oracle.wire import Operation

pytestmark = pytest.mark.usefixtures("live_db")


class Processes:
    """Two hubs on one event loop: what they know of each other goes over the channel layer."""

    def __init__(self, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
        self.connect = connect
        self.monkeypatch = monkeypatch
        self.here, self.there = Hub(), Hub()

    async def begin(
        self,
        hub: Hub,
        document: str,
        after: str | None = None,
        user: str = "",
        application: Any = project,
    ) -> Operation:
        socket = await self.connect(user, application=application)
        self.monkeypatch.setattr(operations, "get_hub", lambda: hub)
        extensions = {} if after is None else {"live": {"after": after}}
        operation = await socket.subscribe(document, **extensions)
        await (await socket.subscribe("{ fences { id } }")).started()
        await self.settled()
        return operation

    async def settled(self) -> None:
        for process in (self.here, self.there, self.here):
            await process.settle()

    async def was_connected(self, document: str, user: str = "", application: Any = project) -> str:
        """The cursor of a client that was connected here and is gone."""
        socket = await self.connect(user, application=application)
        self.monkeypatch.setattr(operations, "get_hub", lambda: self.here)
        operation = await socket.subscribe(document)
        await operation.started()
        await self.settled()
        await socket.close()
        return cursor_of(operation)


@pytest.fixture
def processes(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> Processes:
    return Processes(connect, monkeypatch)


async def test_it_is_told_what_it_missed(processes: Processes) -> None:
    old = await models.Fence.objects.acreate()
    cursor = await processes.was_connected(FENCES)
    new = await models.Fence.objects.acreate()
    await processes.settled()
    pk = str(old.pk)
    await old.adelete()
    back = await processes.begin(processes.there, FENCES, cursor)
    assert told(back) == [{**NOTHING, "created": [row(new)], "deleted": [pk]}]


async def test_the_cursor_of_another_user_is_a_snapshot(processes: Processes) -> None:
    cursor = await processes.was_connected(NOTES, "ada")
    ada = await get_user_model().objects.aget(username="ada")
    await models.Note.objects.acreate(owner=ada, text="hers")
    back = await processes.begin(processes.there, NOTES, cursor, "ben")
    assert told(back) == [{**NOTHING, "snapshot": {"results": []}}]


async def test_a_row_of_which_nobody_has_heard_yet_is_a_snapshot(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was committed, and its message is still on its way: the lists differ."""
    gone = await models.Fence.objects.acreate()
    cursor = await processes.was_connected(FENCES)
    layer: Any = get_channel_layer()
    send = layer.group_send
    held_back = asyncio.Event()

    async def slow(group: str, message: dict[str, Any]) -> None:
        if message["type"] == "drf_live.changes":
            await held_back.wait()
        await send(group, message)

    with monkeypatch.context() as patch:
        patch.setattr(layer, "group_send", slow)
        await gone.adelete()
        back = await processes.begin(processes.there, FENCES, cursor)
        held_back.set()
    assert told(back)[0] == {**NOTHING, "snapshot": []}


async def test_a_process_that_is_gone_is_not_asked_again_and_again(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resume, "PATIENCE", 0.01)
    asked: list[str] = []
    layer: Any = get_channel_layer()
    send = layer.send

    async def noted(channel: str, message: dict[str, Any]) -> None:
        if message["type"] == resume.ASK:
            asked.append(channel)
        await send(channel, message)

    monkeypatch.setattr(layer, "send", noted)
    for number in range(3):
        cursor = Cursor("specific.gone!1", number, 1).encode()
        back = await processes.begin(processes.there, FENCES, cursor)
        assert told(back) == [{**NOTHING, "snapshot": []}]
    assert asked == ["specific.gone!1"]
    now = history.clock()
    monkeypatch.setattr(history, "clock", lambda: now + resume.SILENCE + 1)
    await processes.begin(processes.there, FENCES, cursor)
    assert len(asked) == 2


async def test_one_question_for_all_who_ask_the_same(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = await processes.was_connected(FENCES)
    await processes.begin(processes.there, FENCES, cursor)
    fence = await models.Fence.objects.acreate()
    await processes.settled()
    answers: list[object] = []
    answer, ask = hub.answer, resume.Questions.ask
    askers: list[object] = []
    all_asked = asyncio.Event()

    async def counted(*arguments: Any) -> Any:
        answers.append(arguments)
        await all_asked.wait()
        return await answer(*arguments)

    async def noted(*arguments: Any) -> Any:
        askers.append(arguments)
        if len(askers) == 5:
            all_asked.set()
        return await ask(*arguments)

    monkeypatch.setattr(hub, "answer", counted)
    monkeypatch.setattr(resume.Questions, "ask", noted)
    socket = await processes.connect()
    back = [await socket.subscribe(FENCES, live={"after": cursor}) for _ in range(5)]
    for operation in back:
        await operation.started()
        assert told(operation) == [{**NOTHING, "created": [row(fence)]}]
    assert len(answers) == 1


@pytest.mark.parametrize("limit", ["RESUME_ROWS", "members"])
async def test_what_is_too_much_to_tell_is_a_snapshot(
    processes: Processes,
    settings: SettingsWrapper,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
) -> None:
    for _ in range(2):
        await models.Fence.objects.acreate()
    cursor = await processes.was_connected(FENCES)
    if limit == "members":
        monkeypatch.setattr(resume, "MOST_MEMBERS", 1)
    else:
        for _ in range(3):
            await models.Fence.objects.acreate()
        await processes.settled()
        settings.DRF_LIVE_GRAPHQL = {"RESUME_ROWS": 2}
    back = await processes.begin(processes.there, FENCES, cursor)
    assert told(back)[0]["snapshot"]


async def test_a_query_that_is_forgotten_there_is_answered_at_once(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resume, "PATIENCE", 3_600.0)
    cursor = await processes.was_connected(FENCES)
    processes.here._drop_retained()
    back = await processes.begin(processes.there, FENCES, cursor)
    assert told(back) == [{**NOTHING, "snapshot": []}]


async def test_nested_rows_that_changed_are_told_or_read_anew(processes: Processes) -> None:
    """The second process has never asked this view: it does not know what it depends on."""
    await processes.connect("ada")
    user = await get_user_model().objects.aget(username="ada")
    project = await models.Project.objects.acreate(name="Hull", slug="hull")
    await models.Membership.objects.acreate(project=project, user=user)
    label = await models.Label.objects.acreate(name="red")
    task = await models.Task.objects.acreate(project=project, title="one")
    await task.labels.aadd(label)
    fields = "{ title labels { name } }"
    document = f"""subscription {{ taskDetails {{
      snapshot {fields} created {fields} updated {fields} deleted }} }}"""
    cursor = await processes.was_connected(document, "ada")
    label.name = "blue"
    await label.asave()
    back = await processes.begin(processes.there, document, cursor, "ada")
    part = told(back)[0]
    assert {"title": "one", "labels": [{"name": "blue"}]} in (part["snapshot"] or part["updated"])
    label.name = "red"
    await label.asave()
    await processes.settled()
    assert {"title": "one", "labels": [{"name": "red"}]} in told(back)[-1]["updated"]


class Labelled(ModelSerializer[models.Fence]):
    """Shows what nobody can tell a row by."""

    labels = SerializerMethodField()

    class Meta:
        model = models.Fence
        fields = ("id", "labels")

    def get_labels(self, fence: models.Fence) -> int:
        return models.Label.objects.count()


class Fences(ReadOnlyModelViewSet[models.Fence]):
    serializer_class = Labelled
    queryset = models.Fence.objects.order_by("id")


@pytest.mark.parametrize("single", [False, True])
async def test_rows_that_were_told_there_are_told_anew_here(
    processes: Processes, single: bool
) -> None:
    """This process has told nobody of them, but somebody holds them."""
    router = LiveRouter()
    router.register("fences", Fences)
    application = router.asgi(_nowhere)
    fence = await models.Fence.objects.acreate()
    shown = {"id": str(fence.pk), "labels": 1}
    document = "subscription { fences { snapshot { id labels } updated { id labels } } }"
    change: dict[str, Any] = {"snapshot": None, "updated": [shown]}
    if single:
        document = f"subscription {{ fence(id: {fence.pk}) {{ action instance {{ id labels }} }} }}"
        change = {"action": "UPDATED", "instance": shown}
    cursor = await processes.was_connected(document, application=application)
    back = await processes.begin(processes.there, document, cursor, application=application)
    assert back.payloads == []
    await models.Label.objects.acreate(name="red")
    await processes.settled()
    assert told(back) == [change]
