"""A strawberry type of the project's own in the place of a serializer's generated one."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import TYPE_CHECKING, Any

from strawberry.types.base import (
    StrawberryContainer,
    StrawberryList,
    StrawberryObjectDefinition,
    StrawberryOptional,
)
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.lazy_type import LazyType
from strawberry.types.private import is_private
from strawberry.types.union import StrawberryUnion
from strawberry.utils.str_converters import to_camel_case

from .exceptions import SchemaError
from .fitting import NAMES, misfit
from .types import ListType, ObjectType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from strawberry.types.field import StrawberryField

    from .types import FieldDescription, ObjectDescription, TypeDescription

__all__ = ["OwnType", "definition_of", "path_of", "reachable", "shown_as"]

UNFINISHED: Any = object()


def path_of(cls: type) -> str:
    """The dotted path of a class, for messages."""
    return f"{cls.__module__}.{cls.__qualname__}"


def definition_of(cls: Any) -> Any:
    """Strawberry's definition of a type or an enum."""
    return cls.__strawberry_definition__


def is_object(cls: Any) -> bool:
    """Whether strawberry has made an object type of the class, not an enum."""
    definition = getattr(cls, "__strawberry_definition__", None)
    return isinstance(definition, StrawberryObjectDefinition)


def shown_fields(cls: Any) -> list[StrawberryField]:
    """The fields of an object type that GraphQL shows; an enum has none.

    Under postponed annotations strawberry counts `strawberry.Private` attributes in.
    """
    if not is_object(cls):
        return []
    return [field for field in definition_of(cls).fields if not is_private(field.type)]


@dataclasses.dataclass(frozen=True, eq=False)
class OwnType:
    """How rows of one serializer become instances of the strawberry type `cls`.

    `described` are all fields that the serializer shows, by key.
    """

    cls: type
    described: Mapping[str, FieldDescription]

    @property
    def name(self) -> str:
        """The type's GraphQL name."""
        return str(definition_of(self.cls).name)

    @cached_property
    def fields(self) -> tuple[FieldDescription, ...]:
        """What the type shows of the row, by the type's own GraphQL names."""
        return tuple(
            dataclasses.replace(
                self.described[field.python_name],
                name=field.graphql_name or to_camel_case(field.python_name),
            )
            for field in shown_fields(self.cls)
            if field.base_resolver is None and field.python_name in self.described
        )

    @cached_property
    def inputs(self) -> tuple[FieldDescription, ...]:
        """What the class is made of, its private attributes included."""
        names = [field.name for field in dataclasses.fields(self.cls) if field.init]
        return tuple(self.described[name] for name in names if name in self.described)

    def check(self, view: str, serializer: str) -> None:
        """A SchemaError for a type that can't stand for the serializer, or not for everyone.

        What is sent is made once for all who are entitled to the same answer, so nothing in the
        type may look at the request: no resolver may take `info`, be asynchronous, or have
        extensions or permission classes.
        """
        place = f"{view}: the strawberry type {path_of(self.cls)} of {serializer}"
        for field in dataclasses.fields(self.cls):
            defaults = {field.default, field.default_factory} - {dataclasses.MISSING}
            if field.init and field.name not in self.described and not defaults:
                raise SchemaError(
                    f"{place} has {field.name!r}, which is no field that the serializer shows. "
                    f"Expected some of {sorted(self.described)}, a default, or a resolver."
                )
        for cls in reachable(self.cls):
            if is_object(cls) and definition_of(cls).is_interface:
                raise SchemaError(
                    f"{place} leads to {path_of(cls)}, which is an interface: what stands behind "
                    f"it is not known. Name object types, or a union of them."
                )
            for item in shown_fields(cls):
                reason = _looks_around(item)
                if reason:
                    raise SchemaError(
                        f"{place} leads to {path_of(cls)}.{item.python_name}, which {reason}. A "
                        f"row is told to all its subscribers at once, whoever they are: let it be "
                        f"made of self alone, or make it a field of the serializer."
                    )
        self._check_nested(place)
        self._check_values(place)

    def _check_values(self, place: str) -> None:
        """What the serializer shows must be something that the type's field can say."""
        for field in shown_fields(self.cls):
            described = self.described.get(field.python_name)
            if field.base_resolver is not None or described is None:
                continue
            reason = misfit(field.type, described.type)
            if reason:
                raise SchemaError(
                    f"{place} has {field.python_name!r} as {_shown(field.type)}, where the "
                    f"serializer's {reason}: a value that does not fit would cost the whole "
                    f"payload. Let the type's field say so, or keep the value in a "
                    f"strawberry.Private and make a field of it in a resolver."
                )

    def _check_nested(self, place: str) -> None:
        """Where the serializer nests another, both must mean the same type by it."""
        for field in shown_fields(self.cls):
            described = self.described.get(field.python_name)
            if field.base_resolver is not None or described is None:
                continue
            cls = next(iter(_leads_to(field.type)), None)
            nested = _object_of(described.type)
            came = cls if cls is not None and is_object(cls) else None
            if nested is UNFINISHED or (nested is None and came is None):
                continue
            shown = nested.own.cls if nested is not None and nested.own is not None else None
            if came is not shown or came is None:
                what = path_of(came) if came else "a plain value"
                origin = nested.origin if nested is not None else "a plain value"
                raise SchemaError(
                    f"{place} has {field.python_name!r} as {what}, where the serializer shows "
                    f"{origin}. Register a strawberry type for the nested serializer with "
                    f"@register_serializer(...), and name that one."
                )


