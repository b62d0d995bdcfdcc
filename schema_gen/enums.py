"""Choices → a GraphQL enum."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .naming import unique, upper_snake
from .types import EnumDescription, EnumValueDescription

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["enum_from_choices", "flatten"]


def flatten(choices: Iterable[Any] | Mapping[Any, Any]) -> list[tuple[Any, str]]:
    """`(value, label)` pairs of choices in any of Django's forms: groups become flat."""
    pairs: list[tuple[Any, str]] = []
    items = choices.items() if hasattr(choices, "items") else choices
    for item in items:
        value, label = item if isinstance(item, list | tuple) else (item, item)
        if isinstance(label, list | tuple) or hasattr(label, "items"):
            pairs.extend(flatten(label))
        else:
            pairs.append((value, str(label)))
    return pairs


def _value_name(value: Any, label: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return upper_snake(str(value))
    if label != str(value) and re.search("[A-Za-z]", label):
        return upper_snake(label)
    return f"VALUE_{upper_snake(str(value).replace('-', 'minus ')).removeprefix('VALUE_')}"


def enum_from_choices(
    name: str, choices: Iterable[Any] | Mapping[Any, Any], description: str | None = None
) -> EnumDescription | None:
    """The enum called `name`, or None if no choice can be a member.

    None and the empty string are no members: a row that holds them answers null. Labels become
    descriptions where they say more than the name.
    """
    values: dict[str, EnumValueDescription] = {}
    seen: set[Any] = set()
    for value, label in flatten(choices):
        raw = getattr(value, "value", value)
        if raw is None or raw == "" or raw in seen:
            continue
        seen.add(raw)
        member = unique(_value_name(raw, label), values)
        text = None if upper_snake(label or "_") == member else label
        values[member] = EnumValueDescription(member, raw, text or None)
    if not values:
        return None
    return EnumDescription(name, tuple(values.values()), description)
