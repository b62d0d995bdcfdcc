"""Changes that fell between two: a round and its hearing, two who come back, parts of a commit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from rest_framework.serializers import ModelSerializer, SerializerMethodField
from rest_framework.viewsets import ReadOnlyModelViewSet

from drf_live_graphql import LiveRouter
from drf_live_graphql.changes import Changes
from drf_live_graphql.changes.message import Commit
from drf_live_graphql.changes.publish import Publisher
from drf_live_graphql.live import hub as hub_module
from drf_live_graphql.live import query as query_module
from drf_live_graphql.live import reads
from drf_live_graphql.live.hub import Hub, get_hub
from drf_live_graphql.testing import settled
from tests.live.test_resume import FENCES, begin, cursor_of, told, user_of
from tests.live.test_resume_elsewhere import Fences, Processes, processes
from tests.project import models

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect

__all__ = ["processes"]

pytestmark = pytest.mark.usefixtures("live_db")


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no HTTP here")


def _application(view: Any) -> Any:
    router = LiveRouter()
    router.register("fences", view)
    return router.asgi(_nowhere)


def _hold_round(patch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event, list[bool]]:
    """Rounds stop after their reading while the list holds ``True``: held, go, and that list."""
    run, held, go, holding = query_module.executor.run, asyncio.Event(), asyncio.Event(), [False]

    async def slow(function: Callable[[], Any], owner: Any = None) -> Any:
        result = await run(function, owner)
        if holding[0] and isinstance(getattr(function, "__self__", None), query_module.Round):
            held.set()
            await go.wait()
        return result

    patch.setattr(query_module.executor, "run", slow)
    return held, go, holding


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # Of a state, not of an event.
            await asyncio.sleep(0.01)


async def test_a_row_that_changes_as_somebody_comes_back_from_elsewhere_is_not_gone(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    fence = await models.Fence.objects.acreate()
    cursor = await processes.was_connected(FENCES)
    ask = Hub._ask
    held, go, holding = _hold_round(monkeypatch)

    async def slow(self: Hub, after: Any, subscription: Any, query: Any, key: Any) -> Any:
        holding[0] = True
        query.recheck()
        await held.wait()
        found = await ask(self, after, subscription, query, key)
        fence.number = 77
        await fence.asave()
        await _until(lambda: bool(query._work.changed))
        holding[0] = False
        asyncio.get_running_loop().call_later(0.1, go.set)
        return found

    await processes.begin(processes.there, "subscription { fences { snapshot { id } } }")
    monkeypatch.setattr(Hub, "_ask", slow)
    back = await processes.begin(processes.there, FENCES, cursor)
    await processes.settled()
    assert all(str(fence.pk) not in payload["deleted"] for payload in told(back))


class Sevens(ModelSerializer):  # type: ignore[type-arg]
    """Reads another table for one row only."""

    labels = SerializerMethodField()

    class Meta:
        model = models.Fence
        fields = ("id", "labels", "number")

    def get_labels(self, fence: models.Fence) -> int:
        return models.Label.objects.count() if fence.number == 7 else -1


class SevensView(ReadOnlyModelViewSet):  # type: ignore[type-arg]
    serializer_class = Sevens
    queryset = models.Fence.objects.order_by("id")


async def test_what_another_process_saw_an_answer_depend_on_is_followed_here(
    processes: Processes,
) -> None:
    application = _application(SevensView)
    await models.Fence.objects.acreate(number=1)
    seven = await models.Fence.objects.acreate(number=7)
    row = "{ id labels }"
    document = f"subscription {{ fences {{ snapshot {row} created {row} updated {row} deleted }} }}"
    cursor = await processes.was_connected(document, application=application)
    back = await processes.begin(processes.there, document, cursor, application=application)
    await models.Label.objects.acreate(name="red")
    await processes.settled()
    assert {"id": str(seven.pk), "labels": 1} in told(back)[-1]["updated"]


async def test_what_is_listened_to_only_since_a_round_began_has_it_done_again(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another query of the root learned of the table, and another subscriber indexed it."""
    application = _application(Fences)
    await models.Fence.objects.acreate()
    held, go, holding = _hold_round(monkeypatch)
    holding[0] = True
    document = "subscription { fences { snapshot { id labels } updated { id labels } } }"
    operation = await (await connect(application=application)).subscribe(document)
    await held.wait()
    (query,) = (q for q in get_hub().queries if q.key.root.model is models.Fence)
    await models.Label.objects.acreate(name="red")  # After it was read, and not heard of.
    reads.learn(query.key.root, {"project.label": reads.Purpose.OPAQUE})
    await (await connect(application=application)).subscribe("subscription { fences { deleted } }")
    await _until(lambda: query in get_hub()._by_label.get("project.label", ()))
    holding[0] = False
    go.set()
    await settled()
    assert told(operation)[-1]["snapshot"][0]["labels"] == 1


