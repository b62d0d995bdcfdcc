"""A connection of a thread's own, apart from those that Django's code of the thread uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connections

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Seconds that PostgreSQL may take to accept it, and its host to say that what was sent has come.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
PATIENCE = 10


def own_connection(alias: str) -> BaseDatabaseWrapper:
    """One to the database ``alias`` that commits by itself, for the thread that calls this.

    None of a pool's, as it is never given back. Who has it closes it.
    """
    connection: BaseDatabaseWrapper = connections[alias].copy()
    connection.settings_dict["AUTOCOMMIT"] = True
    options = connection.settings_dict["OPTIONS"]
    options.pop("pool", None)
    if connection.vendor == "postgresql":
        options.setdefault("connect_timeout", PATIENCE)
        options.setdefault("tcp_user_timeout", PATIENCE * 1000)
    return connection


__all__ = ["PATIENCE", "own_connection"]
