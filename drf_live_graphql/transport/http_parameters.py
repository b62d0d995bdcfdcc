"""The parameters of a GraphQL request, read from a URL or a JSON body and checked once.

Source: the GraphQL over HTTP draft, "Request Parameters". What is wrong is a ``RequestError``
with status 400 that says what was expected and what came.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from strawberry.http import GraphQLRequestData

from drf_live_graphql.transport.http_errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strawberry.http import GraphQLRequestProtocol

_KINDS: Mapping[type, str] = {
    bool: "a boolean",
    dict: "an object",
    float: "a number",
    int: "a number",
    list: "an array",
    str: "a string",
}


def from_url(
    parameters: Mapping[str, str], *, protocol: GraphQLRequestProtocol = "http"
) -> GraphQLRequestData:
    """The request in a query string, where ``variables`` and ``extensions`` are JSON texts."""
    body: dict[str, object] = dict(parameters)
    for name in ("variables", "extensions"):
        text = parameters.get(name)
        body[name] = loads(text, what=f"the URL's `{name}`") if text else None
    return from_object(body, protocol=protocol)


def from_object(body: object, *, protocol: GraphQLRequestProtocol = "http") -> GraphQLRequestData:
    """The request in a decoded JSON body; unknown entries are ignored, as the draft asks."""
    if not isinstance(body, dict):
        raise RequestError(400, f"Expected a JSON object as the body; it is {_kind(body)}.")
    return GraphQLRequestData(
        query=_entry(body, "query", str),
        variables=_entry(body, "variables", dict),
        operation_name=_entry(body, "operationName", str),
        extensions=_entry(body, "extensions", dict),
        protocol=protocol,
    )


def loads(text: str | bytes, *, what: str = "the body") -> Any:
    """Decode strict JSON in UTF-8 (no ``NaN``, RFC 8259); ``what`` names it in an error."""
    try:
        return json.loads(_text(text), parse_constant=_refuse_constant)
    except RecursionError:
        raise RequestError(400, f"Expected JSON in {what}; it is nested too deeply.") from None
    except ValueError as error:
        raise RequestError(400, f"Expected JSON in {what}: {error}.") from error


def _text(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode("utf-8")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def _entry(body: dict[str, object], name: str, kind: type) -> Any:
    value = body.get(name)
    if value is None or isinstance(value, kind):
        return value
    raise RequestError(400, f"Expected {_KINDS[kind]} or null as `{name}`; it is {_kind(value)}.")


def _kind(value: object) -> str:
    return "null" if value is None else _KINDS[type(value)]


__all__ = ["from_object", "from_url", "loads"]
