"""Positions in a journal: nothing between them is missed or read twice."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from drf_live_graphql.changes import journal as journal_module
from drf_live_graphql.changes.journal import Journal, JournalLostError
from drf_live_graphql.changes.message import Changes
from drf_live_graphql.models import JournalEntry

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def test_an_entry_of_an_unknown_model_is_passed_over(journal: Journal) -> None:
    position = journal.end()
    journal.write([Changes("gone.model", {1: "updated"}), _part(2)])
    assert _pks(journal.since(position)[0]) == [2]


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
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL_AGE": 60.0}
    for pk in range(3):
        journal.write([_part(pk)])
    old = JournalEntry.objects.order_by("id")[:2].values_list("pk", flat=True)
    JournalEntry.objects.filter(pk__in=list(old)).update(
        written_at=timezone.now() - timedelta(seconds=61)
    )
    position = journal.end()
    assert journal.prune() == 2
    assert JournalEntry.objects.count() == 1
    journal.write([_part(9)])
    assert _pks(journal.since(position)[0]) == [9]


def test_a_position_goes_on_where_all_entries_were_pruned(
    journal: Journal, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL_AGE": -1.0}
    journal.write([_part(1)])
    position = journal.end()
    assert journal.prune() == 1
    journal.write([_part(2)])
    assert _pks(journal.since(position)[0]) == [2]


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
