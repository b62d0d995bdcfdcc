"""The follower of the journals: what it tells, whoever wakes it."""

from __future__ import annotations

import asyncio
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.db import OperationalError

from drf_live_graphql import notify_changed
from drf_live_graphql.changes import journal as journal_module
from drf_live_graphql.changes import outbox, publisher
from drf_live_graphql.changes.capture import _captured
from drf_live_graphql.changes.journal import Journal, JournalLostError
from drf_live_graphql.live import follower as follower_module
from drf_live_graphql.live import journal_reader as reader_module
from drf_live_graphql.live.follower import Follower
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.live.worker import HangingError
from drf_live_graphql.models import JournalEntry
from drf_live_graphql.testing import settled
from tests.live.test_ear import FENCES, _lose, _snapshots
from tests.live.test_resume import begin, was_connected
from tests.project.models import Fence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_django.fixtures import SettingsWrapper

    from drf_live_graphql.changes import Changes
    from tests.live.conftest import Connect
    from tests.oracle.wire import Operation

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

    async def begins(self) -> None:
        """Start, but nobody looks unless told to."""
        await self.follower.start()
        for reader in self.follower._readers:
            assert reader._task is not None
            reader._task.cancel()

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
    for name, empty in (("exists", True), ("end", "0"), ("since", ([], "0"))):
        _other(monkeypatch, name, lambda empty=empty: empty)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is not there is asked again without a pause."""
    monkeypatch.setattr(reader_module, "FIRST_RETRY", 0.0)


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
    await told.begins()
    with monkeypatch.context() as patch:
        _other(patch, "since", _away)
        fence = await Fence.objects.acreate()
        with pytest.raises(OperationalError, match="away"):
            await told.follower.look()
    assert told.pks == [fence.pk]
    # The layer's messages have to tell of it now.
    assert list(told.follower.positions) == ["default"]
    await told.follower.look()
    assert told.follower.positions["other"] == "0"
    assert told.lost == 0


async def test_a_journal_that_is_gone_when_it_is_lost_is_read_anew_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lost(self: Journal, position: str) -> Any:
        raise JournalLostError("the table was emptied")

    told = Told()
    await told.begins()
    monkeypatch.setattr(Journal, "since", lost)
    monkeypatch.setattr(Journal, "exists", lambda self: False)
    await told.follower.look()
    assert (told.follower.complete, told.lost) == (False, 1)


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


async def test_entries_that_can_not_be_pruned_are_told_all_the_same(
    monkeypatch: pytest.MonkeyPatch, settings: SettingsWrapper, caplog: pytest.LogCaptureFixture
) -> None:
    """Without another read for it."""
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL": True, "JOURNAL_POLL": 3600.0, "JOURNAL_AGE": 0.001}
    told, loop, since = Told(), asyncio.get_running_loop(), Journal.since
    refused, reads = asyncio.Event(), []

    def count(self: Journal, position: str) -> Any:
        reads.append(position)
        return since(self, position)

    def refuse(self: Journal) -> int:
        loop.call_soon_threadsafe(refused.set)
        raise OperationalError("permission denied")

    monkeypatch.setattr(Journal, "since", count)
    monkeypatch.setattr(Journal, "prune", refuse)
    await told.follower.start()
    for _ in range(2):
        fence = await Fence.objects.acreate()
        told.follower.wake()
        await told.hears()
        await asyncio.wait_for(refused.wait(), 30)
        refused.clear()
        assert told.pks[-1] == fence.pk
    assert len(reads) == 2
    assert "is not pruned" in caplog.text
    assert "can't be read" not in caplog.text


async def test_a_commit_that_can_not_be_told_is_read_anew_and_those_behind_it_are_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told = Told()
    await told.begins()
    (first, second) = [await Fence.objects.acreate() for _ in range(2)]
    reader = told.follower._readers[0]
    tell = reader._tell

    def stumble(commit: list[Changes]) -> None:
        if first.pk in commit[0].kinds:
            raise ZeroDivisionError
        tell(commit)

    monkeypatch.setattr(reader, "_tell", stumble)
    await told.follower.look()
    assert (told.pks, told.lost) == ([second.pk], 1)
    assert "could not be told" in caplog.text


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


@pytest.mark.usefixtures("two", "at_once")
async def test_a_database_that_comes_later_is_followed_from_then_on_and_read_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = Told()
    with monkeypatch.context() as patch:
        _other(patch, "end", _away)
        await told.begins()
        with pytest.raises(OperationalError, match="away"):
            await told.follower.look()
        assert (told.follower.complete, told.lost) == (False, 0)
    await told.follower.look()
    assert (told.follower.complete, told.lost) == (True, 1)
    await told.follower.look()
    assert told.lost == 1


async def test_a_database_that_comes_later_is_found_by_the_clock(
    monkeypatch: pytest.MonkeyPatch, at_once: None
) -> None:
    """Though nobody looks for hours."""
    told = Told()
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "end", lambda self: _away())
        await told.follower.start()
    await told.hears()
    assert (told.follower.complete, told.lost) == (True, 1)


async def test_a_journal_that_is_not_there_is_asked_for_again_but_not_by_each_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A migration may come late, or never."""
    exists, asked = Journal.exists, 0

    def not_yet(self: Journal) -> bool:
        nonlocal asked
        asked += 1
        return False

    monkeypatch.setattr(reader_module, "FIRST_RETRY", 3600.0)
    monkeypatch.setattr(Journal, "exists", not_yet)
    told = Told()
    await told.begins()
    for _ in range(3):
        await told.follower.look()
    assert (asked, told.follower.complete) == (2, False)
    monkeypatch.setattr(Journal, "exists", exists)
    told.follower._readers[0]._ask_at = 0.0
    await told.follower.look()
    assert (told.follower.complete, told.lost) == (True, 1)
    fence = await Fence.objects.acreate()
    await told.follower.look()
    assert told.pks == [fence.pk]


