"""PostgreSQL itself says that there is something new in the journal."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections

from drf_live_graphql.changes import outbox
from drf_live_graphql.changes.capture import _captured
from drf_live_graphql.changes.journal import CHANNEL
from drf_live_graphql.live import follower as follower_module
from drf_live_graphql.live import listener as module
from drf_live_graphql.live.listener import Listener
from drf_live_graphql.testing import settled
from tests.faults.processes import CommandWriter
from tests.live.test_ear import FENCES, _snapshots
from tests.project.models import Fence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own")


@pytest.fixture(autouse=True)
def notify(settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The settings, and nobody looks by the clock."""
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL": True, "JOURNAL_NOTIFY": True, "JOURNAL_POLL": 3600.0}
    monkeypatch.setattr(follower_module, "databases", lambda: ("default",))
    monkeypatch.setattr(module, "RETRY", 0.01)
    outbox.install(_captured)
    yield
    outbox.uninstall()


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "drf-live-listener" in thread.name]


def _backends() -> list[int]:
    """The processes of the server that listen, or did last."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE %s",
            [f"LISTEN {CHANNEL}%"],
        )
        return [pid for (pid,) in cursor.fetchall()]


def _no_thread_is_left() -> None:
    for thread in _threads():
        thread.join(30)
        assert not thread.is_alive()


def _no_backend_is_left() -> None:
    """The server notices the end of a connection a little later than who has ended it."""
    patience = threading.Event()
    for _ in range(300):
        if not _backends():
            return
        patience.wait(0.1)
    raise AssertionError(f"Backends listen on: {_backends()}")


def _call() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")


class Heard:
    """One that listens, and waits to be called."""

    def __init__(self) -> None:
        self._called = asyncio.Event()
        self.listener = Listener("default", self._called.set)

    async def again(self) -> None:
        await asyncio.wait_for(self._called.wait(), 30)
        self._called.clear()


def test_other_databases_and_other_settings_are_not_listened_to(settings: SettingsWrapper) -> None:
    assert Listener.serves("default") is (connection.vendor == "postgresql")
    assert connections["other"].vendor == "sqlite"
    assert not Listener.serves("other")
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL": True}
    assert not Listener.serves("default")


@on_postgresql
async def test_each_call_is_heard_and_the_beginning_counts_as_one() -> None:
    heard = Heard()
    await heard.again()
    for _ in range(3):
        await sync_to_async(_call)()
        await heard.again()
    heard.listener.close()
    heard.listener.close()
    await asyncio.to_thread(_no_thread_is_left)
    await sync_to_async(_no_backend_is_left)()


@on_postgresql
async def test_a_backend_that_is_terminated_is_replaced_and_that_counts_as_a_call(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def terminate() -> None:
        (pid,) = _backends()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])

    heard = Heard()
    await heard.again()
    for _ in range(2):
        await sync_to_async(terminate)()
        await heard.again()
        await sync_to_async(_call)()
        await heard.again()
    heard.listener.close()
    assert "Nothing is heard" in caplog.text
    await asyncio.to_thread(_no_thread_is_left)


@on_postgresql
async def test_a_silent_connection_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lost it would hear nothing for ever."""
    monkeypatch.setattr(module, "SILENCE", 0.01)
    heard = Heard()
    for _ in range(3):
        await heard.again()
    heard.listener.close()
    await asyncio.to_thread(_no_thread_is_left)


@on_postgresql
async def test_nobody_is_left_who_could_not_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = threading.Event()

    def fail(connection: Any) -> None:
        tried.set()
        raise ConnectionError("no such host")

    monkeypatch.setattr(module, "_listening", fail)
    heard = Heard()
    await asyncio.to_thread(tried.wait, 30)
    heard.listener.close()
    await asyncio.to_thread(_no_thread_is_left)


@on_postgresql
async def test_who_is_closed_ends_though_a_forked_process_holds_the_socket() -> None:
    heard = Heard()
    await heard.again()
    held = heard.listener._end.dup()
    try:
        heard.listener.close()
        await asyncio.to_thread(_no_thread_is_left)
    finally:
        held.close()


@on_postgresql
async def test_with_psycopg2_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connections have no ``pgconn``."""
    monkeypatch.setattr(module, "_listening", lambda connection: None)
    heard = Heard()
    await asyncio.to_thread(_no_thread_is_left)
    heard.listener.close()


@on_postgresql
def test_who_was_left_with_a_loop_that_ended_ends_with_the_next_call() -> None:
    async def begin() -> Listener:
        heard = Heard()
        await heard.again()
        return heard.listener

    loop = asyncio.new_event_loop()
    listener = loop.run_until_complete(begin())
    loop.close()
    _call()
    _no_thread_is_left()
    listener.close()


@on_postgresql
def test_a_loop_that_ends_leaves_no_thread_and_no_connection() -> None:
    """As a server's does."""

    async def serve() -> None:
        told = asyncio.Event()
        follower = follower_module.Follower(lambda commit: told.set(), lambda: None)
        await follower.start()
        await sync_to_async(Fence.objects.create)()
        await asyncio.wait_for(told.wait(), 30)
        (thread,) = _threads()
        assert thread.is_alive()

    asyncio.run(serve())
    _no_thread_is_left()
    _no_backend_is_left()


@on_postgresql
async def test_what_another_process_writes_comes_without_any_layer(connect: Connect) -> None:
    """Its layer is one in its own memory."""
    operation = await (await connect()).subscribe(FENCES)
    await operation.started()
    await settled()
    with CommandWriter({"TEST_CHANNEL_LAYER": "memory", "TEST_JOURNAL": "notify"}) as writer:
        for number in (1, 2):
            await writer.work("Fence", values={"number": number})
            await operation.until(lambda number=number: len(operation.payloads) == 1 + number)
    assert _snapshots(operation) == [0]
