"""Serializer field → type, by a registry that is asked along the field class's MRO."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from rest_framework import serializers

from .classes import checked_classes, definer, dotted, is_drf_s_own
from .ends import backed, code_type, is_code, vouched
from .enums import enum_from_choices
from .exceptions import SchemaError
from .hints import UNKNOWN, return_hint, split_optional, type_of_hint
from .inference import infer
from .naming import pascal
from .nullability import may_be_null, may_not_fit
from .overrides import type_of_override
from .spectacular import annotation
from .types import EnumType, ScalarType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.db.models import Model

    from .serializers import Describer
    from .sources import Annotation, Source
    from .types import FieldDescription, ObjectType, TypeDescription

__all__ = ["FieldScope", "describe_field", "register_field", "register_field_type"]


@dataclass(frozen=True)
class FieldScope:
    """A serializer field and what describing it needs to know.

    `name` is its name in the serializer (an item of a list goes by the list's), `source` where
    its value comes from, `owner` the GraphQL name of the type that it is on. `annotations` are
    those of the row that its serializer reads.
    """

    describer: Describer
    serializer: Any
    name: str
    field: Any
    source: Source
    owner: str
    annotations: Mapping[str, Annotation] = field(default_factory=dict)

    def at(self, field: Any, source: Source | None = None) -> FieldScope:
        """The scope of a field inside this one: a list's child, a many-relation's item."""
        if source is None:
            return replace(self, field=field)
        return replace(self, field=field, source=source, annotations={})

    def describe(self) -> TypeDescription:
        """The type of the field; see `describe_field`."""
        return describe_field(self)

    def json(self, problem: str, mend: str) -> TypeDescription:
        """Nullable JSON, and a warning that says why and how to mend it."""
        place = f"{type(self.serializer).__name__}.{self.name}"
        self.describer.warn(place, f"{problem}, so it is nullable JSON", mend, "json")
        return ScalarType("JSON", nullable=True)

    def hint(self, hint: Any) -> TypeDescription | None:
        """The type of a Python hint, None if the hint can't be read."""
        return type_of_hint(hint, self)

    def make_enum(self, choices: Any) -> EnumType | None:
        """The enum of `choices`, nullable: a stored value may be none of them.

        It is named after its place, so that no other enum ever takes or changes its name, unless
        the view's registration names it.
        """
        default = f"{self.owner}{pascal(self.name)}Enum"
        name = self.describer.enum_name(self.serializer, self.name, default)
        enum = enum_from_choices(name, choices)
        return EnumType(enum, nullable=True) if enum else None

    def within(self, owner: str, name: str) -> FieldScope:
        """The surroundings of the field `name` of an object that a hint says; see `HintScope`."""
        return replace(self, owner=owner, name=name)

    def make_object(
        self, name: str, origin: Any, fields: Callable[[], tuple[FieldDescription, ...]]
    ) -> ObjectType:
        """The object that a class with hints stands for."""
        return self.describer.make_object(name, origin, fields)

    def nested(self, serializer: Any, model: type[Model] | None) -> TypeDescription:
        """The object of a serializer inside this one; with source="*" it reads the same row."""
        annotations = self.annotations if self.source.whole else {}
        return self.describer.nested(serializer, model, annotations)

    def _told(self) -> Any:
        """The method of a method field, else the property or method that the source ends at."""
        if isinstance(self.field, serializers.SerializerMethodField):
            return getattr(self.serializer, str(self.field.method_name), None)
        return self.source.attribute

    def override(self) -> Any:
        """What `@extend_schema_field` says, of the field or of what it reads; else None."""
        said = annotation(self.field).get("field")
        return annotation(self._told()).get("field") if said is None else said

    def deprecation(self) -> str | None:
        """Why not to use the field: `@deprecated` (PEP 702), or the schema that overrides it."""
        reason = getattr(self._told(), "__deprecated__", None)
        if isinstance(reason, str):
            return reason
        said = self.override()
        outdated = isinstance(said, Mapping) and said.get("deprecated")
        return "Deprecated by its schema." if outdated else None

    def description(self) -> str | None:
        """The help text, else a label that says more than the name, else the docstring."""
        field = self.field
        said = self.override()
        if isinstance(said, Mapping) and said.get("description"):
            return str(said["description"])
        if field.help_text:
            return str(field.help_text)
        label = str(field.label or "")
        if label and label.lower() != self.name.replace("_", " ").lower():
            return label
        told = self._told()
        return inspect.getdoc(told) if inspect.isroutine(told) else None


PK_SCALARS = frozenset({"Int", "BigInt", "String", "UUID"})

PLAIN = frozenset(
    {
        *(serializers.CharField, serializers.DateField, serializers.DateTimeField),
        *(serializers.DecimalField, serializers.DictField, serializers.IntegerField),
        *(serializers.JSONField, serializers.TimeField, serializers.UUIDField),
    }
)
"""Field classes with a type of their own, whatever they are used for."""

Described: TypeAlias = "Callable[[FieldScope], TypeDescription]"

_registry: dict[type | str, Described] = {}


def register_field(*field_classes: type | str) -> Callable[[Described], Described]:
    """Decorate the function that describes these field classes and their subclasses.

    It gets a `FieldScope` and returns the type; nullability is added to it afterwards. A later
    registration of the same class wins. A class of a package that need not be installed goes by
    its dotted path. A SchemaError for what is no serializer field class.
    """
    _check("register_field", field_classes)

    def register(describe: Described) -> Described:
        for field_class in field_classes:
            _registry[field_class] = describe
        return describe

    return register


def register_field_type(field_class: type | str, hint: Any) -> None:
    """Say by a Python hint what a custom serializer field puts out: `Decimal`, `list[str]` ...

    A class may go by its dotted path, as for `register_field`. A SchemaError for what is no
    serializer field class.
    """
    _check("register_field_type", [field_class])
    name = field_class.__name__ if isinstance(field_class, type) else field_class

    def describe(scope: FieldScope) -> TypeDescription:
        found = scope.hint(hint)
        if found is None:
            return scope.json(
                f"the type {hint!r} registered for {name} is not one that GraphQL can say",
                "Register a scalar, a list, an enum, a TypedDict or a dataclass.",
            )
        return vouched(found, infer(type(scope.field).to_representation))

    register_field(field_class)(describe)


def _check(function: str, given: Iterable[object]) -> None:
    checked_classes(function, "serializer field", given, serializers.Field, paths=True)


def describe_field(scope: FieldScope) -> TypeDescription:
    """The type of a bound serializer field, nullable where its value may be null.

    What nothing is known of is nullable JSON, with a warning: a type that holds in every case.
    """
    try:
        found = _described(scope)
    except SchemaError:
        raise
    except Exception as error:  # noqa: BLE001 (a describer or a hook of the user's)
        return scope.json(
            f"describing it failed: {error!r}",
            "Mend what failed, or call schema_gen.register_field_type() for its class.",
        )
    if scope.source.is_pk and isinstance(found, ScalarType) and found.name in PK_SCALARS:
        found = replace(found, name="ID")
    if is_code(scope.source) and not isinstance(scope.field, serializers.SerializerMethodField):
        found = _of_code(scope, found)
    nullable = may_be_null(scope.field, scope.source) or may_not_fit(found, scope.source)
    loose = _reads_its_own_way(scope.field) or _has_no_word(scope)
    return found.optional() if nullable or loose else found


def _of_code(scope: FieldScope, found: TypeDescription) -> TypeDescription:
    """What a field makes of what a property or method of the project's answers."""
    attribute = scope.source.attribute
    shown = code_type(scope, attribute, 0, scope.source.model)
    # A serializer makes of the objects what is selected of them, and nothing beside that.
    nested = isinstance(scope.field, serializers.BaseSerializer)
    sure = backed(found, shown) if nested else vouched(found, shown)
    return sure.optional() if split_optional(return_hint(attribute))[1] else sure


def _described(scope: FieldScope) -> TypeDescription:
    override = annotation(scope.field).get("field")
    cls = type(scope.field)
    if override is not None:
        return vouched(type_of_override(scope, override), infer(cls.to_representation))
    base = next((base for base in cls.__mro__ if _describer(base)), None)
    describer = None if base is None else _describer(base)
    # A serializer's own to_representation() is dealt with where its fields are described.
    if describer and base and (base is serializers.Serializer or not _rewrites(cls, base)):
        return describer(scope)
    writer = definer(cls, "to_representation")
    written = vars(writer)["to_representation"]
    hint = return_hint(written)
    inherited = describer(scope) if describer and base in PLAIN else None
    shown = None
    if not isinstance(scope.field, serializers.BaseSerializer):
        # Of serializers, what they add to their rows is worth a warning, whatever its type.
        shown = code_type(scope, written, 1, scope.source.related, inherited=inherited)
    told = None if hint is UNKNOWN else scope.hint(hint)
    found = shown if hint is UNKNOWN else told and vouched(told, shown)
    if found is not None:
        return found
    if isinstance(inherited, ScalarType) and inherited.name == "JSON":
        # Whatever it makes of its base's JSON, JSON holds it.
        return inherited.optional()
    return scope.json(
        f"{cls.__name__} makes its output in a to_representation() without a return hint",
        "Give that method a return hint, or call schema_gen.register_field_type().",
    )


def _describer(cls: type) -> Described | None:
    return _registry.get(cls) or _registry.get(dotted(cls))


def _rewrites(cls: type, base: type) -> bool:
    """Whether a class below `base` puts out something else than `base` does."""
    writer = definer(cls, "to_representation")
    return writer is not base and issubclass(writer, base)


def _has_no_word(scope: FieldScope) -> bool:
    """Whether only `required` speaks for a value, which DRF asks of input alone.

    Of a row of the view's model it is worth something. A view that hands its serializer an object
    of its own making may have put None there.
    """
    if not scope.describer.by_hand or isinstance(scope.field, serializers.SerializerMethodField):
        return False
    return scope.source.field is None and scope.source.annotation is None


def _reads_its_own_way(field: Any) -> bool:
    """A get_attribute() of the user's may answer None whatever the model says."""
    return not is_drf_s_own(type(field), "get_attribute")
