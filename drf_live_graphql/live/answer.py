"""The answer of a view's own body, taken as it comes.

What such a body does is its own affair, so nobody can say which rows its other pages have, nor
which row a change concerns: the answer is known as a whole or not at all.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drf_live_graphql.exceptions import INTERNAL_MESSAGE, Refusal
from schema_gen.rows import as_queryset, has_instances

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from schema_gen import RootDescription

logger = logging.getLogger("drf_live_graphql.live")


@dataclass(frozen=True, slots=True)
class Row:
    """A single row as the view's own body answered it; ``pk`` is the id that it shows."""

    pk: str
    data: Mapping[str, Any]


def list_of(root: RootDescription, data: Any) -> tuple[list[Any], dict[str, Any] | None]:
    """The rows in what a list's body answered, and the page that they come in if there is one.

    Rows without their page are the one page there is. A ``Refusal``, with the reason in the log,
    where there are no rows.
    """
    key = None if root.page is None else root.page.results_key
    rows = data.get(key) if isinstance(data, Mapping) else data
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        expected = "a list of rows" if key is None else f"a page with a list of rows in {key!r}"
        raise unfit(root, f"answered {_shown(data)}, and not {expected}")
    if key is None:
        return list(rows), None
    page = dict(data) if isinstance(data, Mapping) else {"count": len(rows)}
    return list(rows), {**page, key: list(rows)}


def row_of(root: RootDescription, data: Any, lookup: Any) -> Row:
    """The row that the body of a single row answered; ``lookup`` is its id where it shows none."""
    if not isinstance(data, Mapping):
        raise unfit(root, f"answered {_shown(data)}, and not a row")
    key = root.row.id_key
    return Row(str(lookup if key is None else data.get(key, lookup)), data)


def unfit(root: RootDescription, what: str, *, method: str | None = None) -> Refusal:
    """Log what a body did that its root can't tell, and make the error that a client sees.

    ``method`` is the view's that did it, where that is not the body.
    """
    logger.error(
        "%s.%s() %s. Let it answer what its serializer and its paginator make, or leave it out of"
        " what is registered.",
        root.view_class.__qualname__,
        method or root.handler,
        what,
    )
    return Refusal(INTERNAL_MESSAGE, "INTERNAL_SERVER_ERROR")


def rows_of(root: RootDescription, found: Any) -> QuerySet[Any]:
    """The view's filtered queryset, if it is one of model instances.

    A ``Refusal``, with the reason in the log, for a list or ``values()``. Where a schema could see
    that coming, the view's own body is called instead.
    """
    rows: QuerySet[Any] = as_queryset(found)
    if has_instances(rows):
        return rows
    what = f"answered {type(rows).__name__!r} of something else than model instances"
    raise unfit(root, what, method="filter_queryset")


def _shown(data: Any) -> str:
    text = repr(data)
    return text if len(text) <= 200 else f"{text[:200]}…"


__all__ = ["Row", "list_of", "row_of", "rows_of", "unfit"]
