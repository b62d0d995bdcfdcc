"""Views with bodies of their own are called, and their answers told as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.cache import cache
from django.db.models import Count
from django.http import HttpResponse
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_page
from rest_framework import filters, generics, pagination, serializers, viewsets
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from drf_live_graphql import LiveRouter
from drf_live_graphql.exceptions import INTERNAL_MESSAGE
from drf_live_graphql.live.answer import READ_ONLY_MESSAGE
from drf_live_graphql.testing import settled
from tests.live.shapes import Site, mount, nowhere
from tests.project import models
from tests.project.serializers import FenceSerializer, LabelSerializer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")

ROW = "{ id number }"


class Two(pagination.PageNumberPagination):
    page_size = 2


class Fences(viewsets.ReadOnlyModelViewSet[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = FenceSerializer
    pagination_class: Any = None


class Backwards(Fences):
    """What the tutorials call customising: the answer of DRF's body, and then something else."""

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        response = super().list(request, *args, **kwargs)
        response.data = [row for row in reversed(response.data) if row["number"] >= 0]
        return response

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        response = super().retrieve(request, *args, **kwargs)
        response.data["number"] *= 10
        return response


@pytest.fixture
def site(connect: Connect, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Site]:
    """A site of one view, at `/api/fences/`."""

    def make(view: type[Any], **options: Any) -> Site:
        router = SimpleRouter()
        router.register("fences", view, basename="fence")
        mount([path("api/", include(router.urls))], settings, monkeypatch)
        live = LiveRouter()
        live.register("fences", view, basename="fence", **options)
        return Site(live, connect)

    return make


def _add(number: int) -> Any:
    return lambda: models.Fence.objects.acreate(number=number)


async def test_a_list_of_the_views_own_is_told_as_a_whole(site: Callable[..., Site]) -> None:
    snapshots = await site(Backwards).follow(
        "/api/fences/",
        "fences",
        ROW,
        [_add(1), _add(-1), _add(2), models.Fence.objects.all().adelete],
    )
    # One that the body hides changes nothing, and says nothing.
    assert [[row["number"] for row in rows] for rows in snapshots] == [[], [1], [2, 1], []]


async def test_a_page_of_the_views_own_is_told_with_what_it_counts(
    site: Callable[..., Site],
) -> None:
    class Paged(Fences):
        pagination_class = Two

        def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            response = super().list(request, *args, **kwargs)
            response.data["results"].reverse()
            response.data["motto"] = "not of the page's type"
            return response

    one = site(Paged)
    operation = await one.subscribe(
        f"subscription {{ fences {{ snapshot {{ count next results {ROW} }} }} }}"
    )
    for number in range(3):
        await models.Fence.objects.acreate(number=number)
        await settled()
        expected = await one.get("/api/fences/")
        del expected["motto"], expected["previous"]
        assert operation.payloads[-1]["data"]["fences"]["snapshot"] == expected
    second = await one.query(f"{{ fences(page: 2) {{ count results {ROW} }} }}")
    assert [row["number"] for row in second["fences"]["results"]] == [2]


async def test_rows_of_the_views_own_change_with_what_they_show(site: Callable[..., Site]) -> None:
    fence = await models.Fence.objects.acreate(number=1)
    one = site(Backwards)
    root = f'fence(id: "{fence.pk}")'
    operation = await one.subscribe(
        f"subscription {{ {root} {{ action objectId instance {ROW} }} }}"
    )
    bare = await one.subscribe(f"subscription {{ {root} {{ action }} }}")
    url = f"/api/fences/{fence.pk}/"
    for number in (2, 2, 3):
        fence.number = number
        await fence.asave()
        await settled()
        expected = await one.get(url)
        assert operation.payloads[-1]["data"]["fence"]["instance"] == expected
        assert (await one.query(f"{{ {root} {ROW} }}"))["fence"] == expected
    await fence.adelete()
    await settled()
    told = [payload["data"]["fence"] for payload in operation.payloads]
    assert [one["action"] for one in told] == ["SNAPSHOT", "UPDATED", "UPDATED", "DELETED"]
    assert {one["objectId"] for one in told} == {url.split("/")[-2]}
    assert [p["data"]["fence"]["action"] for p in bare.payloads] == [one["action"] for one in told]
    assert (await one.result(f"{{ {root} {ROW} }}")).errors[0].extensions["code"] == "NOT_FOUND"


async def test_a_body_listens_to_whatever_it_reads(site: Callable[..., Site]) -> None:
    class Named(Fences):
        def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            number = models.Label.objects.count()
            return Response([{"id": 1, "number": number}])

    snapshots = await site(Named).follow(
        "/api/fences/", "fences", ROW, [lambda: models.Label.objects.acreate(name="x")]
    )
    assert [rows[0]["number"] for rows in snapshots] == [0, 1]


