"""Live queries: what subscribers are told, when access ends, and when an evaluation fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import transaction
from rest_framework import pagination, viewsets
from rest_framework.authtoken.models import Token
from rest_framework.filters import SearchFilter
from rest_framework.serializers import ModelSerializer, SerializerMethodField

from drf_live_graphql import LiveRouter
from drf_live_graphql.live import query as query_module
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.testing import settled
from tests.project import models, serializers

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect
    from tests.oracle.wire import Operation

pytestmark = pytest.mark.usefixtures("live_db")

FENCES = "subscription { fences { snapshot { id } created { id } updated { id } deleted } }"


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no HTTP here")


def _data(operation: Operation, root: str) -> list[Any]:
    return [payload["data"][root] for payload in operation.payloads]


async def _user(name: str) -> Any:
    return await get_user_model().objects.aget(username=name)


# What is told.


async def test_the_rows_of_one_commit_come_in_one_payload(connect: Connect) -> None:
    operation = await (await connect()).subscribe(FENCES)
    await operation.started()

    def write() -> list[str]:
        with transaction.atomic():
            fences = [models.Fence.objects.create() for _ in range(3)]
            fences[0].save()
            fences[1].delete()
        return [str(fences[0].pk), str(fences[2].pk)]

    kept = await sync_to_async(write)()
    await settled()
    assert _data(operation, "fences")[1:] == [
        {"snapshot": None, "created": [{"id": pk} for pk in kept], "updated": [], "deleted": []}
    ]


async def test_a_change_that_concerns_nothing_selected_is_not_told(connect: Connect) -> None:
    await connect("ada")
    note = await models.Note.objects.acreate(owner=await _user("ada"), text="mine")
    socket = await connect("ada")
    creations = await socket.subscribe("subscription { notes { created { id } cursor } }")
    departures = await socket.subscribe("subscription { notes { deleted } }")
    await (await socket.subscribe("{ fences { id } }")).started()
    await settled()
    note.text = "changed"
    await note.asave()
    await settled()
    assert creations.payloads == []
    pk = str(note.pk)
    await note.adelete()
    await settled()
    assert creations.payloads == []
    assert _data(departures, "notes") == [{"deleted": [pk]}]


async def test_a_subscription_without_snapshot_has_no_first_payload(connect: Connect) -> None:
    await models.Fence.objects.acreate()
    socket = await connect()
    operation = await socket.subscribe("subscription { fences { created { id } } }")
    await (await socket.subscribe("{ fences { id } }")).started()
    await settled()
    assert operation.payloads == []
    fence = await models.Fence.objects.acreate()
    await settled()
    assert _data(operation, "fences") == [{"created": [{"id": str(fence.pk)}]}]


async def test_who_comes_later_gets_the_snapshot_of_now_and_no_row_twice(connect: Connect) -> None:
    first = await (await connect()).subscribe(FENCES)
    await first.started()
    fence = await models.Fence.objects.acreate()
    await settled()
    second = await (await connect()).subscribe(FENCES)
    await second.started()
    await settled()
    assert _data(second, "fences") == [
        {"snapshot": [{"id": str(fence.pk)}], "created": [], "updated": [], "deleted": []}
    ]
    await fence.asave()
    await settled()
    assert _data(first, "fences")[-1] == _data(second, "fences")[-1]
    assert _data(second, "fences")[-1]["updated"] == [{"id": str(fence.pk)}]


async def test_a_live_query_is_sent_only_if_it_differs(connect: Connect) -> None:
    document = "subscription { vehicles { query { vehicles { id name } } } }"
    operation = await (await connect()).subscribe(document)
    await operation.started()
    vehicle = await models.Vehicle.objects.acreate(name="van")
    await settled()
    await vehicle.asave()
    await settled()
    rows = [{"id": str(vehicle.pk), "name": "van"}]
    assert _data(operation, "vehicles") == [
        {"query": {"vehicles": []}},
        {"query": {"vehicles": rows}},
    ]


async def test_a_live_query_follows_the_models_of_the_roots_it_selects(connect: Connect) -> None:
    document = "subscription { vehicles { query { fences { id } } } }"
    operation = await (await connect()).subscribe(document)
    await operation.started()
    fence = await models.Fence.objects.acreate()
    await settled()
    assert _data(operation, "vehicles")[-1] == {"query": {"fences": [{"id": str(fence.pk)}]}}


async def test_query_in_a_payload_is_read_after_the_change_by_the_same_user(
    connect: Connect,
) -> None:
    document = "subscription { notes { created { id } query { notes { count } } } }"
    ada, ben = await connect("ada"), await connect("ben")
    hers, his = await ada.subscribe(document), await ben.subscribe(document)
    for socket in (ada, ben):
        await (await socket.subscribe("{ fences { id } }")).started()
    await settled()
    note = await models.Note.objects.acreate(owner=await _user("ada"), text="mine")
    await settled()
    assert _data(hers, "notes") == [
        {"created": [{"id": str(note.pk)}], "query": {"notes": {"count": 1}}}
    ]
    assert his.payloads == []


async def test_a_row_by_another_id_is_another_row(connect: Connect) -> None:
    """Articles are known by their slug; a client that held the old one has to let it go."""
    await connect("ada")
    author = await _user("ada")
    article = await models.Article.objects.acreate(
        slug="old", title="T", body="", published=True, author=author
    )
    document = "subscription { articles { created { slug } updated { slug } deleted } }"
    socket = await connect("ada")
    operation = await socket.subscribe(document)
    await (await socket.subscribe("{ fences { id } }")).started()
    await settled()
    article.slug = "new"
    await article.asave()
    await settled()
    assert _data(operation, "articles") == [
        {"created": [{"slug": "new"}], "updated": [], "deleted": ["old"]}
    ]


async def test_an_id_that_goes_on_to_another_row_is_updated(connect: Connect) -> None:
    """Two articles swap their slugs in one commit: a client that holds both holds both."""
    await connect("ada")
    author = await _user("ada")
    for slug in ("one", "two"):
        await models.Article.objects.acreate(slug=slug, title=slug, published=True, author=author)
    document = "subscription { articles { created { slug } updated { slug title } deleted } }"
    socket = await connect("ada")
    operation = await socket.subscribe(document)
    await (await socket.subscribe("{ fences { id } }")).started()
    await settled()

    def swap() -> None:
        one, two = models.Article.objects.order_by("slug")
        with transaction.atomic():
            for article, slug in ((one, "three"), (two, "one"), (one, "two")):
                article.slug = slug
                article.save()

    await sync_to_async(swap)()
    await settled()
    told = _data(operation, "articles")[-1]
    assert (told["created"], told["deleted"]) == ([], [])
    assert sorted((row["slug"], row["title"]) for row in told["updated"]) == [
        ("one", "two"),
        ("two", "one"),
    ]


async def test_a_row_goes_out_of_sight_and_comes_back(connect: Connect) -> None:
    await connect("ada")
    ada = await _user("ada")
    ben = await get_user_model().objects.acreate(username="ben")
    note = await models.Note.objects.acreate(owner=ada, text="mine")
    operation = await (await connect("ada")).subscribe(
        f"subscription {{ note(id: {note.pk}) {{ action objectId instance {{ text }} }} }}"
    )
    await operation.started()
    for owner in (ben, ada, ada):
        note.owner = owner
        await note.asave()
        await settled()
    shown = {"objectId": str(note.pk), "instance": {"text": "mine"}}
    assert _data(operation, "note") == [
        {"action": "SNAPSHOT", **shown},
        {"action": "DELETED", "objectId": str(note.pk), "instance": None},
        {"action": "CREATED", **shown},
        {"action": "UPDATED", **shown},
    ]


async def test_another_row_of_its_model_leaves_a_single_row_alone(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    fence = await models.Fence.objects.acreate()
    document = f"subscription {{ fence(id: {fence.pk}) {{ action }} }}"
    operation = await (await connect()).subscribe(document)
    await operation.started()
    rounds: list[object] = []
    monkeypatch.setattr(query_module.Round, "run", lambda self: rounds.append(self))
    await models.Fence.objects.acreate()
    await settled()
    assert rounds == []


async def test_a_missing_row_is_refused_as_a_get_is(connect: Connect) -> None:
    operation = await (await connect()).subscribe("subscription { fence(id: 7) { action } }")
    await operation.started()
    assert operation.errors is not None
    assert operation.errors[0]["extensions"] == {"code": "NOT_FOUND"}
    assert get_hub().queries == ()


# Who is told.


async def test_a_session_that_ends_ends_its_connection_and_no_other(connect: Connect) -> None:
    socket, other = await connect("ada"), await connect("ada")
    operation = await socket.subscribe("subscription { notes { snapshot { count } } }")
    sibling = await other.subscribe("subscription { notes { snapshot { count } created { id } } }")
    open_to_all = await socket.subscribe(FENCES)
    for started in (operation, sibling, open_to_all):
        await started.started()

    def log_out() -> None:
        from django.contrib.sessions.models import Session

        cookie = dict(socket.wire.scope["headers"])[b"cookie"].decode()
        Session.objects.get(session_key=cookie.removeprefix("sessionid=")).delete()

    await sync_to_async(log_out)()
    await models.Note.objects.acreate(owner=await _user("ada"), text="secret")
    await models.Fence.objects.acreate()
    await settled()
    for one in (operation, open_to_all):
        assert one.errors is not None
        assert one.errors[0]["extensions"] == {"code": "NOT_AUTHENTICATED"}
        assert len(one.payloads) == 1
    assert socket.close_code == 4403
    assert not sibling.ended
    told = _data(sibling, "notes")[1:]
    assert any(part["created"] or part["snapshot"] == {"count": 1} for part in told)


async def test_a_user_who_is_deactivated_is_told_nothing_more(connect: Connect) -> None:
    operation = await (await connect("ada")).subscribe("subscription { notes { created { id } } }")
    await (await connect("ada")).subscribe(FENCES)
    user = await _user("ada")
    user.is_active = False
    await user.asave()
    await models.Note.objects.acreate(owner=user, text="secret")
    await settled()
    assert operation.payloads == []
    assert operation.errors is not None


async def test_a_token_in_connection_init_is_the_views_own_affair(connect: Connect) -> None:
    user = await get_user_model().objects.acreate(username="ada")
    token = await Token.objects.acreate(user=user)
    document = "subscription { readings { snapshot { count } created { sensor } } }"
    refused = await (await connect()).subscribe(document)
    await refused.started()
    assert refused.errors is not None
    assert refused.errors[0]["extensions"]["code"] == "NOT_AUTHENTICATED"

    operation = await (await connect(Authorization=f"Token {token.key}")).subscribe(document)
    await operation.started()
    await models.Reading.objects.acreate(sensor="a", value=1)
    await settled()
    assert _data(operation, "readings")[-1]["created"] == [{"sensor": "a"}]
    await token.adelete()
    await models.Reading.objects.acreate(sensor="b", value=1)
    await settled()
    assert operation.errors is not None
    assert len(operation.payloads) == 2


async def test_a_view_that_refuses_later_ends_the_operation(connect: Connect) -> None:
    await connect("root")
    user = await _user("root")
    user.is_staff = True
    await user.asave()
    operation = await (await connect("root")).subscribe(
        "subscription { announcements { snapshot { id } created { id } } }"
    )
    await operation.started()
    user.is_staff = False
    await user.asave()
    await models.Announcement.objects.acreate(text="secret")
    await settled()
    assert operation.errors is not None
    assert operation.errors[0]["extensions"]["code"] == "PERMISSION_DENIED"
    assert len(operation.payloads) == 1
    assert get_hub().queries == ()


# What fails.


class Broken(viewsets.ReadOnlyModelViewSet):
    """Fails as often as it is told to, and for as long as a row is called what must not be."""

    queryset = models.Vehicle.objects.order_by("id")
    failures = 0

    class serializer_class(ModelSerializer[models.Vehicle]):  # noqa: N801
        shown = SerializerMethodField()

        class Meta:
            model = models.Vehicle
            fields = ("id", "name", "shown")

        def get_shown(self, vehicle: models.Vehicle) -> str:
            if vehicle.name == "broken":
                raise RuntimeError("this row can't be shown")
            return vehicle.name

    def get_queryset(self) -> Any:
        if type(self).failures:
            type(self).failures -= 1
            raise RuntimeError("the view fails")
        return super().get_queryset()


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(Broken, "failures", 0)
    monkeypatch.setattr(query_module, "FIRST_RETRY", 0.001)
    router = LiveRouter()
    router.register("vehicles", Broken)
    return router.asgi(_nowhere)


BROKEN = "subscription { vehicles { created { id shown } } }"


async def test_an_evaluation_that_fails_is_tried_again(
    connect: Connect, broken: Any, caplog: pytest.LogCaptureFixture
) -> None:
    socket = await connect(application=broken)
    operation = await socket.subscribe(BROKEN)
    await (await socket.subscribe("{ vehicles { id } }")).started()
    await settled()
    Broken.failures = 2
    vehicle = await models.Vehicle.objects.acreate(name="van")
    await settled()
    assert _data(operation, "vehicles") == [{"created": [{"id": str(vehicle.pk), "shown": "van"}]}]
    assert "trying again" in caplog.text


async def test_one_that_fails_for_good_ends_its_operations_and_no_others(
    connect: Connect, broken: Any, caplog: pytest.LogCaptureFixture
) -> None:
    socket = await connect(application=broken)
    failing = await socket.subscribe(BROKEN)
    names = await socket.subscribe("subscription { vehicle(id: 1) { instance { name } } }")
    await names.started()
    await settled()
    vehicle = await models.Vehicle.objects.acreate(name="broken")
    await settled()
    assert failing.errors is not None
    assert failing.errors[0]["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
    assert "can't be shown" not in str(failing.errors)
    assert "failed for good" in caplog.text

    again = await socket.subscribe("subscription { vehicles { snapshot { id name } } }")
    await again.started()
    assert _data(again, "vehicles")[0]["snapshot"] == [{"id": str(vehicle.pk), "name": "broken"}]


async def test_a_view_that_fails_at_the_start_is_an_error_of_the_operation(
    connect: Connect, broken: Any, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"EVALUATION_RETRIES": 0}
    socket = await connect(application=broken)
    Broken.failures = 1
    operation = await socket.subscribe("subscription { vehicles { snapshot { id } } }")
    await operation.started()
    assert operation.errors is not None
    assert get_hub().queries == ()


# Views whose rows can't be asked for one by one.


async def test_a_list_that_is_a_slice_is_read_as_a_whole(connect: Connect) -> None:
    class Newest(viewsets.ReadOnlyModelViewSet):
        """The two newest: a new row pushes an old one out."""

        serializer_class = serializers.FenceSerializer
        queryset = models.Fence.objects.all()

        def get_queryset(self) -> Any:
            return models.Fence.objects.order_by("-id")[:2]

        def filter_queryset(self, queryset: Any) -> Any:
            return queryset

    router = LiveRouter()
    router.register("fences", Newest)
    fences = [await models.Fence.objects.acreate() for _ in range(2)]
    operation = await (await connect(application=router.asgi(_nowhere))).subscribe(FENCES)
    await operation.started()
    new = await models.Fence.objects.acreate()
    await settled()
    told = _data(operation, "fences")[-1]
    assert told["created"] == [{"id": str(new.pk)}]
    assert told["deleted"] == [str(fences[0].pk)]


async def test_a_paginator_that_stands_aside_answers_one_page_of_all(connect: Connect) -> None:
    class Optional(pagination.PageNumberPagination):
        page_size = 1

        def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> Any:
            if request.query_params.get("search") == "everything":
                return None
            return super().paginate_queryset(queryset, request, view)

    class Everything(SearchFilter):
        def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
            return queryset

    class Pages(viewsets.ReadOnlyModelViewSet):
        serializer_class = serializers.FenceSerializer
        queryset = models.Fence.objects.order_by("id")
        pagination_class = Optional
        filter_backends = [Everything]
        search_fields = ["id"]

    router = LiveRouter()
    router.register("fences", Pages)
    socket = await connect(application=router.asgi(_nowhere))
    for _ in range(2):
        await models.Fence.objects.acreate()
    for arguments, rows in (("", 1), ('(search: "everything")', 2)):
        document = (
            f"subscription {{ fences{arguments} {{ snapshot {{ count results {{ id }} }} }} }}"
        )
        operation = await socket.subscribe(document)
        await operation.started()
        snapshot = _data(operation, "fences")[0]["snapshot"]
        assert (snapshot["count"], len(snapshot["results"])) == (2, rows)
