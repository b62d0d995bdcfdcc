"""What drf-spectacular's decorators left on a thing, read without importing drf-spectacular."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OPENAPI_SCALARS", "annotation", "is_passthrough", "scalar_of_schema"]

OPENAPI_SCALARS = {
    "BOOL": "Boolean",
    "INT": "Int",
    "INT32": "Int",
    "INT64": "BigInt",
    "UINT16": "Int",
    "UINT32": "BigInt",
    "UINT64": "BigInt",
    "NUMBER": "Float",
    "FLOAT": "Float",
    "DOUBLE": "Float",
    "DECIMAL": "Decimal",
    "DATE": "Date",
    "DATETIME": "DateTime",
    "TIME": "Time",
    "DURATION": "Duration",
    "UUID": "UUID",
    "OBJECT": "JSON",
    "ANY": "JSON",
    "NONE": "JSON",
}
"""Members of `OpenApiTypes` by name; every other one is a string of some format."""

FORMATS = {
    ("string", "date-time"): "DateTime",
    ("string", "date"): "Date",
    ("string", "time"): "Time",
    ("string", "duration"): "Duration",
    ("string", "uuid"): "UUID",
    ("string", "decimal"): "Decimal",
    ("integer", "int64"): "BigInt",
    ("integer", "uint32"): "BigInt",
    ("integer", "uint64"): "BigInt",
}
TYPES = {"string": "String", "integer": "Int", "number": "Float", "boolean": "Boolean"}


def annotation(thing: Any) -> Mapping[str, Any]:
    """The overrides on a function, field or serializer; empty where there are none."""
    found = getattr(thing, "_spectacular_annotation", None)
    return found if isinstance(found, dict) else {}


def scalar_of_schema(schema: Mapping[str, Any]) -> tuple[str, bool]:
    """The scalar of an OpenAPI schema and whether it is nullable. Anything compound is JSON."""
    kind = schema.get("type")
    nullable = bool(schema.get("nullable"))
    if isinstance(kind, list):
        nullable = nullable or "null" in kind
        kinds = [item for item in kind if item != "null"]
        kind = kinds[0] if len(kinds) == 1 else None
    if not isinstance(kind, str):
        return "JSON", True
    return FORMATS.get((kind, schema.get("format", ""))) or TYPES.get(kind, "JSON"), nullable


def is_passthrough(function: Any) -> bool:
    """Whether `function` is the wrapper that `@extend_schema_view` puts around a method.

    It only calls the method, unlike a decorator of the user's.
    """
    module = getattr(function, "__globals__", {}).get("__name__", "")
    return hasattr(function, "__wrapped__") and module.startswith("drf_spectacular.")
