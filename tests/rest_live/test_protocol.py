"""The protocol, message by message, as django-rest-live 0.7.0 documents it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from rest_framework import generics, permissions
from rest_framework.test import APIClient

from drf_live_graphql.exceptions import credentials_ended
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.rest_live import RealtimeMixin, RealtimeRouter
from drf_live_graphql.testing import settled
from drf_live_graphql.transport.rest_live.roots import describe
from tests.project import models, serializers
from tests.rest_live.views import Fences

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from tests.rest_live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")

FENCE = "project.Fence"


def _get(path: str, user: Any = None) -> Any:
    client = APIClient()
    if user is not None:
        client.force_login(user)
    return client.get(f"/api/{path}").json()


def _error(id_: object, code: int, frames: list[dict[str, Any]]) -> str:
    (frame,) = frames
    message = frame.pop("message")
    assert frame == {"type": "error", "id": id_, "code": code}
    assert isinstance(message, str)
    return message


# Subscribing.


async def test_a_list_is_silent_at_first_and_then_tells_of_each_row(connect: Connect) -> None:
    fence = await models.Fence.objects.acreate(number=1)
    client = await connect()
    assert await client.subscribe(1337, FENCE) == []
    other = await models.Fence.objects.acreate(number=2)
    shown = await sync_to_async(_get)(f"fences/{other.pk}/")
    told = {"type": "broadcast", "id": 1337, "model": FENCE}
    assert await client.quiet() == [{**told, "action": "CREATED", "instance": shown}]
    fence.number = 7
    await fence.asave()
    shown = {"id": fence.pk, "number": 7}
    assert await client.quiet() == [{**told, "action": "UPDATED", "instance": shown}]
    pk = fence.pk
    await fence.adelete()
    gone = {"pk": pk, "id": pk}
    assert await client.quiet() == [{**told, "action": "DELETED", "instance": gone}]


async def test_a_single_row_by_the_views_lookup_field(connect: Connect) -> None:
    ada = await get_user_model().objects.acreate(username="ada")
    article = await models.Article.objects.acreate(
        slug="one", title="Old", published=True, author=ada
    )
    client = await connect()
    assert await client.subscribe("a", "project.Article", "retrieve", lookup_by="one") == []
    article.title = "New"
    await article.asave()
    shown = await sync_to_async(_get)("articles/one/")
    told = {"type": "broadcast", "id": "a", "model": "project.Article"}
    assert await client.quiet() == [{**told, "action": "UPDATED", "instance": shown}]
    article.published = False
    await article.asave()
    gone = {"slug": "one", "id": article.pk}
    assert await client.quiet() == [{**told, "action": "DELETED", "instance": gone}]
    article.published = True
    await article.asave()
    assert await client.quiet() == [{**told, "action": "CREATED", "instance": shown}]


async def test_an_unsubscribed_id_is_told_nothing_more_and_may_be_used_again(
    connect: Connect,
) -> None:
    client = await connect()
    await client.subscribe(1, FENCE)
    assert await client.unsubscribe(1) == []
    await models.Fence.objects.acreate()
    assert await client.quiet() == []
    assert get_hub().queries == ()
    assert await client.subscribe(1, FENCE) == []
    await models.Fence.objects.acreate()
    assert len(await client.quiet()) == 1


async def test_a_subscription_that_is_taken_back_at_once_is_none(connect: Connect) -> None:
    client = await connect()
    await client.send({"type": "subscribe", "id": 1, "model": FENCE, "action": "list"})
    assert await client.unsubscribe(1) == []
    await models.Fence.objects.acreate()
    assert await client.quiet() == []
    assert get_hub().queries == ()


async def test_view_kwargs_and_query_params_are_those_of_a_get(connect: Connect) -> None:
    ada = await get_user_model().objects.acreate(username="ada")
    project = await models.Project.objects.acreate(name="P", slug="p")
    await models.Membership.objects.acreate(project=project, user=ada)
    client = await connect("ada")
    await client.subscribe(1, "project.Task", query_params={"priority": 3, "status": "open"})
    for priority in (1, 3):
        await models.Task.objects.acreate(project=project, title="T", priority=priority)
    (frame,) = await client.quiet()
    answer = await sync_to_async(_get)("tasks/?priority=3&status=open", ada)
    assert [frame["instance"]] == answer["results"]


# Errors, each where the documentation has it.


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"action": "list"},
        {"model": 7, "action": "list"},
        {"model": FENCE},
        {"model": FENCE, "action": "destroy"},
        {"model": FENCE, "action": ["list"]},
        {"model": FENCE, "action": "retrieve"},
        {"model": FENCE, "action": "retrieve", "lookup_by": {}},
        {"model": FENCE, "action": "list", "view_kwargs": [1]},
        {"model": FENCE, "action": "list", "view_kwargs": {"a": None}},
        {"model": FENCE, "action": "list", "query_params": "a=1"},
        {"model": FENCE, "action": "list", "query_params": {"a": {}}},
        {"model": FENCE, "action": "list", "query_params": {"a": "\ud800"}},
        {"model": FENCE, "action": "retrieve", "lookup_by": "\ud800"},
    ],
)
async def test_a_request_of_the_wrong_form_is_400_and_not_subscribed(
    connect: Connect, request_: dict[str, object]
) -> None:
    client = await connect()
    await client.send({"type": "subscribe", "id": 1, **request_})
    _error(1, 400, await client.quiet())
    await models.Fence.objects.acreate()
    assert await client.quiet() == []
    assert get_hub().queries == ()
    assert await client.subscribe(1, FENCE) == []


async def test_what_a_filter_refuses_is_400(connect: Connect) -> None:
    client = await connect("ada")
    frames = await client.subscribe(1, "project.Task", query_params={"status": "unheard-of"})
    assert "unheard-of" in _error(1, 400, frames)


@pytest.mark.parametrize(("user", "action"), [("", "list"), ("ada", "list"), ("ada", "retrieve")])
async def test_what_the_views_permissions_refuse_is_403(
    connect: Connect, user: str, action: str
) -> None:
    row = await models.Announcement.objects.acreate(text="secret")
    client = await connect(user)
    frames = await client.subscribe(1, "project.Announcement", action, lookup_by=row.pk)
    _error(1, 403, frames)
    await row.asave()
    assert await client.quiet() == []


async def test_an_object_that_is_refused_is_403(connect: Connect) -> None:
    owner = await get_user_model().objects.acreate(username="owner")
    document = await models.Document.objects.acreate(owner=owner, name="D", confidential=True)
    client = await connect("ada")
    frames = await client.subscribe(1, "project.Document", "retrieve", lookup_by=str(document.pk))
    assert _error(1, 403, frames) == "This document is confidential."


@pytest.mark.parametrize("lookup", [7, "no number"])
async def test_a_row_that_is_not_there_is_404(connect: Connect, lookup: object) -> None:
    client = await connect()
    _error(1, 404, await client.subscribe(1, FENCE, "retrieve", lookup_by=lookup))


@pytest.mark.parametrize("action", ["list", "retrieve", "heard-of-nowhere"])
async def test_a_model_without_a_view_is_404(connect: Connect, action: str) -> None:
    """Whatever else is wrong, as in django-rest-live."""
    client = await connect()
    _error(1, 404, await client.subscribe(1, "auth.User", action))


async def test_to_unsubscribe_what_is_not_subscribed_is_404(connect: Connect) -> None:
    client = await connect()
    _error(5, 404, await client.unsubscribe(5))


async def test_more_subscriptions_than_the_limit_are_429(
    connect: Connect, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"MAX_OPERATIONS": 2}
    client = await connect()
    for id_ in (1, 2):
        assert await client.subscribe(id_, FENCE) == []
    assert "2" in _error(3, 429, await client.subscribe(3, FENCE))


async def test_a_frame_over_the_limit_ends_the_socket(
    connect: Connect, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"MAX_MESSAGE_BYTES": 1000}
    client = await connect()
    await client.subscribe(1, FENCE)
    await client.send("x" * 1001)
    await client.handled()
    assert await client.closed() == 4400


# Who may connect.


async def test_a_router_that_is_not_public_closes_an_anonymous_connection(
    connect: Connect,
) -> None:
    from channels.auth import AuthMiddlewareStack

    from tests.rest_live.client import Client

    router = RealtimeRouter(public=False)
    router.register(Fences)
    for application in (router.as_consumer(), AuthMiddlewareStack(router.as_consumer())):
        client = Client(application)
        assert not await client.open()
        assert client.close_code == 4003
        await client.close()
    client = await connect("ada", router=router)
    assert await client.subscribe(1, FENCE) == []


@pytest.mark.parametrize(
    ("origin", "site", "let_in"),
    [
        ("http://testserver", "", True),
        ("https://friend.example", "cross-site", True),
        # The host is that of a proxy, but the browser knows where it asked.
        ("https://testserver.example", "same-origin", True),
        ("https://stranger.example", "", False),
        ("https://stranger.example", "cross-site", False),
        ("null", "cross-site", False),
    ],
)
async def test_pages_of_other_origins_are_kept_out(
    connect: Connect,
    settings: SettingsWrapper,
    caplog: pytest.LogCaptureFixture,
    origin: str,
    site: str,
    let_in: bool,
) -> None:
    from tests.rest_live.client import Client
    from tests.rest_live.conftest import every_view

    settings.DRF_LIVE_GRAPHQL = {"ALLOWED_ORIGINS": ["https://friend.example"]}
    headers = {"origin": origin, "sec-fetch-site": site} if site else {"origin": origin}
    client = Client(every_view().as_consumer(), headers=headers)
    assert await client.open() is let_in
    assert (f"A page of {origin!r} may not open a socket" in caplog.text) is not let_in
    await client.close()


async def test_a_view_may_name_its_model_by_a_method_of_its_own(connect: Connect) -> None:
    class ByMethod(generics.ListAPIView[models.Fence], RealtimeMixin):
        serializer_class = serializers.FenceSerializer

        def get_queryset(self):  # type: ignore[no-untyped-def]
            return models.Fence.objects  # DRF takes managers, too.

        def get_model_class(self):  # type: ignore[no-untyped-def]
            return models.Fence

    router = RealtimeRouter()
    router.register(ByMethod)
    client = await connect(router=router)
    assert await client.subscribe(1, FENCE) == []
    fence = await models.Fence.objects.acreate(number=1)
    (frame,) = await client.quiet()
    assert (frame["action"], frame["instance"]["id"]) == ("CREATED", fence.pk)


async def test_anything_but_a_websocket_is_a_mistake_in_the_wiring() -> None:
    from tests.rest_live.conftest import every_view

    application = every_view().as_consumer()
    with pytest.raises(ValueError, match="serves websockets"):
        await application({"type": "http"}, None, None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="no arguments"):
        application.as_asgi(public=True)


# The end of a connection.


async def test_a_client_that_leaves_while_it_is_being_subscribed(connect: Connect) -> None:
    client = await connect()
    await client.send({"type": "subscribe", "id": 1, "model": FENCE, "action": "list"})
    await client.close()
    await settled()
    assert get_hub().queries == ()
    assert len(get_hub().lines) == 0


async def test_orders_to_close_that_come_twice(connect: Connect) -> None:
    client = await connect("ada")
    await client.subscribe(1, FENCE)
    (line,) = get_hub().lines
    for _ in range(2):
        line.disconnect(credentials_ended())
    (frame,) = await client.quiet()
    assert (frame["code"], await client.closed()) == (403, 4003)
    await client.send({"type": "subscribe", "id": 2, "model": FENCE, "action": "list"})
    await client.fetched()
    await settled()
    assert get_hub().queries == ()


# What the old value of a lookup is told as.


@pytest.mark.parametrize(
    ("lookup_field", "text", "shown"),
    [
        ("pk", "5", 5),
        ("id", "5", 5),
        ("number", "7", 7),
        ("number", "seven", "seven"),
        ("an_annotation", "x", "x"),
        ("other__field", "x", "x"),
    ],
)
def test_a_lookup_value_is_told_as_the_field_has_it(
    lookup_field: str, text: str, shown: object
) -> None:
    view = type("View", (Fences,), {"lookup_field": lookup_field})
    assert describe(view, "list").shown_lookup(5, text) == shown


async def test_a_lookup_value_that_changes_is_another_row_to_a_client(connect: Connect) -> None:
    ada = await get_user_model().objects.acreate(username="ada")
    article = await models.Article.objects.acreate(slug="old", published=True, author=ada)
    client = await connect()
    await client.subscribe(1, "project.Article")
    article.slug = "new"
    await article.asave()
    gone, came = await client.quiet()
    assert (gone["action"], gone["instance"]) == ("DELETED", {"slug": "old", "id": article.pk})
    assert (came["action"], came["instance"]["slug"]) == ("CREATED", "new")


# Views of every kind.


class Opens(permissions.BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        said = view.kwargs.get("word"), request.query_params.get("word")
        return "sesame" in said


class Bare(generics.GenericAPIView[models.Fence], RealtimeMixin):
    """No action, no URL: django-rest-live asks for its queryset and its serializer alone."""

    queryset = models.Fence.objects.filter(number__gte=0)
    serializer_class = serializers.FenceSerializer
    permission_classes = [Opens]


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        ({}, [403]),
        ({"view_kwargs": {"word": "open"}}, [403]),
        ({"view_kwargs": {"word": "sesame"}}, []),
        ({"query_params": {"word": "sesame"}}, []),
    ],
)
async def test_a_generic_view_without_actions(
    connect: Connect, arguments: dict[str, Any], codes: list[int]
) -> None:
    router = RealtimeRouter()
    router.register(Bare)
    fence = await models.Fence.objects.acreate(number=1)
    client = await connect(router=router)
    for id_, more in ((1, {}), (2, {"lookup_by": fence.pk})):
        action = "retrieve" if more else "list"
        frames = await client.subscribe(id_, FENCE, action, **more, **arguments)
        assert [frame["code"] for frame in frames] == codes
    fence.number = -1
    await fence.asave()
    told = [(frame["id"], frame["action"]) for frame in await client.quiet()]
    assert sorted(told) == ([] if codes else [(1, "DELETED"), (2, "DELETED")])
