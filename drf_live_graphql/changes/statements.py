"""The SQL of a journal, by the vendor of the database.

``{table}`` stands for the quoted name of the table and ``{transaction}`` for that of its column,
as the word is reserved. The rest is Django's format, in which a per cent sign is written twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Takes the content; on SQLite "0 seconds" as well.
INSERT: Mapping[str, str] = {
    "postgresql": (
        "INSERT INTO {table} ({transaction}, written_at, content)"
        " VALUES (pg_current_xact_id()::text::bigint, clock_timestamp(), %s)"
    ),
    "sqlite": (
        "INSERT INTO {table} ({transaction}, content, written_at)"
        " VALUES (random(), %s, strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', %s))"
    ),
}

# Which table of which server's life. A standby that is promoted, and a server that crashed (with
# ``synchronous_commit`` off), may not have what was read, and give its transactions' numbers again:
# https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES
_MARK = (
    "concat_ws('.', pg_relation_filenode('{table}'::regclass),"
    " CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())::text"
    " ELSE substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END,"
    " (extract(epoch FROM pg_postmaster_start_time()) * 1000)::bigint)"
)

# Gives the place and the mark of a position; on SQLite takes the name of the table.
END: Mapping[str, str] = {
    "postgresql": "SELECT pg_current_snapshot()::text, {mark}".replace("{mark}", _MARK),
    # What AUTOINCREMENT gave last, be it pruned or not: https://www.sqlite.org/autoinc.html
    "sqlite": (
        "SELECT given.seq, entry.{transaction} FROM sqlite_sequence given"
        " LEFT JOIN {table} entry ON entry.id = given.seq WHERE given.name = %s"
    ),
}

# One statement: what it sees and what it says that it sees are the same. Gives at least one row.
SINCE: Mapping[str, str] = {
    # A backup that was restored brings entries of transactions that are still to come here.
    "postgresql": (
        "WITH seen AS (SELECT pg_current_snapshot() AS now, {mark} AS mark)"
        " SELECT seen.now::text, seen.mark, entry.content FROM seen"
        " LEFT JOIN {table} entry ON entry.{transaction} >= %s"
        " AND NOT pg_visible_in_snapshot(entry.{transaction}::text::xid8, %s::pg_snapshot)"
        " AND pg_visible_in_snapshot(entry.{transaction}::text::xid8, seen.now)"
        " ORDER BY entry.id LIMIT %s"
    ).replace("{mark}", _MARK),
    "sqlite": (
        "WITH seen AS (SELECT"
        " (SELECT seq FROM sqlite_sequence WHERE name = %s) AS last,"
        " (SELECT {transaction} FROM {table} WHERE id = %s) AS mark)"
        " SELECT seen.last, seen.mark, entry.id, entry.{transaction}, entry.content"
        " FROM seen LEFT JOIN {table} entry ON entry.id > %s ORDER BY entry.id LIMIT %s"
    ),
}

# A standby is read-only as well: https://www.postgresql.org/docs/current/hot-standby.html
READ_ONLY: Mapping[str, str] = {
    "postgresql": "SELECT current_setting('transaction_read_only')::boolean"
}

# Takes an age: in seconds, or "-60.0 seconds".
PRUNE: Mapping[str, str] = {
    "postgresql": (
        "DELETE FROM {table} WHERE written_at < clock_timestamp() - make_interval(secs => %s)"
    ),
    "sqlite": (
        "DELETE FROM {table} WHERE written_at < strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', %s)"
    ),
}

__all__ = ["END", "INSERT", "PRUNE", "READ_ONLY", "SINCE"]
