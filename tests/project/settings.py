"""Settings of the project that the tests run in.

`TEST_DATABASE=sqlite|postgres` chooses the database (or `DATABASE_URL` names one);
`TEST_CHANNEL_LAYER=memory|pubsub|core` the channel layer of a server process. In the suite itself
the fixture `channel_layer` chooses. `TEST_AUTH_MAX_AGE` (seconds) is that of a server process, and
`TEST_JOURNAL`, with any value, switches the setting JOURNAL on in one; where it is `notify`, that
of the same name as well.
"""

from __future__ import annotations

import os

from tests import servers

SECRET_KEY = "tests-" * 10
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "tests.project.urls"
ASGI_APPLICATION = "tests.project.asgi.application"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "django_filters",
    "channels",
    "drf_live_graphql",
    "tests.project",
    "tests.schema_gen",
    "tests.changes",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
STATIC_URL = "/static/"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Tables come straight from the models: quicker, and the test project has no migrations.
MIGRATION_MODULES = dict.fromkeys(["auth", "authtoken", "contenttypes", "sessions"])
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

DRF_LIVE_GRAPHQL: dict[str, object] = {}
if age := os.environ.get("TEST_AUTH_MAX_AGE"):
    DRF_LIVE_GRAPHQL["AUTH_MAX_AGE"] = float(age)
if os.environ.get("TEST_JOURNAL"):
    DRF_LIVE_GRAPHQL["JOURNAL"] = True
    DRF_LIVE_GRAPHQL["JOURNAL_NOTIFY"] = os.environ["TEST_JOURNAL"] == "notify"

if os.environ.get("TEST_DATABASE") == "postgres":
    DATABASES = {"default": servers.database_from_url(servers.postgres_url())}
elif url := os.environ.get("DATABASE_URL"):
    DATABASES = {"default": servers.database_from_url(url)}
else:
    DATABASES = {"default": servers.sqlite_of_this_run()}

# For what is written to a second database. It has no tables in a server process, so no journal.
if not os.environ.get("TEST_JOURNAL"):
    DATABASES["other"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}

if layer := os.environ.get("TEST_CHANNEL_LAYER"):
    CHANNEL_LAYERS = servers.channel_layers(
        layer,  # type: ignore[arg-type]
        servers.redis_url() if layer != "memory" else "",
        os.environ.get("TEST_CHANNEL_PREFIX", "live"),
    )
else:
    CHANNEL_LAYERS = servers.channel_layers("memory")
