"""pretix, with the settings of its own tests, on one domain."""

from pretix.testutils.settings import *  # noqa: F403
from pretix.testutils.settings import MIDDLEWARE as _MIDDLEWARE

from . import complete

# Its middleware for many domains has a URL configuration of its own for each.
_DJANGO = {
    "pretix.multidomain.middlewares.MultiDomainMiddleware": None,
    "pretix.multidomain.middlewares.SessionMiddleware": (
        "django.contrib.sessions.middleware.SessionMiddleware"
    ),
    "pretix.multidomain.middlewares.CsrfViewMiddleware": (
        "django.middleware.csrf.CsrfViewMiddleware"
    ),
}
MIDDLEWARE = [found for name in _MIDDLEWARE if (found := _DJANGO.get(name, name)) is not None]

complete(globals())
