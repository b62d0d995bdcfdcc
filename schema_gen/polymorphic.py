"""Serializers that write each row by one of several serializers, as one object of all their fields.

django-rest-polymorphic's, django-polymorphic's, and the `PolymorphicProxySerializer` of
drf-spectacular, none of which is imported. A row has one GraphQL type, so that a client's cache
knows it whatever it turns into; what its own serializer does not write is null.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .classes import dotted
from .naming import camel
from .types import FieldDescription, ScalarType, looser

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .types import TypeDescription

__all__ = ["joined", "proxy_name", "tag_of", "variants_of"]

BY_MODEL = frozenset(
    {
        "polymorphic.contrib.drf.serializers.PolymorphicSerializer",
        "rest_polymorphic.serializers.PolymorphicSerializer",
    }
)
PROXY = "drf_spectacular.utils.PolymorphicProxySerializer"


def _is_by_model(serializer: Any) -> bool:
    return any(dotted(base) in BY_MODEL for base in type(serializer).__mro__)


def proxy_name(serializer: Any) -> str | None:
    """The name of a proxy, which only says which serializers a value may be of; else None."""
    return str(serializer.component_name) if dotted(type(serializer)) == PROXY else None


def variants_of(serializer: Any) -> list[tuple[Any, Any]]:
    """`(serializer, model)` of each variant, the model None where it is not known.

    Empty for a serializer that is not polymorphic.
    """
    if _is_by_model(serializer):
        return [(each, model) for model, each in serializer.model_serializer_mapping.items()]
    if proxy_name(serializer) is None:
        return []
    found = serializer.serializers
    found = found.values() if hasattr(found, "values") else found
    return [(each() if isinstance(each, type) else each, None) for each in found]


def tag_of(serializer: Any) -> FieldDescription | None:
    """The field that a polymorphic serializer itself adds: it names the row's variant."""
    if not _is_by_model(serializer):
        return None
    key = str(serializer.resource_type_field_name)
    return FieldDescription(camel(key), key, ScalarType("String"), "Which kind of row this is.")


def joined(
    variants: Sequence[dict[str, FieldDescription]], differs: Callable[[str], TypeDescription]
) -> dict[str, FieldDescription]:
    """The fields of all variants by name, nullable where a variant is without.

    `differs` says the type of a field that is not the same in two of them.
    """
    fields: dict[str, FieldDescription] = {}
    for variant in variants:
        for name, field in variant.items():
            known = fields.get(name, field)
            both = looser(known.type, field.type) if known.key == field.key else None
            fields[name] = replace(known, type=both or differs(known.key))
    return {
        name: field
        if all(name in variant for variant in variants)
        else replace(field, type=field.type.optional())
        for name, field in fields.items()
    }
