"""The test bed itself: what the other tests stand on."""

from __future__ import annotations

import os
import threading

import pytest
import redis
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from tests import servers


def test_a_redis_is_killed_and_comes_back_empty_on_its_port(
    redis_server: servers.RedisServer,
) -> None:
    port = redis_server.port
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("key", "value")
        redis_server.kill()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        redis_server.start()
        assert redis_server.port == port
        assert client.get("key") is None


async def test_each_channel_layer_carries_a_message(channel_layer: str) -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("group", channel)
    await layer.group_send("group", {"type": "hello"})
    assert (await layer.receive(channel))["type"] == "hello"


@pytest.mark.usefixtures("live_db")
def test_another_thread_sees_what_is_committed() -> None:
    seen: list[int] = []

    def count() -> None:
        seen.append(get_user_model().objects.count())
        connection.close()

    with transaction.atomic():
        get_user_model().objects.create(username="ada")
        thread = threading.Thread(target=count)
        thread.start()
        thread.join()
    thread = threading.Thread(target=count)
    thread.start()
    thread.join()
    assert seen == [0, 1]


@pytest.mark.usefixtures("live_db")
async def test_async_code_sees_what_is_committed() -> None:
    await sync_to_async(get_user_model().objects.create)(username="ada")
    assert await get_user_model().objects.acount() == 1


@pytest.mark.usefixtures("live_db")
def test_another_process_works_on_the_same_database() -> None:
    get_user_model().objects.create(username="ada")
    code = "from django.contrib.auth.models import User; print(User.objects.get().username)"
    with servers.django_process("shell", "-v", "0", "-c", code) as process:
        output, _ = process.communicate(timeout=60)
    assert output.strip() == "ada"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////tmp/some.sqlite3",
        "postgresql://me:secret@db:5432/board",
        "postgresql://me@/board?host=/run/postgres",
    ],
)
def test_an_address_survives_the_way_to_settings_and_back(url: str) -> None:
    assert servers.database_to_url(servers.database_from_url(url)) == url


def test_an_unknown_database_is_refused_with_its_scheme() -> None:
    with pytest.raises(ValueError, match="'mysql'"):
        servers.database_from_url("mysql://localhost/board")


def test_the_suite_runs_on_the_database_that_was_asked_for() -> None:
    wanted = os.environ.get("TEST_DATABASE", "sqlite")
    assert connection.vendor.startswith(wanted) or "DATABASE_URL" in os.environ
