"""Positions in a journal: nothing between them is missed or read twice."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from django.utils import timezone

from drf_live_graphql.changes import journal as journal_module
from drf_live_graphql.changes.journal import Journal, JournalLostError
from drf_live_graphql.changes.message import Changes
from drf_live_graphql.models import JournalEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.usefixtures("live_db")

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own")

FENCE = "project.fence"


@pytest.fixture
def journal() -> Journal:
    return Journal("default")


def _part(pk: Any, **more: Any) -> Changes:
    return Changes(FENCE, {pk: "updated"}, **more)


def _pks(commits: list[list[Changes]]) -> list[Any]:
    return [pk for commit in commits for part in commit for pk in part.kinds]


def test_a_reader_gets_what_came_since_and_that_once(journal: Journal) -> None:
    journal.write([_part(1)])
    position = journal.end()
    journal.write([_part(2)])
    journal.write([_part(3), Changes("project.task", {4: "deleted"}, links={"project_id": {7}})])
    commits, after = journal.since(position)
    assert _pks(commits) == [2, 3, 4]
    assert commits[1][1].links == {"project_id": {7}}
    assert journal.since(after) == ([], after)
    journal.write([_part(5)])
    assert _pks(journal.since(after)[0]) == [5]


def test_an_empty_journal_has_a_position(journal: Journal) -> None:
    position = journal.end()
    assert journal.since(position)[0] == []
    journal.write([_part(1)])
    assert _pks(journal.since(position)[0]) == [1]


def test_a_commit_of_too_many_rows_says_that_any_row_may_have_changed(
    journal: Journal, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"MAX_CHANGES_PER_MESSAGE": 2}
    position = journal.end()
    journal.write([Changes(FENCE, dict.fromkeys(range(3), "updated"))])
    ((part,),) = journal.since(position)[0]
    assert part.everything
    assert part.kinds == {}


def test_an_entry_that_makes_no_sense_stops_nobody(journal: Journal) -> None:
    position = journal.end()
    journal.write([Changes("gone.model", {1: "updated"}), _part(2), _part("a word")])
    journal.write([_part(3)])
    (first, second), position = journal.since(position)
    assert [(part.label, part.everything) for part in first] == [(FENCE, False), (FENCE, True)]
    assert _pks([first, second]) == [2, 3]
    assert journal.since(position)[0] == []


def test_who_is_too_far_behind_is_told_so(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "MOST_ENTRIES", 2)
    position = journal.end()
    for pk in range(3):
        journal.write([_part(pk)])
    with pytest.raises(JournalLostError, match="More than 2 entries"):
        journal.since(position)


def test_entries_are_pruned_by_age(journal: Journal, settings: SettingsWrapper) -> None:
    """They are kept for JOURNAL_AGE from their commit on, which comes after they are written."""
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL_AGE": 1000.0}
    for pk, age in ((1, 2000), (2, 1100), (3, 1010), (4, 0)):
        journal.write([_part(pk)])
        JournalEntry.objects.filter(pk=JournalEntry.objects.latest("id").pk).update(
            written_at=timezone.now() - timedelta(seconds=age)
        )
    position = journal.end()
    assert journal.prune() == 2
    assert [
        entry.content[entry.content.index('"changes"') :][:14]
        for entry in JournalEntry.objects.order_by("id")
    ] == ['"changes":[[3,', '"changes":[[4,']
    journal.write([_part(9)])
    assert _pks(journal.since(position)[0]) == [9]


@on_postgresql
def test_where_nothing_can_be_written_nothing_is_pruned(
    journal: Journal, settings: SettingsWrapper
) -> None:
    """On a standby, or for one who may only read."""
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL_AGE": -1.0}
    journal.write([_part(1)])
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        assert journal.prune() == 0
        assert journal.since(journal.end())[0] == []
    assert journal.prune() == 1


@pytest.mark.parametrize("wrong", [timedelta(days=-1), timedelta(days=1)])
def test_a_wrong_clock_makes_no_entry_older(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, wrong: timedelta
) -> None:
    """Neither a writer's, which dates entries, nor a reader's, which prunes them."""
    right = timezone.now
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: right() + wrong)
        journal.write([_part(1)])
    assert abs(JournalEntry.objects.get().written_at - right()) < timedelta(hours=12)
    assert journal.prune() == 0
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: right() + wrong)
        assert journal.prune() == 0


def test_a_position_goes_on_where_all_entries_were_pruned(
    journal: Journal, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL_AGE": -1.0}
    journal.write([_part(1)])
    position = journal.end()
    assert journal.prune() == 1
    assert journal.since(position)[0] == journal.since(journal.end())[0] == []
    journal.write([_part(2)])
    assert _pks(journal.since(position)[0]) == [2]


def _flush() -> None:
    call_command("flush", interactive=False, verbosity=0)


def _truncate() -> None:
    with connection.cursor() as cursor:
        for sql in connection.ops.sql_flush(
            no_style(), [JournalEntry._meta.db_table], reset_sequences=True
        ):
            cursor.execute(sql)


@pytest.mark.parametrize("empty", [_flush, _truncate])
@pytest.mark.parametrize("written", [0, 1, 3])
def test_the_position_of_a_database_that_was_emptied_since_is_lost(
    journal: Journal, empty: Callable[[], None], written: int
) -> None:
    """Whatever was written since, be it of the id or more than there was."""
    journal.write([_part(1)])
    position = journal.end()
    empty()
    for pk in range(written):
        journal.write([_part(pk)])
    with pytest.raises(JournalLostError, match="is not the one of"):
        journal.since(position)
    position = journal.end()
    journal.write([_part(7)])
    assert _pks(journal.since(position)[0]) == [7]


def test_the_position_after_entries_that_were_read_is_lost_as_well(journal: Journal) -> None:
    position = journal.end()
    journal.write([_part(1)])
    _, position = journal.since(position)
    _truncate()
    journal.write([_part(2)])
    with pytest.raises(JournalLostError, match="is not the one of"):
        journal.since(position)


@pytest.mark.parametrize(
    "position",
    ["", "x", "-1", "7;", "1:2", "1:2:x", "5@", "9" * 30, "1:1:@x", "7@x", "7@1.5", "1:1:, 2"],
)
def test_what_is_no_position_is_lost(journal: Journal, position: str) -> None:
    """Clients bring them along in their cursors."""
    with pytest.raises(JournalLostError, match="Expected a position of 'default'"):
        journal.since(position)


@on_postgresql
def test_a_backup_whose_transactions_are_still_to_come_here(journal: Journal) -> None:
    """A cluster of its own counts them anew: positions are lost, and entries not news each time."""
    position = journal.end()
    ahead = int(position.split(":")[1]) + 1_000_000
    with pytest.raises(JournalLostError, match="is not the one of"):
        journal.since(f"{ahead}:{ahead}:")
    JournalEntry.objects.create(transaction=ahead, content='[{"label": "project.fence"}]')
    assert journal.since(position)[0] == []
    journal.write([_part(1)])
    assert _pks(journal.since(position)[0]) == [1]


@on_postgresql
@pytest.mark.parametrize("part", ["file", "timeline", "start"])
def test_a_position_of_another_life_of_the_server_is_lost(journal: Journal, part: str) -> None:
    """A standby that was promoted, or a crash: transactions may be lost, and numbers given anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_relation_filenode(%s::regclass), timeline_id,"
            " round(extract(epoch FROM pg_postmaster_start_time())::numeric * 1000)::bigint"
            " FROM pg_control_checkpoint()",
            [JournalEntry._meta.db_table],
        )
        file, timeline, start = cursor.fetchone()
    now = {
        "file": str(file),
        "timeline": f"{timeline:08X}",
        "start": str(start),
    }
    place, _, mark = journal.end().partition("@")
    assert mark == ".".join(now.values())
    now[part] = "7" * len(now[part])
    with pytest.raises(JournalLostError, match="is not the one of"):
        journal.since(f"{place}@{'.'.join(now.values())}")