async def test_querysets_of_values_are_rows_as_well(site: Callable[..., Site]) -> None:
    class ByNumber(serializers.Serializer[Any]):
        number = serializers.IntegerField()
        times = serializers.IntegerField()

    class Counts(Fences):
        serializer_class = ByNumber  # type: ignore[assignment]

        def get_queryset(self) -> Any:
            return (
                models.Fence.objects.values("number").annotate(times=Count("id")).order_by("number")
            )

    snapshots = await site(Counts).follow(
        "/api/fences/", "fences", "{ number times }", [_add(7), _add(7), _add(8)]
    )
    assert snapshots[-1] == [{"number": 7, "times": 2}, {"number": 8, "times": 1}]


async def test_a_queryset_that_is_a_list_is_told_as_a_whole(site: Callable[..., Site]) -> None:
    class Listed(Fences):
        def get_queryset(self) -> Any:
            if getattr(self, "swagger_fake_view", False):
                return []
            return list(models.Fence.objects.filter(number__gt=0))

    await site(Listed).follow("/api/fences/", "fences", ROW, [_add(0), _add(1)])


async def test_no_content_is_no_row(site: Callable[..., Site]) -> None:
    class Gone(Fences):
        def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            return Response(status=204)

    [error] = (await site(Gone).result('{ fence(id: "1") { id } }')).errors
    assert error.extensions["code"] == "NOT_FOUND"


