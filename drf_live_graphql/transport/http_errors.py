"""What an HTTP request can be refused for: a status, a code for programs, words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cross_web import HTTPException

if TYPE_CHECKING:
    from collections.abc import Mapping

_CODES: Mapping[int, str] = {
    400: "BAD_REQUEST",
    403: "CSRF_FAILED",
    405: "METHOD_NOT_ALLOWED",
    406: "NOT_ACCEPTABLE",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    501: "NOT_SUPPORTED",
}


class RequestError(HTTPException):
    """A request that is answered before any GraphQL is executed."""

    def __init__(
        self, status_code: int, reason: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        """``reason`` is the message that the client reads; ``headers`` go out beside it."""
        super().__init__(status_code, reason)
        self.headers = dict(headers or {})


def headers_of(error: HTTPException) -> Mapping[str, str]:
    """The headers that ``error`` asks for; strawberry's own errors ask for none."""
    return error.headers if isinstance(error, RequestError) else {}


def payload_of(error: HTTPException) -> dict[str, object]:
    """``error`` as a GraphQL response: no ``data`` entry, ``extensions.code`` by its status."""
    code = _CODES.get(error.status_code, _CODES[400])
    return {"errors": [{"message": error.reason, "extensions": {"code": code}}]}


__all__ = ["RequestError", "headers_of", "payload_of"]
