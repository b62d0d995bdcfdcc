"""All GraphQL names come from here. Nothing is left to strawberry's own conversions."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from .exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = [
    "argument_name",
    "camel",
    "checked_name",
    "pascal",
    "type_name",
    "unique",
    "upper_snake",
]

WORD = re.compile(r"[A-Za-z0-9]+")
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# GraphQL specification, 2.1.9; two underscores in front are introspection's own.
NAME = re.compile(r"(?!__)[_A-Za-z][_0-9A-Za-z]*")
# Capitals that are one word, before the next word or the end: `IP` of `IPAddress`, all of `URL`.
ACRONYM = re.compile(r"[A-Z0-9]+(?=[A-Z][a-z])|[A-Z0-9]+$")
RESERVED_ARGUMENTS = frozenset({"info"})


def _words(text: str) -> list[str]:
    """The ASCII words of any text. Text without one is spelt by its code points."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return WORD.findall(plain) or [f"x{ord(sign):x}" for sign in text]


def _guard_digit(name: str, prefix: str) -> str:
    return f"{prefix}{name}" if name[:1].isdigit() else name


def camel(text: str) -> str:
    """`title__icontains` → `titleIcontains`, `task-items` → `taskItems`, `IPNet` → `ipNet`."""
    first, *rest = _words(text)
    head = ACRONYM.match(first)
    length = head.end() if head else 1
    first = first[:length].lower() + first[length:]
    return _guard_digit(first + "".join(word[0].upper() + word[1:] for word in rest), "_")


def pascal(text: str) -> str:
    """`project_task` → `ProjectTask`; capitals inside a word stay."""
    return _guard_digit("".join(word[0].upper() + word[1:] for word in _words(text)), "_")


def upper_snake(text: str) -> str:
    """`in-progress`, `inProgress` → `IN_PROGRESS`. A leading digit gets `VALUE_` in front."""
    words = [part for word in _words(text) for part in HUMP.sub(" ", word).split()]
    return _guard_digit("_".join(words).upper(), "VALUE_")


def type_name(class_name: str) -> str:
    """`TaskSerializer` → `Task`. The name of a class that is all suffix is kept."""
    return pascal(class_name.removesuffix("Serializer") or class_name)


def argument_name(text: str) -> str:
    """Like `camel`; a name that strawberry passes to resolvers itself gets an underscore."""
    name = camel(text)
    return f"{name}_" if name in RESERVED_ARGUMENTS else name


def unique(name: str, taken: Collection[str]) -> str:
    """`name`, or the first of `name_2`, `name_3` ... that is not taken."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


def checked_name(name: object, option: str) -> str:
    """`name`, if GraphQL can have it. A SchemaError that says which `option` has it, if not."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise SchemaError(
            f"{option} expected a GraphQL name (letters, digits and underscores, no digit and no "
            f"two underscores in front), {name!r} came."
        )
    return name
