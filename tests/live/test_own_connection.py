"""Connections of the threads that read journals."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections

from drf_live_graphql.changes.journal import Journal
from drf_live_graphql.live import follower as follower_module
from drf_live_graphql.live import journal_reader
from drf_live_graphql.live.own_connection import own_connection
from drf_live_graphql.models import JournalEntry

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.usefixtures("live_db")


def test_it_commits_by_itself_and_is_none_of_a_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "AUTOCOMMIT", False)
        patch.setitem(connection.settings_dict["OPTIONS"], "pool", True)
        own = own_connection("default")
        assert connection.settings_dict["OPTIONS"]["pool"] is True
    assert own.settings_dict["AUTOCOMMIT"] is True
    assert "pool" not in own.settings_dict["OPTIONS"]
    assert own is not own_connection("default")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own")
def test_a_network_that_swallows_everything_ends_it_unless_the_project_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "connect_timeout", 77)
    own = own_connection("default")
    try:
        own.ensure_connection()
        raw: Any = own.connection
        parameters = raw.info.get_parameters()
    finally:
        own.close()
    assert parameters["tcp_user_timeout"] == "10000"
    assert parameters["connect_timeout"] == "77"
    assert "tcp_user_timeout" not in connection.settings_dict["OPTIONS"]


async def test_a_reader_holds_no_transaction_where_django_is_not_to_commit_by_itself(
    monkeypatch: pytest.MonkeyPatch, settings: SettingsWrapper
) -> None:
    """Nor does its pruning, which others see."""
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL": True, "JOURNAL_POLL": 3600.0, "JOURNAL_AGE": 0.0}
    monkeypatch.setattr(follower_module, "databases", lambda: ("default",))
    await sync_to_async(JournalEntry.objects.create)(content="[]")
    loop, pruned, prune = asyncio.get_running_loop(), asyncio.Event(), Journal.prune

    def note(self: Journal) -> int:
        count = prune(self)
        loop.call_soon_threadsafe(pruned.set)
        return count

    monkeypatch.setattr(Journal, "prune", note)
    journal_reader._worker.cache_clear()
    follower = follower_module.Follower(lambda commit: None, lambda: None)
    with monkeypatch.context() as patch:
        patch.setitem(connections.settings["default"], "AUTOCOMMIT", False)
        await follower.start()
    follower.wake()
    await asyncio.wait_for(pruned.wait(), 30)
    assert not await JournalEntry.objects.aexists()
