"""The journal of one database: entries that commits leave there, and where a reader stands.

An entry is a row of ``JournalEntry`` that the transaction itself writes, so it is there exactly
when what it tells of is. Readers go on from a position, a text: all that was committed by then.

On SQLite writers take turns, so ids are in the order of the commits, and a position is the last id.
On PostgreSQL they are not: a row may show up below another that was read long before. There a
position is a snapshot (``pg_current_snapshot``), which names the transactions that were under way;
the next reader takes what that snapshot did not see, however late it came.
https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.db import connections
from django.utils import timezone

from drf_live_graphql.conf import settings

from .message import Changes, decode_changes, encode_changes, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper

# Entries that are read at once; who is further behind than that reads everything anew.
MOST_ENTRIES = 10_000
VENDORS = ("postgresql", "sqlite")
# What PostgreSQL's LISTEN takes. It says nothing beyond that there are entries.
CHANNEL = "drf_live_graphql_journal"

_INSERT = "INSERT INTO {table} ({transaction}, written_at, content) VALUES ({mine}, %s, %s)"
# One statement: what it sees and what it says that it sees are the same.
_SINCE = (
    "WITH seen AS (SELECT pg_current_snapshot()::text AS now)"
    " SELECT seen.now, entry.content FROM seen"
    " LEFT JOIN {table} entry ON entry.{transaction} >= %s"
    " AND NOT pg_visible_in_snapshot(entry.{transaction}::text::xid8, %s::pg_snapshot)"
    " ORDER BY entry.id LIMIT %s"
)


class JournalLostError(Exception):
    """A position from which too much has happened, or which the database does not understand."""


class Journal:
    """The journal of the database ``alias``, by this thread's connection to it.

    Where the setting ``JOURNAL_NOTIFY`` is on, each entry is announced on ``channel`` (PostgreSQL:
    ``LISTEN``) when its transaction commits.
    """

    channel = CHANNEL

    def __init__(self, alias: str) -> None:
        """No statement is run before one is needed."""
        self.alias = alias

    @property
    def _connection(self) -> BaseDatabaseWrapper:
        return connections[self.alias]

    @property
    def _on_postgresql(self) -> bool:
        return self._connection.vendor == "postgresql"

    def exists(self) -> bool:
        """Whether the database is one of ``VENDORS`` and has the table."""
        connection = self._connection
        return connection.vendor in VENDORS and _table() in connection.introspection.table_names()

    def write(self, commit: Sequence[Changes]) -> None:
        """Add an entry to the transaction that is open; raises what the database raises."""
        connection = self._connection
        parts = split(commit, settings.MAX_CHANGES_PER_MESSAGE)
        content = json.dumps([encode_changes(part) for part in parts], separators=(",", ":"))
        at: Any = connection.ops.adapt_datetimefield_value(timezone.now())
        mine = "pg_current_xact_id()::text::bigint" if self._on_postgresql else "NULL"
        with connection.cursor() as cursor:
            cursor.execute(self._sql(_INSERT.replace("{mine}", mine)), [at, content])
            if settings.JOURNAL_NOTIFY and self._on_postgresql:
                # Heard after the commit only, and by nobody after a rollback:
                # https://www.postgresql.org/docs/current/sql-notify.html
                cursor.execute("SELECT pg_notify(%s, '')", [self.channel])

    def end(self) -> str:
        """The position after all that was committed by now."""
        with self._connection.cursor() as cursor:
            if self._on_postgresql:
                cursor.execute("SELECT pg_current_snapshot()::text")
            else:
                cursor.execute(self._sql("SELECT COALESCE(MAX(id), 0) FROM {table}"))
            return str(cursor.fetchone()[0])

    def since(self, position: str) -> tuple[list[list[Changes]], str]:
        """What was committed since ``position``, commit by commit, and the position after that.

        Raises ``JournalLostError`` where that is more than ``MOST_ENTRIES``. An entry that makes no
        sense here, as of a model that this process does not have, is passed over.
        """
        rows, after = (
            self._since_snapshot(position) if self._on_postgresql else self._since_id(position)
        )
        if len(rows) > MOST_ENTRIES:
            raise JournalLostError(f"More than {MOST_ENTRIES} entries since {position!r}.")
        return [list(_decode(content)) for content in rows], after

    def _since_snapshot(self, position: str) -> tuple[list[str], str]:
        oldest = int(position.partition(":")[0])
        with self._connection.cursor() as cursor:
            cursor.execute(self._sql(_SINCE), [oldest, position, MOST_ENTRIES + 1])
            rows = cursor.fetchall()
        return [content for _, content in rows if content is not None], rows[0][0]

    def _since_id(self, position: str) -> tuple[list[str], str]:
        sql = "SELECT id, content FROM {table} WHERE id > %s ORDER BY id LIMIT %s"
        with self._connection.cursor() as cursor:
            cursor.execute(self._sql(sql), [int(position), MOST_ENTRIES + 1])
            rows = cursor.fetchall()
        return [content for _, content in rows], str(rows[-1][0]) if rows else position

    def prune(self) -> int:
        """Delete the entries that are older than ``JOURNAL_AGE``; how many they were."""
        connection = self._connection
        oldest = timezone.now() - timedelta(seconds=settings.JOURNAL_AGE)
        with connection.cursor() as cursor:
            cursor.execute(
                self._sql("DELETE FROM {table} WHERE written_at < %s"),
                [connection.ops.adapt_datetimefield_value(oldest)],
            )
            return int(cursor.rowcount)

    def _name(self, name: str) -> str:
        return self._connection.ops.quote_name(name)

    def _sql(self, template: str) -> str:
        """``template`` with the names of the table and of the column with a reserved name."""
        return template.replace("{table}", self._name(_table())).replace(
            "{transaction}", self._name("transaction")
        )


def databases() -> tuple[str, ...]:
    """The aliases of the databases of the project; those that only mirror another left out."""
    return tuple(
        alias
        for alias, config in django_settings.DATABASES.items()
        if not config.get("TEST", {}).get("MIRROR")
    )


def _table() -> str:
    # Models can be imported only once all apps are.
    from drf_live_graphql.models import JournalEntry

    return JournalEntry._meta.db_table


def _decode(content: str) -> Iterator[Changes]:
    for part in json.loads(content):
        try:
            yield decode_changes(part)
        except LookupError:
            continue


__all__ = [
    "CHANNEL",
    "MOST_ENTRIES",
    "VENDORS",
    "Journal",
    "JournalLostError",
    "databases",
]
