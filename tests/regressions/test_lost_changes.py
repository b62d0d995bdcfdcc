"""Changes that a subscriber did not get, or got out of turn."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from rest_framework import permissions, viewsets
from rest_framework.serializers import ModelSerializer, SerializerMethodField

from drf_live_graphql import LiveRouter
from drf_live_graphql.live import evaluation
from drf_live_graphql.live import hub as hub_module
from drf_live_graphql.live import query as query_module
from drf_live_graphql.live.ear import Ear
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.live.rendition import Rendition
from drf_live_graphql.testing import settled
from drf_live_graphql.transport.operations import Operation as Sink
from tests.project import models

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")

VEHICLES = "subscription { vehicles { snapshot { name } created { name } } }"
LIVE_QUERY = "subscription { vehicles { query { vehicles { name } } } }"


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no HTTP here")


def _hold_rounds(monkeypatch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """Rounds stop after their reading: the first event says so, the second lets them go on."""
    run, held, go = query_module.executor.run, asyncio.Event(), asyncio.Event()

    async def holding(function: Callable[[], Any], owner: Any = None) -> Any:
        result = await run(function)
        held.set()
        await go.wait()
        return result

    monkeypatch.setattr(query_module, "executor", SimpleNamespace(run=holding))
    return held, go


def _count_calls(patch: pytest.MonkeyPatch, owner: type[Any], name: str) -> asyncio.Semaphore:
    """A semaphore that each call of the method releases once."""
    method, calls = getattr(owner, name), asyncio.Semaphore(0)

    def counted(self: Any, *args: Any) -> Any:
        calls.release()
        return method(self, *args)

    patch.setattr(owner, name, counted)
    return calls


async def test_a_live_query_that_was_refused_a_frame_is_told_later(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = await (await connect()).subscribe(LIVE_QUERY)
    await operation.started()
    full: list[Sink] = []
    with monkeypatch.context() as patch:
        patch.setattr(Sink, "deliver", lambda self, *_: bool(full.append(self)))
        await models.Vehicle.objects.acreate(name="van")
        await settled()
    full[0].caught_up()
    await settled()
    assert operation.payloads[-1]["data"]["vehicles"]["query"]["vehicles"] == [{"name": "van"}]


async def test_a_row_takes_anothers_place_while_a_round_runs(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is shown at a slug may be another row by the time that a round is over."""
    author = await models.Article._meta.get_field("author").related_model.objects.acreate(
        username="ada"
    )
    first = await models.Article.objects.acreate(slug="news", published=True, author=author)
    document = 'subscription { article(slug: "news") { action instance { title } } }'
    operation = await (await connect()).subscribe(document)
    await operation.started()
    assert operation.errors is None
    heard = _count_calls(monkeypatch, query_module.LiveQuery, "notify")

    held, go = _hold_rounds(monkeypatch)
    first.slug = "old-news"
    await first.asave()
    await held.wait()
    await models.Article.objects.acreate(slug="news", title="2", published=True, author=author)
    async with asyncio.timeout(10):
        await heard.acquire()
        await heard.acquire()
    go.set()
    await settled()
    assert operation.payloads[-1]["data"]["article"]["instance"] == {"title": "2"}


