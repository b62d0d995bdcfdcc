"""What stands at the end of a source: a column, a property, a method of the project's own.

Hints are promises that nobody checks at run time, and what breaks one must cost a null, never the
payload. So a hint says the type, and it is believed that there is no null where the code itself
leaves no doubt of it.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rest_framework.serializers import ListSerializer

from .classes import is_drf_s_own, overrides_output
from .fickle import drops_fields
from .hints import UNKNOWN, return_hint
from .inference import infer
from .model_fields import scalar_of_model_field
from .nullability import PARTIAL, may_not_fit, reads_null
from .overrides import type_of_override
from .sources import follow
from .spectacular import annotation
from .types import ListType, ObjectType, ScalarType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import Model
    from rest_framework.serializers import Serializer

    from .fields import FieldScope
    from .sources import Source
    from .types import TypeDescription

__all__ = ["backed", "checked", "code_type", "end_type", "is_code", "vouched"]

# Properties that answer by properties, as far as they are followed.
DEPTH = 3
# Any value has a form of these.
OF_ANYTHING = frozenset({"ID", "JSON", "UUID"})
NO_TEXT = frozenset({"Boolean", "JSON"})


def is_code(source: Source) -> bool:
    """Whether a source ends at nothing that the database stores, computes or labels."""
    known = source.field or source.annotation or source.displayed
    return known is None and not source.whole


def end_type(scope: FieldScope, end: Source, depth: int = 0) -> TypeDescription | None:
    """The type of the raw value that a source ends at; None where nothing says it."""
    is_row = end.field is not None and end.field.is_relation and not end.raw_key
    scalar = None if is_row else scalar_of_model_field(end.field or end.output)
    if scalar is not None or end.displayed is not None:
        found = ScalarType(scalar or "String")
        return found.optional() if reads_null(end) or may_not_fit(found, end) else found
    shown = code_type(scope, end.attribute, 0, end.model, depth)
    override = annotation(end.attribute).get("field")
    hint = return_hint(end.attribute)
    told = scope.hint(hint) if override is None else type_of_override(scope, override)
    if told is not None:
        return vouched(told, None if end.maybe else shown)
    return shown if hint is UNKNOWN else None


def code_type(
    scope: FieldScope,
    function: Any,
    row: int,
    model: type[Model] | None,
    depth: int = 0,
    inherited: TypeDescription | None = None,
) -> TypeDescription | None:
    """What a function's own code says of its answer, where a row of `model` is what it reads.

    `row` is the position of the parameter that is the row, `inherited` the type of what the method
    answers that it overrides. A row that a body of the view's own has made may be anything else.
    """
    if depth >= DEPTH:
        return None

    def go(names: Sequence[str], called: bool) -> TypeDescription | None:
        end = follow(model, names, {})
        is_function = inspect.isfunction(end.attribute) or end.displayed is not None
        is_property = isinstance(
            inspect.getattr_static(end.model, names[-1], None), property | cached_property
        )
        if model is None or not names or called != (is_function and not is_property):
            return None
        found = end_type(scope, end, depth + 1)
        return found.optional() if found is not None and end.maybe else found

    def shown(cls: type[Serializer[Any]]) -> TypeDescription | None:
        return _row_of(scope, cls)

    def present(names: Sequence[str]) -> bool:
        end = follow(model, names, {})
        return end.whole or (end.field is not None and not reads_null(end))

    found = infer(function, row, go, inherited, shown, present)
    return found.optional() if found is not None and scope.describer.by_hand else found


def _row_of(scope: FieldScope, cls: type[Serializer[Any]]) -> TypeDescription | None:
    """What a serializer shows of a row; None where that is for its own code to say.

    A row that it was given may have lacked what it must have: it is looked through.
    """
    many = getattr(getattr(cls, "Meta", None), "list_serializer_class", ListSerializer)
    plain_list = all(is_drf_s_own(many, name) for name in ("to_representation", "data"))
    if overrides_output(cls) or drops_fields(cls) or not plain_list:
        return None
    try:
        serializer = cls()
        len(serializer.fields)
    except Exception:  # noqa: BLE001 (whatever the serializer's own code raises)
        return None
    return checked(scope.nested(serializer, None))


def vouched(told: TypeDescription, shown: TypeDescription | None) -> TypeDescription:
    """A type that a hint or an override tells, nullable unless the code has `shown` the same.

    Of a list that is sure, so are the items: one that does not fit must not cost the payload.
    """
    return backed(checked(told), shown)


def backed(told: TypeDescription, shown: TypeDescription | None) -> TypeDescription:
    """The same of a type whose objects are known to be what it says: serializers make them."""
    if shown is None or not _is_sure(told, shown):
        return told.optional()
    if not isinstance(told, ListType) or not isinstance(shown, ListType) or told.lossy:
        return told
    item = backed(told.of, shown.of)
    partial = isinstance(item, ScalarType) and item.name in PARTIAL
    return replace(told, of=item.optional() if partial else item)


def _is_sure(told: TypeDescription, shown: TypeDescription) -> bool:
    if shown.nullable:
        return False
    if isinstance(told, ListType):
        return isinstance(shown, ListType)
    if not isinstance(told, ScalarType) or not isinstance(shown, ScalarType):
        return False
    text = told.name == "String" and shown.name not in NO_TEXT
    return told.name == shown.name or told.name in OF_ANYTHING or text


def checked(told: TypeDescription) -> TypeDescription:
    """The type, its objects looked through before they are sent: no serializer has made them."""
    if isinstance(told, ListType):
        return replace(told, of=checked(told.of))
    return replace(told, told=True) if isinstance(told, ObjectType) else told
