"""Checks of the settings: the channel layer, above all."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.utils.module_loading import import_string

from drf_live_graphql.changes.journal import Journal
from drf_live_graphql.conf import SETTING, settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PUBSUB = "channels_redis.pubsub.RedisPubSubChannelLayer"


@register
def check_channel_layer(**_: Any) -> list[CheckMessage]:
    """E001 no channel layer, E002 one that stops listening, W001 one that reaches nobody else."""
    alias = settings.CHANNEL_LAYER
    config = getattr(django_settings, "CHANNEL_LAYERS", {}).get(alias)
    if config is None:
        return [
            Error(
                f"CHANNEL_LAYERS has no {alias!r}, so no change reaches a subscriber.",
                hint=f'CHANNEL_LAYERS = {{"{alias}": {{"BACKEND": "{PUBSUB}",'
                ' "CONFIG": {"hosts": ["redis://localhost:6379"]}}}',
                id="drf_live_graphql.E001",
            )
        ]
    return list(_layer_messages(alias, config))


def _layer_messages(alias: str, config: dict[str, Any]) -> Iterator[CheckMessage]:
    backend: type[Any] = import_string(config["BACKEND"])
    names = {f"{cls.__module__}.{cls.__qualname__}" for cls in backend.__mro__}
    if "channels.layers.InMemoryChannelLayer" in names and not django_settings.DEBUG:
        yield Warning(
            f"The channel layer {alias!r} is in memory: changes made in another process are lost.",
            hint=f"Use {PUBSUB}, or run everything in one process.",
            id="drf_live_graphql.W001",
        )
    hosts = config.get("CONFIG", {}).get("hosts", ["redis://localhost:6379"])
    if "channels_redis.core.RedisChannelLayer" in names and _times_out(hosts):
        yield Error(
            f"The channel layer {alias!r} stops listening after 5 idle seconds: redis-py 8 ends"
            " the blocking read of channels_redis.core.RedisChannelLayer by a default timeout.",
            hint=f"Use {PUBSUB}, or give each host as"
            ' {"address": "redis://...", "socket_timeout": None}'
            " (https://github.com/django/channels_redis/issues/422).",
            id="drf_live_graphql.E002",
        )


def _times_out(hosts: Sequence[Any] | str) -> bool:
    try:
        major = int(version("redis").partition(".")[0])
    except PackageNotFoundError:
        return False
    if major < 8:
        return False
    # channels_redis' BLPOP waits 5 seconds; a host must allow for more, or for any time.
    return any(not _patient(host) for host in ([hosts] if isinstance(hosts, str) else hosts))


def _patient(host: Any) -> bool:
    if not isinstance(host, dict) or "socket_timeout" not in host:
        return False
    timeout = host["socket_timeout"]
    return timeout is None or timeout > 5


@register(Tags.database)
def check_journal(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """W003: a database whose changes are in no journal, though the setting ``JOURNAL`` is on.

    Asked with ``check --database`` and by ``migrate``, as it looks into the databases.
    """
    if not settings.JOURNAL:
        return []
    missing = [alias for alias in databases or () if not Journal(alias).exists()]
    return [
        Warning(
            f"The database {alias!r} has no journal: its changes are lost with their process.",
            hint="Run migrate (app drf_live_graphql) on it; a journal needs PostgreSQL or SQLite.",
            id="drf_live_graphql.W003",
        )
        for alias in missing
    ]


@register
def check_middleware(**_: Any) -> list[CheckMessage]:
    """W002: an ASGI server that runs the evaluation on Django's one shared thread."""
    if not settings.THREAD_SENSITIVE or django_settings.DEBUG:
        return []
    return [
        Warning(
            f'{SETTING}["THREAD_SENSITIVE"] is on: every evaluation waits for every other.',
            hint="It is meant for tests that hold a transaction open; take it out.",
            id="drf_live_graphql.W002",
        )
    ]


__all__ = ["PUBSUB", "check_channel_layer", "check_journal", "check_middleware"]
