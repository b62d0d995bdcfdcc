"""The names that a schema has given out: who comes second to one gets a longer one."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from django.apps import apps

from .catalogue import RESERVED
from .names import RootNames
from .naming import camel, pascal

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterator

    from .routes import Route

__all__ = ["TakenNames", "type_names"]


class TakenNames:
    """Shared by the views of one schema, so that two views or serializers never meet in a name.

    The first keeps its name. In a project whose serializers belong to somebody else there is
    nowhere to write a `Meta.ref_name`, so an error would be the end of it.
    """

    def __init__(self) -> None:
        self._types: dict[str, Hashable] = dict.fromkeys(RESERVED, "reserved")
        self._roots: set[str] = set()

    def claim(self, name: str, signature: Hashable) -> bool:
        """Take a type's name; False if something of another signature has it."""
        return self._types.setdefault(name, signature) == signature

    def is_free(self, name: str) -> bool:
        """Whether no type has the name."""
        return name not in self._types

    def claim_roots(self, names: RootNames, actions: Collection[str], route: Route) -> RootNames:
        """Take the names of a view's roots for `actions`; `names` where they are all free.

        What is not free gets the words of the `route` in front, else a number behind.
        """
        for found in _roots_of(names, actions, route):
            roots = {found.list: "list", found.retrieve: "retrieve"}
            own = {name for name, action in roots.items() if action in actions}
            types = _types_of(found, actions)
            if self._roots.isdisjoint(own) and self._types.keys().isdisjoint(types):
                self._roots |= own
                self._types |= {name: (name, str(route.text)) for name in types}
                return found
        raise AssertionError("numbers never end")  # pragma: no cover


def type_names(name: str, origin: type) -> Iterator[str]:
    """`name`, then what an `origin` that comes second may be called: its app in front, a number."""
    yield name
    # A class that DRF made (Meta.depth) or that type() made is in none of the project's modules.
    made = origin.__module__.startswith("rest_framework.")
    app = None if made else apps.get_containing_app_config(origin.__module__)
    longer = name if app is None else pascal(app.label) + name
    if longer != name:
        yield longer
    for number in count(2):
        yield f"{longer}{number}"


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
