"""The ASGI application: HTTP, static files and the live socket in one process."""

from __future__ import annotations

import os

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_asgi_application()

from board.live import live  # noqa: E402 - the models are ready only now

application = live.asgi(ASGIStaticFilesHandler(django_application), path="graphql/")
