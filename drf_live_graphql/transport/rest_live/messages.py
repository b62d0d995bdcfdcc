"""What a client says in django-rest-live's protocol, checked once, and how it is answered.

Source of the words and of the error codes: django-rest-live 0.7.0, "Websocket API", at
https://github.com/pennlabs/django-rest-live/blob/master/docs/api.md.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from drf_live_graphql.exceptions import Refusal

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

Action = Literal["list", "retrieve"]
Pairs = tuple[tuple[str, str], ...]

# What a broadcast says has happened to a row, as its subscriber sees it.
CREATED = "CREATED"
DELETED = "DELETED"
UPDATED = "UPDATED"

ACTIONS = ("list", "retrieve")

# As HTTP has them, which the protocol's own three are taken from.
_STATUS = {
    "INVALID": 400,
    "TOO_LARGE": 400,
    "NOT_AUTHENTICATED": 403,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "THROTTLED": 429,
    "TOO_MANY_OPERATIONS": 429,
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message that can be answered: one with an ``id``, which is a number or a text.

    ``key`` is the id as JSON: in Python, the ids 1, 1.0 and true would be one.
    """

    id: int | float | str
    key: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Subscribe:
    """A subscription request whose form is right.

    ``kwargs`` are the URL's, without the looked-up value, ``query`` is the query string's pairs.
    """

    model: str
    action: Action
    lookup: str | None
    kwargs: Pairs
    query: Pairs


def read(text: str) -> Message | None:
    """The message in a frame; ``None`` for what nobody can be answered: no JSON object, no id.

    Raises a ``Refusal`` with the offending id where that is neither a number nor a text that can
    be written out again.
    """
    try:
        content = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    id_ = content.get("id")
    if id_ is None or (isinstance(id_, float) and not math.isfinite(id_)):
        return None
    if isinstance(id_, bool) or not (isinstance(id_, int | float) or _is_text(id_)):
        raise Refusal(f"Expected a number or a text as id; {_shown(id_)} came.", "INVALID", id=id_)
    return Message(id_, json.dumps(id_), content)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def subscribe(content: Mapping[str, Any], models: Container[str]) -> Subscribe:
    """Read a subscription request for one of ``models``.

    Raises a ``Refusal`` that says what is wrong with it: first what django-rest-live looks at
    first, as their codes differ.
    """
    model, action = content.get("model"), content.get("action")
    if not isinstance(model, str):
        raise _invalid("a text 'app.Model' as model", model)
    if model not in models:
        raise Refusal(f"No view is registered for the model {_shown(model)}.", "NOT_FOUND")
    if action not in ACTIONS:
        raise _invalid("'list' or 'retrieve' as action", action)
    lookup = content.get("lookup_by")
    return Subscribe(
        model,
        cast("Action", action),
        None if lookup is None else _text("lookup_by", lookup),
        _kwargs(content.get("view_kwargs")),
        _query(content.get("query_params")),
    )


def _kwargs(value: object) -> Pairs:
    given = _object("view_kwargs", value)
    return tuple(sorted((name, _text(f"view_kwargs.{name}", each)) for name, each in given.items()))


def _query(value: object) -> Pairs:
    pairs: list[tuple[str, str]] = []
    for name, given in _object("query_params", value).items():
        # A parameter that is given several times; django-rest-live has no way to say so.
        values = given if isinstance(given, list) else [given]
        pairs.extend((name, _text(f"query_params.{name}", each)) for each in values)
    return tuple(sorted(pairs, key=lambda pair: pair[0]))


def _object(name: str, value: object) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _invalid(f"an object as {name}", value)
    return value


def _text(name: str, value: object) -> str:
    """A value as a URL has it, which is what Python's ``urlencode`` makes of it."""
    if not (isinstance(value, int | float) or _is_text(value)):
        raise _invalid(f"a text or a number as {name}", value)
    return str(value)


def _is_text(value: object) -> bool:
    """Whether it is a text that has an encoding: JSON can write half a character down."""
    try:
        return isinstance(value, str) and bool(value.encode() or True)
    except UnicodeEncodeError:
        return False


def _invalid(expected: str, came: object) -> Refusal:
    return Refusal(f"Expected {expected}; {_shown(came)} came.", "INVALID")


def _shown(value: object) -> str:
    text = json.dumps(value)
    return "nothing" if value is None else text if len(text) <= 64 else f"{text[:64]}…"


def error(id_: object, refusal: Refusal) -> str:
    """The frame that tells a client of a refusal."""
    code = _STATUS.get(refusal.code, 500)
    frame = {"type": "error", "id": id_, "code": code, "message": refusal.message}
    return json.dumps(frame, separators=(",", ":"))


__all__ = [
    "ACTIONS",
    "CREATED",
    "DELETED",
    "UPDATED",
    "Action",
    "Message",
    "Pairs",
    "Subscribe",
    "error",
    "read",
    "subscribe",
]
