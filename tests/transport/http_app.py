"""The schema by hand over HTTP and WebSocket, as an ASGI application for a server process."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.project.settings")
http = get_asgi_application()

# Imported once Django is set up, as in any asgi.py.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path  # noqa: E402

from drf_live_graphql.transport.websocket import LiveConsumer  # noqa: E402
from tests.transport.http_schema import schema  # noqa: E402

settings.ROOT_URLCONF = "tests.transport.http_urls"
# staticfiles_urlpatterns() serves files in a debugging server only.
settings.DEBUG = True
# A small patience, so that tests of it are short.
settings.DRF_LIVE_GRAPHQL = {
    "ALLOWED_ORIGINS": ["https://friend.example"],
    "CONNECTION_INIT_TIMEOUT": float(os.environ.get("TEST_INIT_TIMEOUT", "10")),
    "KEEP_ALIVE": float(os.environ.get("TEST_KEEP_ALIVE", "25")),
}

socket = AuthMiddlewareStack(URLRouter([path("graphql/", LiveConsumer.as_asgi(schema=schema))]))
application = ProtocolTypeRouter({"http": http, "websocket": socket})

__all__ = ["application"]
