"""Both protocols on one server: GraphQL on /graphql/, django-rest-live's on /ws/ and /private/."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.project.settings")
http = get_asgi_application()

# Imported once Django is set up, as in any asgi.py.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

from drf_live_graphql.rest_live import RealtimeRouter  # noqa: E402
from tests.project.live import live  # noqa: E402
from tests.rest_live.views import EVERY_VIEW  # noqa: E402

router, private = RealtimeRouter(), RealtimeRouter(public=False)
router.register_all(EVERY_VIEW)
private.register_all(EVERY_VIEW)

sockets = URLRouter(
    [
        path("ws/", router.as_consumer().as_asgi()),
        path("private/", private.as_consumer().as_asgi()),
        path("graphql/", live.as_consumer()),  # type: ignore[arg-type]
    ]
)
application = ProtocolTypeRouter({"http": http, "websocket": AuthMiddlewareStack(sockets)})

__all__ = ["application"]
