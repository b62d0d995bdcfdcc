"""The tables that an evaluation's SQL reads, noted as it runs."""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connections
from django.db.models.sql import Query

from drf_live_graphql.changes import label_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_WORD = re.compile(r"\w+")
_SELECT = re.compile(r"\bSELECT\b", re.IGNORECASE)
_FROM = re.compile(r"\bFROM\s+", re.IGNORECASE)
# Statements remembered; the same ones come again and again.
REMEMBERED = 4_096


@contextmanager
def noting(note: Callable[[str], None]) -> Iterator[None]:
    """Call ``note`` with each SQL statement that this thread runs, on any database."""

    def wrapper(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Mapping[str, Any]
    ) -> Any:
        note(sql)
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(wrapper))
        yield


@lru_cache(REMEMBERED)
def labels_in(sql: str) -> frozenset[str]:
    """The labels of the models whose tables ``sql`` may read.

    Every word of it that is a table's name counts: rather one too many than one too few.
    """
    words, others = _tables()
    found = {words[word] for word in _WORD.findall(sql) if word in words}
    found.update(label for table, label in others.items() if table in sql)
    return frozenset(found)


def labels_joined(query: Query) -> frozenset[str]:
    """The labels of the models that ``query`` joins, without those that it only selects.

    ``select_related`` joins tables when SQL is made of the query, and not before. Subqueries of
    annotations count.
    """
    words, others = _tables()
    labels = words | others
    found = {
        labels[join.table_name] for join in query.alias_map.values() if join.table_name in labels
    }
    for annotation in query.annotations.values():
        for expression in annotation.flatten():
            # Django 6 keeps the query of a subquery alone.
            inner = getattr(expression, "query", expression)
            if isinstance(inner, Query):
                found |= labels_joined(inner)
    return frozenset(found)


def occurrences(sql: str, label: str) -> int:
    """How often ``sql`` names the table of the model ``label`` after FROM or JOIN."""
    return len(re.findall(rf"\b(?:FROM|JOIN)\s+{_named(label)}", sql, re.IGNORECASE))


@dataclass(frozen=True, slots=True)
class Fetch:
    """What a statement fetches: rows of the model ``of``, joined to some of the other ``labels``.

    It names each of their tables once.
    """

    of: str
    labels: frozenset[str]


@lru_cache(REMEMBERED)
def fetch_in(sql: str) -> Fetch | None:
    """What ``sql`` fetches; ``None`` where it computes more.

    Where it asks a table twice, or asks one within a query of another, a row that it answers may
    hang on rows that the answer does not show.
    """
    labels = labels_in(sql)
    if len(labels) > 1 and len(_SELECT.findall(sql)) > 1:
        return None
    if any(occurrences(sql, label) > 1 for label in labels):
        return None
    first = _FROM.split(sql, 1)[-1]
    found = (label for label in labels if len(labels) == 1 or re.match(_named(label), first))
    of = next(found, None)
    return None if of is None else Fetch(of, labels)


def _named(label: str) -> str:
    """A pattern of the table's name as SQL has it."""
    return rf'["`\[]?{re.escape(apps.get_model(label)._meta.db_table)}\b'


@cache
def _tables() -> tuple[dict[str, str], dict[str, str]]:
    """The label by table: of those whose names are words, and of the others."""
    labels = {
        model._meta.db_table: label_of(model)
        for model in apps.get_models(include_auto_created=True)
    }
    words = {table: label for table, label in labels.items() if _WORD.fullmatch(table)}
    return words, {table: label for table, label in labels.items() if table not in words}


__all__ = ["Fetch", "fetch_in", "labels_in", "labels_joined", "noting", "occurrences"]
