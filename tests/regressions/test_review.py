"""What a second look found."""

from __future__ import annotations

from collections.abc import AsyncGenerator  # noqa: TC003  # Strawberry reads the annotations.
from typing import TYPE_CHECKING, Any

import pytest
import strawberry
from django.core.cache import cache
from rest_framework import viewsets
from rest_framework.throttling import AnonRateThrottle
from strawberry.tools import merge_types

from drf_live_graphql import LiveRouter
from drf_live_graphql.changes import Changes
from drf_live_graphql.changes.message import Stamp, encode
from drf_live_graphql.testing import settled
from tests.project import models, serializers
from tests.project.live import live

if TYPE_CHECKING:
    from tests.live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no HTTP here")


class Three(AnonRateThrottle):
    rate = "3/day"


class Throttled(viewsets.ReadOnlyModelViewSet):
    serializer_class = serializers.VehicleSerializer
    queryset = models.Vehicle.objects.order_by("id")
    throttle_classes = [Three]


async def test_a_query_in_payloads_is_charged_once(connect: Connect) -> None:
    cache.clear()
    router = LiveRouter()
    router.register("vehicles", Throttled)
    socket = await connect(application=router.asgi(_nowhere))
    document = "subscription { vehicles { snapshot { id } query { vehicles { name } } } }"
    operation = await socket.subscribe(document)
    await operation.started()
    for number in range(4):
        await models.Vehicle.objects.acreate(name=str(number))
        await settled()
    assert not any("errors" in payload for payload in operation.payloads)
    last = operation.payloads[-1]["data"]["vehicles"]["query"]["vehicles"]
    assert [row["name"] for row in last] == ["0", "1", "2", "3"]
    # The subscription and the query in it were two; the third is the last that is free.
    for expected in (False, True):
        asked = await socket.subscribe("{ vehicles { id } }")
        await asked.until(lambda asked=asked: asked.ended)
        assert ("errors" in asked.payloads[0]) is expected
    cache.clear()


async def test_a_subscription_of_the_users_own_is_resolved_once(connect: Connect) -> None:
    resolved: list[int] = []

    @strawberry.type
    class Own:
        @strawberry.subscription
        async def numbers(self) -> AsyncGenerator[int, None]:
            resolved.append(1)
            yield 7

    schema = strawberry.Schema(
        query=live.query_type,
        subscription=merge_types("Subscription", (live.subscription_type, Own)),
        config=live.config,
    )
    socket = await connect(application=live.asgi(_nowhere, schema=schema))
    operation = await socket.subscribe("subscription { numbers }")
    await operation.until(lambda: operation.ended)
    assert [payload["data"] for payload in operation.payloads] == [{"numbers": 7}]
    assert resolved == [1]


@pytest.mark.parametrize("key", [2**64, -(2**80)])
def test_a_key_that_no_serialiser_takes_goes_as_text(key: int) -> None:
    changes = Changes("project.fence")
    changes.add(key, "updated")
    message = encode(changes, Stamp("p", 1, 0.0))
    assert message["changes"] == [[str(key), "updated"]]