async def test_two_come_back_one_after_the_other_to_a_change_of_a_row_that_both_hold(
    connect: Connect,
) -> None:
    user, _ = await user_of("ada")

    def build() -> tuple[models.Task, models.Label]:
        project = models.Project.objects.create(name="Hull", slug="hull")
        models.Membership.objects.create(project=project, user=user)
        label = models.Label.objects.create(name="red")
        task = models.Task.objects.create(project=project, title="one")
        task.labels.add(label)
        return task, label

    task, label = await sync_to_async(build)()
    row = "{ title labels { name } }"
    document = (
        f"subscription {{ taskDetails {{ snapshot {row} created {row} updated {row} deleted }} }}"
    )
    sockets = [await connect("ada"), await connect("ada")]
    first, second = [await begin(socket, document) for socket in sockets]
    await sockets[0].close()
    task.title = "uno"
    await task.asave()
    await settled()
    cursors = cursor_of(first), cursor_of(second)
    await sockets[1].close()
    label.name = "blue"
    await label.asave()
    for cursor in cursors:
        back = await begin(await connect("ada"), document, cursor)
        assert told(back)[0]["updated"] == [{"title": "uno", "labels": [{"name": "blue"}]}]


async def test_a_row_told_as_created_in_other_words_is_held_as_well(connect: Connect) -> None:
    application = _application(SevensView)
    await models.Fence.objects.acreate(number=7)
    document = (
        "subscription { fences { snapshot { id labels } created { id labels number }"
        " updated { id labels } } }"
    )
    operation = await begin(await connect(application=application), document)
    fence = await models.Fence.objects.acreate(number=7)
    await settled()
    await models.Label.objects.acreate(name="red")
    await settled()
    assert {"id": str(fence.pk), "labels": 1} in told(operation)[-1]["updated"]


async def test_part_of_a_commit_is_not_held_back_by_what_others_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "PARTS_TIMEOUT", 0.05)
    hub, given = Hub(), asyncio.Event()
    lost = Changes("a.a", {1: "updated"}, commit=Commit(1, ("a.a", "a.b")))
    monkeypatch.setattr(hub, "_tell", lambda commit: lost in commit and given.set())
    assert hub._commits.take("dead", lost, {"a.a", "a.b"}) == []
    hub._give_up_later()

    async def write() -> None:
        for number in range(1000):
            hub._commits.take(f"p{number}", Changes("a.a", {2: "updated"}), {"a.a", "a.b"})
            hub._give_up_later()
            await asyncio.sleep(0.01)

    writing = asyncio.ensure_future(write())
    async with asyncio.timeout(5):
        await given.wait()
    writing.cancel()


async def test_selections_that_nobody_uses_any_more_are_forgotten(connect: Connect) -> None:
    await models.Fence.objects.acreate()
    await begin(await connect(), "subscription { fences { deleted } }")
    for fields in ("id", "number", "id number"):
        socket = await connect()
        parts = f"snapshot {{ {fields} }} updated {{ {fields} }}"
        await begin(socket, f"subscription {{ fences {{ {parts} }} }}")
        await socket.close()
    await models.Fence.objects.acreate()
    await settled()
    (query,) = get_hub().queries
    assert query._state.digests == {}


def test_the_number_of_a_message_that_was_dropped_is_announced(
    settings: SettingsWrapper,
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"PUBLISH_BACKLOG": 1}
    publisher = Publisher()
    publisher._queue.append(Changes("a.a", {1: "updated"}))
    publisher._make_room()
    assert publisher._lines["a.a"].next_announcement() is not None
