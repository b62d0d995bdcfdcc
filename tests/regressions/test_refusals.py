"""Refusals that hit others than those whom a GET would have refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from rest_framework import permissions, viewsets

from drf_live_graphql import LiveRouter
from drf_live_graphql.testing import settled
from tests.project import models, serializers

if TYPE_CHECKING:
    from tests.live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")

VEHICLES = "subscription { vehicles { snapshot { name } created { name } } }"


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no HTTP here")


def _application(view: type[viewsets.GenericViewSet[Any]]) -> Any:
    router = LiveRouter()
    router.register("vehicles", view)
    return router.asgi(_nowhere)


class ClosedToMost(permissions.BasePermission):
    """Reads a header only once there is a vehicle."""

    def has_permission(self, request: Any, view: Any) -> bool:
        return not models.Vehicle.objects.exists() or request.headers.get("X-Beta") == "1"


class Closing(viewsets.ReadOnlyModelViewSet):
    serializer_class = serializers.VehicleSerializer
    permission_classes = [ClosedToMost]
    queryset = models.Vehicle.objects.order_by("id")


async def test_a_refusal_is_for_those_like_the_one_who_was_asked_with(connect: Connect) -> None:
    application = _application(Closing)
    operations = []
    for value in ("0", "1"):
        socket = await connect(application=application, headers={"x-beta": value})
        operations.append(await socket.subscribe(VEHICLES))
        await operations[-1].started()
    await models.Vehicle.objects.acreate(name="van")
    await settled()
    assert operations[0].errors is not None
    assert operations[0].errors[0]["extensions"]["code"] == "NOT_AUTHENTICATED"
    assert operations[1].errors is None
    assert operations[1].payloads[-1]["data"] is not None
    assert "van" in str(operations[1].payloads[-1])
