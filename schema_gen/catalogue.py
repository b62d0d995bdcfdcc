"""Every named type of a schema, once. Two different things of one name are an error."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .envelopes import envelope, page_object
from .exceptions import NameClashError, SchemaWarning
from .own_types import definition_of, path_of, reachable
from .scalars import ANNOTATIONS
from .types import (
    EnumDescription,
    EnumType,
    ListType,
    ObjectDescription,
    ObjectType,
    ScalarType,
    loosened,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Hashable

    from .own_types import OwnType
    from .roots import RootDescription
    from .types import TypeDescription

__all__ = ["RESERVED", "Catalogue"]

MEND = (
    "Give one of them another name: type_name= of register() for the row of a view, "
    "register_serializer(..., name=) or Meta.ref_name for any serializer, retrieve_name= of "
    "register() for a view's pages, changes and orderings."
)
ROOT_MEND = "Give one of them another name with list_name= or retrieve_name= of register()."

RESERVED: dict[str, str] = {
    **dict.fromkeys(("Query", "Mutation", "Subscription"), "a root type"),
    **dict.fromkeys(ANNOTATIONS, "a scalar"),
}
"""Names that no type of a view's may have, and what has them."""


def _reserved() -> dict[str, tuple[Hashable, str]]:
    return {name: ((name, what), f"{what} of GraphQL's") for name, what in RESERVED.items()}


@dataclass
class Catalogue:
    """Objects, enums and roots by name. `envelopes` are the names of those that have a `query`."""

    objects: dict[str, ObjectDescription] = field(default_factory=dict)
    enums: dict[str, EnumDescription] = field(default_factory=dict)
    roots: dict[str, RootDescription] = field(default_factory=dict)
    envelopes: dict[str, str] = field(default_factory=dict)
    _known: dict[str, tuple[Hashable, str]] = field(default_factory=_reserved)
    _walked: dict[int, ObjectDescription] = field(default_factory=dict)

    def add(self, root: RootDescription) -> None:
        """Enter a root and all that it leads to. A NameClashError names both sides of a clash."""
        other = self.roots.setdefault(root.name, root)
        if other is not root:
            raise NameClashError(
                f"Two roots are called {root.name!r}: {_place(other)} and {_place(root)}. "
                f"{ROOT_MEND}"
            )
        self._object(root.row, root.row.origin)
        if root.page is not None:
            self._object(page_object(root.page, root), f"the page of {root.name!r}")
        change = envelope(root)
        self.envelopes[root.name] = change.name
        self._object(change, f"the changes of {root.name!r}")
        for argument in root.arguments:
            self._type(argument.type, f"the argument {argument.name!r} of {root.name!r}")

    def _object(self, found: ObjectDescription, origin: str) -> None:
        if found.own is not None:
            self._own(found, found.own)
            return
        if id(found) in self._walked:
            return
        self._walked[id(found)] = found
        known = self.objects.get(found.name)
        loose = None if known is None else loosened(known, found, anyhow=True)
        if known is not None and loose is not None:
            self._loosen(known, loose, found, origin)
        elif self._is_new(found.name, (origin, found.signature), origin, known, found):
            self.objects[found.name] = found
        # Whether or not it is known: one that is inside it may be less sure here than there.
        for item in found.fields:
            self._type(item.type, f"the field {item.key!r} of {found.origin}")

    def _own(self, found: ObjectDescription, own: OwnType) -> None:
        """A type of the project's own takes its name, and those of all that it leads to."""
        for cls in reachable(own.cls):
            self._is_new(definition_of(cls).name, ("own", cls), path_of(cls))
        self.objects.setdefault(found.name, found)

    def _loosen(
        self,
        known: ObjectDescription,
        loose: ObjectDescription,
        found: ObjectDescription,
        origin: str,
    ) -> None:
        """One serializer that is sure of its values at one place and not at another."""
        if loose.signature == known.signature:
            return
        self.objects[found.name] = loose
        self._known[found.name] = ((origin, loose.signature), origin)
        for here, there, item in zip(found.fields, known.fields, loose.fields, strict=True):
            if _is_json(item.type) and not _is_json(here.type) and not _is_json(there.type):
                text = (
                    f"{found.origin} writes {item.key!r} as {written(there.type)} at one place and "
                    f"as {written(here.type)} at another, so it is nullable JSON. Let both places "
                    f"have a serializer class of their own."
                )
                warnings.warn(SchemaWarning(text), stacklevel=2)

    def _type(self, found: TypeDescription, place: str) -> None:
        if isinstance(found, ListType):
            self._type(found.of, place)
        elif isinstance(found, EnumType):
            enum = found.enum
            if self._is_new(enum.name, enum.signature, place):
                self.enums[enum.name] = enum
        elif isinstance(found, ObjectType) and found.object is not None:
            self._nested(found.object)

    def _nested(self, found: ObjectDescription) -> None:
        # Pages and envelopes come with their own origins, before anything refers to them.
        if found.serializer_class is not None or found.name not in self.objects:
            self._object(found, found.origin)

    def _is_new(
        self,
        name: str,
        signature: Hashable,
        origin: str,
        *places: ObjectDescription | None,
    ) -> bool:
        known = self._known.setdefault(name, (signature, origin))
        if known[0] is signature:
            return True
        if known[0] == signature:
            return False
        raise NameClashError(
            f"Two different types are called {name!r}: {known[1]} and {origin}."
            f"{_difference(*places) if places and all(places) else ''} {MEND}"
        )


def _is_json(found: TypeDescription) -> bool:
    return isinstance(found, ScalarType) and found.name == "JSON"


def _difference(*places: ObjectDescription | None) -> str:
    """The first field of one name that is of two types, for one serializer at two places."""
    known, found = ({f.key: f.type for f in place.fields} for place in places if place is not None)
    for key in known:
        if key in found and known[key].signature != found[key].signature:
            return (
                f" The field {key!r} is {written(known[key])} there and {written(found[key])} here."
            )
    return ""


def _place(root: RootDescription) -> str:
    view = f"{root.view_class.__module__}.{root.view_class.__qualname__}"
    return f"{view}.{root.action}() at {root.route.text!r}"
