"""A GET that is asked again and again must not write: it would hear of that, and write again."""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connections

from drf_live_graphql.changes.journal import of_journal
from drf_live_graphql.exceptions import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

READ_ONLY_MESSAGE = "This view writes to the database in a GET: it can be queried, not subscribed."

_WRITES = frozenset({"DELETE", "INSERT", "MERGE", "REPLACE", "TRUNCATE", "UPDATE"})
# What may stand before a statement's first word.
_LEAD = re.compile(r"(?:\s+|\(|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]+")
# A common table expression that writes, or what comes after the last one. A statement's words stand
# behind a parenthesis there; those of ``FOR UPDATE`` and of a function ``REPLACE()`` do not.
_WRITES_BELOW = re.compile(
    r"[()]\s*(?:INSERT\s+INTO|DELETE\s+FROM|MERGE\s+INTO|REPLACE\s+INTO|UPDATE\s+\S+)\b",
    re.IGNORECASE,
)


class ReadOnly:
    """Refuses statements that write, but while it is lifted. For one thread."""

    def __init__(self) -> None:
        """Refuses nothing yet."""
        self._lifted = False

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Inside, a statement that writes is a ``Refusal``, and is not executed."""
        with ExitStack() as stack:
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(self._execute))
            yield

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Inside, statements may write: authentication that extends a token does in every GET."""
        before, self._lifted = self._lifted, True
        try:
            yield
        finally:
            self._lifted = before

    def _execute(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: Mapping[str, Any],
    ) -> Any:
        # What was allowed to be written is allowed to be committed, with its entry in the journal.
        if not self._lifted and writes(sql) and not of_journal(sql):
            raise Refusal(READ_ONLY_MESSAGE, "INVALID")
        return execute(sql, params, many, context)


def writes(sql: str) -> bool:
    """Whether a statement writes rows."""
    lead = _LEAD.match(sql)
    word = _WORD.match(sql, lead.end() if lead else 0)
    first = word.group().upper() if word else ""
    return first in _WRITES or (first == "WITH" and _WRITES_BELOW.search(sql) is not None)


__all__ = ["READ_ONLY_MESSAGE", "ReadOnly", "writes"]
