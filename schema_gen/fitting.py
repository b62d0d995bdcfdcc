"""Whether what a serializer field shows fits under the type that a strawberry field says."""

from __future__ import annotations

from typing import Any

from strawberry.types.base import StrawberryList, StrawberryOptional
from strawberry.types.enum import StrawberryEnumDefinition

from .scalars import ANNOTATIONS
from .types import EnumType, ListType, ObjectType, ScalarType, TypeDescription, written

__all__ = ["misfit"]

NAMES = {annotation: name for name, annotation in ANNOTATIONS.items()}
TEXTS = frozenset({"Date", "DateTime", "Decimal", "Duration", "ID", "String", "Time", "UUID"})
KEYS = frozenset({"BigInt", "ID", "Int", "String", "UUID"})
TAKES: dict[str, frozenset[str]] = {
    "BigInt": frozenset({"BigInt", "Int"}),
    "Decimal": frozenset({"BigInt", "Decimal", "Int"}),
    "Float": frozenset({"Float", "Int"}),
    "ID": KEYS,
    "JSON": frozenset(ANNOTATIONS),
    "String": TEXTS,
    "UUID": frozenset({"UUID"}),
}
"""By the scalar that a strawberry type says: those whose values it writes; else itself alone."""


def misfit(own: Any, described: TypeDescription) -> str | None:
    """Why values of `described` don't fit under the strawberry type `own`; None where they do.

    Objects are not looked at, nor are scalars of the project's own.
    """
    if isinstance(own, StrawberryOptional):
        return _misfit(own.of_type, described)
    if described.nullable:
        return f"may be null ({written(described)})"
    return _misfit(own, described)


def _misfit(own: Any, described: TypeDescription) -> str | None:
    if isinstance(own, StrawberryList) and isinstance(described, ListType):
        inside = misfit(own.of_type, described.of)
        return inside and f"has items of which one {inside}"
    if isinstance(described, ObjectType):
        return None
    if isinstance(own, StrawberryEnumDefinition):
        fits = isinstance(described, EnumType) and _values(described) <= _own_values(own)
    elif isinstance(own, StrawberryList):
        fits = False
    else:
        name = NAMES.get(own)
        if name is None:
            return None
        fits = _fits(name, described)
    return None if fits else f"is {written(described)}"


def _fits(name: str, described: TypeDescription) -> bool:
    if isinstance(described, ScalarType):
        return described.name in TAKES.get(name, {name})
    if isinstance(described, EnumType):
        texts = all(isinstance(value, str) for value in _values(described))
        return name == "JSON" or (name == "String" and texts)
    return name == "JSON"


def _values(described: EnumType) -> set[Any]:
    return {value.value for value in described.enum.values}


def _own_values(own: StrawberryEnumDefinition) -> set[Any]:
    return {member.value for member in own.values}
