"""Which statements write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import transaction

from drf_live_graphql.changes import outbox
from drf_live_graphql.changes.capture import _captured
from drf_live_graphql.exceptions import Refusal
from drf_live_graphql.live.read_only import ReadOnly, writes
from drf_live_graphql.models import JournalEntry
from tests.project.models import Fence

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES (1)",
        "\tupdate t SET a = 1",
        "UPDATE\tt SET a = 1",
        "DELETE\nFROM t",
        "/* by whom */ -- and why\n DELETE FROM t",
        "REPLACE INTO t VALUES (1)",
        "TRUNCATE t",
        "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
        "WITH a AS (SELECT 1)\nUPDATE t SET b = 1",
        "with a as (delete from t returning *) select * from a",
    ],
)
def test_what_writes(sql: str) -> None:
    assert writes(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "(SELECT 1) UNION (SELECT 2)",
        "SELECT * FROM t FOR UPDATE",
        "SELECT REPLACE(a, 'x', 'y') FROM t",
        "WITH a AS (SELECT (REPLACE(b, 'x', 'y')) FROM t) SELECT * FROM a FOR UPDATE",
        "SAVEPOINT x",
        "-- DELETE FROM t",
        "",
    ],
)
def test_what_does_not(sql: str) -> None:
    assert not writes(sql)


@pytest.mark.django_db(transaction=True)
def test_what_was_allowed_to_be_written_is_committed_with_its_entry(
    settings: SettingsWrapper,
) -> None:
    """As by an authentication inside ``transaction.atomic``: the journal is written at its end."""
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL": True}
    outbox.install(_captured)
    try:
        watch = ReadOnly()
        with watch.refusing():
            with transaction.atomic(), watch.lifted():
                fence = Fence.objects.create()
            with pytest.raises(Refusal), transaction.atomic():
                Fence.objects.create()
    finally:
        outbox.uninstall()
    assert [one.pk for one in Fence.objects.all()] == [fence.pk]
    assert JournalEntry.objects.count() == 1
