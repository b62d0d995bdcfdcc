"""What goes wrong, as GraphQL errors: ``extensions.code`` and the view's own messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from graphql import GraphQLError
from rest_framework import exceptions as drf

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schema_gen import RootDescription

ENDED_MESSAGE = "The credentials of this connection are no longer valid; connect again."
INTERNAL_MESSAGE = "The server could not answer this; it has been logged."

# The order matters: the first class that fits gives the code.
_CODES: tuple[tuple[type[drf.APIException], str], ...] = (
    (drf.NotAuthenticated, "NOT_AUTHENTICATED"),
    (drf.AuthenticationFailed, "NOT_AUTHENTICATED"),
    (drf.PermissionDenied, "PERMISSION_DENIED"),
    (drf.NotFound, "NOT_FOUND"),
    (drf.ValidationError, "INVALID"),
    (drf.ParseError, "INVALID"),
    (drf.Throttled, "THROTTLED"),
)


class LiveError(Exception):
    """A user's mistake in setting the package up; the message says how to mend it."""


class Refusal(GraphQLError):  # noqa: N818  # It is an answer.
    """An answer that is an error, with ``extensions.code``; what a GET's 4xx is."""

    def __init__(self, message: str, code: str, **extensions: object) -> None:
        """``message`` is for people, ``code`` for programs."""
        super().__init__(message, extensions={"code": code, **extensions})

    @property
    def code(self) -> str:
        """``extensions.code``."""
        return str((self.extensions or {})["code"])


def credentials_ended() -> Refusal:
    """What is told where a session or token no longer stands for the user it stood for."""
    return Refusal(ENDED_MESSAGE, "NOT_AUTHENTICATED")


def refusal_of(error: Exception, root: RootDescription | None = None) -> Refusal | None:
    """The refusal that a view's exception means, or ``None`` where it is a fault.

    With the ``root`` that was asked, ``extensions.arguments`` has the messages by its arguments.

    Follows DRF's own handler (``rest_framework.views.exception_handler``): ``Http404`` and
    Django's ``PermissionDenied`` count as their DRF namesakes.
    """
    if isinstance(error, Refusal):
        return error
    if isinstance(error, Http404):
        error = drf.NotFound(*error.args) if error.args else drf.NotFound()
    elif isinstance(error, DjangoPermissionDenied):
        error = drf.PermissionDenied(*error.args) if error.args else drf.PermissionDenied()
    if not isinstance(error, drf.APIException):
        return None
    code = next((code for cls, code in _CODES if isinstance(error, cls)), None)
    if code is None:
        if error.status_code >= 500:
            return None
        code = "INVALID"
    return Refusal(_message(error), code, **_facts(error, root))


def _message(error: drf.APIException) -> str:
    return " ".join(_leaves(error.detail)) or str(error.default_detail)


def _leaves(detail: Any) -> list[str]:
    if isinstance(detail, dict):
        return [text for value in detail.values() for text in _leaves(value)]
    if isinstance(detail, list):
        return [text for value in detail for text in _leaves(value)]
    return [str(detail)]


def _facts(error: drf.APIException, root: RootDescription | None) -> Mapping[str, object]:
    if isinstance(error, drf.Throttled):
        return {"wait": getattr(error, "wait", None)}
    if isinstance(error, drf.ValidationError):
        errors = _plain(error.detail)
        arguments = {} if root is None else _by_argument(errors, root)
        return {"errors": errors, **({"arguments": arguments} if arguments else {})}
    return {}


def _by_argument(errors: Any, root: RootDescription) -> dict[str, Any]:
    """A view's messages by the GraphQL names of what they are about.

    Filters of two parameters (``price_min``, ``price_max``) have one message for both.
    """
    found: dict[str, Any] = {}
    for key, messages in errors.items() if isinstance(errors, dict) else ():
        exact = [a.name for a in root.arguments if a.key == key]
        parts = [a.name for a in root.arguments if a.key.startswith(f"{key}_")]
        found.update(dict.fromkeys(exact or parts, messages))
    return found


def _plain(detail: Any) -> Any:
    """Lazy strings and ``ErrorDetail`` as plain JSON."""
    if isinstance(detail, dict):
        return {str(key): _plain(value) for key, value in detail.items()}
    if isinstance(detail, list):
        return [_plain(value) for value in detail]
    return str(detail)


__all__ = [
    "ENDED_MESSAGE",
    "INTERNAL_MESSAGE",
    "LiveError",
    "Refusal",
    "credentials_ended",
    "refusal_of",
]
