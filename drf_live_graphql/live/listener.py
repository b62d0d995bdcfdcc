"""One that hears PostgreSQL say that there is something new in the journal (``JOURNAL_NOTIFY``).

Over a connection of its own, on a thread of its own, as the connection does nothing else.
https://www.postgresql.org/docs/current/sql-listen.html
"""

from __future__ import annotations

import asyncio
import logging
import selectors
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.db import connections

from drf_live_graphql.changes.journal import CHANNEL
from drf_live_graphql.conf import settings

from .own_connection import own_connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger("drf_live_graphql.live")

# Seconds of silence after which the connection is tried.
SILENCE = 30.0
# Seconds between the loss of a connection, or a failure to get one, and the next.
RETRY = 1.0


class Listener:
    """Calls ``heard`` on the event loop, whenever something may have been written."""

    def __init__(self, alias: str, heard: Callable[[], None]) -> None:
        """Listen to the database ``alias`` from now on, until ``close``.

        ``heard`` is called as well each time that listening begins: nobody was called before. With
        psycopg2 nothing is heard.
        """
        self._alias = alias
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        # Closing the one wakes the thread, which waits for the other as well.
        self._end, self._ended = socket.socketpair()
        self._thread = threading.Thread(
            target=self._run, name=f"drf-live-listener-{alias}", daemon=True
        )
        self._thread.start()

    @staticmethod
    def serves(alias: str) -> bool:
        """Whether the setting is on and the database is PostgreSQL."""
        return bool(settings.JOURNAL_NOTIFY) and connections[alias].vendor == "postgresql"

    def close(self) -> None:
        """Have the thread end, and its connection; waits for neither. Again does no harm."""
        with suppress(OSError):  # Again.
            # A process that was forked meanwhile holds it open as well.
            self._end.shutdown(socket.SHUT_RDWR)
        self._end.close()

    def _run(self) -> None:
        failing = False
        with self._ended, selectors.DefaultSelector() as ended:
            ended.register(self._ended, selectors.EVENT_READ)
            while True:
                connection = own_connection(self._alias)
                try:
                    raw = _listening(connection)
                    if raw is None or not self._call():
                        return
                    failing = False
                    if self._hear(connection, raw):
                        return
                except Exception as error:  # noqa: BLE001
                    if not failing:
                        logger.warning(
                            "Nothing is heard of the journal of %r; trying again: %r",
                            self._alias,
                            error,
                        )
                    failing = True
                finally:
                    connection.close()
                if ended.select(RETRY):
                    return

    def _hear(self, connection: BaseDatabaseWrapper, raw: Any) -> bool:
        """Call until the end has come; whether it has. Raises what the connection raises."""
        with selectors.DefaultSelector() as either:
            either.register(self._ended, selectors.EVENT_READ)
            either.register(raw.pgconn.socket, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in either.select(SILENCE)]
                if self._ended in ready:
                    return True
                if ready:
                    raw.pgconn.consume_input()
                    while raw.pgconn.notifies():
                        pass  # One look finds all that they tell of.
                else:
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT 1")
                if not self._call():
                    return True

    def _call(self) -> bool:
        """Whether there still is somebody to call."""
        try:
            self._loop.call_soon_threadsafe(self._heard)
        except RuntimeError:
            return False  # The loop is closed.
        return True


def _listening(connection: BaseDatabaseWrapper) -> Any:
    """The driver's own connection once it listens; ``None`` where the driver is not psycopg 3."""
    connection.ensure_connection()
    raw: Any = connection.connection
    if not hasattr(raw, "pgconn"):
        logger.info("With psycopg2 the journal of %r is looked at, not heard.", connection.alias)
        return None
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    return raw


__all__ = ["Listener"]
