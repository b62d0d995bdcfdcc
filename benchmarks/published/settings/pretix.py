"""pretix, with the settings of its own tests."""

from pretix.testutils.settings import *  # noqa: F403

from . import complete

complete(globals())
