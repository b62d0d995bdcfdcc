"""Where the project's URLs have the view, they say what can be asked of it, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.test import Client as RestClient

from drf_live_graphql.location import mounted_as
from drf_live_graphql.rest_live import RealtimeRouter
from tests.project import models
from tests.rest_live.urls import Lists, Shelf, Single
from tests.rest_live.views import Fences

if TYPE_CHECKING:
    from tests.rest_live.client import Client
    from tests.rest_live.conftest import Connect

pytestmark = [pytest.mark.usefixtures("live_db"), pytest.mark.urls("tests.rest_live.urls")]

VEHICLE = "project.Vehicle"


@pytest.fixture
async def client(connect: Connect) -> Client:
    router = RealtimeRouter()
    router.register_all([Shelf, Single, Lists])
    return await connect(router=router)


def _get(path: str) -> Any:
    return RestClient().get(path)


async def test_view_kwargs_come_to_the_view_as_its_url_converts_them(client: Client) -> None:
    assert await client.subscribe(1, VEHICLE, view_kwargs={"shelf": 0}) == []
    assert await client.subscribe(2, VEHICLE, view_kwargs={"shelf": "0"}) == []
    vehicle = await models.Vehicle.objects.acreate(name="van")
    first, second = await client.quiet()
    assert {first["id"], second["id"]} == {1, 2}
    assert first["instance"] == second["instance"]
    answer = await sync_to_async(_get)("/shelves/0/vehicles/van/")
    assert (
        first["instance"]
        == answer.json()
        == {
            "id": vehicle.pk,
            "name": "van",
            "in_service": False,
        }
    )


async def test_a_row_by_lookup_url_kwarg(client: Client) -> None:
    van = await models.Vehicle.objects.acreate(name="van")
    kwargs = {"shelf": 0}
    assert await client.subscribe(1, VEHICLE, "retrieve", lookup_by="van", view_kwargs=kwargs) == []
    named = {**kwargs, "plate": "van"}
    assert await client.subscribe(2, VEHICLE, "retrieve", view_kwargs=named) == []
    await van.asave()
    assert {frame["action"] for frame in await client.quiet()} == {"UPDATED"}
    pk = van.pk
    await van.adelete()
    frames = await client.quiet()
    assert [frame["instance"] for frame in frames] == [{"name": "van", "id": pk}] * 2


@pytest.mark.parametrize("kwargs", [{}, {"shelf": "top"}, {"shelf": 0, "more": 1}])
async def test_kwargs_that_no_url_has_are_404(client: Client, kwargs: dict[str, object]) -> None:
    (frame,) = await client.subscribe(1, VEHICLE, view_kwargs=kwargs)
    assert (frame["type"], frame["code"]) == ("error", 404)


async def test_a_lookup_that_no_url_takes_is_404(client: Client) -> None:
    await models.Vehicle.objects.acreate(name="Van 1")
    (frame,) = await client.subscribe(
        1, VEHICLE, "retrieve", lookup_by="Van 1", view_kwargs={"shelf": 0}
    )
    assert (frame["type"], frame["code"]) == ("error", 404)
    assert (await sync_to_async(_get)("/shelves/0/vehicles/Van 1/")).status_code == 404


async def test_a_view_that_has_rows_alone_has_no_list(client: Client) -> None:
    fence = await models.Fence.objects.acreate()
    (frame,) = await client.subscribe(1, "project.Fence")
    assert (frame["type"], frame["code"]) == ("error", 404)
    assert await client.subscribe(1, "project.Fence", "retrieve", lookup_by=fence.pk) == []


async def test_a_row_of_a_list_may_be_watched_by_itself(client: Client) -> None:
    """It has no URL, but the list shows it."""
    ada = await get_user_model().objects.acreate(username="ada")
    note = await models.Note.objects.acreate(owner=ada, text="N", pinned=True)
    assert await client.subscribe(1, "project.Note", "retrieve", lookup_by=note.pk) == []
    await note.asave()
    (frame,) = await client.quiet()
    answer = await sync_to_async(_get)("/notes/")
    assert [frame["instance"]] == answer.json()


async def test_a_view_is_made_as_its_url_makes_it(client: Client) -> None:
    ada = await get_user_model().objects.acreate(username="ada")
    assert await client.subscribe(1, "project.Note") == []
    for pinned in (False, True):
        await models.Note.objects.acreate(owner=ada, text="N", pinned=pinned)
    (frame,) = await client.quiet()
    answer = await sync_to_async(_get)("/notes/")
    assert [frame["instance"]] == answer.json()


def test_a_views_urls() -> None:
    (rows,) = mounted_as(Shelf, "list")
    assert rows.callback.initkwargs["basename"] == "vehicle"
    (row,) = mounted_as(Shelf, "retrieve")
    assert row.callback.initkwargs["detail"] is True
    (single,) = mounted_as(Single, "retrieve")
    assert single.name == "fence"
    assert mounted_as(Single, "list") == ()
    assert mounted_as(Fences, "list") == ()
