"""The publisher: numbered, patient, and never in the way of a write."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import uuid
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest
import redis
from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.test import override_settings

from drf_live_graphql.changes import Changes, group_of
from drf_live_graphql.changes import publish as module
from drf_live_graphql.changes.message import ALIVE, CHANGES, decode
from drf_live_graphql.changes.publish import Publisher
from tests import servers
from tests.project import models

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from pytest_django.fixtures import SettingsWrapper

LABEL = "project.fence"


class Ear:
    """Hears what reaches a group of the default layer."""

    def __init__(self) -> None:
        self.layer: Any = get_channel_layer()

    async def listen(self) -> None:
        self.channel = await self.layer.new_channel()
        await self.layer.group_add(group_of(LABEL), self.channel)

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(30):
            message: dict[str, Any] = await self.layer.receive(self.channel)
        return message

    async def changes(self) -> dict[str, Any]:
        while (message := await self.hear())["type"] != CHANGES:
            pass
        return message


def _commit(*keys: int) -> list[Changes]:
    changes = Changes(LABEL)
    for key in keys:
        changes.add(key, "created")
    return [changes]


@pytest.fixture
def layer(redis_server: servers.RedisServer, settings: SettingsWrapper) -> servers.RedisServer:
    """A Redis of the test's own behind the default layer."""
    settings.CHANNEL_LAYERS = servers.channel_layers("pubsub", redis_server.url, uuid.uuid4().hex)
    return redis_server


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    made = Publisher()
    yield made
    made.close()


@pytest.fixture
async def ear(layer: servers.RedisServer) -> AsyncIterator[Ear]:
    made = Ear()
    await made.listen()
    yield made
    await made.layer.flush()


async def test_messages_are_numbered_and_in_order(ear: Ear, publisher: Publisher) -> None:
    for key in (1, 2, 3):
        publisher.publish(_commit(key))
    heard = [await ear.changes() for _ in range(3)]
    assert [message["number"] for message in heard] == [1, 2, 3]
    assert [list(decode(message).kinds) for message in heard] == [[1], [2], [3]]
    assert len({message["publisher"] for message in heard}) == 1


