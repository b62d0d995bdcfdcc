"""Rows that are committed while a subscription begins: what is told of them, and what not.

The first read of the rows is where a subscription begins. The channel layer's groups are joined
before it, so that nothing gets lost in between: what was committed in between is read and then
heard of once more. A client that is told of such a row holds what a GET answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from asgiref.sync import sync_to_async
from channels.auth import AuthMiddlewareStack
from django.db.models import QuerySet
from rest_framework import viewsets
from rest_framework.test import APIRequestFactory

from drf_live_graphql import LiveRouter
from drf_live_graphql.rest_live import RealtimeMixin, RealtimeRouter
from drf_live_graphql.testing import settled
from tests.oracle.wire import InProcessWire, Socket
from tests.project import models
from tests.project.serializers import FenceSerializer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.rest_live.client import Client
    from tests.rest_live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")

FENCE = "project.Fence"


class Watched(QuerySet[models.Fence]):
    """Calls what is to happen once, just before or just behind the read of the list's keys."""

    before: ClassVar[list[Callable[[], Any]]] = []
    behind: ClassVar[list[Callable[[], Any]]] = []

    def values_list(self, *fields: Any, **options: Any) -> Any:
        while self.before:
            self.before.pop()()
        keys = list(super().values_list(*fields, **options))
        while self.behind:
            self.behind.pop()()
        return keys


class Fences(RealtimeMixin, viewsets.ModelViewSet[models.Fence]):
    queryset = Watched(models.Fence).order_by("id")
    serializer_class = FenceSerializer


def _create() -> None:
    models.Fence.objects.create(number=7)


def _get() -> list[dict[str, Any]]:
    view: Any = Fences.as_view({"get": "list"})
    return [dict(row) for row in view(APIRequestFactory().get("/")).data]


async def _client(connect: Connect) -> Client:
    router = RealtimeRouter()
    router.register(Fences)
    return await connect(router=router)


@pytest.mark.parametrize(
    ("moment", "action"), [(Watched.before, "UPDATED"), (Watched.behind, "CREATED")]
)
async def test_a_row_is_told_once_by_what_it_is_to_the_first_read(
    connect: Connect, moment: list[Callable[[], Any]], action: str
) -> None:
    client = await _client(connect)
    moment.append(_create)
    (frame,) = await client.subscribe(1, FENCE)
    assert not moment
    assert (frame["action"], [frame["instance"]]) == (action, await sync_to_async(_get)())
    assert await client.quiet() == []


@pytest.mark.parametrize("moment", [Watched.before, Watched.behind])
async def test_a_row_that_goes_while_a_subscription_begins_is_not_held(
    connect: Connect, moment: list[Callable[[], Any]]
) -> None:
    fence = await models.Fence.objects.acreate()
    pk = fence.pk
    client = await _client(connect)
    moment.append(models.Fence.objects.filter(pk=pk).delete)
    told = [
        (frame["action"], frame["instance"]["id"]) for frame in await client.subscribe(1, FENCE)
    ]
    # What the first read doesn't show was never in the subscription's list.
    assert told == ([] if moment is Watched.before else [("DELETED", pk)])
    assert await sync_to_async(_get)() == []


@pytest.fixture
async def socket() -> AsyncIterator[Socket]:
    live = LiveRouter()
    live.register("fences", Fences)
    opened = Socket(InProcessWire(AuthMiddlewareStack(live.as_consumer())))
    await opened.open()
    yield opened
    await opened.close()


@pytest.mark.parametrize("moment", [Watched.before, Watched.behind])
async def test_over_graphql_a_snapshot_and_what_follows_hold_each_row_once(
    socket: Socket, moment: list[Callable[[], Any]]
) -> None:
    """Told again, a row is `updated`, never `created`: no client holds it twice."""
    moment.append(_create)
    row = "{ id number }"
    operation = await socket.subscribe(
        f"subscription {{ fences {{ snapshot {row} created {row} updated {row} deleted }} }}"
    )
    await operation.started()
    await settled()
    first, *later = [payload["data"]["fences"] for payload in operation.payloads]
    held = {row["id"]: row for row in first["snapshot"]}
    for told in later:
        assert told["snapshot"] is None
        assert not held.keys() & {row["id"] for row in told["created"]}
        held |= {row["id"]: row for row in (*told["created"], *told["updated"])}
    shown = await sync_to_async(_get)()
    assert list(held.values()) == [{**row, "id": str(row["id"])} for row in shown]
    assert not moment
