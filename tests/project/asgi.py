from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.project.settings")
http = get_asgi_application()

# Imported once Django is set up: views and models come with it.
from tests.project.live import live  # noqa: E402

application = live.asgi(http, path="graphql/")
