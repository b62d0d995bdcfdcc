"""The names that a schema has given out, and what is called what where two would meet in one.

A view that is registered by hand keeps its names: where two of these meet, the schema is an error
that says how to name one of them. What nobody has registered can't be named like that: serializers
inside others, the classes that `Meta.depth` makes, the views of a whole API that is included. They
give way, with a warning, to names that do not depend on who came first: their app's in front.
"""

from __future__ import annotations

import warnings
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from django.apps import apps

from .catalogue import RESERVED
from .classes import dotted
from .names import RootNames
from .naming import camel, pascal
from .types import loosened

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterator

    from .routes import Route
    from .types import ObjectDescription

__all__ = ["TakenNames", "settled"]

Found = TypeVar("Found")


class TakenNames:
    """Shared by the views of one schema, so that two views or serializers never meet in a name."""

    def __init__(self, before: TakenNames | None = None) -> None:
        """`before` is what an earlier description of the same views has found out."""
        # None stands for what is no object of a serializer: a root type, a page, a scalar.
        self._types: dict[str, ObjectDescription | None] = dict.fromkeys(RESERVED)
        self._roots: set[str] = set()
        self._firm: dict[str, ObjectDescription] = {}
        self._wanted: dict[str, set[Hashable]] = {}
        self._qualified: frozenset[Hashable] = frozenset()
        self.contested = False
        if before is not None:
            self._qualified = before._ambiguous()
            self._types |= before._firm

    def claim(self, name: str, found: ObjectDescription, *, firm: bool = False) -> bool:
        """Take a type's name; False if something else has it.

        One that is `firm` was given by hand: whoever else wants it gives way.
        """
        if firm:
            self._firm.setdefault(name, found)
        known = self._types.setdefault(name, found)
        both = known and (known if known.signature == found.signature else loosened(known, found))
        if both is None:
            self.contested = True
            return False
        self._types[name] = both
        return True

    def names_for(self, wanted: str, origin: type) -> Iterator[str]:
        """What the type of the serializer class `origin` may be called, the best name first."""
        identity = _identity(origin)
        self._wanted.setdefault(wanted, set()).add(identity)
        label = _app_label(origin)
        longer = wanted if label is None else pascal(label) + wanted
        if identity not in self._qualified:
            yield wanted
        if longer != wanted or identity in self._qualified:
            yield longer
        for number in count(2):
            yield f"{longer}{number}"

    def _ambiguous(self) -> frozenset[Hashable]:
        """The serializer classes that can't have the name that they want, whoever comes first."""
        found: set[Hashable] = set()
        for name, identities in self._wanted.items():
            holder = _identity(self._firm[name].serializer_class) if name in self._firm else None
            others = identities - {holder}
            if holder is not None or len(others) > 1:
                found |= others
        return frozenset(found)

    def hold_roots(self, names: RootNames, actions: Collection[str]) -> None:
        """Take the names of the roots of a view that keeps them for `actions`."""
        self._roots |= _own_roots(names, actions)
        for name in _types_of(names, actions):
            self._types.setdefault(name, None)

    def claim_roots(self, names: RootNames, actions: Collection[str], route: Route) -> RootNames:
        """Take the names of a view's roots for `actions`; `names` where they are all free.

        What is not free gets the words of the `route` in front, else a number behind.
        """
        for found in _roots_of(names, actions, route):
            free = self._roots.isdisjoint(_own_roots(found, actions))
            if free and self._types.keys().isdisjoint(_types_of(found, actions)):
                self.hold_roots(found, actions)
                return found
        raise AssertionError("numbers never end")  # pragma: no cover


def settled(describe: Callable[[TakenNames], Found]) -> Found:
    """What `describe` makes of the names; where some of them meet, what it makes of better ones.

    Only the second time is it known who meets whom. The warnings are those of the one that counts.
    """
    names = TakenNames()
    found, caught = _heard(describe, names)
    if names.contested:
        found, caught = _heard(describe, TakenNames(names))
    for item in caught:
        warnings.warn_explicit(item.message, item.category, item.filename, item.lineno)
    return found


def _heard(
    describe: Callable[[TakenNames], Found], names: TakenNames
) -> tuple[Found, list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return describe(names), caught


def _identity(origin: Any) -> Hashable:
    """What tells serializer classes apart. DRF makes those of Meta.depth anew at each use."""
    if origin is None or not _is_made(origin):
        return origin  # type: ignore[no-any-return]
    model = getattr(getattr(origin, "Meta", None), "model", None)
    return dotted(origin), model


def _is_made(origin: type) -> bool:
    return origin.__module__.startswith("rest_framework.")


def _app_label(origin: Any) -> str | None:
    """The app of a serializer class; of one that DRF made (Meta.depth), its model's."""
    if _is_made(origin):
        model = getattr(getattr(origin, "Meta", None), "model", None)
        return None if model is None else str(model._meta.app_label)
    config = apps.get_containing_app_config(origin.__module__)
    return None if config is None else config.label


def _own_roots(names: RootNames, actions: Collection[str]) -> set[str]:
    roots = {names.list: "list", names.retrieve: "retrieve"}
    return {name for name, action in roots.items() if action in actions}


def _types_of(names: RootNames, actions: Collection[str]) -> set[str]:
    found = {f"{names.base}Page", f"{names.base}ListChange"} if "list" in actions else set()
    return found | ({f"{names.base}Change"} if "retrieve" in actions else set())


def _roots_of(names: RootNames, actions: Collection[str], route: Route) -> Iterator[RootNames]:
    yield names
    # `CheckinList` + `Change` is `Checkin` + `ListChange`: then the roots may stay as they are.
    yield RootNames(names.list, names.retrieve, pascal(names.list))
    if "list" not in actions:
        # `products/{pk}/price`: what the route says of the row behind its key.
        yield RootNames(names.list, names.list, pascal(names.list))
    row = names.retrieve
    words = [part for part in route.segments if isinstance(part, str)][:-1]
    if words and len(words) == len(route.segments) - 1:
        row = camel("_".join([*words, row]))
        yield RootNames(names.list, row, pascal(row))
    for number in count(2):
        for several in (names.list, f"{names.list}{number}"):
            yield RootNames(several, f"{row}{number}", pascal(f"{row}{number}"))
