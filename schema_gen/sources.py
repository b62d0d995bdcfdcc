"""Follow a serializer field's `source` through the models, one hop at a time."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cached_property, partialmethod
from typing import TYPE_CHECKING, Any, TypeAlias

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db.models import (
    BigIntegerField,
    Count,
    Exists,
    Field,
    ForeignObjectRel,
    GeneratedField,
    IntegerField,
    JSONField,
    Model,
    OneToOneRel,
    Sum,
)
from django.utils.functional import cached_property as DjangoCachedProperty  # noqa: N812

from .hints import return_hint, split_optional

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "Annotation",
    "ModelField",
    "Source",
    "annotations_of",
    "field_may_be_null",
    "follow",
    "model_field",
]

ModelField: TypeAlias = "Field[Any, Any] | ForeignObjectRel"


NEVER_NULL = (Count, Exists)
DISPLAY: Any = vars(Model)["_get_FIELD_display"]


@dataclass(frozen=True)
class Annotation:
    """An annotation of a queryset: its output field where Django knows it; may it be null?"""

    output: Field[Any, Any] | None
    maybe: bool


@dataclass(frozen=True)
class Source:
    """Where a `source` ends.

    `model` is the model that the last name is read on, None where the way could not be followed.
    `field` is its model field, `attribute` the property, method or other class attribute of that
    name, `annotation` the queryset's annotation. `maybe` says whether a hop on the way there may
    be null, `whole` that it is the row itself, `raw_key` that it is the key that a relation stores
    (`author_id`), not the related row.
    """

    model: type[Model] | None = None
    field: ModelField | None = None
    attribute: Any = None
    annotation: Annotation | None = None
    maybe: bool = False
    whole: bool = False
    raw_key: bool = False

    @property
    def output(self) -> Field[Any, Any] | None:
        """The output field of the annotation that it ends at."""
        return self.annotation.output if self.annotation else None

    @property
    def displayed(self) -> Field[Any, Any] | None:
        """The model field whose label it is: it ends at Django's own `get_<field>_display()`."""
        found = self.attribute
        if isinstance(found, partialmethod) and found.func is DISPLAY:
            return found.keywords.get("field")
        return None

    @property
    def is_pk(self) -> bool:
        """Whether it ends at a primary key (a multi-table child's link counts)."""
        return isinstance(self.field, Field) and self.field.primary_key

    @property
    def related(self) -> type[Model] | None:
        """The model at the end, if the end is an instance or a set of instances."""
        if self.whole:
            return self.model
        if self.field is not None:
            related = self.field.related_model
            return related if isinstance(related, type) else None
        return _hinted_model(self.attribute)


def annotations_of(queryset: Any) -> dict[str, Annotation]:
    """The annotations of a queryset by name."""
    return {
        name: Annotation(_output_field(expression), not isinstance(expression, NEVER_NULL))
        for name, expression in queryset.query.annotations.items()
    }


def _output_field(expression: Any) -> Field[Any, Any] | None:
    try:
        found = expression.output_field
    except (FieldError, AttributeError):
        return None
    if isinstance(expression, Sum) and isinstance(found, IntegerField):
        # Django says that a sum of integers is one; databases make a wider number of it.
        return BigIntegerField()
    return found if isinstance(found, Field) else None


def model_field(model: type[Model], name: str) -> ModelField | None:
    """The field that an instance's attribute `name` reads, `pk` and reverse accessors included."""
    if name == "pk":
        return model._meta.pk
    for relation in model._meta.related_objects:
        if relation.get_accessor_name() == name:
            return relation
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if isinstance(field, Field) else None


def follow(
    model: type[Model] | None,
    names: Sequence[str],
    annotations: Mapping[str, Annotation],
) -> Source:
    """Walk `names` from `model`. `annotations` are those of the queryset, by name.

    An unknown hop ends the walk: what comes after it is unknown and may be null.
    """
    if not names:
        return Source(model=model, whole=True)
    maybe = False
    for name in names[:-1]:
        if model is None:
            return Source(maybe=True)
        model, hop_maybe = _hop(model, name)
        maybe = maybe or hop_maybe
        annotations = {}
    return _end(model, names[-1], annotations, maybe)


def _end(
    model: type[Model] | None,
    name: str,
    annotations: Mapping[str, Annotation],
    maybe: bool,
) -> Source:
    if model is None:
        return Source(maybe=maybe)
    if name in annotations:
        found = annotations[name]
        return Source(model=model, annotation=found, maybe=found.maybe)
    field = model_field(model, name)
    if field is not None:
        raw_key = name == getattr(field, "attname", None)
        return Source(model=model, field=field, maybe=maybe, raw_key=raw_key)
    return Source(model=model, attribute=_attribute(model, name), maybe=maybe)


def field_may_be_null(field: ModelField) -> bool:
    """Whether an instance's attribute for the model field may read None, or be missing.

    A set of rows never is; the other side of a one-to-one may not exist; a generic relation and a
    foreign key without a constraint may point at nothing; a database may compute NULL; JSON has
    a null of its own, which a JSON column that is NOT NULL can hold.
    """
    if field.many_to_many or field.one_to_many:
        return False
    if not isinstance(field, Field):
        return isinstance(field, OneToOneRel)
    dangling = field.is_relation and not getattr(field, "db_constraint", False)
    return field.null or dangling or isinstance(field, GeneratedField | JSONField)


def _hop(model: type[Model], name: str) -> tuple[type[Model] | None, bool]:
    field = model_field(model, name)
    if field is None:
        # A hint is no more than a promise: what breaks it must not be an error of the payload.
        return _hinted_model(_attribute(model, name)), True
    related = field.related_model
    target = related if isinstance(related, type) else None
    return target, field_may_be_null(field)


def _attribute(model: type[Model], name: str) -> Any:
    found = inspect.getattr_static(model, name, None)
    if isinstance(found, property):
        return found.fget
    if isinstance(found, cached_property | DjangoCachedProperty):
        return found.func
    if isinstance(found, staticmethod | classmethod):
        return found.__func__
    return found


def _hinted_model(attribute: Any) -> type[Model] | None:
    hint, _ = split_optional(return_hint(attribute))
    return hint if isinstance(hint, type) and issubclass(hint, Model) else None
