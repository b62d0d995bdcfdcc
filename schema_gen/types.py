"""What the fields of a row look like: plain, typed descriptions with no strawberry in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Hashable

    from .own_types import OwnType

__all__ = [
    "EnumDescription",
    "EnumType",
    "EnumValueDescription",
    "FieldDescription",
    "ListType",
    "ObjectDescription",
    "ObjectReference",
    "ObjectType",
    "PageDescription",
    "ScalarType",
    "TypeDescription",
    "loosened",
    "looser",
    "reference_to",
    "written",
]


@dataclass(frozen=True, slots=True)
class EnumValueDescription:
    """One member: its GraphQL name and the value that DRF knows it by."""

    name: str
    value: Any
    description: str | None = None


@dataclass(frozen=True, slots=True)
class EnumDescription:
    """A GraphQL enum. `values` are in the order of the choices."""

    name: str
    values: tuple[EnumValueDescription, ...]
    description: str | None = None

    @property
    def signature(self) -> Hashable:
        """Equal for two enums exactly when one can stand for the other."""
        return (self.name, tuple((v.name, type(v.value), v.value) for v in self.values))


@dataclass(frozen=True, slots=True)
class ScalarType:
    """A GraphQL scalar by its name: `String`, `ID`, `DateTime`, `JSON` ..."""

    name: str
    nullable: bool = False

    @property
    def object(self) -> ObjectDescription | None:
        """The object that values of this type hold: none."""
        return None

    @property
    def signature(self) -> Hashable:
        """Equal for two types exactly when they print the same."""
        return (self.name, self.nullable)

    def optional(self) -> ScalarType:
        """The same type, nullable."""
        return replace(self, nullable=True)


@dataclass(frozen=True, slots=True)
class EnumType:
    """A value of an enum."""

    enum: EnumDescription
    nullable: bool = False

    @property
    def object(self) -> ObjectDescription | None:
        """The object that values of this type hold: none."""
        return None

    @property
    def signature(self) -> Hashable:
        """Equal for two types exactly when they print the same."""
        return (self.enum.signature, self.nullable)

    def optional(self) -> EnumType:
        """The same type, nullable."""
        return replace(self, nullable=True)


@dataclass(frozen=True, slots=True)
class ListType:
    """A list; `of.nullable` says whether its items may be null.

    Where they may not, a list with an item that does not fit is null as a whole. `lossy` has such
    items left out instead, where the list is a set of choices and no item has a place in it.
    """

    of: TypeDescription
    nullable: bool = False
    lossy: bool = False

    @property
    def object(self) -> ObjectDescription | None:
        """The object that the items hold, or None for a list of plain values."""
        return self.of.object

    @property
    def signature(self) -> Hashable:
        """Equal for two types exactly when they print the same."""
        return ("list", self.of.signature, self.nullable)

    def optional(self) -> ListType:
        """The same type, nullable."""
        return replace(self, nullable=True)


class ObjectReference:
    """The way to an object that may still be under description (a serializer can hold itself)."""

    __slots__ = ("name", "target")

    def __init__(self, name: str) -> None:
        self.name = name
        self.target: ObjectDescription | None = None


@dataclass(frozen=True, slots=True)
class ObjectType:
    """A nested object; `told` by a hint or an override, it is checked before it is sent."""

    reference: ObjectReference
    nullable: bool = False
    told: bool = False

    @property
    def object(self) -> ObjectDescription | None:
        """The nested object; None only while its description is still being made."""
        return self.reference.target

    @property
    def signature(self) -> Hashable:
        """By name: the object itself is compared on its own."""
        return ("object", self.reference.name, self.nullable)

    def optional(self) -> ObjectType:
        """The same type, nullable."""
        return replace(self, nullable=True)


TypeDescription: TypeAlias = ScalarType | EnumType | ListType | ObjectType
"""What a field or an argument holds. All have `nullable`, `object`, `signature`, `optional()`."""


@dataclass(frozen=True, slots=True)
class FieldDescription:
    """One field of a row: `name` in GraphQL, `key` in `serializer.data`."""

    name: str
    key: str
    type: TypeDescription
    description: str | None = None
    deprecation: str | None = None


@dataclass(frozen=True, eq=False)
class ObjectDescription:
    """A serializer as a GraphQL object.

    `serializer_class` is None for an object that comes from a type hint. `prunable` is False where
    leaving fields out of the serializer is not safe, because its output is not made field by
    field. `id_key` is the key in `serializer.data` that holds the row's GraphQL `id`, `id_source`
    the model attribute that it reads (`"pk"` for the primary key), None where that is unknown.
    `own` is the strawberry type of the project's own that it is shown as; `excluded` are the keys
    that the view's registration keeps out of the serializer itself.
    """

    name: str
    fields: tuple[FieldDescription, ...]
    serializer_class: type | None = None
    prunable: bool = True
    description: str | None = None
    id_key: str | None = None
    id_source: str | None = None
    own: OwnType | None = None
    excluded: frozenset[str] = frozenset()

    @property
    def origin(self) -> str:
        """Where the object was read: the dotted path of its serializer, for messages."""
        if self.serializer_class is None:
            return f"a type hint named {self.name}"
        return f"{self.serializer_class.__module__}.{self.serializer_class.__qualname__}"

    @property
    def signature(self) -> Hashable:
        """Equal for two objects of one serializer exactly when they print the same."""
        if self.own is not None:
            return ("own", self.own.cls)
        fields = tuple((field.name, field.key, field.type.signature) for field in self.fields)
        return (self.origin, fields)


@dataclass(frozen=True, eq=False)
class PageDescription:
    """The body of a paginator's response; `results_key` is the key that holds the rows."""

    name: str
    fields: tuple[FieldDescription, ...]
    results_key: str


