"""Nautobot, with its defaults."""

import os
import sys

from nautobot.core.settings import *  # noqa: F403

from . import complete

CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": os.environ["PROOF_REDIS"],
        "OPTIONS": {"CLIENT_CLASS": "django_redis.client.DefaultClient"},
    }
}
CONSTANCE_BACKEND = "constance.backends.memory.MemoryBackend"
CELERY_TASK_ALWAYS_EAGER = True
CELERY_BROKER_URL = "memory://"
INSTALLATION_METRICS_ENABLED = False
METRICS_ENABLED = False
MAINTENANCE_MODE = False

complete(globals())
# Its own command-line tool gives the user's settings this name, and its code asks for it.
sys.modules["nautobot_config"] = sys.modules[__name__]
