"""Arguments of a root: how a GraphQL value becomes a URL kwarg or a query parameter."""

from __future__ import annotations

import datetime
import decimal
import enum
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from django.utils.duration import duration_string
from rest_framework.exceptions import ValidationError

if TYPE_CHECKING:
    from .types import TypeDescription

__all__ = ["ArgumentDescription", "Style", "text_of"]


class Style(enum.Enum):
    """How a query parameter carries a list."""

    SINGLE = "single"
    REPEATED = "repeated"
    COMMA = "comma"


@dataclass(frozen=True, slots=True)
class ArgumentDescription:
    """One argument: `name` in GraphQL; `key`, the URL kwarg or query parameter it stands for.

    `asks` are the lookups that it compares, in a query's words; none where they are not known.
    """

    name: str
    key: str
    type: TypeDescription
    place: Literal["path", "query"] = "query"
    style: Style = Style.SINGLE
    description: str | None = None
    asks: tuple[str, ...] = ()

    def texts(self, value: Any) -> list[str]:
        """The texts that carry `value`. A ValidationError if a comma in it can't be carried."""
        if not isinstance(value, list | tuple):
            return [text_of(value)]
        texts = [text_of(item) for item in value if item is not None]
        if self.style is not Style.COMMA:
            return texts
        for text in texts:
            if "," in text:
                raise ValidationError(
                    {self.key: [f"{text!r} has a comma, which separates values."]}
                )
        return [",".join(texts)] if texts else []


def text_of(value: Any) -> str:
    """An argument value as a URL writes it."""
    if isinstance(value, enum.Enum):
        # A form knows a choice by its str(), which is not how a URL writes a boolean or a moment.
        return str(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"))
    if isinstance(value, datetime.timedelta):
        return duration_string(value)
    return str(value)