def reachable(cls: type) -> Iterator[type]:
    """The strawberry types and enums that fields of `cls` lead to, itself included, each once."""
    seen: set[type] = set()
    waiting: list[Any] = [cls]
    while waiting:
        found = waiting.pop()
        if found in seen:
            continue
        seen.add(found)
        yield found
        for field in shown_fields(found):
            waiting.extend(_leads_to(field.type))


def _leads_to(type_: Any) -> Iterator[type]:
    if isinstance(type_, LazyType):
        type_ = type_.resolve_type()
    if isinstance(type_, StrawberryContainer):
        yield from _leads_to(type_.of_type)
    elif isinstance(type_, StrawberryUnion):
        for member in type_.types:
            yield from _leads_to(member)
    elif isinstance(type_, StrawberryEnumDefinition):
        yield type_.wrapped_cls
    elif is_object(type_):
        yield type_


def _shown(type_: Any) -> str:
    """A field's type as SDL writes it, for messages; a Python name where strawberry has none."""
    if isinstance(type_, StrawberryOptional):
        return _shown(type_.of_type)[:-1]
    if isinstance(type_, StrawberryList):
        return f"[{_shown(type_.of_type)}]!"
    names = (getattr(type_, key, None) for key in ("name", "type_name", "__name__"))
    return f"{NAMES.get(type_) or next(filter(None, names), type_)}!"


def _object_of(type_: TypeDescription) -> Any:
    """The object in a type; `UNFINISHED` where a serializer that holds itself leads back to it."""
    while isinstance(type_, ListType):
        type_ = type_.of
    if isinstance(type_, ObjectType):
        return type_.object or UNFINISHED
    return None


def _looks_around(field: StrawberryField) -> str | None:
    """Why a field's value may differ from one asker to the next, None if it can't."""
    resolver = field.base_resolver
    if field.extensions or field.permission_classes:
        return "has extensions or permission classes"
    if resolver is None:
        return None
    if resolver.info_parameter is not None:
        return "takes info"
    if resolver.is_async:
        return "is asynchronous"
    return None


def shown_as(cls: type, found: ObjectDescription, view: str) -> ObjectDescription:
    """The description of a serializer whose rows are shown as the strawberry type `cls`.

    Its resolvers may read every field, so none is ever left out of the serializer but those that
    the view's registration excludes. A SchemaError where the two don't fit together.
    """
    own = OwnType(cls, {field.key: field for field in found.fields})
    own.check(view, found.origin)
    return dataclasses.replace(
        found, name=own.name, fields=own.fields, prunable=False, description=None, own=own
    )
