"""Descriptions in, strawberry types out."""

from __future__ import annotations

import dataclasses
import enum
import itertools
import types
from typing import TYPE_CHECKING, Any, Optional, cast

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.enum import EnumValueDefinition

from .catalogue import Catalogue
from .envelopes import CHANGE_ACTION, QUERY_DESCRIPTION, ChangeAction
from .exceptions import SchemaError
from .output import RowField, row_metadata
from .root_fields import RESOLVERS, ROOT, QueryField, QueryRootField, SubscriptionField
from .scalars import ANNOTATIONS, SCALAR_MAP
from .types import EnumType, ListType, ObjectType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from strawberry.types.field import StrawberryField
    from strawberry.types.scalar import ScalarDefinition

    from .arguments import ArgumentDescription
    from .root_fields import Resolvers
    from .roots import RootDescription, ViewDescription
    from .types import EnumDescription, ObjectDescription, TypeDescription

__all__ = ["BuiltTypes", "build_types", "check_names"]

_builds = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class BuiltTypes:
    """Strawberry types, ready for `strawberry.Schema` or for merging into the user's own.

    `scalar_map` is for `StrawberryConfig`. `roots` are the descriptions by root name.
    """

    query_type: type
    subscription_type: type
    scalar_map: Mapping[object, ScalarDefinition]
    roots: Mapping[str, RootDescription]


def build_types(views: Sequence[ViewDescription], resolvers: Resolvers) -> BuiltTypes:
    """Build Query and Subscription with a field for every root of `views`.

    A SchemaError names both sides where two roots or two different types have one name, and says
    how to mend it; likewise where there is no root at all.
    """
    catalogue = check_names(views)
    if not catalogue.roots:
        raise SchemaError(
            "There is nothing to build a schema of: expected at least one view with a list() or "
            "retrieve() action. Register one."
        )
    return _Builder(catalogue, resolvers).build()


def check_names(views: Iterable[ViewDescription]) -> Catalogue:
    """Every named type of the views; a NameClashError names both sides of a clash."""
    catalogue = Catalogue()
    for view in views:
        for root in view.roots:
            catalogue.add(root)
    return catalogue


class QueryDefinition(StrawberryObjectDefinition):
    """The generated Query, which passes for any Query that was merged from it.

    An envelope's `query` refers to the generated type. In a schema whose Query is a subclass of
    it, that reference must mean the subclass: strawberry compares the two definitions when it
    meets the second type called Query, and a subclass's comparison comes first.
    """

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StrawberryObjectDefinition) and issubclass(
            other.origin, self.origin
        )

    __hash__ = object.__hash__


