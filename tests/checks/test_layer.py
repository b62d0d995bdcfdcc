"""System checks: what would make a live API silently not live."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from typing import TYPE_CHECKING, Any

import pytest
from channels.layers import InMemoryChannelLayer
from django.core.checks import run_checks

from drf_live_graphql.changes.journal import Journal
from drf_live_graphql.checks import layer as layer_checks
from drf_live_graphql.checks import views

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

URL = "redis://localhost:6379"
CORE = "channels_redis.core.RedisChannelLayer"
MEMORY = "channels.layers.InMemoryChannelLayer"

# On Django 6 the checks of the databases come along.
pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def no_routers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said of the views of other tests is none of this one's."""
    monkeypatch.setattr(views, "load_routers", tuple)


class OwnLayer(InMemoryChannelLayer):
    """A project's own kind of in-memory layer."""


def _ids() -> list[str | None]:
    return [
        message.id for message in run_checks() if str(message.id).startswith("drf_live_graphql.")
    ]


def _layer(backend: str, **config: Any) -> dict[str, Any]:
    return {"default": {"BACKEND": backend, "CONFIG": config}}


@pytest.fixture
def redis_py(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the version of redis-py that is installed; `None` for not at all."""

    def use(number: str | None) -> None:
        def version(package: str) -> str:
            assert package == "redis"
            if number is None:
                raise PackageNotFoundError(package)
            return number

        monkeypatch.setattr(layer_checks, "version", version)

    return use


def test_no_channel_layer(settings: SettingsWrapper) -> None:
    settings.CHANNEL_LAYERS = {}
    assert _ids() == ["drf_live_graphql.E001"]
    [error] = layer_checks.check_channel_layer()
    assert "CHANNEL_LAYERS has no 'default'" in error.msg
    assert layer_checks.PUBSUB in str(error.hint)


def test_the_alias_of_the_setting_counts(settings: SettingsWrapper) -> None:
    settings.CHANNEL_LAYERS = {"live": {"BACKEND": layer_checks.PUBSUB, "CONFIG": {"hosts": [URL]}}}
    assert _ids() == ["drf_live_graphql.E001"]
    settings.DRF_LIVE_GRAPHQL = {"CHANNEL_LAYER": "live"}
    assert _ids() == []


@pytest.mark.parametrize("backend", [MEMORY, f"{OwnLayer.__module__}.OwnLayer"])
def test_a_layer_in_memory_is_for_development(settings: SettingsWrapper, backend: str) -> None:
    settings.CHANNEL_LAYERS = _layer(backend)
    assert _ids() == ["drf_live_graphql.W001"]
    settings.DEBUG = True
    assert _ids() == []


def test_pubsub_is_the_layer_of_choice(settings: SettingsWrapper, redis_py: Any) -> None:
    redis_py("8.0.0")
    settings.CHANNEL_LAYERS = _layer(layer_checks.PUBSUB, hosts=[URL])
    assert _ids() == []


@pytest.mark.parametrize(
    ("hosts", "trapped"),
    [
        ([URL], True),
        (URL, True),
        ([{"address": URL}], True),
        ([("localhost", 6379)], True),
        ([{"address": URL, "socket_timeout": 5}], True),
        ([{"address": URL, "socket_timeout": 6}], False),
        ([{"address": URL, "socket_timeout": None}], False),
        ([{"address": URL, "socket_timeout": None}, {"address": URL}], True),
    ],
)
def test_the_timeout_of_redis_py_8(
    settings: SettingsWrapper, redis_py: Any, hosts: Any, trapped: bool
) -> None:
    settings.CHANNEL_LAYERS = _layer(CORE, hosts=hosts)
    redis_py("8.0.0b1")
    assert _ids() == (["drf_live_graphql.E002"] if trapped else [])
    for number in ("7.1.0", None):
        redis_py(number)
        assert _ids() == []


def test_hosts_that_are_not_named_are_the_default_ones(
    settings: SettingsWrapper, redis_py: Any
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": CORE}}
    redis_py("8.0.0")
    assert _ids() == ["drf_live_graphql.E002"]


def test_one_thread_for_all_is_for_tests(settings: SettingsWrapper) -> None:
    settings.CHANNEL_LAYERS = _layer(layer_checks.PUBSUB, hosts=[URL])
    settings.DRF_LIVE_GRAPHQL = {"THREAD_SENSITIVE": True}
    assert _ids() == ["drf_live_graphql.W002"]
    settings.DEBUG = True
    assert _ids() == []


def test_a_database_without_a_journal_is_told_of_where_there_is_to_be_one(
    settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert layer_checks.check_journal(databases=["default"]) == []
    settings.DRF_LIVE_GRAPHQL = {"JOURNAL": True}
    assert layer_checks.check_journal() == []
    assert layer_checks.check_journal(databases=["default", "other"]) == []
    monkeypatch.setattr(Journal, "exists", lambda self: self.alias == "default")
    [warning] = layer_checks.check_journal(databases=["default", "other"])
    assert warning.id == "drf_live_graphql.W003"
    assert "'other' has no journal" in warning.msg