async def test_the_last_number_is_announced_again(
    ear: Ear, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANNOUNCEMENTS", (0.01, 0.02))
    publisher.publish(_commit(1))
    heard: list[dict[str, Any]] = []
    while len(heard) < 3:
        # The publisher of the process may repeat what an earlier test has written.
        if (message := await ear.hear())["publisher"] == publisher._id:
            heard.append(message)
    assert [message["type"] for message in heard] == [CHANGES, ALIVE, ALIVE]
    assert [message["number"] for message in heard] == [1, 1, 1]


async def test_many_commits_go_over_one_connection_and_one_thread(
    layer: servers.RedisServer, ear: Ear, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Repeating the last number may take another one, where it meets with what is sent.
    monkeypatch.setattr(module, "ANNOUNCEMENTS", ())
    publisher.publish(_commit(0))
    await ear.changes()
    with redis.Redis.from_url(layer.url) as client:
        before = {row["id"] for row in client.client_list()}
        thread = publisher._thread
        for key in range(50):
            publisher.publish(_commit(key))
        for _ in range(50):
            await ear.changes()
        assert {row["id"] for row in client.client_list()} <= before
    assert publisher._thread is thread


async def test_what_is_published_while_redis_is_down_arrives_when_it_is_back(
    layer: servers.RedisServer, ear: Ear, publisher: Publisher
) -> None:
    publisher.publish(_commit(1))
    await ear.changes()
    layer.kill()
    publisher.publish(_commit(2))
    publisher.publish(_commit(3))
    assert not publisher.idle
    layer.start()
    assert await asyncio.to_thread(publisher.flush, 30)
    # The layer's own subscription takes its time to come back, and until then it hears nothing.
    hearing = asyncio.ensure_future(ear.changes())
    while not (await asyncio.wait({hearing}, timeout=0.2))[0]:
        publisher.publish(_commit(4))
    # Whichever of those comes first: none of them is the one from before.
    assert (await hearing)["number"] >= 2


@pytest.mark.django_db(transaction=True)
async def test_a_write_neither_waits_nor_fails_while_the_layer_hangs(
    layer: servers.RedisServer,
) -> None:
    """A frozen Redis accepts connections and never answers: the write is back before it thaws."""
    layer.freeze()
    try:
        await models.Fence.objects.acreate()
        assert await models.Fence.objects.acount() == 1
        assert not module.publisher.idle
    finally:
        layer.thaw()
    assert await asyncio.to_thread(module.publisher.flush, 30)


async def test_a_backlog_that_overflows_skips_numbers(
    layer: servers.RedisServer, ear: Ear, publisher: Publisher, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"PUBLISH_BACKLOG": 2}
    layer.freeze()
    for key in range(8):
        publisher.publish(_commit(key))
    layer.thaw()
    assert await asyncio.to_thread(publisher.flush, 30)
    heard = [await ear.changes()]
    while heard[-1]["number"] < 8:
        heard.append(await ear.changes())
    assert len(heard) < 8
    assert list(decode(heard[-1]).kinds) == [7]


def _journaled(*journals: str) -> list[list[Changes]]:
    """A commit for each of the databases in whose journal they are."""
    return [[Changes(LABEL, {1: "created"}, journal=journal)] for journal in journals]


async def test_messages_that_are_in_a_journal_are_counted_by_its_database(
    ear: Ear, publisher: Publisher
) -> None:
    counts = []
    for commit in _journaled("default", "", "other", "default"):
        publisher.publish(commit)
        counts.append((await ear.changes())["journals"])
    assert counts == [
        {"default": 1},
        {"default": 1},
        {"default": 1, "other": 1},
        {"default": 2, "other": 1},
    ]


async def test_what_a_backlog_loses_is_counted_too(
    layer: servers.RedisServer, ear: Ear, publisher: Publisher, settings: SettingsWrapper
) -> None:
    """Else it would seem to be in no journal."""
    settings.DRF_LIVE_GRAPHQL = {"PUBLISH_BACKLOG": 2}
    layer.freeze()
    for commit in _journaled(*["default"] * 7, ""):
        publisher.publish(commit)
    layer.thaw()
    assert await asyncio.to_thread(publisher.flush, 30)
    while (message := await ear.changes())["number"] < 8:
        pass
    assert message["journals"] == {"default": 7}


async def test_too_many_rows_are_everything(
    ear: Ear, publisher: Publisher, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"MAX_CHANGES_PER_MESSAGE": 2}
    publisher.publish(_commit(1, 2, 3))
    message = await ear.changes()
    assert message["changes"] is None
    assert decode(message).everything


def test_without_a_layer_nothing_happens(publisher: Publisher) -> None:
    with override_settings(CHANNEL_LAYERS={}):
        publisher.publish(_commit(1))
    assert publisher.idle


def test_an_in_memory_layer_without_a_reader_concerns_nobody(publisher: Publisher) -> None:
    publisher.publish(_commit(1))
    assert publisher.idle
    assert publisher._thread is None


async def test_a_reader_that_left_is_forgotten(publisher: Publisher) -> None:
    loop = asyncio.get_running_loop()
    publisher.bind(loop)
    publisher.publish(_commit(1))
    publisher.unbind(loop)
    publisher.publish(_commit(2))
    assert publisher.idle


def test_a_reader_whose_loop_is_closed_is_forgotten(publisher: Publisher) -> None:
    loop = asyncio.new_event_loop()
    publisher.bind(loop)
    loop.close()
    publisher.publish(_commit(1))
    assert publisher.idle


def test_what_a_loop_closed_over_keeps_the_next_reader_from_nothing(publisher: Publisher) -> None:
    """As in tests, each on a loop of its own: the last write of one is not the next one's."""
    loops = [asyncio.new_event_loop() for _ in range(2)]
    publisher.bind(loops[0])
    publisher.publish(_commit(1))
    assert not publisher.idle
    loops[0].close()
    publisher.bind(loops[1])
    assert publisher.idle
    loops[1].close()


def test_a_process_that_ends_waits_for_no_loop_that_is_closed(
    publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    """As `manage.py test` does, where the last test ended with a change on its way."""
    loop = asyncio.new_event_loop()
    publisher.bind(loop)
    publisher.publish(_commit(1))
    loop.close()
    publisher._finish()
    assert publisher.idle
    assert caplog.text == ""


def test_publishing_never_raises(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(alias: str) -> None:
        raise ImportError("no such layer")

    monkeypatch.setattr(module, "get_channel_layer", fail)
    publisher.publish(_commit(1))
    assert "could not be published" in caplog.text


async def test_an_in_memory_layer_is_handed_over_on_the_readers_loop(publisher: Publisher) -> None:
    publisher.bind(asyncio.get_running_loop())
    ear = Ear()
    await ear.listen()
    await asyncio.to_thread(publisher.publish, _commit(1))
    publisher.publish(_commit(2))
    heard = [await ear.changes() for _ in range(2)]
    assert [message["number"] for message in heard] == [1, 2]
    assert publisher._thread is None
    await ear.layer.flush()


class Moody(InMemoryChannelLayer):
    """Fails as often as it is told to."""

    failures = 0
    tried = 0

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        type(self).tried += 1
        if type(self).failures:
            type(self).failures -= 1
            raise ConnectionError("not now")
        await super().group_send(group, message)


@pytest.fixture
def moody(settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch) -> type[Moody]:
    monkeypatch.setattr(Moody, "failures", 0)
    monkeypatch.setattr(Moody, "tried", 0)
    monkeypatch.setattr(module, "FIRST_RETRY", 0.001)
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.Moody"}}
    return Moody


async def test_a_layer_that_fails_is_tried_until_it_takes_the_message(
    moody: type[Moody], publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    moody.failures = 3
    publisher.bind(asyncio.get_running_loop())
    ear = Ear()
    await ear.listen()
    publisher.publish(_commit(1))
    publisher.publish(_commit(2))
    assert not publisher.idle
    heard = [await ear.changes() for _ in range(2)]
    assert [message["number"] for message in heard] == [1, 2]
    assert moody.tried == 5
    # Said once when it starts and once when it ends, not with every try.
    assert [record.getMessage() for record in caplog.records] == [
        "The channel layer takes no changes; trying again: ConnectionError('not now')",
        "The channel layer takes changes again.",
    ]
    await ear.layer.flush()


async def test_an_announcement_that_fails_is_not_repeated(
    ear: Ear,
    publisher: Publisher,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "drf_live_graphql.changes")
    monkeypatch.setattr(module, "ANNOUNCEMENTS", (0.01, 0.02))
    send = publisher._send
    failed: list[str] = []

    async def once(group: str, message: dict[str, Any]) -> None:
        if message["type"] == ALIVE and not failed:
            failed.append(group)
            raise ConnectionError("not now")
        await send(group, message)

    monkeypatch.setattr(publisher, "_send", once)
    publisher.publish(_commit(1))
    assert [(await ear.hear())["type"] for _ in range(2)] == [CHANGES, ALIVE]
    assert failed == [group_of(LABEL)]
    assert "could not be sent: ConnectionError('not now')" in caplog.text


class Reentrant(deque[Changes]):
    """A queue during whose use the garbage collector ends a fragment, which is published."""

    def __init__(self, again: Callable[[], None]) -> None:
        super().__init__()
        self.again: list[Callable[[], None]] = [again]

    def append(self, changes: Changes) -> None:
        super().append(changes)
        if self.again:
            self.again.pop()()


async def test_publishing_within_publishing(ear: Ear, publisher: Publisher) -> None:
    """What Django dropped can be heard of at any time, at the hands of the collector."""
    publisher._queue = Reentrant(lambda: publisher.publish(_commit(2)))
    thread = threading.Thread(target=publisher.publish, args=[_commit(1)], daemon=True)
    thread.start()
    assert [list(decode(await ear.changes()).kinds) for _ in range(2)] == [[1], [2]]


SHORT = """
import django; django.setup()
from tests.project.models import Fence
Fence.objects.create(number={number})
"""
FORK = """
import os
import django; django.setup()
from drf_live_graphql.changes import publisher
from tests.project.models import Fence
Fence.objects.create(number=1)
publisher.flush(30)
if os.fork() == 0:
    Fence.objects.create(number=2)
    publisher.flush(30)
    os._exit(0)
os.wait()
"""


async def _run(script: str, redis_url: str, prefix: str) -> None:
    environment = servers.environment(
        TEST_CHANNEL_LAYER="pubsub", REDIS_URL=redis_url, TEST_CHANNEL_PREFIX=prefix
    )
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def prefix(layer: servers.RedisServer, settings: SettingsWrapper) -> str:
    name = uuid.uuid4().hex
    settings.CHANNEL_LAYERS = servers.channel_layers("pubsub", layer.url, name)
    return name


@pytest.mark.django_db(transaction=True)
async def test_a_process_that_ends_at_once_has_published(
    layer: servers.RedisServer, prefix: str
) -> None:
    ear = Ear()
    await ear.listen()
    await _run(SHORT.format(number=7), layer.url, prefix)
    assert len((await ear.changes())["changes"]) == 1
    await ear.layer.flush()


@pytest.mark.django_db(transaction=True)
async def test_a_forked_child_is_a_publisher_of_its_own(
    layer: servers.RedisServer, prefix: str
) -> None:
    ear = Ear()
    await ear.listen()
    await _run(FORK, layer.url, prefix)
    heard = [await ear.changes() for _ in range(2)]
    assert [message["number"] for message in heard] == [1, 1]
    assert len({message["publisher"] for message in heard}) == 2
    await ear.layer.flush()


def test_a_process_that_can_t_publish_says_so_when_it_ends(
    publisher: Publisher, settings: SettingsWrapper, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"PUBLISH_FLUSH": 0.01}
    publisher._idle.clear()
    publisher._finish()
    assert "unpublished" in caplog.text