class _Builder:
    def __init__(self, catalogue: Catalogue, resolvers: Resolvers) -> None:
        self.catalogue = catalogue
        self.resolvers = resolvers
        # Strawberry takes two classes of one module and qualified name for the same type.
        self.scope = f"build_{next(_builds)}"
        # An annotation resolves itself once, and a schema has few types and many fields.
        self.annotations: dict[TypeDescription, StrawberryAnnotation] = {}
        self.enums = {name: self._enum(item) for name, item in catalogue.enums.items()}
        self.classes = {
            name: self._class(name) if found.own is None else found.own.cls
            for name, found in catalogue.objects.items()
        }

    def build(self) -> BuiltTypes:
        query = self._query()
        for name, item in self.catalogue.objects.items():
            if item.own is not None:
                continue
            fields: list[StrawberryField] = self._row_fields(item)
            if name in self.catalogue.envelopes.values():
                fields.append(_query_root_field(query))
            self._define(self.classes[name], fields, item.description)
        return BuiltTypes(query, self._subscription(), dict(SCALAR_MAP), dict(self.catalogue.roots))

    def _class(self, name: str) -> type:
        return types.new_class(
            name, exec_body=lambda body: body.update(__module__=__name__, __annotations__={})
        )

    def _define(self, cls: type, fields: list[StrawberryField], description: str | None) -> None:
        """Make a strawberry type of `cls`, whose values are dicts and never instances.

        `strawberry.type` makes a dataclass of each first, at most of the cost of a large schema.
        Only the roots need that: a user's own types derive from them.
        """
        cls.__qualname__ = f"{self.scope}.{cls.__name__}"
        for field in fields:
            field.name = field.python_name
            field.origin = cls
        cls.__strawberry_definition__ = StrawberryObjectDefinition(  # type: ignore[attr-defined]
            name=cls.__name__,
            is_input=False,
            is_interface=False,
            origin=cls,
            description=description,
            interfaces=[],
            extend=False,
            directives=(),
            is_type_of=None,
            resolve_type=None,
            fields=fields,
        )

    def _finish(
        self, cls: type, fields: Sequence[StrawberryField], description: str | None
    ) -> type:
        cls.__qualname__ = f"{self.scope}.{cls.__name__}"
        for field in fields:
            setattr(cls, field.python_name, field)
        return strawberry.type(cls, name=cls.__name__, description=description)

    def _enum(self, item: EnumDescription) -> type:
        if item is CHANGE_ACTION:
            return ChangeAction
        members = {
            value.name: EnumValueDefinition(value.value, description=value.description)
            for value in item.values
        }
        made = enum.Enum(item.name, members, module=__name__)  # type: ignore[misc]
        return strawberry.enum(made, name=item.name, description=item.description)

    def _type(self, item: TypeDescription) -> StrawberryAnnotation:
        """The annotation of a field or an argument, one for all that have an equal type."""
        found = self.annotations.get(item)
        if found is None:
            found = self.annotations[item] = StrawberryAnnotation(self._annotation(item))
        return found

    def _annotation(self, item: TypeDescription) -> Any:
        if isinstance(item, ListType):
            found: Any = list[self._annotation(item.of)]  # type: ignore[misc]
        elif isinstance(item, EnumType):
            found = self.enums[item.enum.name]
        elif isinstance(item, ObjectType):
            found = self.classes[item.reference.name]
        else:
            found = ANNOTATIONS[item.name]
        return Optional[found] if item.nullable else found  # noqa: UP045

    def _row_fields(self, item: ObjectDescription) -> list[StrawberryField]:
        return [
            RowField(
                python_name=field.name,
                graphql_name=field.name,
                type_annotation=self._type(field.type),
                description=field.description,
                deprecation_reason=field.deprecation,
                metadata=row_metadata(field, item.name),
            )
            for field in item.fields
        ]

    def _arguments(self, arguments: Sequence[ArgumentDescription]) -> list[StrawberryArgument]:
        return [
            StrawberryArgument(
                python_name=argument.name,
                graphql_name=argument.name,
                type_annotation=self._type(argument.type),
                description=argument.description,
            )
            for argument in arguments
        ]

    def _root_field(
        self, root: RootDescription, kind: type[StrawberryField], annotation: Any, **options: Any
    ) -> StrawberryField:
        field = kind(
            python_name=root.name,
            graphql_name=root.name,
            type_annotation=StrawberryAnnotation(annotation),
            description=root.description,
            metadata={ROOT: root, RESOLVERS: self.resolvers},
            **options,
        )
        field.arguments = self._arguments(root.arguments)
        return field

    def _query(self) -> type:
        fields = [
            self._root_field(root, QueryField, self._answer(root))
            for root in self.catalogue.roots.values()
        ]
        cls = self._finish(self._class("Query"), fields, None)
        plain = cast("Any", cls).__strawberry_definition__
        state = {item.name: getattr(plain, item.name) for item in dataclasses.fields(plain)}
        cls.__strawberry_definition__ = QueryDefinition(**state)  # type: ignore[attr-defined]
        return cls

    def _subscription(self) -> type:
        fields = [
            self._root_field(
                root,
                SubscriptionField,
                self.classes[self.catalogue.envelopes[root.name]],
                is_subscription=True,
            )
            for root in self.catalogue.roots.values()
        ]
        return self._finish(self._class("Subscription"), fields, None)

    def _answer(self, root: RootDescription) -> Any:
        if root.page is not None:
            return self.classes[root.page.name]
        row = self.classes[root.row.name]
        return list[row] if root.action == "list" else Optional[row]  # type: ignore[valid-type]  # noqa: UP045


def _query_root_field(query: type) -> StrawberryField:
    return QueryRootField(
        python_name="query",
        graphql_name="query",
        type_annotation=StrawberryAnnotation(query),
        description=QUERY_DESCRIPTION,
    )
