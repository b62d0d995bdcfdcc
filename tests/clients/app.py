"""The test project as a site of its own: REST, GraphQL with GraphiQL, sockets, static files."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.project.settings")
http = get_asgi_application()

# Imported once Django is set up: views and models come with it.
from django.conf import settings  # noqa: E402

from tests.project.live import live  # noqa: E402

settings.ROOT_URLCONF = "tests.clients.urls"
# staticfiles_urlpatterns() serves files in a debugging server only.
settings.DEBUG = True

application = live.asgi(http, path="graphql/")

__all__ = ["application"]
