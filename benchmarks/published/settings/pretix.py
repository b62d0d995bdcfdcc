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


def prepare(client, user):  # type: ignore[no-untyped-def]
    """Begin a session as a member of the staff, who may everything."""
    from pretix.base.models.auth import StaffSession

    StaffSession.objects.create(user=user, session_key=client.session.session_key)
