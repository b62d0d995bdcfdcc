"""Model field → scalar, by strawberry-django's own map where it has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry
from django.db import models
from strawberry.scalars import JSON
from strawberry_django.fields.types import field_type_map

from .hints import HINT_SCALARS

if TYPE_CHECKING:
    from .sources import ModelField

__all__ = ["scalar_of_model_field"]

OWN: dict[type, str] = {
    # strawberry-django calls these Int, and a GraphQL Int ends at 32 bits.
    models.BigIntegerField: "BigInt",
    models.PositiveBigIntegerField: "BigInt",
    models.BinaryField: "String",
    models.DurationField: "Duration",
}
SCALARS: dict[Any, str] = {**HINT_SCALARS, strawberry.ID: "ID", JSON: "JSON"}


def scalar_of_model_field(field: ModelField | None) -> str | None:
    """The scalar that a raw value of `field` is, None where no scalar fits (a file, a relation).

    A foreign key's raw value is the key: ID, or what the field that it points at holds.
    """
    if isinstance(field, models.GeneratedField):
        field = field.output_field
    if isinstance(field, models.ForeignKey):
        target = field.target_field
        return "ID" if target.primary_key else scalar_of_model_field(target)
    for base in type(field).__mro__:
        if base in OWN:
            return OWN[base]
        if base in field_type_map:
            return SCALARS.get(field_type_map[base])
    return None
