"""What the oracle found when faults were among its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from drf_live_graphql.live import rendition
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.testing import settled
from tests.project import models, views

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")

BOTH = (
    "subscription { fences { snapshot { number } created { number } query { vehicles { name } } } }"
)


class Stumbling:
    """Makes the view of vehicles raise a number of times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        usual = views.VehicleViewSet.get_queryset

        def get_queryset(view: Any) -> Any:
            if self.times:
                self.times -= 1
                raise RuntimeError("The view stumbles.")
            return usual(view)

        monkeypatch.setattr(views.VehicleViewSet, "get_queryset", get_queryset)


@pytest.fixture
def stumbling(monkeypatch: pytest.MonkeyPatch) -> Stumbling:
    monkeypatch.setattr(rendition, "FIRST_RETRY", 0.0)
    return Stumbling(monkeypatch)


async def test_a_row_that_is_gone_is_told_of_once(connect: Connect) -> None:
    vehicle = await models.Vehicle.objects.acreate(name="Tug")
    document = f"subscription {{ vehicle(id: {vehicle.pk}) {{ action }} }}"
    operation = await (await connect()).subscribe(document)
    await operation.started()
    await vehicle.adelete()
    await settled()
    for query in get_hub().queries:
        query.resync()
    await settled()
    told = [payload["data"]["vehicle"]["action"] for payload in operation.payloads]
    assert told == ["SNAPSHOT", "DELETED"]


async def test_a_view_that_fails_once_in_a_query_loses_no_change(
    connect: Connect, stumbling: Stumbling
) -> None:
    await models.Vehicle.objects.acreate(name="Tug")
    operation = await (await connect()).subscribe(BOTH)
    await operation.started()
    stumbling.times = 2
    await models.Fence.objects.acreate(number=7)
    await settled()
    assert "errors" not in operation.payloads[-1]
    assert operation.payloads[-1]["data"]["fences"] == {
        "snapshot": None,
        "created": [{"number": 7}],
        "query": {"vehicles": [{"name": "Tug"}]},
    }


async def test_a_view_that_fails_for_good_in_a_query_ends_its_operation(
    connect: Connect, stumbling: Stumbling, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"EVALUATION_RETRIES": 1}
    socket = await connect()
    operation = await socket.subscribe(BOTH)
    sibling = await socket.subscribe("subscription { fences { created { number } } }")
    await operation.started()
    stumbling.times = 10
    await models.Fence.objects.acreate(number=7)
    await settled()
    assert operation.errors is not None
    assert operation.errors[0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert stumbling.times == 8
    assert [one["data"]["fences"]["created"] for one in sibling.payloads] == [[{"number": 7}]]
