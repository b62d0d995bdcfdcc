"""What DRF's own field classes put out. Registered on import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import BigIntegerField as BigIntegerModelField
from django.db.models import BinaryField
from rest_framework import ISO_8601, relations, serializers
from rest_framework.fields import _UnvalidatedField
from rest_framework.settings import api_settings

from .classes import dotted
from .ends import code_type, end_type, vouched
from .fields import register_field
from .hints import UNKNOWN, return_hint, split_optional
from .model_fields import scalar_of_model_field
from .nullability import loose_items
from .overrides import type_of_override
from .sources import Source, follow
from .spectacular import annotation
from .types import EnumType, ListType, ObjectType, ScalarType

if TYPE_CHECKING:
    from .fields import FieldScope
    from .types import TypeDescription

__all__: list[str] = []

MAX_INT = 2**31 - 1
RANGE = "django.contrib.postgres.fields.ranges.RangeField"


@register_field(serializers.CharField, serializers.FilePathField, relations.StringRelatedField)
def _string(scope: FieldScope) -> TypeDescription:
    return ScalarType("String")


@register_field(relations.HyperlinkedRelatedField)
def _link(scope: FieldScope) -> TypeDescription:
    return ScalarType("String")


@register_field(serializers.FileField)
def _file(scope: FieldScope) -> TypeDescription:
    return ScalarType("String", nullable=True)


@register_field(serializers.BooleanField)
def _boolean(scope: FieldScope) -> TypeDescription:
    return ScalarType("Boolean")


@register_field(serializers.FloatField)
def _float(scope: FieldScope) -> TypeDescription:
    return ScalarType("Float")


@register_field(serializers.IntegerField)
def _integer(scope: FieldScope) -> TypeDescription:
    model_field: Any = scope.source.field or scope.source.output
    model_field = getattr(model_field, "output_field", model_field)
    if isinstance(getattr(model_field, "target_field", model_field), BigIntegerModelField):
        return ScalarType("BigInt")
    # A model field's max_value comes from the database in use: not a rule for a schema.
    limit = getattr(scope.field, "max_value", None) if model_field is None else None
    return ScalarType("BigInt" if limit is not None and limit > MAX_INT else "Int")


if hasattr(serializers, "BigIntegerField"):  # pragma: no branch (DRF 3.17)

    @register_field(serializers.BigIntegerField)
    def _big_integer(scope: FieldScope) -> TypeDescription:
        default = getattr(api_settings, "COERCE_BIGINT_TO_STRING", False)
        as_text = getattr(scope.field, "coerce_to_string", default)
        return ScalarType("String" if as_text else "BigInt")


@register_field(serializers.DecimalField)
def _decimal(scope: FieldScope) -> TypeDescription:
    return ScalarType("String" if scope.field.localize else "Decimal")


def _dated(scope: FieldScope, scalar: str, default: str | None) -> TypeDescription:
    effective = getattr(scope.field, "format", default)
    iso = effective is None or effective.lower() == ISO_8601
    return ScalarType(scalar if iso else "String")


@register_field(serializers.DateTimeField)
def _datetime(scope: FieldScope) -> TypeDescription:
    return _dated(scope, "DateTime", api_settings.DATETIME_FORMAT)


@register_field(serializers.DateField)
def _date(scope: FieldScope) -> TypeDescription:
    return _dated(scope, "Date", api_settings.DATE_FORMAT)


@register_field(serializers.TimeField)
def _time(scope: FieldScope) -> TypeDescription:
    return _dated(scope, "Time", api_settings.TIME_FORMAT)


@register_field(serializers.DurationField)
def _duration(scope: FieldScope) -> TypeDescription:
    return ScalarType("Duration")


@register_field(serializers.UUIDField)
def _uuid(scope: FieldScope) -> TypeDescription:
    return ScalarType("String" if scope.field.uuid_format == "int" else "UUID")


@register_field(serializers.JSONField)
def _json(scope: FieldScope) -> TypeDescription:
    return ScalarType("String" if scope.field.binary else "JSON")


@register_field(serializers.DictField, _UnvalidatedField)
def _anything(scope: FieldScope) -> TypeDescription:
    return ScalarType("JSON")


@register_field(serializers.ChoiceField)
def _choice(scope: FieldScope) -> TypeDescription:
    return scope.make_enum(scope.field.choices) or ScalarType("String", nullable=True)


@register_field(serializers.MultipleChoiceField)
def _choices(scope: FieldScope) -> TypeDescription:
    item = scope.make_enum(scope.field.choices)
    # A stored value that is none of the choices is left out, so items are never null.
    return ListType(EnumType(item.enum) if item else ScalarType("String"), lossy=True)


@register_field(serializers.ListField)
def _list(scope: FieldScope) -> TypeDescription:
    child = scope.field.child
    item = scope.at(child, Source(whole=True)).describe()
    return ListType(loose_items(item, scope.source))


@register_field(serializers.Serializer)
def _nested(scope: FieldScope) -> TypeDescription:
    return scope.nested(scope.field, scope.source.related)


@register_field("rest_framework_recursive.fields.RecursiveField")
def _recursive(scope: FieldScope) -> TypeDescription:
    return scope.at(scope.field.proxied).describe()


@register_field(serializers.ListSerializer)
def _nested_list(scope: FieldScope) -> TypeDescription:
    child = scope.field.child
    source = Source(model=scope.source.related, whole=True)
    item = scope.at(child, source).describe()
    return ListType(item if isinstance(item, ObjectType) else loose_items(item, scope.source))


@register_field(relations.PrimaryKeyRelatedField)
def _primary_key(scope: FieldScope) -> TypeDescription:
    if scope.field.pk_field is None:
        return ScalarType("ID")
    return scope.at(scope.field.pk_field, Source(whole=True)).describe()


@register_field(relations.SlugRelatedField)
def _slug(scope: FieldScope) -> TypeDescription:
    queryset = scope.field.queryset
    # A queryset may be a function, to be asked later.
    model = getattr(queryset, "model", None) or scope.source.related
    end = follow(model, scope.field.slug_field.split("__"), {})
    return describe_end(scope, end)


@register_field(relations.ManyRelatedField)
def _many(scope: FieldScope) -> TypeDescription:
    source = Source(model=scope.source.related, whole=True)
    return ListType(scope.at(scope.field.child_relation, source).describe())


@register_field(serializers.ReadOnlyField)
def _read_only(scope: FieldScope) -> TypeDescription:
    return describe_end(scope, scope.source)


@register_field(serializers.ModelField)
def _model_field(scope: FieldScope) -> TypeDescription:
    scalar = scalar_of_model_field(scope.field.model_field)
    if scalar is None and RANGE in map(dotted, type(scope.field.model_field).__mro__):
        # No value that JSON has: DRF takes the field's own text, which has both ends and bounds.
        scalar = "String"
    if scalar is None:
        kind = type(scope.field.model_field).__name__
        return scope.json(
            f"no scalar is known for the model field class {kind}",
            "Declare the field on the serializer with a field class of DRF's.",
        )
    return ScalarType(scalar)


@register_field(serializers.SerializerMethodField)
def _method(scope: FieldScope) -> TypeDescription:
    method = getattr(scope.serializer, scope.field.method_name)
    meta = getattr(type(scope.serializer), "Meta", None)
    model = getattr(meta, "model", None)
    shown = code_type(scope, getattr(method, "__func__", method), 1, model)
    override = annotation(method).get("field")
    hint = return_hint(method)
    told = scope.hint(hint) if override is None else type_of_override(scope, override)
    if told is not None:
        found = vouched(told, shown)
        return found.optional() if split_optional(hint)[1] else found
    if shown is not None and hint is UNKNOWN:
        return shown
    return scope.json(
        f"its method {scope.field.method_name}() has no return hint that GraphQL can say",
        "Give the method a return hint, or decorate it with @extend_schema_field.",
    )


def describe_end(scope: FieldScope, end: Source) -> TypeDescription:
    """The type of the raw value that a source ends at."""
    if isinstance(end.field or end.output, BinaryField):
        return scope.json(
            "databases hand out raw bytes in different forms",
            "Leave its field to the ModelSerializer, which writes base64.",
        )
    found = end_type(scope, end)
    if found is not None:
        return found
    return scope.json(
        "nothing says what type its value has",
        "Give the property or method that it reads a return hint, or declare the field with a "
        "field class of DRF's.",
    )