def written(type_: TypeDescription) -> str:
    """The type as SDL writes it, for messages."""
    if isinstance(type_, ListType):
        name = f"[{written(type_.of)}]"
    elif isinstance(type_, EnumType):
        name = type_.enum.name
    elif isinstance(type_, ObjectType):
        name = type_.reference.name
    else:
        name = type_.name
    return name if type_.nullable else f"{name}!"


def looser(
    one: TypeDescription, other: TypeDescription, *, widened: bool = False
) -> TypeDescription | None:
    """The type of the values of both: nullable where either is. None if they differ otherwise.

    `widened` takes a scalar that holds the values of two others, such as BigInt for Int.
    """
    if isinstance(one, ListType) and isinstance(other, ListType):
        item = looser(one.of, other.of, widened=widened)
        found: TypeDescription | None = item and replace(one, of=item)
    else:
        same = one.optional().signature == other.optional().signature
        found = one if same else (_wider(one, other) if widened else None)
    if isinstance(found, ObjectType) and isinstance(other, ObjectType) and other.told:
        found = replace(found, told=True)
    return found.optional() if found is not None and other.nullable else found


def _wider(one: TypeDescription, other: TypeDescription) -> ScalarType | None:
    if not isinstance(one, ScalarType) or not isinstance(other, ScalarType):
        return None
    names = {one.name, other.name}
    return next((replace(one, name=name) for name, held in WIDER.items() if names <= held), None)


WIDER: dict[str, frozenset[str]] = {
    "BigInt": frozenset({"BigInt", "Int"}),
    "Float": frozenset({"Float", "Int"}),
    "String": frozenset({"BigInt", "Int", "String"}),
    "ID": frozenset({"BigInt", "ID", "Int", "String", "UUID"}),
}
"""Scalars that hold the values of others, the narrowest first."""


def loosened(
    one: ObjectDescription, other: ObjectDescription, *, anyhow: bool = False
) -> ObjectDescription | None:
    """`one` with the nulls of `other`, which is the same serializer at another place.

    What a serializer without a model reads depends on where it stands, and so do the types: a
    count is wider than a column. Where nothing else holds both values it is nullable JSON, if it
    has to be one type `anyhow`. None if they are two serializers, or differ in their fields.
    """
    if one.serializer_class is None or one.serializer_class is not other.serializer_class:
        return None
    if [(f.name, f.key) for f in one.fields] != [(f.name, f.key) for f in other.fields]:
        return None
    fields = []
    for item, again in zip(one.fields, other.fields, strict=True):
        found = looser(item.type, again.type, widened=True)
        if found is None and anyhow and not (_holds_object(item) or _holds_object(again)):
            found = ScalarType("JSON", nullable=True)
        if found is None:
            return None
        fields.append(replace(item, type=found))
    return replace(one, fields=tuple(fields))


def _holds_object(field: FieldDescription) -> bool:
    """Whether clients select something below the field, which they can't of JSON."""
    item = field.type
    while isinstance(item, ListType):
        item = item.of
    return isinstance(item, ObjectType)


def reference_to(target: ObjectDescription) -> ObjectType:
    """The type of an object that is fully described."""
    reference = ObjectReference(target.name)
    reference.target = target
    return ObjectType(reference)
