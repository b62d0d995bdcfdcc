"""`@extend_schema_field(...)` → type: what it names wins over all that was found out."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rest_framework.fields import Field

from .sources import Source
from .spectacular import OPENAPI_SCALARS, scalar_of_schema
from .types import ListType, ScalarType

if TYPE_CHECKING:
    from .fields import FieldScope
    from .types import TypeDescription

__all__ = ["type_of_override"]


def type_of_override(scope: FieldScope, override: Any) -> TypeDescription:
    """The type that an override says: a serializer, a field, an `OpenApiTypes`, a schema, a hint.

    One that is none of these is nullable JSON, with a warning.
    """
    if isinstance(override, type) and issubclass(override, Field):
        override = override()
    if isinstance(override, Field):
        return scope.at(override, Source(model=scope.source.related, whole=True)).describe()
    if isinstance(override, enum.Enum) and type(override).__name__ == "OpenApiTypes":
        nullable = override.name in ("ANY", "NONE")
        return ScalarType(OPENAPI_SCALARS.get(override.name, "String"), nullable)
    if isinstance(override, Mapping):
        return _type_of_schema(scope, override)
    found = scope.hint(override)
    if found is not None:
        return found
    return scope.json(
        f"@extend_schema_field({override!r}) is not a type that GraphQL can say here",
        "Name a serializer, a field, an OpenApiTypes member or a Python type.",
    )


def _type_of_schema(scope: FieldScope, schema: Mapping[str, Any]) -> TypeDescription:
    scalar, nullable = scalar_of_schema(schema)
    found: TypeDescription | None = None
    if "enum" in schema:
        found = scope.make_enum(schema["enum"])
    elif schema.get("type") == "array":
        items = schema.get("items")
        item = _type_of_schema(scope, items) if isinstance(items, Mapping) else None
        found = ListType(item or ScalarType("JSON", nullable=True))
    if found is None:
        return ScalarType(scalar, nullable)
    return found.optional() if nullable else found
