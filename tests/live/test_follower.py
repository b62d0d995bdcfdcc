"""The follower of the journals: what it tells, whoever wakes it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connections

from drf_live_graphql.changes import journal as journal_module
from drf_live_graphql.changes import outbox
from drf_live_graphql.changes.capture import _captured
from drf_live_graphql.changes.journal import Journal
from drf_live_graphql.live import follower as follower_module
from drf_live_graphql.live.follower import Follower
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.models import JournalEntry
from drf_live_graphql.testing import settled
from tests.live.test_hub import FENCES, _lose, _snapshots
from tests.project.models import Fence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import SettingsWrapper

    from drf_live_graphql.changes import Changes
    from tests.live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")


@pytest.fixture(autouse=True)
def journal(
    live_db: None, settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A project of one database, with the setting JOURNAL; nobody looks by the clock."""
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL": True, "JOURNAL_POLL": 3600.0}
    monkeypatch.setattr(follower_module, "databases", lambda: ("default",))
    outbox.install(_captured)
    yield
    outbox.uninstall()


class Told:
    """What a follower told, and a follower."""

    def __init__(self) -> None:
        self.pks: list[Any] = []
        self.lost = 0
        self.news = asyncio.Event()
        self.follower = Follower(self._tell, self._lose)

    def _tell(self, commit: list[Changes]) -> None:
        self.pks += [pk for part in commit for pk in part.kinds]
        self.news.set()

    def _lose(self) -> None:
        self.lost += 1
        self.news.set()

    async def hears(self) -> None:
        await asyncio.wait_for(self.news.wait(), 30)
        self.news.clear()


async def test_what_is_committed_after_the_start_is_told_once() -> None:
    await Fence.objects.acreate()
    told = Told()
    await told.follower.start()
    await told.follower.start()
    fence = await Fence.objects.acreate()
    await told.follower.look()
    await told.follower.look()
    assert told.pks == [fence.pk]
    assert told.follower.complete


async def test_who_is_woken_looks() -> None:
    told = Told()
    await told.follower.start()
    fence = await Fence.objects.acreate()
    told.follower.wake()
    await told.hears()
    assert told.pks == [fence.pk]


async def test_who_is_not_woken_looks_by_the_clock(settings: SettingsWrapper) -> None:
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL": True, "JOURNAL_POLL": 0.01}
    told = Told()
    await told.follower.start()
    fence = await Fence.objects.acreate()
    await told.hears()
    assert told.pks == [fence.pk]


async def test_a_look_that_fails_is_made_again_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, settings: SettingsWrapper, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL": True, "JOURNAL_POLL": 0.01}
    since, failures = Journal.since, iter([True, True])

    def fails_twice(self: Journal, position: str) -> Any:
        if next(failures, False):
            raise OperationalError("the database is away")
        return since(self, position)

    told = Told()
    await told.follower.start()
    monkeypatch.setattr(Journal, "since", fails_twice)
    fence = await Fence.objects.acreate()
    await told.hears()
    assert told.pks == [fence.pk]
    warnings = [record for record in caplog.records if "can't be read" in record.message]
    assert len(warnings) == 1


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """A project of two databases; only the first is ever written to."""
    monkeypatch.setattr(follower_module, "databases", lambda: ("default", "other"))
    exists, end, since = Journal.exists, Journal.end, Journal.since
    at_home = lambda real, empty: lambda self, *a: real(self, *a) if self.alias == "default" else empty  # noqa: E501,E731
    monkeypatch.setattr(Journal, "exists", at_home(exists, True))
    monkeypatch.setattr(Journal, "end", at_home(end, "0"))
    monkeypatch.setattr(Journal, "since", at_home(since, ([], "0")))


def _other(monkeypatch: pytest.MonkeyPatch, name: str, function: Callable[[], Any]) -> None:
    """Have the second database answer with what ``function`` returns or raises."""
    real = getattr(Journal, name)

    def answer(self: Journal, *arguments: Any) -> Any:
        return real(self, *arguments) if self.alias == "default" else function()

    monkeypatch.setattr(Journal, name, answer)


def _away() -> Any:
    raise OperationalError("the database is away")


@pytest.mark.usefixtures("two")
async def test_a_database_that_fails_keeps_no_news_of_the_others_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = Told()
    await told.follower.start()
    _other(monkeypatch, "since", _away)
    fence = await Fence.objects.acreate()
    with pytest.raises(OperationalError, match="away"):
        await told.follower.look()
    assert told.pks == [fence.pk]
    assert told.follower.positions["other"] == "0"


async def test_who_is_too_far_behind_reads_everything_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal_module, "MOST_ENTRIES", 1)
    told = Told()
    await told.follower.start()
    for _ in range(2):
        await Fence.objects.acreate()
    await told.follower.look()
    assert (told.pks, told.lost) == ([], 1)
    fence = await Fence.objects.acreate()
    await told.follower.look()
    assert (told.pks, told.lost) == ([fence.pk], 1)


async def test_who_stood_still_for_longer_than_entries_are_kept_reads_everything_anew(
    settings: SettingsWrapper,
) -> None:
    told = Told()
    await told.follower.start()
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL": True, "JOURNAL_POLL": 3600.0, "JOURNAL_AGE": 0.0}
    await told.follower.look()
    assert told.lost == 1


async def test_old_entries_are_pruned(settings: SettingsWrapper) -> None:
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL": True, "JOURNAL_POLL": 0.01, "JOURNAL_AGE": 0.0}
    told = Told()
    await Fence.objects.acreate()
    await told.follower.start()
    while await JournalEntry.objects.aexists():
        await told.hears()


async def test_a_database_that_is_out_of_reach_is_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(self: Journal) -> bool:
        raise OperationalError("no such host")

    monkeypatch.setattr(Journal, "exists", fails)
    told = Told()
    await told.follower.start()
    assert not told.follower.complete
    assert "is not followed" in caplog.text


async def test_messages_that_a_layer_loses_are_no_loss(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No snapshot either: the journal tells exactly what happened."""
    operation = await (await connect()).subscribe(FENCES)
    await operation.started()
    await _create()
    await settled()
    await _lose(monkeypatch, 2)
    await _create()
    await settled()
    assert _snapshots(operation) == [0]
    created = [p["data"]["fences"]["created"] for p in operation.payloads]
    assert sum(map(len, created)) == 4
    assert all(not query.task for query in get_hub().queries)


async def _create() -> None:
    await sync_to_async(Fence.objects.create)()


async def test_what_a_layer_tells_twice_is_told_once(connect: Connect) -> None:
    """By its message, which only wakes, and by the journal."""
    operation = await (await connect()).subscribe(FENCES)
    await operation.started()
    await _create()
    await settled()
    assert len(operation.payloads) == 2


async def test_what_was_committed_before_the_first_reading_is_not_told_after_it(
    connect: Connect,
) -> None:
    await connect()  # From here on the journal is followed.
    await settled()
    await _create()
    operation = await (await connect()).subscribe(FENCES)
    await operation.started()
    await settled()
    assert _snapshots(operation) == [1]
    assert len(operation.payloads) == 1
