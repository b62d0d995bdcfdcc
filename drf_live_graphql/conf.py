"""The settings of the app: ``DRF_LIVE_GRAPHQL = {...}``, over these defaults.

Each name below is a key of that dictionary. They are read when they are used, so that
``override_settings`` works in tests.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from strawberry.http.websocket_origin import normalize_allowed_origins

SETTING = "DRF_LIVE_GRAPHQL"

DEFAULTS: Mapping[str, object] = {
    # The alias of the channel layer that carries the changes.
    "CHANNEL_LAYER": "default",
    # The module looked for in every installed app, so that each process knows what is live.
    "AUTODISCOVER": "live",
    # Models ("app.Model") and apps whose changes are not captured, unless a view of theirs is
    # registered: those that are written often and shown by no view.
    "UNWATCHED": ("sessions.Session", "admin.LogEntry"),
    # Read, with one query by primary key, what a row's foreign keys were before it is saved. Else a
    # saved row may concern every list that shows rows of its table.
    "TRACK_MOVES": True,
    # Capture what sends no signals too: QuerySet.update, bulk_create, bulk_update. Each update then
    # reads its rows' keys first.
    "CAPTURE_BULK": False,
    # Have every commit write what it changed into a table of the database it changed (PostgreSQL,
    # SQLite), and readers follow that: nothing is lost with a process or a channel layer.
    "JOURNAL": False,
    # Seconds for which entries are kept.
    "JOURNAL_AGE": 3600.0,
    # Seconds between looks at the journal when nobody calls: the channel layer does, if it can.
    "JOURNAL_POLL": 1.0,
    # A text that is another with each release of the project, as a commit's hash: who comes back
    # with a cursor of another release is told everything anew. Where it is not set, the sources of
    # the project's packages and the versions of all others stand for it.
    "RELEASE": "",
    # Have commits call the readers by PostgreSQL's own NOTIFY as well, for when no channel layer
    # does. The cost: such commits wait for each other, of all databases of the server, as NOTIFY
    # takes one lock for them all from right before a commit until it is done.
    "JOURNAL_NOTIFY": False,
    # Browser origins allowed to open a socket, beside the site's own: "https://app.example.com".
    "ALLOWED_ORIGINS": (),
    # Threads that evaluate views; each holds one database connection. One view has at most all
    # but one of them, so that a slow one holds up no other; where several are slow, a thread that
    # was held for a second is replaced for so long, up to four times as many.
    "EVALUATION_THREADS": 4,
    # Seconds for which such a connection is kept where CONN_MAX_AGE is 0 and there is no pool.
    "EVALUATION_CONN_MAX_AGE": 60.0,
    # Evaluate on Django's one shared thread instead (a test that is inside a transaction).
    "THREAD_SENSITIVE": False,
    # What connection_init may carry as if it were a request's header. Name no header here that a
    # proxy in front vouches for: it is the client who writes this.
    "CONNECTION_HEADERS": ("Authorization",),
    # Operations that one socket may have open.
    "MAX_OPERATIONS": 100,
    # Nesting of fields that one document may have.
    "QUERY_DEPTH": 15,
    # Fields that one document may select, fragments unrolled.
    "QUERY_FIELDS": 2_000,
    # Fields that one document may have at its top.
    "QUERY_ROOTS": 50,
    # Fragments that one document may define.
    "QUERY_FRAGMENTS": 300,
    # Bytes of one frame that a client sends, and of one HTTP body.
    "MAX_MESSAGE_BYTES": 128 * 1024,
    "MAX_BODY_BYTES": 1024 * 1024,
    # Bytes that may wait for one slow reader before it is resynchronised instead.
    "OUTBOX_BYTES": 1024 * 1024,
    # Seconds a socket may take to send connection_init.
    "CONNECTION_INIT_TIMEOUT": 10.0,
    # Seconds between the server's pings; a socket silent for two of them is closed.
    "KEEP_ALIVE": 25.0,
    # Rows of one list that are read again one by one since rows that they show have changed; more,
    # and the list is compared as a whole.
    "MAX_PARENTS": 1_000,
    # Changes of one model in one commit above which only "many changed" is published; and those
    # that gather for one list while it is read.
    "MAX_CHANGES_PER_MESSAGE": 5_000,
    # Messages that wait in a process while the channel layer is down; then the oldest go.
    "PUBLISH_BACKLOG": 10_000,
    # Seconds that one send to the channel layer may take.
    "PUBLISH_TIMEOUT": 5.0,
    # Seconds that a process which ends waits for its last changes to go out.
    "PUBLISH_FLUSH": 5.0,
    # Seconds between the hub's looks at its own connection to the channel layer.
    "HUB_PING": 1.0,
    # Times that a failing evaluation is tried again before its operations end with an error.
    "EVALUATION_RETRIES": 4,
    # Seconds for which a client that comes back is told exactly what it missed; 0 is off. A query
    # whose last subscription left is kept for as long, gathering what changes.
    "RESUME_WINDOW": 120.0,
    # Such queries that one process keeps; then the oldest go.
    "RESUME_QUERIES": 1_000,
    # Rows of their lists that are kept with them, all together; then the oldest go as well.
    "RESUME_MEMBERS": 1_000_000,
    # Changed rows that one query remembers for those who come back, and that one is told of.
    "RESUME_ROWS": 5_000,
    # Seconds after which authentication and permissions are asked anew for whoever is subscribed,
    # though nothing was changed: a session, token, account or right that ended unseen ends what it
    # was good for within that time. None: only with the next payload.
    "AUTH_MAX_AGE": 60.0,
    # Serve GraphiQL to browsers.
    "GRAPHIQL": True,
}


class Settings:
    """Attribute access to the app's settings: ``settings.KEEP_ALIVE``."""

    def __getattr__(self, name: str) -> Any:
        """The user's value of ``name``, else the default."""
        user: Mapping[str, object] = getattr(django_settings, SETTING, {})
        if name in user:
            return user[name]
        if name in DEFAULTS:
            return DEFAULTS[name]
        raise AttributeError(f"drf_live_graphql has no setting {name!r}")


