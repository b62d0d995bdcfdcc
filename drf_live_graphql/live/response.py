"""What a view's response says, in values; or the exception that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rest_framework import exceptions as drf

from drf_live_graphql.exceptions import Refusal
from schema_gen.scalars import plain

from .answer import unfit

if TYPE_CHECKING:
    from schema_gen import RootDescription

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NO_CONTENT = 204
_ERRORS: dict[int, type[drf.APIException]] = {
    400: drf.ValidationError,
    401: drf.NotAuthenticated,
    403: drf.PermissionDenied,
    404: drf.NotFound,
    429: drf.Throttled,
}


def data_of(root: RootDescription, response: Any, cause: Exception | None = None) -> Any:
    """The value that a response would be rendered from, as REST writes it.

    ``cause`` is the exception that the view made the response of, if it was one. Raises the
    exception that a response stands for which is an error, or leads elsewhere.
    """
    if isinstance(cause, Refusal):
        raise cause  # It is ours, whatever the view made of it.
    status = getattr(response, "status_code", None)
    if status in _REDIRECTS:
        # To a page where one can log in, as Django's mixins have it.
        raise drf.NotAuthenticated
    if status is not None and status >= 400:
        raise error_of(response, cause)
    data = plain(getattr(response, "data", None))
    if data is None and status == _NO_CONTENT:
        if root.action == "list":
            return []
        raise drf.NotFound
    if status is None or data is None:
        raise unfit(root, f"answered {response!r}, and not a Response with data")
    return data


def error_of(response: Any, cause: Exception | None = None) -> drf.APIException:
    """The exception that an error's response stands for: its ``cause``, in the response's words.

    One of the response's status, where the view made something else of the cause.
    """
    status = response.status_code
    data = plain(getattr(response, "data", None))
    detail = data.get("detail", data) if isinstance(data, Mapping) else data
    if isinstance(cause, drf.APIException) and cause.status_code == status:
        cause.detail = cause.detail if detail is None else detail
        return cause
    error = _ERRORS.get(status, drf.APIException)(detail=detail)
    error.status_code = status
    if isinstance(error, drf.Throttled):
        wait = str(response.headers.get("Retry-After", ""))
        vars(error)["wait"] = int(wait) if wait.isdigit() else None
    return error


__all__ = ["data_of", "error_of"]
