"""Who shares an evaluation: exactly those whose answers are the same by what the view read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from rest_framework import permissions, viewsets
from rest_framework.serializers import ModelSerializer, SerializerMethodField
from rest_framework.throttling import AnonRateThrottle

from drf_live_graphql import LiveRouter
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.testing import settled
from tests.project import models, serializers

if TYPE_CHECKING:
    from tests.live.conftest import Connect
    from tests.oracle.wire import Operation

pytestmark = pytest.mark.usefixtures("live_db")

VEHICLES = "subscription { vehicles { snapshot { name } created { name } } }"


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no HTTP here")


def _application(view: type[viewsets.GenericViewSet]) -> Any:
    router = LiveRouter()
    router.register("vehicles", view)
    return router.asgi(_nowhere)


def _created(operation: Operation) -> list[str]:
    return [
        row["name"]
        for payload in operation.payloads
        for row in payload["data"]["vehicles"]["created"]
    ]


class ByFleet(viewsets.ReadOnlyModelViewSet):
    """Reads a header: `X-Fleet` decides which vehicles there are."""

    serializer_class = serializers.VehicleSerializer
    queryset = models.Vehicle.objects.order_by("id")

    def get_queryset(self) -> Any:
        queryset = super().get_queryset()
        fleet = self.request.headers.get("X-Fleet") if self.request else None
        return queryset.filter(name__startswith=fleet) if fleet else queryset


class Throttled(viewsets.ReadOnlyModelViewSet):
    serializer_class = serializers.VehicleSerializer
    queryset = models.Vehicle.objects.order_by("id")
    throttle_classes = [type("Few", (AnonRateThrottle,), {"rate": "1000/day"})]


async def test_one_user_on_two_sockets_is_one_evaluation(connect: Connect) -> None:
    for _ in range(2):
        socket = await connect("ada")
        await (await socket.subscribe(VEHICLES)).started()
    assert len(get_hub().queries) == 1
    assert len(get_hub().queries[0].subscriptions) == 2


async def test_another_user_is_another_evaluation(connect: Connect) -> None:
    for user in ("ada", "ben", ""):
        await (await (await connect(user)).subscribe(VEHICLES)).started()
    assert len(get_hub().queries) == 3


async def test_other_arguments_are_another_evaluation(connect: Connect) -> None:
    socket = await connect("ada")
    for page in (1, 1, 2):
        document = f"subscription {{ tasks(priorityGte: {page}) {{ deleted }} }}"
        await socket.subscribe(document)
    await (await socket.subscribe("{ fences { id } }")).started()
    await settled()
    assert {len(query.subscriptions) for query in get_hub().queries} == {1, 2}


async def test_clients_that_differ_in_a_header_that_is_read_are_told_apart(
    connect: Connect,
) -> None:
    application = _application(ByFleet)
    operations = {}
    for fleet in ("red", "blue", "red"):
        socket = await connect(application=application, headers={"x-fleet": fleet})
        operations[fleet] = await socket.subscribe(VEHICLES)
        await operations[fleet].started()
    for name in ("red one", "blue one"):
        await models.Vehicle.objects.acreate(name=name)
    await settled()
    assert _created(operations["red"]) == ["red one"]
    assert _created(operations["blue"]) == ["blue one"]
    assert len(get_hub().queries) == 2


async def test_clients_that_differ_in_what_nobody_reads_share(connect: Connect) -> None:
    application = _application(ByFleet)
    for agent in ("firefox", "chromium"):
        socket = await connect(application=application, headers={"user-agent": agent})
        await (await socket.subscribe(VEHICLES)).started()
    assert len(get_hub().queries) == 1


async def test_what_a_throttle_reads_keeps_nobody_apart(connect: Connect) -> None:
    application = _application(Throttled)
    for address in ("10.0.0.1", "10.0.0.2"):
        socket = await connect(application=application, headers={"x-forwarded-for": address})
        await (await socket.subscribe(VEHICLES)).started()
    assert len(get_hub().queries) == 1


async def test_a_fact_that_is_read_late_parts_those_who_shared(connect: Connect) -> None:
    """The view reads the header only once there are rows: until then nobody knew it mattered."""

    class Late(viewsets.ReadOnlyModelViewSet):
        permission_classes = [permissions.AllowAny]
        queryset = models.Vehicle.objects.order_by("id")

        class serializer_class(ModelSerializer[models.Vehicle]):  # noqa: N801
            name = SerializerMethodField()

            class Meta:
                model = models.Vehicle
                fields = ("id", "name")

            def get_name(self, vehicle: models.Vehicle) -> str:
                return f"{vehicle.name} {self.context['request'].META['HTTP_X']}"

    application = _application(Late)
    operations = []
    for value in ("1", "2"):
        socket = await connect(application=application, headers={"x": value})
        operations.append(await socket.subscribe(VEHICLES))
        await operations[-1].started()
    assert len(get_hub().queries) == 1

    await models.Vehicle.objects.acreate(name="van")
    await settled()

    assert len(get_hub().queries) == 2
    shown = [str(operation.payloads[-1]["data"]["vehicles"]) for operation in operations]
    assert "van 1" in shown[0]
    assert "van 2" not in shown[0]
    assert "van 2" in shown[1]
    assert "van 1" not in shown[1]


async def test_equal_documents_are_rendered_once(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    from drf_live_graphql.live.rendition import Rendition

    operations = []
    for _ in range(3):
        operations.append(await (await connect()).subscribe(VEHICLES))
        await operations[-1].started()
    calls = []
    render = Rendition.render
    monkeypatch.setattr(
        Rendition, "render", lambda self, envelope: calls.append(1) or render(self, envelope)
    )
    await models.Vehicle.objects.acreate(name="van")
    await settled()
    assert [_created(operation) for operation in operations] == [["van"]] * 3
    assert len(calls) == 1
