"""The answer of a view's own body: called as a GET calls it, and taken as it comes.

What such a body does is its own affair, so nobody can say which rows its other pages have, nor
which row a change concerns: the answer is known as a whole or not at all.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import QuerySet
from django.db.models.query import ModelIterable
from rest_framework import exceptions as drf
from rest_framework.viewsets import ViewSetMixin

from drf_live_graphql.exceptions import INTERNAL_MESSAGE, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from schema_gen import RootDescription

logger = logging.getLogger("drf_live_graphql.live")

READ_ONLY_MESSAGE = "This view writes to the database in a GET: it can be queried, not subscribed."

_WRITES = frozenset({"DELETE", "INSERT", "MERGE", "REPLACE", "UPDATE"})
_ERRORS: dict[int, type[drf.APIException]] = {
    400: drf.ValidationError,
    401: drf.NotAuthenticated,
    403: drf.PermissionDenied,
    404: drf.NotFound,
    405: drf.APIException,
    429: drf.APIException,
}


@dataclass(frozen=True, slots=True)
class Row:
    """A single row as the view's own body answered it; ``pk`` is the id that it shows."""

    pk: str
    data: Mapping[str, Any]


def call(view: Any, root: RootDescription) -> Any:
    """What the body of ``root``'s view answers, as the value of the response.

    Raises what the view raises; for a response that is an error, or leads elsewhere, the exception
    that it stands for.
    """
    assert root.handler is not None
    if isinstance(view, ViewSetMixin):
        # As as_view() binds it, for a dispatch() that looks it up.
        view.get = getattr(view, root.view_action)  # type: ignore[attr-defined]
    view.handle_exception = _raise
    request = view.request._request if root.handler == "dispatch" else view.request
    response = getattr(view, root.handler)(request, *view.args, **view.kwargs)
    status = getattr(response, "status_code", None)
    if status in (301, 302, 303, 307, 308):
        # To a page where one can log in, as Django's mixins have it.
        raise drf.NotAuthenticated
    if status == 204 and root.action == "retrieve":
        # "There is nothing": no row that could be shown.
        raise drf.NotFound
    data = getattr(response, "data", None)
    if status is not None and status >= 400:
        raise _error(status, data)
    if status is None or data is None:
        raise unfit(root, f"answered {response!r}, and not a Response with data")
    return data


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
    iterable: Any = getattr(found, "_iterable_class", None)
    if isinstance(found, QuerySet) and issubclass(iterable, ModelIterable):
        return found
    what = f"answered {type(found).__name__!r} of something else than model instances"
    raise unfit(root, what, method="filter_queryset")


@contextmanager
def read_only() -> Iterator[None]:
    """Refuse statements that write: each would be a change, for which the body is called again."""

    def wrapper(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Mapping[str, Any]
    ) -> Any:
        if sql.lstrip(" (\n").partition(" ")[0].upper() in _WRITES:
            raise Refusal(READ_ONLY_MESSAGE, "INVALID")
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(wrapper))
        yield


def _raise(error: Exception) -> Any:
    raise error


def _error(status: int, data: Any) -> drf.APIException:
    detail = data.get("detail", data) if isinstance(data, Mapping) else data
    known = _ERRORS.get(status, drf.APIException)
    error = known(detail)
    error.status_code = status
    return error


def _shown(data: Any) -> str:
    text = repr(data)
    return text if len(text) <= 200 else f"{text[:200]}…"


__all__ = ["READ_ONLY_MESSAGE", "Row", "call", "list_of", "read_only", "row_of", "rows_of", "unfit"]
