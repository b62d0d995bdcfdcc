"""What is asked again although nothing was heard: in time, one by one, by one timer."""

from __future__ import annotations

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from rest_framework import viewsets
from rest_framework.routers import SimpleRouter

from drf_live_graphql import LiveRouter
from drf_live_graphql.exceptions import LiveError
from drf_live_graphql.live import timetable as module
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.live.timetable import TICK, Timetable, interval_of
from drf_live_graphql.testing import settled
from tests.project import models, serializers
from tests.project.live import live

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect

AGE = 60.0


class Query:
    """As much of a live query as is seen of it."""

    def __init__(self, asked_at: float = 0.0) -> None:
        self.key = SimpleNamespace(root=live.views[0].roots[0])
        self.asked_at = asked_at
        self.alive = True
        self.retained = False
        self.calls: Counter[str] = Counter()

    def reauthorise(self) -> None:
        self.calls["asked"] += 1

    def recheck(self) -> None:
        self.calls["read"] += 1


class Clock:
    """The event loop's time, for the timetable: it goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def go_to(self, timetable: Timetable, at: float) -> None:
        while timetable._due and timetable._due[0][0] <= at:
            self.now = max(self.now, timetable._due[0][0])
            timetable._work()
        self.now = at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "_now", lambda: clock.now)
    return clock


def _timetable(*queries: Any) -> Timetable:
    timetable = Timetable()
    for query in queries:
        timetable.add(query)
    return timetable


async def test_each_is_asked_before_its_last_round_is_too_old(clock: Clock) -> None:
    query = Query(clock.now)
    timetable = _timetable(query)
    for _ in range(20):
        asked = query.calls["asked"]
        clock.go_to(timetable, query.asked_at + AGE)
        assert query.calls["asked"] == asked + 1
        query.asked_at = clock.now


async def test_a_round_of_any_kind_counts(clock: Clock) -> None:
    query = Query(clock.now)
    timetable = _timetable(query)
    for _ in range(50):
        clock.go_to(timetable, clock.now + AGE / 3)
        query.asked_at = clock.now
    assert not query.calls


async def test_those_that_were_asked_at_once_are_not_asked_at_once_again(clock: Clock) -> None:
    queries = [Query(clock.now) for _ in range(10_000)]
    timetable = _timetable(*queries)
    ticks = Counter(int((at - clock.now) / TICK) for at, *_ in timetable._due)
    # Ten thousand in thirty seconds of twenty ticks are seventeen a tick.
    assert max(ticks.values()) < 60
    clock.go_to(timetable, clock.now + AGE)
    assert {query.calls["asked"] for query in queries} <= {1, 2}


async def test_a_query_that_has_ended_is_forgotten(clock: Clock) -> None:
    kept, left, gone = Query(clock.now), Query(clock.now), Query(clock.now)
    timetable = _timetable(kept, left, gone)
    left.alive = False
    del gone
    clock.go_to(timetable, clock.now + AGE)
    assert len(timetable._due) == 1
    assert not left.calls


async def test_there_is_one_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    timetable = _timetable(*(Query(loop.time()) for _ in range(100)))
    assert timetable._timer is not None
    assert timetable._timer.when() <= timetable._due[0][0] + TICK
    pending = [handle for handle in loop._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]
    ours = [handle for handle in pending if handle._callback == timetable._work]
    assert ours == [timetable._timer]


# Views that can change unheard.


class Newest(viewsets.ReadOnlyModelViewSet[models.Fence]):
    """What it shows depends on what is no row."""

    shown = 0
    serializer_class = serializers.FenceSerializer

    def get_queryset(self) -> Any:
        return models.Fence.objects.order_by("id")[: type(self).shown]

    queryset = models.Fence.objects.all()


@pytest.fixture
def newest(monkeypatch: pytest.MonkeyPatch) -> type[Newest]:
    monkeypatch.setattr(Newest, "shown", 0)
    return Newest


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no HTTP here")


@pytest.mark.usefixtures("live_db")
@pytest.mark.parametrize("included", [False, True])
async def test_a_view_is_read_again_at_its_interval(
    connect: Connect, newest: type[Newest], included: bool, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"AUTH_MAX_AGE": None}
    router = LiveRouter()
    if included:
        rest = SimpleRouter()
        rest.register("fences", newest)
        router.include(rest, refresh_every=0.1)
    else:
        router.register("fences", newest, refresh_every=0.1)
    fences = [await models.Fence.objects.acreate() for _ in range(3)]
    socket = await connect(application=router.asgi(_nowhere))
    operation = await socket.subscribe("subscription { fences { created { id } deleted } }")
    await (await socket.subscribe("{ fences { id } }")).started()
    await settled()
    for shown in (2, 1):
        newest.shown = shown
        told = len(operation.payloads)
        await operation.until(lambda told=told: len(operation.payloads) > told)  # type: ignore[misc]
    one, two = (str(fence.pk) for fence in fences[:2])
    assert operation.payloads[0]["data"]["fences"]["created"] == [{"id": one}, {"id": two}]
    assert operation.payloads[-1]["data"]["fences"]["deleted"] == [two]


async def test_a_query_that_is_kept_is_not_asked_but_again_when_somebody_comes_back(
    clock: Clock,
) -> None:
    query = Query(clock.now)
    timetable = _timetable(query)
    query.alive, query.retained = False, True
    clock.go_to(timetable, clock.now + 3 * AGE)
    assert query.calls["asked"] == 0
    query.alive, query.retained = True, False
    clock.go_to(timetable, clock.now + AGE)
    assert query.calls["asked"] > 0


async def test_the_interval_is_kept_while_somebody_watches(clock: Clock) -> None:
    router = LiveRouter()
    router.register("fences", Newest, refresh_every=5)
    assert router.schema
    query = Query(clock.now)
    query.key.root = router.views[0].roots[0]
    assert interval_of(query.key.root) == 5
    timetable = _timetable(query)
    clock.go_to(timetable, clock.now + 50)
    assert query.calls["read"] == 10
    query.alive = False
    clock.go_to(timetable, clock.now + 200)
    assert not timetable._due


@pytest.mark.parametrize(
    "seconds", [0, -1, 0.09, float("inf"), float("nan"), "5", True, SimpleNamespace()]
)
def test_what_is_no_interval_is_refused(seconds: Any) -> None:
    for register in (
        lambda: LiveRouter().register("fences", Newest, refresh_every=seconds),
        lambda: LiveRouter().include(SimpleRouter(), refresh_every=seconds),
    ):
        with pytest.raises(LiveError, match=r"refresh_every expected .* at the least; .* came"):
            register()


@pytest.mark.usefixtures("live_db")
async def test_a_view_without_an_interval_is_not_read_again(connect: Connect) -> None:
    socket = await connect()
    await (await socket.subscribe("subscription { fences { snapshot { id } } }")).started()
    (query,) = get_hub().queries
    assert interval_of(query.key.root) is None
    assert [rereads for _, _, rereads, _ in get_hub()._timetable._due] == [False]