def check() -> None:
    """Raise ``ImproperlyConfigured`` for a key of the user's dictionary that means nothing.

    And for a value that is not of its default's kind, which would fail when it is first used.
    """
    user = getattr(django_settings, SETTING, {})
    if not isinstance(user, Mapping):
        raise ImproperlyConfigured(f"{SETTING} expected a dictionary; {user!r} came.")
    unknown = sorted(set(user) - set(DEFAULTS))
    if unknown:
        raise ImproperlyConfigured(
            f"{SETTING} has unknown keys {unknown}; expected some of {sorted(DEFAULTS)}."
        )
    for name, value in user.items():
        expected = _expected(DEFAULTS[name], value)
        if expected is not None and not (name == "AUTH_MAX_AGE" and value is None):
            raise ImproperlyConfigured(f'{SETTING}["{name}"] expected {expected}; {value!r} came.')
    try:
        normalize_allowed_origins(user.get("ALLOWED_ORIGINS", ()))
    except ValueError as error:
        raise ImproperlyConfigured(f'{SETTING}["ALLOWED_ORIGINS"]: {error}') from error


def check_installed() -> None:
    """Raise ``ImproperlyConfigured`` where what is served could never be told of a change."""
    if apps.apps_ready and not apps.is_installed("drf_live_graphql"):
        raise ImproperlyConfigured(
            "INSTALLED_APPS lacks 'drf_live_graphql': changes of other processes would not be told."
            " Add it beside 'channels'."
        )


def _expected(default: object, value: object) -> str | None:
    """What should have come in the place of ``default``, unless ``value`` is of that kind."""
    match default:
        case bool():
            return None if isinstance(value, bool) else "True or False"
        case int() | float():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            return None if number else "a number"
        case str():
            return None if isinstance(value, str) else "a text"
    texts = isinstance(value, Collection) and all(isinstance(each, str) for each in value)
    return None if texts and not isinstance(value, str) else "a list of texts"


settings = Settings()

__all__ = ["DEFAULTS", "SETTING", "Settings", "check", "check_installed", "settings"]
