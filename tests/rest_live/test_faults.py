"""What is wrong in django-rest-live 0.7.0 and is not here: one test for each."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer
from django.contrib.auth import get_user_model
from django.db import connections, transaction
from django.db import models as db
from rest_framework.test import APIRequestFactory

from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.rest_live import RealtimeMixin, RealtimeRouter
from tests.project import models
from tests.project.views import FenceViewSet, VehicleViewSet
from tests.rest_live.client import Client

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_django.fixtures import SettingsWrapper

    from tests.rest_live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")

FENCE = "project.Fence"


def _told(frames: list[dict[str, Any]]) -> list[tuple[Any, str, Any]]:
    """Id, action and key of each broadcast."""
    return [(frame["id"], frame["action"], frame["instance"]["id"]) for frame in frames]


async def test_a_second_subscription_of_a_socket_gets_its_events(connect: Connect) -> None:
    await models.Vehicle.objects.acreate(name="van")
    client = await connect()
    await client.subscribe(1, FENCE, query_params={"unknown": 1})
    await client.subscribe(2, FENCE)
    await client.subscribe(3, "project.Vehicle")
    fence = await models.Fence.objects.acreate()
    vehicle = await models.Vehicle.objects.acreate(name="bus")
    assert sorted(_told(await client.quiet())) == [
        (1, "CREATED", fence.pk),
        (2, "CREATED", fence.pk),
        (3, "CREATED", vehicle.pk),
    ]


async def test_retrieve_gets_its_one_row(connect: Connect) -> None:
    mine, other = [await models.Fence.objects.acreate() for _ in range(2)]
    client = await connect()
    await client.subscribe(1, FENCE, "retrieve", lookup_by=mine.pk)
    await other.asave()
    await models.Fence.objects.acreate()
    assert await client.quiet() == []
    await mine.asave()
    assert _told(await client.quiet()) == [(1, "UPDATED", mine.pk)]
    pk = mine.pk
    await other.adelete()
    await mine.adelete()
    assert _told(await client.quiet()) == [(1, "DELETED", pk)]


async def test_an_unknown_action_is_an_error_and_no_subscription(connect: Connect) -> None:
    client = await connect()
    assert [frame["code"] for frame in await client.subscribe(1, FENCE, "partial_update")] == [400]
    await models.Fence.objects.acreate()
    assert await client.quiet() == []


async def test_filters_count_for_membership(connect: Connect) -> None:
    """Also of the rows that were there before: what never matched is not deleted."""
    ada = await get_user_model().objects.acreate(username="ada")
    project = await models.Project.objects.acreate(name="P", slug="p")
    await models.Membership.objects.acreate(project=project, user=ada)
    matching, other = [
        await models.Task.objects.acreate(project=project, title="T", status=status)
        for status in ("open", "closed")
    ]
    client = await connect("ada")
    await client.subscribe(1, "project.Task", query_params={"status": "open"})
    for task in (other, matching):
        task.status = "doing"
        await task.asave()
    assert _told(await client.quiet()) == [(1, "DELETED", matching.pk)]
    other.status = "open"
    await other.asave()
    assert _told(await client.quiet()) == [(1, "CREATED", other.pk)]


async def test_nothing_before_the_commit(connect: Connect) -> None:
    client = await connect()
    await client.subscribe(1, FENCE)
    written, finish = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def write() -> Any:
        with transaction.atomic():
            fence = models.Fence.objects.create()
            loop.call_soon_threadsafe(written.set)
            asyncio.run_coroutine_threadsafe(finish.wait(), loop).result(30)
        connections.close_all()
        return fence.pk

    writing = asyncio.create_task(asyncio.to_thread(write))
    await written.wait()
    before = await client.quiet()
    finish.set()
    pk = await writing
    assert before == []
    assert _told(await client.quiet()) == [(1, "CREATED", pk)]


async def test_nothing_of_a_rollback(connect: Connect) -> None:
    fence = await models.Fence.objects.acreate()
    client = await connect()
    await client.subscribe(1, FENCE)

    def write() -> None:
        with transaction.atomic():
            models.Fence.objects.create()
            fence.delete()
            transaction.set_rollback(True)

    await sync_to_async(write)()
    assert await client.quiet() == []


@pytest.mark.parametrize("together", [True, False])
async def test_save_and_then_delete(connect: Connect, together: bool) -> None:
    fence = await models.Fence.objects.acreate()
    client = await connect()
    await client.subscribe(1, FENCE)
    pk = fence.pk

    def write() -> None:
        fence.save()
        fence.delete()
        models.Fence.objects.create().delete()

    if together:
        await sync_to_async(transaction.atomic(write))()
    else:
        await sync_to_async(write)()
    frames = await client.quiet()
    assert (1, "DELETED", pk) in _told(frames)
    held = {pk}
    for _, action, key in _told(frames):
        held.discard(key) if action == "DELETED" else held.add(key)
    assert held == set()


class _Present(db.Manager["models.Vehicle"]):
    def get_queryset(self) -> db.QuerySet[models.Vehicle]:
        return super().get_queryset().filter(in_service=True)


async def test_a_manager_that_hides_what_was_deleted_softly(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """django-rest-live asks ``Model.objects`` for the row that has just left it."""
    present: Any = _Present()
    present.model = models.Vehicle
    monkeypatch.setattr(models.Vehicle, "objects", present)

    class Vehicles(VehicleViewSet, RealtimeMixin):
        queryset = present.all()

    router = RealtimeRouter()
    router.register(Vehicles)
    vehicle = await present.acreate(name="van", in_service=True)
    client = await connect(router=router)
    await client.subscribe(1, "project.Vehicle")
    await client.subscribe(2, "project.Vehicle", "retrieve", lookup_by=vehicle.pk)
    vehicle.in_service = False
    await vehicle.asave()
    frames = await client.quiet()
    assert sorted(_told(frames)) == [(1, "DELETED", vehicle.pk), (2, "DELETED", vehicle.pk)]
    assert all(frame["instance"] == {"pk": vehicle.pk, "id": vehicle.pk} for frame in frames)


async def test_uuid_keys(connect: Connect) -> None:
    await connect("ada")
    ada = await get_user_model().objects.aget(username="ada")
    client = await connect("ada")
    await client.subscribe(1, "project.Document")
    document = await models.Document.objects.acreate(owner=ada, name="D")
    key = str(document.pk)
    assert _told(await client.quiet()) == [(1, "CREATED", key)]
    await client.subscribe(2, "project.Document", "retrieve", lookup_by=key)
    await document.adelete()
    frames = await client.quiet()
    assert [frame["instance"] for frame in frames] == [{"pk": key, "id": key}] * 2


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        '"subscribe"',
        "[" * 50_000,
        '{"id": NaN}',
        '{"id": 1e999, "type": "subscribe", "model": "project.Fence", "action": "list"}',
        '{"type": "subscribe"}',
    ],
)
async def test_what_nobody_can_be_answered_is_ignored(connect: Connect, frame: str) -> None:
    client = await connect()
    await client.send(frame)
    await client.send_bytes(frame.encode())
    assert await client.quiet() == []
    assert client.close_code is None
    assert await client.subscribe(1, FENCE) == []


@pytest.mark.parametrize("id_", [True, [], {"a": 1}, "\ud800"])
async def test_an_id_that_is_none_is_an_error(connect: Connect, id_: object) -> None:
    client = await connect()
    (frame,) = await client.subscribe(id_, FENCE)
    assert (frame["type"], frame["id"], frame["code"]) == ("error", id_, 400)
    assert get_hub().queries == ()


@pytest.mark.parametrize("kind", [None, "", "subscription", 7])
async def test_an_unknown_type_is_an_error(connect: Connect, kind: object) -> None:
    client = await connect()
    await client.send({"id": 1, "type": kind})
    (frame,) = await client.quiet()
    assert (frame["type"], frame["id"], frame["code"]) == ("error", 1, 400)


async def test_an_id_in_use_is_refused_and_its_first_owner_goes_on(connect: Connect) -> None:
    client = await connect()
    await client.subscribe(1, FENCE)
    (frame,) = await client.subscribe(1, "project.Vehicle")
    assert (frame["type"], frame["id"], frame["code"]) == ("error", 1, 400)
    fence = await models.Fence.objects.acreate()
    await models.Vehicle.objects.acreate(name="van")
    assert _told(await client.quiet()) == [(1, "CREATED", fence.pk)]
    assert await client.subscribe("1", "project.Vehicle") == []


async def test_permissions_are_asked_again_at_every_event(connect: Connect) -> None:
    await connect("root")
    root = await get_user_model().objects.aget(username="root")
    root.is_staff = True
    await root.asave()
    client = await connect("root")
    await client.subscribe(1, "project.Announcement")
    await models.Announcement.objects.acreate(text="for staff")
    assert len(await client.quiet()) == 1
    root.is_staff = False
    await root.asave()
    await models.Announcement.objects.acreate(text="secret")
    (frame,) = await client.quiet()
    assert (frame["type"], frame["id"], frame["code"]) == ("error", 1, 403)
    assert "secret" not in str(client.frames)


async def test_a_session_that_ends_ends_its_connection(connect: Connect) -> None:
    client, other = await connect("ada"), await connect("ada")
    for one in (client, other):
        await one.subscribe(1, "project.Note")

    def log_out() -> None:
        from django.contrib.sessions.models import Session

        cookie = dict(client.scope["headers"])[b"cookie"].decode()
        Session.objects.get(session_key=cookie.removeprefix("sessionid=")).delete()

    await sync_to_async(log_out)()
    ada = await get_user_model().objects.aget(username="ada")
    await models.Note.objects.acreate(owner=ada, text="secret")
    (frame,) = await client.quiet()
    assert (frame["type"], frame["code"]) == ("error", 403)
    assert await client.closed() == 4003
    assert [frame["instance"]["text"] for frame in await other.quiet()] == ["secret"]


async def test_a_user_that_token_middleware_found_is_the_views_user(connect: Connect) -> None:
    """The view itself knows tokens in a header alone, which no browser sends with a socket."""
    ada = await get_user_model().objects.acreate(username="ada")

    def middleware(inner: Any) -> Any:
        async def application(scope: Any, receive: Any, send: Any) -> None:
            user = ada if scope["query_string"] == b"token=ada" else None
            await inner({**scope, "user": user}, receive, send)

        return application

    from tests.rest_live.conftest import every_view

    application = middleware(every_view().as_consumer())
    stranger, client = Client(application), Client(application, query_string=b"token=ada")
    for one in (stranger, client):
        assert await one.open()
    (refused,) = await stranger.subscribe(1, "project.Reading")
    assert refused["code"] == 403
    assert await client.subscribe(1, "project.Reading") == []
    reading = await models.Reading.objects.acreate(sensor="a", value=1)
    assert _told(await client.quiet()) == [(1, "CREATED", reading.pk)]
    ada.is_active = False
    await ada.asave()
    await models.Reading.objects.acreate(sensor="b", value=1)
    assert [frame["type"] for frame in await client.quiet()] == ["error"]
    assert await client.closed() == 4003
    for one in (stranger, client):
        await one.close()


class Anonymous(FenceViewSet, RealtimeMixin):
    """Whoever sends a GET is nobody to it."""

    authentication_classes: Sequence[Any] = ()

    def get_queryset(self) -> Any:
        known = self.request.user.is_authenticated
        return models.Fence.objects.all() if known else models.Fence.objects.filter(number=0)


async def test_a_view_that_authenticates_nobody_takes_no_user_from_middleware(
    connect: Connect,
) -> None:
    ada = await get_user_model().objects.acreate(username="ada")
    router = RealtimeRouter()
    router.register(Anonymous)
    client = Client(router.as_consumer(), user=ada)
    assert await client.open()
    assert await client.subscribe(1, FENCE) == []
    await models.Fence.objects.acreate(number=1)
    shown = await models.Fence.objects.acreate(number=0)
    assert _told(await client.quiet()) == [(1, "CREATED", shown.pk)]
    request = APIRequestFactory().get("/")
    request.user = ada
    view: Any = Anonymous.as_view({"get": "list"})
    answer = await sync_to_async(view)(request)
    assert [row["id"] for row in answer.data] == [shown.pk]
    await client.close()


class DeadLayer(InMemoryChannelLayer):  # type: ignore[misc]
    """A channel layer that nothing can be sent to any more."""

    dead = False

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if DeadLayer.dead:
            raise ConnectionError("the layer is dead")
        await super().group_send(group, message)


async def test_a_dead_channel_layer_does_not_break_a_save(
    connect: Connect, settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.DeadLayer"}}
    settings.DRF_LIVE_GRAPHQL = {"HUB_PING": 0.05}
    client = await connect()
    await client.subscribe(1, FENCE)
    monkeypatch.setattr(DeadLayer, "dead", True)
    fence = await models.Fence.objects.acreate()
    assert await models.Fence.objects.filter(pk=fence.pk).aexists()
    monkeypatch.setattr(DeadLayer, "dead", False)
    assert _told(await client.quiet())[0][2] == fence.pk


async def test_nested_and_bulk_changes_are_seen(connect: Connect) -> None:
    from drf_live_graphql import notify_changed

    class Fences(FenceViewSet, RealtimeMixin):
        pass

    router = RealtimeRouter()
    router.register(Fences)
    fence = await models.Fence.objects.acreate()
    client = await connect(router=router)
    await client.subscribe(1, FENCE)

    def write() -> None:
        with transaction.atomic():
            notify_changed(models.Fence.objects.all())
            models.Fence.objects.update(number=9)

    await sync_to_async(write)()
    (frame,) = await client.quiet()
    assert frame["instance"] == {"id": fence.pk, "number": 9}


async def test_no_keys_are_kept_for_each_subscriber(connect: Connect) -> None:
    clients = [await connect() for _ in range(5)]
    for client in clients:
        await client.subscribe(1, FENCE)
    (query,) = get_hub().queries
    assert len(query.subscriptions) == 5