async def test_pauses_between_questions_grow_up_to_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Journal, "exists", lambda self: False)
    told = Told()
    await told.begins()
    reader, pauses = told.follower._readers[0], []
    for _ in range(8):
        reader._ask_at = 0.0
        pauses.append(reader._retry)
        await told.follower.look()
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Any]]:
    """What does not return before the test has ended; nobody waits for it for long."""
    answers = threading.Event()
    monkeypatch.setattr(reader_module, "PATIENCE", 0.2)
    yield lambda: answers.wait(60) and ([], "1")
    answers.set()


@pytest.mark.usefixtures("two", "at_once")
async def test_a_database_that_hangs_holds_nobody_up_and_is_read_anew_when_it_answers(
    monkeypatch: pytest.MonkeyPatch, hanging: Callable[[], Any]
) -> None:
    """On another thread, over another connection: the first may hang for ever."""
    told, fences = Told(), []
    await told.begins()
    with monkeypatch.context() as patch:
        for name in ("since", "end"):
            _other(patch, name, hanging)
        for _ in range(2):
            fences.append(await Fence.objects.acreate())
            with pytest.raises(HangingError):
                await told.follower.look()
            assert list(told.follower.positions) == ["default"]
            assert not told.follower.complete
    assert (told.pks, told.lost) == ([fence.pk for fence in fences], 0)
    monkeypatch.setattr(reader_module, "PATIENCE", 60.0)
    await told.follower.look()
    assert (told.follower.complete, told.lost) == (True, 1)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("hangs", [True, False])
async def test_who_counted_on_a_journal_that_then_is_not_read_reads_everything_anew(
    monkeypatch: pytest.MonkeyPatch, hanging: Callable[[], Any], hangs: bool
) -> None:
    """At once, and once: from then on messages are told by themselves."""
    told = Told()
    await told.begins()
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "since", lambda self, position: hanging() if hangs else _away())
        patch.setattr(Journal, "end", lambda self: _away())
        for _ in range(2):
            told.follower.wake()
            with pytest.raises((HangingError, OperationalError)):
                await told.follower.look()
            assert (told.follower.positions, told.lost) == ({}, 1)
    monkeypatch.setattr(reader_module, "PATIENCE", 60.0)
    await told.follower.look()
    assert (told.follower.complete, told.lost) == (True, 2 if hangs else 1)