async def test_a_row_s_own_refusal_is_the_answer(site: Callable[..., Site]) -> None:
    class Shy(Fences):
        def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            return Response({"detail": "Not on Sundays."}, status=403)

        def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            raise NotFound("Nobody is home.")

    one = site(Shy)
    [listed] = (await one.result("{ fences { id } }")).errors
    [row] = (await one.result('{ fence(id: "1") { id } }')).errors
    assert (listed.message, listed.extensions["code"]) == ("Not on Sundays.", "PERMISSION_DENIED")
    assert (row.message, row.extensions["code"]) == ("Nobody is home.", "NOT_FOUND")
    operation = await one.subscribe("subscription { fences { snapshot { id } } }")
    assert operation.errors is not None
    assert operation.errors[0]["extensions"]["code"] == "PERMISSION_DENIED"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"fences": []}, "and not a list of rows"),
        ([1, 2], "and not a list of rows"),
        (None, "and not a Response with data"),
    ],
)
async def test_what_is_no_list_of_rows_is_refused_with_the_reason_in_the_log(
    site: Callable[..., Site], caplog: pytest.LogCaptureFixture, answer: Any, expected: str
) -> None:
    class Odd(Fences):
        def list(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            return Response(answer)

    one = site(Odd)
    [error] = (await one.result("{ fences { id } }")).errors
    assert (error.message, error.extensions["code"]) == (INTERNAL_MESSAGE, "INTERNAL_SERVER_ERROR")
    assert expected in caplog.text
    assert "Odd.list()" in caplog.text
    operation = await one.subscribe("subscription { fences { snapshot { id } } }")
    assert operation.errors is not None
    assert operation.errors[0]["message"] == INTERNAL_MESSAGE


async def test_what_is_no_response_is_refused(site: Callable[..., Site]) -> None:
    class Plain(Fences):
        def list(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            return HttpResponse("[]")

        def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            return Response([])

    one = site(Plain)
    for document in ("{ fences { id } }", '{ fence(id: "1") { id } }'):
        [error] = (await one.result(document)).errors
        assert error.message == INTERNAL_MESSAGE


async def test_a_get_that_writes_is_a_query_but_no_subscription(site: Callable[..., Site]) -> None:
    """It would hear of its own write, and write again."""

    class Counting(Fences):
        def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            fence = self.get_object()
            fence.number += 1
            fence.save()
            return Response(self.get_serializer(fence).data)

    fence = await models.Fence.objects.acreate(number=1)
    one = site(Counting)
    root = f'fence(id: "{fence.pk}")'
    assert (await one.query(f"{{ {root} {{ number }} }}"))["fence"] == {"number": 2}
    operation = await one.subscribe(f"subscription {{ {root} {{ instance {{ number }} }} }}")
    assert operation.errors is not None
    assert operation.errors[0]["message"] == READ_ONLY_MESSAGE
    again = await one.subscribe(f"subscription {{ fences {{ query {{ {root} {{ number }} }} }} }}")
    assert again.payloads[0]["errors"][0]["message"] == READ_ONLY_MESSAGE
    assert (await models.Fence.objects.aget()).number == 2


async def test_who_comes_back_is_told_where_things_stand(site: Callable[..., Site]) -> None:
    one = site(Backwards)
    socket = await one.connect(application=one.live.asgi(nowhere))
    document = f"subscription {{ fences {{ snapshot {ROW} }} }}"
    operation = await socket.subscribe(document)
    await operation.started()
    cursor = operation.payloads[0]["extensions"]["live"]["cursor"]
    await socket.complete(operation)
    await models.Fence.objects.acreate(number=5)
    back = await socket.subscribe(document, live={"after": cursor})
    await back.started()
    assert back.payloads[0]["data"]["fences"]["snapshot"] == await one.get("/api/fences/")


async def test_query_in_a_payload_is_the_views_answer(site: Callable[..., Site]) -> None:
    one = site(Backwards)
    operation = await one.subscribe(f"subscription {{ fences {{ query {{ fences {ROW} }} }} }}")
    for number in (1, 2):
        await models.Fence.objects.acreate(number=number)
        await settled()
        told = operation.payloads[-1]["data"]["fences"]["query"]["fences"]
        assert told == await one.get("/api/fences/")
    assert len(operation.payloads) == 3


async def test_a_dispatch_of_the_views_own_is_passed(site: Callable[..., Site]) -> None:
    class Members(LoginRequiredMixin, Fences):
        pass

    one = site(Members)
    response = await sync_to_async(one.rest.get)("/api/fences/")
    assert response.status_code == 302
    [error] = (await one.result("{ fences { id } }")).errors
    assert error.extensions["code"] == "NOT_AUTHENTICATED"
    refused = await one.subscribe("subscription { fences { snapshot { id } } }")
    assert refused.errors is not None
    assert refused.errors[0]["extensions"]["code"] == "NOT_AUTHENTICATED"
    fence = await models.Fence.objects.acreate(number=1)
    socket = await one.connect("ada", application=one.live.asgi(nowhere))
    operation = await socket.subscribe(f"subscription {{ fences {{ snapshot {ROW} }} }}")
    await operation.started()
    rows = [{"id": str(fence.pk), "number": 1}]
    assert operation.payloads[0]["data"]["fences"]["snapshot"] == rows


async def test_a_get_of_the_views_own_is_called(
    connect: Connect, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Evens(generics.ListAPIView[models.Fence]):
        queryset = models.Fence.objects.order_by("id")
        serializer_class = FenceSerializer

        def get(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            response = self.list(request, *args, **kwargs)
            response.data = [row for row in response.data if row["number"] % 2 == 0]
            return response

    mount([path("api/evens/", Evens.as_view())], settings, monkeypatch)
    live = LiveRouter()
    live.register("evens", Evens)
    snapshots = await Site(live, connect).follow("/api/evens/", "evens", ROW, [_add(1), _add(2)])
    assert [len(rows) for rows in snapshots] == [0, 1]


async def test_nested_rows_are_told_as_far_as_they_are_selected(site: Callable[..., Site]) -> None:
    class Deep(FenceSerializer):
        label = LabelSerializer(source="*")

        class Meta(FenceSerializer.Meta):
            fields = ["id", "label"]

    class Own(Fences):
        serializer_class = Deep

        def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            name = str(models.Fence.objects.count())
            return Response([{"id": 1, "label": {"id": 2, "name": name}}])

    one = site(Own)
    few = await one.subscribe("subscription { fences { snapshot { id label { id } } } }")
    many = await one.subscribe("subscription { fences { snapshot { label { name } } } }")
    await models.Fence.objects.acreate()
    await settled()
    assert [len(few.payloads), len(many.payloads)] == [1, 2]
    assert many.payloads[-1]["data"]["fences"]["snapshot"] == [{"label": {"name": "1"}}]


@pytest.mark.parametrize("name", ["list", "dispatch"])
async def test_an_answer_that_a_get_has_in_its_cache(site: Callable[..., Site], name: str) -> None:
    cache.clear()
    decorated = method_decorator(cache_page(60), name=name)(type("Cached", (Fences,), {}))
    one = site(decorated)
    await models.Fence.objects.acreate(number=1)
    expected = await one.get("/api/fences/")
    for _ in range(2):
        assert (await one.query(f"{{ fences {ROW} }}"))["fences"] == expected
    cache.clear()


async def test_rows_that_no_schema_could_see_coming_are_refused_with_the_reason_in_the_log(
    site: Callable[..., Site], caplog: pytest.LogCaptureFixture
) -> None:
    class AsList(filters.BaseFilterBackend):
        def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
            return list(queryset)

        def get_schema_operation_parameters(self, view: Any) -> list[Any]:
            return []

    class Late(Fences):
        filter_backends = [AsList]

    one = site(Late)
    [error] = (await one.result("{ fences { id } }")).errors
    assert error.message == INTERNAL_MESSAGE
    assert "Late.filter_queryset() answered 'list' of something else" in caplog.text
    operation = await one.subscribe("subscription { fences { created { id } } }")
    await operation.until(lambda: operation.ended)
    assert operation.errors is not None
    assert operation.errors[0]["message"] == INTERNAL_MESSAGE