async def test_a_row_is_renamed_between_the_reading_of_the_members_and_of_the_page(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The snapshot shows it by its new id: that is the one by which it is updated, and leaves."""
    author = await models.Article._meta.get_field("author").related_model.objects.acreate(
        username="ada"
    )
    article = await models.Article.objects.acreate(slug="old", published=True, author=author)
    socket, page = await connect(), evaluation.Evaluation.page

    def renaming(self: evaluation.Evaluation) -> evaluation.Page:
        monkeypatch.undo()
        article.slug = "new"
        article.save()
        return page(self)

    monkeypatch.setattr(evaluation.Evaluation, "page", renaming)
    parts = "snapshot { slug } created { slug } updated { slug } deleted"
    operation = await socket.subscribe(f"subscription {{ articles {{ {parts} }} }}")
    await operation.started()
    await settled()
    await article.adelete()
    await settled()
    first, *rest = [payload["data"]["articles"] for payload in operation.payloads]
    assert first["snapshot"] == [{"slug": "new"}]
    assert [change for change in rest if change["created"]] == []
    assert rest[-1]["deleted"] == ["new"]


async def test_a_nested_row_changes_while_the_first_round_reads(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, settings: SettingsWrapper
) -> None:
    """What a change concerns is known only once the round has read it."""
    settings.DRF_LIVE_GRAPHQL = {"RESUME_WINDOW": 0}
    user = get_user_model()
    ada = await user.objects.acreate(username="ada")
    project = await models.Project.objects.acreate(name="Hull", slug="hull")
    await models.Membership.objects.acreate(project=project, user=ada)
    task = await models.Task.objects.acreate(project=project, title="paint")
    document = "subscription { taskDetails { snapshot { id } updated { comments { text } } } }"
    socket = await connect("ada")
    earlier = await socket.subscribe(document)  # By which the process knows what to listen to.
    await earlier.started()
    await socket.complete(earlier)
    await (await socket.subscribe("{ __typename }")).started()
    await settled()

    heard = _count_calls(monkeypatch, query_module.LiveQuery, "notify")
    held, go = _hold_rounds(monkeypatch)
    operation = await socket.subscribe(document)
    await held.wait()
    await models.Comment.objects.acreate(task=task, author=ada, text="wet")
    async with asyncio.timeout(10):
        await heard.acquire()
    go.set()
    await settled()
    told = operation.payloads[-1]["data"]["taskDetails"]["updated"]
    assert told == [{"comments": [{"text": "wet"}]}]


class Late(viewsets.ReadOnlyModelViewSet):
    """Reads a header only once there are rows."""

    permission_classes = [permissions.AllowAny]
    queryset = models.Vehicle.objects.order_by("id")

    class serializer_class(ModelSerializer[models.Vehicle]):  # noqa: N801
        name = SerializerMethodField()

        class Meta:
            model = models.Vehicle
            fields = ("id", "name")

        def get_name(self, vehicle: models.Vehicle) -> str:
            return f"{vehicle.name} {self.context['request'].META['HTTP_X']}"


@pytest.mark.parametrize("part", ["created", "created { name } updated"])
async def test_the_change_that_parts_two_readers_reaches_both(connect: Connect, part: str) -> None:
    """Without a snapshot the first payload is the first change; it must not go missing."""
    router = LiveRouter()
    router.register("vehicles", Late)
    application = router.asgi(_nowhere)
    operations = []
    for value in ("1", "2"):
        socket = await connect(application=application, headers={"x": value})
        document = f"subscription {{ vehicles {{ {part} {{ name }} }} }}"
        operations.append(await socket.subscribe(document))
        await (await socket.subscribe("{ __typename }")).started()
        await settled()
    await models.Vehicle.objects.acreate(name="van")
    await settled()
    assert "van 1" in str(operations[0].payloads)
    assert "van 2" in str(operations[1].payloads)


async def test_rows_that_entered_while_a_reader_was_behind(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = await connect()
    operation = await socket.subscribe("subscription { vehicles { created { name } } }")
    await (await socket.subscribe("{ __typename }")).started()
    await settled()
    await models.Vehicle.objects.acreate(name="bus")
    await settled()
    full: list[Sink] = []
    with monkeypatch.context() as patch:
        patch.setattr(Sink, "deliver", lambda self, *_: bool(full.append(self)))
        await models.Vehicle.objects.acreate(name="van")
        await settled()
    full[0].caught_up()
    await settled()
    assert "van" in str(operation.payloads)


async def test_the_snapshot_comes_before_any_change(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A subscriber whose groups are still being joined is told nothing before its snapshot."""
    first = await (await connect()).subscribe(VEHICLES)
    await first.started()
    joining, go = asyncio.Event(), asyncio.Event()
    listen = hub_module.Hub._listen

    async def slow(self: Any, labels: Any) -> None:
        joining.set()
        await go.wait()
        await listen(self, labels)

    with monkeypatch.context() as patch:
        patch.setattr(hub_module.Hub, "_listen", slow)
        second = await (await connect()).subscribe(VEHICLES)
        await joining.wait()
        await models.Vehicle.objects.acreate(name="van")
        await first.until(lambda: len(first.payloads) == 2)
        go.set()
        await second.started()
        await settled()
    told = [payload["data"]["vehicles"] for payload in second.payloads]
    assert told == [{"snapshot": [{"name": "van"}], "created": []}]


async def test_one_cohort_that_cannot_be_told_does_not_silence_the_others(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = await (await connect()).subscribe(LIVE_QUERY)
    await broken.started()
    sound = await (await connect()).subscribe(VEHICLES)
    await sound.started()

    async def fails(self: Rendition, envelope: Any) -> str:
        raise RuntimeError("no words for it")

    monkeypatch.setattr(Rendition, "render_async", fails)
    await models.Vehicle.objects.acreate(name="van")
    await settled()
    assert sound.payloads[-1]["data"]["vehicles"]["created"] == [{"name": "van"}]
    assert broken.errors is not None
    assert broken.errors[0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"


async def test_who_comes_second_waits_for_the_same_fence(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group that another subscription has just asked for is not heard yet."""
    fencing, go = asyncio.Event(), asyncio.Event()
    fence = Ear.fence

    async def slow(self: Any, label: str) -> None:
        fencing.set()
        await go.wait()
        await fence(self, label)

    with monkeypatch.context() as patch:
        patch.setattr(Ear, "fence", slow)
        first = await (await connect()).subscribe(VEHICLES)
        await fencing.wait()
        reserved = _count_calls(patch, query_module.LiveQuery, "reserve")
        second = await (await connect()).subscribe(VEHICLES)
        async with asyncio.timeout(10):
            await reserved.acquire()
        rounds = [query.task for query in get_hub().queries if query.task is not None]
        go.set()
        await first.started()
        await second.started()
    assert not rounds
