"""Fixtures that every room's tests share: the database, the channel layers, real servers."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.utils import translation

from tests import servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_django import DjangoDbBlocker
    from pytest_django.fixtures import SettingsWrapper


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database; the connections of worker threads are cut before it is dropped."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """LocaleMiddleware leaves its language to whatever its thread does next."""
    yield
    translation.deactivate()


@pytest.fixture
def live_db(transactional_db: None) -> None:
    """A database in which commits are real: seen by other threads, on_commit runs."""


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The address of a Redis that all tests share: use names of your own, never kill it."""
    return servers.redis_url()


@pytest.fixture
def redis_server() -> Iterator[servers.RedisServer]:
    """A Redis of this test's own: `kill()` and `start()` it as you like."""
    with servers.RedisServer() as server:
        yield server


@pytest.fixture(params=["memory", "pubsub", "core"])
def channel_layer(request: pytest.FixtureRequest, settings: SettingsWrapper) -> str:
    """Runs the test on each supported channel layer; the value is the layer's short name."""
    layer: servers.Layer = request.param
    url = "" if layer == "memory" else request.getfixturevalue("redis_url")
    settings.CHANNEL_LAYERS = servers.channel_layers(layer, url, f"test-{uuid.uuid4().hex}")
    return layer


@pytest.fixture
def asgi_server(live_db: None) -> Iterator[Callable[..., servers.AsgiServer]]:
    """Starts ASGI server processes on the test database: `asgi_server(REDIS_URL=..., ...)`."""
    with ExitStack() as stack:

        def start(*arguments: Any, **options: Any) -> servers.AsgiServer:
            return stack.enter_context(servers.AsgiServer(*arguments, **options))

        yield start