@on_postgresql
def test_a_transaction_that_commits_late_is_read_once_however_low_its_id(journal: Journal) -> None:
    """A lower id commits after a higher one was read: the hole of every serial column."""
    began, may_commit = threading.Event(), threading.Event()

    def late() -> None:
        try:
            with transaction.atomic():
                Journal("default").write([_part(1)])
                began.set()
                assert may_commit.wait(30)
        finally:
            connection.close()

    position = journal.end()
    thread = threading.Thread(target=late)
    thread.start()
    assert began.wait(30)
    journal.write([_part(2)])
    journal.write([_part(3)])
    commits, position = journal.since(position)
    assert _pks(commits) == [2, 3]
    assert journal.since(position)[0] == []
    may_commit.set()
    thread.join(30)
    commits, position = journal.since(position)
    assert _pks(commits) == [1]
    assert journal.since(position)[0] == []


@pytest.fixture
def listener() -> Iterator[Any]:
    """A connection of its own, as psycopg makes it, that listens."""
    made: Any = connection.get_new_connection(connection.get_connection_params())
    made.autocommit = True
    made.execute(f"LISTEN {Journal.channel}")
    yield made
    made.close()


def _heard(listener: Any) -> list[str]:
    """The channels of all calls so far: those that a second call, made now, comes after."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_notify('{Journal.channel}', 'the end')")
    heard = []
    for notify in listener.notifies(timeout=30):
        if notify.payload == "the end":
            return heard
        heard.append(notify.channel)
    raise AssertionError("The last call was not heard.")


@on_postgresql
def test_a_commit_calls_those_who_listen_and_a_rollback_nobody(
    journal: Journal, listener: Any, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL_NOTIFY": True}
    with transaction.atomic():
        journal.write([_part(1)])
    assert _heard(listener) == ["drf_live_graphql_journal"]
    with transaction.atomic():
        journal.write([_part(2)])
        transaction.set_rollback(True)
    assert _heard(listener) == []


@on_postgresql
def test_nobody_is_called_without_the_setting(journal: Journal, listener: Any) -> None:
    journal.write([_part(1)])
    assert _heard(listener) == []
