"""What a serializer leaves for later is in the payload as it is in the response of a GET."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable  # noqa: TC003 (hints are read at run time)
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from asgiref.sync import sync_to_async
from django.test import RequestFactory
from django.utils.translation import gettext_lazy
from rest_framework import pagination, serializers, viewsets
from rest_framework.response import Response

from drf_live_graphql import LiveRouter
from drf_live_graphql.live.lazies import read_out
from drf_live_graphql.testing import settled
from tests.project import models

from .test_query import _nowhere

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")


class Pair(NamedTuple):
    one: Any
    other: Any


@dataclass(frozen=True)
class Box:
    items: Any


class FenceSerializer(serializers.ModelSerializer[models.Fence]):
    names = serializers.SerializerMethodField()
    lines = serializers.SerializerMethodField()
    inside = serializers.SerializerMethodField()
    said = serializers.SerializerMethodField()

    class Meta:
        model = models.Fence
        fields = ["id", "names", "lines", "inside", "said"]

    def get_names(self, fence: models.Fence) -> list[str]:
        return models.Label.objects.values_list("name", flat=True)  # type: ignore[return-value]

    def get_lines(self, fence: models.Fence) -> Iterable[str]:
        return (name for name in ("a", "b"))

    def get_inside(self, fence: models.Fence) -> dict[str, Any]:
        return {"deep": [models.Label.objects.values("name"), {"set"}]}

    def get_said(self, fence: models.Fence) -> str:
        return gettext_lazy("Yes")


class FenceViewSet(viewsets.ReadOnlyModelViewSet[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = FenceSerializer
    pagination_class = None


class ByHand(FenceViewSet):
    def list(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().retrieve(request, *args, **kwargs)


def _get(view: type[Any], **kwargs: Any) -> Any:
    request = RequestFactory().get("/", headers={"accept-language": "de"})
    action = "retrieve" if kwargs else "list"
    return json.loads(view.as_view({"get": action})(request, **kwargs).render().content)


def _fence() -> models.Fence:
    models.Label.objects.create(name="red")
    return models.Fence.objects.create()


@pytest.mark.parametrize("view", [FenceViewSet, ByHand])
async def test_every_reader_of_a_payload_has_what_a_get_answers(
    view: Any, connect: Connect
) -> None:
    fence = await sync_to_async(_fence)()
    live = LiveRouter()
    live.register("fences", view)
    application = live.asgi(_nowhere)
    row = "id names lines inside said"
    query = f"subscription {{ fences {{ snapshot {{ {row} }} updated {{ {row} }} }} }}"
    single = f'subscription {{ fence(id: "{fence.pk}") {{ instance {{ {row} }} }} }}'
    operations = []
    for _ in range(2):
        socket = await connect(application=application)
        operations += [await socket.subscribe(query), await socket.subscribe(single)]
        for operation in operations[-2:]:
            await operation.started()
    [expected] = await sync_to_async(_get)(view)
    assert expected["names"] == ["red"]
    expected["id"] = str(fence.pk)
    for many, one in zip(operations[::2], operations[1::2], strict=True):
        assert many.payloads[0]["data"]["fences"]["snapshot"] == [expected]
        assert one.payloads[0]["data"]["fence"]["instance"] == expected


async def test_what_a_queryset_left_for_later_reads_is_watched(connect: Connect) -> None:
    await sync_to_async(_fence)()
    live = LiveRouter()
    live.register("fences", FenceViewSet)
    socket = await connect(application=live.asgi(_nowhere))
    operation = await socket.subscribe(
        "subscription { fences { snapshot { names } updated { names } } }"
    )
    await operation.started()
    await models.Label.objects.acreate(name="blue")
    await settled()
    [row] = operation.payloads[-1]["data"]["fences"]["updated"]
    assert row["names"] == ["red", "blue"]


@pytest.mark.parametrize("view", [FenceViewSet, ByHand])
@pytest.mark.parametrize("single", [False, True])
async def test_a_text_is_in_the_language_of_who_asks(
    view: Any, single: bool, settings: SettingsWrapper
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    fence = await sync_to_async(_fence)()
    live = LiveRouter()
    live.register("fences", view)
    request = RequestFactory().post("/graphql/", headers={"accept-language": "de"})
    root = f'fence(id: "{fence.pk}")' if single else "fences"
    result: Any = await live.schema.execute(
        f"{{ {root} {{ said }} }}", context_value={"request": request}
    )
    assert result.errors is None
    assert result.data == {root.partition("(")[0]: {"said": "Ja"} if single else [{"said": "Ja"}]}


# Values.


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, None, {"b": "c"}]},
        [b"", 1.5, ("x",)],
        Pair("a", 1),
        Box((1, 2)),
        Box,
        memoryview(b"abc"),
    ],
)
def test_plain_values_stay_the_objects_they_are(value: Any) -> None:
    assert read_out(value) is value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": {1}}, {"a": [1]}),
        (deque([1, iter("ab")]), [1, ["a", "b"]]),
        (MappingProxyType({"a": iter("b")}), {"a": ["b"]}),
        (Pair(iter("a"), 1), Pair(["a"], 1)),
        (Box(range(2)), Box([0, 1])),
        ((gettext_lazy("Yes"),), ["Yes"]),
    ],
)
def test_what_is_left_for_later_is_read(value: Any, expected: Any) -> None:
    found = read_out(value)
    assert found == expected
    assert type(found) is type(expected)


def test_the_value_of_another_is_left_alone() -> None:
    inner = {"a": {1}}
    assert read_out([inner]) == [{"a": [1]}]
    assert inner == {"a": {1}}


def test_an_object_that_says_itself_as_a_text_is_no_list() -> None:
    class Point:
        def __iter__(self) -> Any:
            return iter((1, 2))

        def __str__(self) -> str:
            return "1 2"

    point = Point()
    assert read_out(point) is point


class Numbers(pagination.PageNumberPagination):
    page_size = 5

    def get_paginated_response(self, data: Any) -> Response:
        names = models.Label.objects.values_list("name", flat=True)
        return Response({"names": names, "lines": (x for x in "ab"), "results": data})

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        texts = {"type": "array", "items": {"type": "string"}}
        return {"type": "object", "properties": {"names": texts, "lines": texts, "results": schema}}


class Paged(FenceViewSet):
    pagination_class = Numbers  # type: ignore[assignment]


async def test_what_is_left_for_later_around_the_rows_is_read_for_everybody(
    connect: Connect,
) -> None:
    await sync_to_async(_fence)()
    live = LiveRouter()
    live.register("fences", Paged)
    application = live.asgi(_nowhere)
    socket = await connect(application=application)
    body = "{ names lines results { id } }"
    told = [
        await socket.subscribe(f"subscription {{ fences {{ {more} snapshot {body} }} }}")
        for more in ("", "cursor")
    ]
    asked = await socket.subscribe(f"{{ fences {body} }}")
    shown = [(await operation.started(), operation.payloads[0])[1] for operation in (*told, asked)]
    assert all("errors" not in payload for payload in shown)
    pages = [payload["data"]["fences"] for payload in shown]
    for page in (pages[0]["snapshot"], pages[1]["snapshot"], pages[2]):
        assert (page["names"], page["lines"]) == (["red"], ["a", "b"])
