"""Parts of one commit come together again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from drf_live_graphql.changes import Changes
from drf_live_graphql.changes.message import Commit
from drf_live_graphql.live.commits import Commits
from drf_live_graphql.testing import settled
from tests.project import models

if TYPE_CHECKING:
    from tests.live.conftest import Connect

ALL = {"a", "b", "c"}


def _part(label: str, number: int, *labels: str) -> Changes:
    return Changes(label, {1: "updated"}, commit=Commit(number, labels) if labels else None)


def test_a_commit_is_given_when_its_last_part_has_come() -> None:
    commits = Commits()
    first, last = _part("a", 1, "a", "b"), _part("b", 1, "a", "b")
    assert commits.take("p", first, ALL) == []
    assert commits
    assert commits.take("p", last, ALL) == [first, last]
    assert not commits


def test_parts_of_groups_that_are_not_joined_are_not_waited_for() -> None:
    commits = Commits()
    first = _part("a", 1, "a", "b", "c")
    assert commits.take("p", first, {"a"}) == [first]
    assert commits.take("p", first, {"a", "c"}) == []


def test_a_commit_of_one_model_waits_for_nothing_and_gives_what_waits_before_it() -> None:
    commits = Commits()
    lost, alone = _part("a", 1, "a", "b"), _part("c", 0)
    commits.take("p", lost, ALL)
    assert commits.take("p", alone, ALL) == [lost, alone]


def test_where_a_part_is_lost_the_next_commit_gives_the_rest() -> None:
    commits = Commits()
    lost, first, last = _part("a", 1, "a", "b"), _part("a", 2, "a", "b"), _part("b", 2, "a", "b")
    assert commits.take("p", lost, ALL) == []
    assert commits.take("p", first, ALL) == [lost]
    assert commits.take("p", last, ALL) == [first, last]


def test_publishers_do_not_wait_for_each_other() -> None:
    commits = Commits()
    mine, other = _part("a", 1, "a", "b"), _part("a", 1)
    assert commits.take("p", mine, ALL) == []
    assert commits.take("q", other, ALL) == [other]
    assert commits.give_up(time.monotonic()) == [mine]
    assert not commits


@pytest.mark.usefixtures("live_db")
async def test_one_commit_of_several_models_is_one_payload(
    connect: Connect, channel_layer: str
) -> None:
    document = "subscription { trucks { created { id } updated { name load } } }"
    truck = await models.Truck.objects.acreate(name="lorry")
    operation = await (await connect()).subscribe(document)
    await (await connect()).subscribe("subscription { fences { created { id } } }")
    await settled()

    def write() -> None:
        with transaction.atomic():
            models.Fence.objects.create()
            models.Vehicle.objects.get().save()
            truck.name, truck.load = "van", 7
            truck.save()

    await sync_to_async(write)()
    await settled()
    told = [payload["data"]["trucks"] for payload in operation.payloads]
    assert told == [{"created": [], "updated": [{"name": "van", "load": 7}]}]


@pytest.mark.usefixtures("live_db")
async def test_a_lost_part_holds_the_others_up_for_a_moment_only(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    from drf_live_graphql.live import hub

    monkeypatch.setattr(hub, "PARTS_TIMEOUT", 0.01)
    operation = await (await connect()).subscribe(
        "subscription { fences { snapshot { id } updated { id } } }"
    )
    vehicles = await (await connect()).subscribe("subscription { vehicles { snapshot { id } } }")
    await operation.started()
    await vehicles.started()
    await settled()
    fence = await models.Fence.objects.acreate()
    await settled()
    part = _part("project.fence", 9, "project.fence", "project.vehicle")
    part.kinds = {fence.pk: "updated"}
    the_hub = hub.get_hub()
    the_hub._tell(the_hub._commits.take("p", part, the_hub._ear.joined))
    the_hub._give_up_later()
    await settled()
    assert not the_hub._commits
    assert operation.payloads[-1]["data"]["fences"]["updated"] == [{"id": str(fence.pk)}]
