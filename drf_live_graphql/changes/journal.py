"""The journal of one database: entries that commits leave there, and where a reader stands.

An entry is a row of ``JournalEntry`` that the transaction itself writes, so it is there exactly
when what it tells of is. Readers go on from a position, a text: all that was committed by then.

On SQLite writers take turns, so ids are in the order of the commits, and a position is the last id.
On PostgreSQL they are not: a row may show up below another that was read long before. There a
position is a snapshot (``pg_current_snapshot``), which names the transactions that were under way;
the next reader takes what that snapshot did not see, however late it came.
https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT

Ids and transactions start again where a table is emptied (``flush``), a backup is restored, or a
standby takes over. So a position has a mark behind an ``@``, if it can: of what it is a position.
On SQLite that is a random number of its entry; on PostgreSQL the file that holds the table, another
one after TRUNCATE, the server's timeline, and when the server was started.

An entry's age is told by the clock of the database alone, as those of the writers may be wrong.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.db import connections

from drf_live_graphql.conf import settings

from . import statements
from .entry import decode, encode
from .message import split

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper

    from .message import Changes

# Entries that are read at once; who is further behind than that reads everything anew.
MOST_ENTRIES = 10_000
VENDORS = ("postgresql", "sqlite")
# What PostgreSQL's LISTEN takes. It says nothing beyond that there are entries.
CHANNEL = "drf_live_graphql_journal"

# Entries are kept for that many times JOURNAL_AGE: they are dated by when they were written, and
# their commit, by which readers get them, is later.
MARGIN = 1.05

_POSITION = {
    "postgresql": re.compile(r"(?P<place>\d{1,19}:\d{1,19}:[\d,]*)(@(?P<mark>[\dA-F.]+))?"),
    "sqlite": re.compile(r"(?P<place>\d{1,18})(@(?P<mark>-?\d+))?"),
}


class JournalLostError(Exception):
    """A position from which too much has happened, or of before the database started anew; or none.

    The reader goes on from ``Journal.end`` and reads everything anew.
    """


class Journal:
    """The journal of the database ``alias``.

    Where the setting ``JOURNAL_NOTIFY`` is on, each entry is announced on ``channel`` (PostgreSQL:
    ``LISTEN``) when its transaction commits.
    """

    channel = CHANNEL

    def __init__(self, alias: str, connection: BaseDatabaseWrapper | None = None) -> None:
        """By ``connection``, or this thread's. No statement is run before one is needed."""
        self.alias = alias
        self._own = connection

    @property
    def _connection(self) -> BaseDatabaseWrapper:
        return self._own or connections[self.alias]

    def exists(self) -> bool:
        """Whether the database is one of ``VENDORS`` and has the table."""
        connection = self._connection
        return connection.vendor in VENDORS and _table() in connection.introspection.table_names()

    def write(self, commit: Sequence[Changes]) -> None:
        """Add an entry to the transaction that is open; raises what the database raises."""
        parts = split(commit, settings.MAX_CHANGES_PER_MESSAGE)
        content = encode(parts)
        arguments = [content] if self._on_postgresql else [content, "0 seconds"]
        with self._connection.cursor() as cursor:
            cursor.execute(self._sql(statements.INSERT), arguments)
            if settings.JOURNAL_NOTIFY and self._on_postgresql:
                # Heard after the commit only, and by nobody after a rollback:
                # https://www.postgresql.org/docs/current/sql-notify.html
                cursor.execute("SELECT pg_notify(%s, '')", [self.channel])

    def end(self) -> str:
        """The position after all that was committed by now."""
        with self._connection.cursor() as cursor:
            cursor.execute(self._sql(statements.END), [] if self._on_postgresql else [_table()])
            return _position(*(cursor.fetchone() or (0, None)))

    def since(
        self, position: str, labels: Collection[str] | None = None
    ) -> tuple[list[list[Changes]], str]:
        """What was committed since ``position``, commit by commit, and the position after that.

        Of the models ``labels``; ``None`` is all.

        Raises ``JournalLostError`` where that is more than ``MOST_ENTRIES``, where the database
        was emptied or restored meanwhile, and for a ``position`` that is none. Of an entry that
        makes no sense here all rows may have changed; a model that this process does not have is
        passed over.
        """
        match = _POSITION[self._connection.vendor].fullmatch(position)
        if match is None:
            raise JournalLostError(f"Expected a position of {self.alias!r}, got {position!r}.")
        read = self._since_snapshot if self._on_postgresql else self._since_id
        contents, after = read(position, match["place"], match["mark"])
        if len(contents) > MOST_ENTRIES:
            raise JournalLostError(f"More than {MOST_ENTRIES} entries since {position!r}.")
        return [decode(content, labels) for content in contents], after

    def _since_snapshot(
        self, position: str, snapshot: str, mark: str | None
    ) -> tuple[list[str], str]:
        oldest, next_one, _ = snapshot.split(":")
        rows = self._fetch(statements.SINCE, [int(oldest), snapshot, MOST_ENTRIES + 1])
        now, mark_now, _ = rows[0]
        # Transactions are numbered upwards.
        if int(now.split(":")[1]) < int(next_one) or mark not in {None, mark_now}:
            raise _restored(self.alias, position)
        return [content for *_, content in rows if content is not None], _position(now, mark_now)

    def _since_id(self, position: str, place: str, mark: str | None) -> tuple[list[str], str]:
        pk = int(place)
        rows = self._fetch(statements.SINCE, [_table(), pk, pk, MOST_ENTRIES + 1])
        last, mark_now, *_ = rows[0]
        # The entry may have been pruned: then its id was given all the same.
        if (last or 0) < pk or (mark and mark_now is not None and str(mark_now) != mark):
            raise _restored(self.alias, position)
        found = [row[2:] for row in rows if row[2] is not None]
        after = _position(*found[-1][:2]) if found else position
        return [content for *_, content in found], after

    def prune(self) -> int:
        """Delete the entries that are older than ``JOURNAL_AGE``, and a bit; how many they were.

        None where nothing can be written, as on a standby.
        """
        if self._on_postgresql and self._fetch(statements.READ_ONLY, [])[0][0]:
            return 0
        age = settings.JOURNAL_AGE * MARGIN
        with self._connection.cursor() as cursor:
            cursor.execute(
                self._sql(statements.PRUNE), [age if self._on_postgresql else f"{-age:.3f} seconds"]
            )
            return int(cursor.rowcount)

    @property
    def _on_postgresql(self) -> bool:
        return self._connection.vendor == "postgresql"

    def _fetch(self, sql: Mapping[str, str], arguments: list[Any]) -> list[Any]:
        with self._connection.cursor() as cursor:
            cursor.execute(self._sql(sql), arguments)
            rows: list[Any] = cursor.fetchall()
            return rows

    def _sql(self, by_vendor: Mapping[str, str]) -> str:
        """The statement, with the names of the table and of the column with a reserved name."""
        name = self._connection.ops.quote_name
        return (
            by_vendor[self._connection.vendor]
            .replace("{table}", name(_table()))
            .replace("{transaction}", name("transaction"))
        )


def databases() -> tuple[str, ...]:
    """The aliases of the databases of the project; those that only mirror another left out."""
    return tuple(
        alias
        for alias, config in django_settings.DATABASES.items()
        if not config.get("TEST", {}).get("MIRROR")
    )


def of_journal(sql: str) -> bool:
    """Whether a statement is about the journal itself."""
    return _table() in sql


def _table() -> str:
    # Models can be imported only once all apps are.
    from drf_live_graphql.models import JournalEntry

    return JournalEntry._meta.db_table


def _position(place: Any, mark: Any) -> str:
    return str(place) if mark is None else f"{place}@{mark}"


def _restored(alias: str, position: str) -> JournalLostError:
    return JournalLostError(f"The database {alias!r} is not the one of {position!r} any more.")


__all__ = [
    "CHANNEL",
    "MARGIN",
    "MOST_ENTRIES",
    "VENDORS",
    "Journal",
    "JournalLostError",
    "databases",
    "of_journal",
]
