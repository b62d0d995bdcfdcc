"""The view over the schema by hand as an ASGI application, for a server in its own process."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.project.settings")
application = get_asgi_application()

from django.conf import settings  # noqa: E402

settings.ROOT_URLCONF = "tests.transport.http_urls"
# staticfiles_urlpatterns() serves files in a debugging server only.
settings.DEBUG = True

__all__ = ["application"]
