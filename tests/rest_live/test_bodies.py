"""What a view does around its rows is never passed by: it is asked, or the client is told why not.

Each answer is compared with what a GET of the same view says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404
from django.test import Client as RestClient
from django.urls import path
from rest_framework import generics, permissions, serializers, viewsets
from rest_framework.response import Response

from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.rest_live import RealtimeMixin, RealtimeRouter
from tests.live.conftest import session_cookie
from tests.live.shapes import mount
from tests.project import models
from tests.project.serializers import FenceSerializer

if TYPE_CHECKING:
    from tests.rest_live.client import Client
    from tests.rest_live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")

FENCE = "project.Fence"


class Fences(RealtimeMixin, viewsets.ReadOnlyModelViewSet[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class: Any = FenceSerializer


class ListsItself(Fences):
    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        response = super().list(request, *args, **kwargs)
        response.data = [row for row in response.data if row["number"] >= 0]
        return response


class ShowsItself(Fences):
    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        response = super().retrieve(request, *args, **kwargs)
        if response.data["number"] < 0:
            raise Http404
        response.data["number"] *= 10
        return response


class ShowsItselfByNumber(ShowsItself):
    lookup_field = "number"


class Bare(serializers.ModelSerializer[models.Fence]):
    class Meta:
        model = models.Fence
        fields = ["number"]


class ShowsNoId(ShowsItself):
    serializer_class = Bare


class ForUsers(LoginRequiredMixin, Fences):
    pass


class Newest(Fences):
    """Its single row is another one when a later one is written."""

    def get_object(self) -> models.Fence:
        return models.Fence.objects.latest("id")


class OwnList(RealtimeMixin, generics.ListAPIView[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = FenceSerializer

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response([])


class Single(RealtimeMixin, generics.RetrieveAPIView[models.Fence]):
    queryset = models.Fence.objects.all()
    serializer_class = FenceSerializer


async def _client(connect: Connect, view: type[Any], user: str = "") -> Client:
    router = RealtimeRouter()
    router.register(view)
    return await connect(user, router=router)


def _get(path_: str, user: str = "") -> tuple[int, Any]:
    client = RestClient(headers={"cookie": session_cookie(user)} if user else {})
    response = client.get(path_)
    return response.status_code, response.json() if response.status_code == 200 else None


def _mount(view: type[Any], settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    urls = [
        path("fences/", view.as_view({"get": "list"}), name="fence-list"),
        path("fences/<pk>/", view.as_view({"get": "retrieve"}), name="fence-detail"),
    ]
    mount(urls, settings, monkeypatch)


@pytest.mark.parametrize(
    ("view", "method"), [(ListsItself, "list"), (ForUsers, "dispatch"), (OwnList, "get")]
)
async def test_a_list_with_a_body_of_its_own_is_400_with_the_reason(
    connect: Connect, view: type[Any], method: str
) -> None:
    client = await _client(connect, view, "ada")
    (frame,) = await client.subscribe(1, FENCE)
    assert (frame["type"], frame["id"], frame["code"]) == ("error", 1, 400)
    assert f"by a {method}() of its own" in frame["message"]
    assert "GraphQL" in frame["message"]
    await models.Fence.objects.acreate(number=-1)
    assert await client.quiet() == []
    assert get_hub().queries == ()


async def test_a_row_of_a_list_with_a_body_of_its_own_is_400(connect: Connect) -> None:
    """It might not be among what the body shows."""
    fence = await models.Fence.objects.acreate()
    client = await _client(connect, OwnList)
    (frame,) = await client.subscribe(1, FENCE, "retrieve", lookup_by=fence.pk)
    assert (frame["type"], frame["code"]) == ("error", 400)


async def test_a_row_by_a_body_of_its_own_is_what_a_get_answers(
    connect: Connect, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _mount(ShowsItself, settings, monkeypatch)
    fence = await models.Fence.objects.acreate(number=1)
    url = f"/fences/{fence.pk}/"
    client = await _client(connect, ShowsItself)
    assert await client.subscribe(1, FENCE, "retrieve", lookup_by=fence.pk) == []
    fence.number = 2
    await fence.asave()
    (frame,) = await client.quiet()
    assert (frame["action"], frame["instance"]) == ("UPDATED", {"id": fence.pk, "number": 20})
    assert await sync_to_async(_get)(url) == (200, frame["instance"])
    fence.number = -1
    await fence.asave()
    (frame,) = await client.quiet()
    gone = {"pk": fence.pk, "id": fence.pk}
    assert (frame["action"], frame["instance"]) == ("DELETED", gone)
    assert await sync_to_async(_get)(url) == (404, None)
    fence.number = 3
    await fence.asave()
    (frame,) = await client.quiet()
    assert frame["action"] == "CREATED"
    assert await sync_to_async(_get)(url) == (200, frame["instance"])


@pytest.mark.parametrize("view", [ShowsItself, ShowsItselfByNumber, ShowsNoId])
async def test_the_row_that_is_gone_is_named_as_django_rest_live_names_it(
    connect: Connect, view: type[Any]
) -> None:
    fence = await models.Fence.objects.acreate(number=7)
    value = fence.number if view.lookup_field == "number" else fence.pk
    client = await _client(connect, view)
    assert await client.subscribe(1, FENCE, "retrieve", lookup_by=value) == []
    pk = fence.pk
    await fence.adelete()
    (frame,) = await client.quiet()
    assert frame["instance"] == {view.lookup_field: value, "id": pk}


async def test_a_dispatch_that_demands_a_login_is_asked(
    connect: Connect, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _mount(ForUsers, settings, monkeypatch)
    fence = await models.Fence.objects.acreate(number=1)
    url = f"/fences/{fence.pk}/"
    stranger, ada = await _client(connect, ForUsers), await _client(connect, ForUsers, "ada")
    (frame,) = await stranger.subscribe(1, FENCE, "retrieve", lookup_by=fence.pk)
    assert (frame["type"], frame["code"]) == ("error", 403)
    assert (await sync_to_async(_get)(url))[0] == 302  # To the login page.
    assert await ada.subscribe(1, FENCE, "retrieve", lookup_by=fence.pk) == []
    fence.number = 2
    await fence.asave()
    (frame,) = await ada.quiet()
    assert await sync_to_async(_get)(url, "ada") == (200, frame["instance"])
    assert stranger.take() == []


async def test_a_view_that_finds_its_row_itself_hears_of_every_row(connect: Connect) -> None:
    fence = await models.Fence.objects.acreate(number=1)
    client = await _client(connect, Newest)
    assert await client.subscribe(1, FENCE, "retrieve", lookup_by=fence.pk) == []
    later = await models.Fence.objects.acreate(number=2)
    (frame,) = await client.quiet()
    assert frame["instance"] == {"id": later.pk, "number": 2}


@pytest.mark.parametrize("action", ["list", "retrieve"])
async def test_a_function_around_the_view_is_not_passed_by(
    connect: Connect, settings: Any, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    fence = await models.Fence.objects.acreate()
    view = login_required(Fences.as_view({"get": action}))
    url = "fences/<pk>/" if action == "retrieve" else "fences/"
    mount([path(url, view, name="fence")], settings, monkeypatch)
    client = await _client(connect, Fences, "ada")
    (frame,) = await client.subscribe(1, FENCE, action, lookup_by=fence.pk)
    assert (frame["type"], frame["code"]) == ("error", 400)
    assert "django.contrib.auth.decorators" in frame["message"]
    # Another URL that has the same arguments and comes first is asked instead.
    bare = path(f"bare/{url}", Fences.as_view({"get": action}), name="bare")
    mount([bare, path(url, view, name="fence")], settings, monkeypatch)
    client = await _client(connect, Fences, "ada")
    assert await client.subscribe(1, FENCE, action, lookup_by=fence.pk) == []


class Nobody(permissions.BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return False


async def test_each_url_makes_the_view_as_it_does_for_a_get(
    connect: Connect, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one URL lets in is no way to the rows of another."""
    numbered = Fences.as_view({"get": "list"}, permission_classes=[Nobody])
    above = Fences.as_view({"get": "list"}, queryset=models.Fence.objects.filter(number__gte=0))
    urls = [path("f/", above, name="all"), path("f/<int:yard>/", numbered, name="yard")]
    mount(urls, settings, monkeypatch)
    client = await _client(connect, Fences)
    (frame,) = await client.subscribe(1, FENCE, view_kwargs={"yard": 1})
    assert (frame["type"], frame["code"]) == ("error", 403)
    assert (await sync_to_async(_get)("/f/1/"))[0] == 403
    assert await client.subscribe(2, FENCE) == []
    for number in (-1, 1):
        await models.Fence.objects.acreate(number=number)
    (frame,) = await client.quiet()
    assert await sync_to_async(_get)("/f/") == (200, [frame["instance"]])


# URLs without names say as much of what a GET shows as those with them.


async def test_a_url_without_a_name_makes_the_view_as_it_does_for_a_get(
    connect: Connect, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = models.Fence.objects.filter(number__gte=0)
    mount([path("f/", Fences.as_view({"get": "list"}, queryset=shown))], settings, monkeypatch)
    client = await _client(connect, Fences)
    assert await client.subscribe(1, FENCE) == []
    for number in (-1, 1):
        await models.Fence.objects.acreate(number=number)
    (frame,) = await client.quiet()
    assert await sync_to_async(_get)("/f/") == (200, [frame["instance"]])


@pytest.mark.parametrize("mounted", [True, False])
async def test_rows_that_have_urls_alone_are_no_list(
    connect: Connect, settings: Any, monkeypatch: pytest.MonkeyPatch, mounted: bool
) -> None:
    view: Any = Fences if mounted else Single
    pattern = path("f/<pk>/", Fences.as_view({"get": "retrieve"}))
    mount([pattern] if mounted else [], settings, monkeypatch)
    client = await _client(connect, view)
    (frame,) = await client.subscribe(1, FENCE)
    assert (frame["type"], frame["code"]) == ("error", 404)
