"""edx-enterprise, with the settings of its own tests."""

from enterprise.settings.test import *  # noqa: F403

from . import complete

SESSION_ENGINE = "django.contrib.sessions.backends.db"

complete(globals())
