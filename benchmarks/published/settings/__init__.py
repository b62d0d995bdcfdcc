"""Settings of a project for each package: the package's own defaults, and this package added."""

from __future__ import annotations

import os
from typing import Any

from tests.servers import database_from_url

__all__ = ["NoMigrations", "complete"]


class NoMigrations:
    """`MIGRATION_MODULES` by which tables come straight from the models, whatever the app."""

    def __contains__(self, app: str) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None


def complete(settings: dict[str, Any]) -> None:
    """Add to a settings module's globals what is the same for every package.

    `PROOF_DATABASE` in the environment is the URL of an empty database. An `ENGINE` that the
    module sets for it is kept.
    """
    database = database_from_url(os.environ["PROOF_DATABASE"])
    apps = ["channels", "drf_live_graphql", "rest_framework"]
    known = list(settings["INSTALLED_APPS"])
    settings |= {
        "SECRET_KEY": "published-" * 6,
        "DEBUG": False,
        "DEBUG_PROPAGATE_EXCEPTIONS": False,
        "ALLOWED_HOSTS": ["*"],
        "DATABASES": {"default": database | settings.get("DATABASE_OPTIONS", {})},
        "MIGRATION_MODULES": NoMigrations(),
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "CHANNEL_LAYERS": {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
        # Every field of a view in one document: the limits are for clients.
        "DRF_LIVE_GRAPHQL": {
            "QUERY_FIELDS": 10**6,
            "QUERY_DEPTH": 100,
            "MAX_BODY_BYTES": 10**8,
        },
        "ROOT_URLCONF": "benchmarks.published.urls",
        "INSTALLED_APPS": [*known, *(app for app in apps if app not in known)],
        "LOGGING_CONFIG": None,
        "SECURE_SSL_REDIRECT": False,
    }