async def test_a_suspended_machine_is_noticed_by_the_clock_that_went_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its monotonic clock stood still while others pruned."""
    told = Told()
    await told.begins()
    for jump, lost in ((0.4, 0), (0.6, 1), (-5.0, 1)):
        now = time.time() + jump * 3600.0
        with monkeypatch.context() as patch:
            clocks = SimpleNamespace(monotonic=time.monotonic, time=lambda now=now: now)
            patch.setattr(reader_module, "time", clocks)
            await told.follower.look()
        assert told.lost == lost, jump
        told.follower._readers[0]._looked_at = reader_module._Moment()


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


NUMBERS = (
    "subscription { fences { snapshot { id number } created { id } updated { number } deleted } }"
)


@pytest.fixture
async def fences(connect: Connect) -> Operation:
    """One who watches, and has seen a change by which the writer's numbers are known."""
    operation = await (await connect()).subscribe(NUMBERS)
    await operation.started()
    await _create()
    await settled()
    return operation


def _told(operation: Operation, name: str) -> list[Any]:
    """All that came under a name, but nothing."""
    told = [payload["data"]["fences"][name] for payload in operation.payloads]
    return [value for value in told if value]


async def _tell_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A write without a signal, told of by a coroutine, in a message that the layer swallows.

    Django lets a coroutine use no connection, so that is in no journal.
    """

    async def swallow(group: str, message: dict[str, Any]) -> None:
        return None

    fence = await Fence.objects.aget()
    await Fence.objects.filter(pk=fence.pk).aupdate(number=7)
    with monkeypatch.context() as patch:
        patch.setattr(get_channel_layer(), "group_send", swallow)
        notify_changed(fence)
        await asyncio.to_thread(publisher.flush, 30)


async def test_a_lost_message_that_is_in_no_journal_is_noticed_by_the_next_that_is_in_one(
    fences: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _tell_nobody(monkeypatch)
    await _create()
    await settled()
    assert [row["number"] for row in _told(fences, "snapshot")[-1]] == [7, 0]


async def test_after_a_doubt_about_the_layer_what_is_in_no_journal_is_told_without_a_snapshot(
    fences: Operation, monkeypatch: pytest.MonkeyPatch, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL": True, "JOURNAL_POLL": 3600.0, "HUB_PING": 0.02}
    failed = asyncio.Event()

    async def fail(*arguments: Any) -> None:
        failed.set()
        raise ConnectionError("the layer is down")

    await _tell_nobody(monkeypatch)
    # Who wrote it is gone: nobody repeats the number.
    publisher.reset()
    publisher.bind(asyncio.get_running_loop())
    with monkeypatch.context() as patch:
        for method in ("send", "group_send"):
            patch.setattr(get_channel_layer(), method, fail)
        await asyncio.wait_for(failed.wait(), 30)
    await fences.until(lambda: bool(_told(fences, "updated")))
    await settled()
    assert _told(fences, "updated") == [[{"number": 7}]]
    assert _told(fences, "snapshot") == []


async def test_a_message_of_a_journal_that_is_not_followed_is_told_by_itself(
    fences: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though others are followed."""
    monkeypatch.setattr(get_hub()._follower, "_readers", [])
    await _create()
    await settled()
    assert [len(created) for created in _told(fences, "created")] == [1, 1]


@pytest.mark.parametrize("hangs", [True, False])
async def test_a_change_whose_message_counted_on_a_journal_that_is_not_read_is_told_all_the_same(
    fences: Operation, monkeypatch: pytest.MonkeyPatch, hanging: Callable[[], Any], hangs: bool
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "since", lambda self, position: hanging() if hangs else _away())
        patch.setattr(Journal, "end", lambda self: _away())
        await _create()
        await fences.until(lambda: bool(_told(fences, "snapshot")))
    assert [len(rows) for rows in _told(fences, "snapshot")] == [2]


async def test_who_comes_back_is_not_told_less_since_a_journal_was_not_read(
    connect: Connect,
) -> None:
    """What is kept for those who come back knows nothing of what was lost."""
    cursor = await was_connected(connect, NUMBERS)
    await settled()
    assert get_hub().retained
    get_hub()._lost()
    back = await begin(await connect(), NUMBERS, cursor)
    assert [payload["data"]["fences"]["snapshot"] for payload in back.payloads] == [[]]
