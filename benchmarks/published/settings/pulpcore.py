"""pulpcore, with its defaults."""

import os

# Its settings refuse to be imported without these.
os.environ.setdefault("PULP_CONTENT_ORIGIN", "http://testserver")

from pulpcore.app.settings import *  # noqa: E402, F403

from . import complete  # noqa: E402

complete(globals())
