"""RDMO, as its documentation's `config/settings`."""

from rdmo.core.settings import *  # noqa: F403

from . import complete

STATIC_URL = "/static/"
STATIC_ROOT = "static"

complete(globals())
