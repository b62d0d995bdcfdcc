"""URL kwargs for a root: those under which there are rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps

from benchmarks.published.packages import current
from schema_gen.sources import follow

if TYPE_CHECKING:
    from schema_gen import RootDescription

__all__ = ["kwargs_of"]

MISSING = "1"


def kwargs_of(root: RootDescription) -> dict[str, str]:
    """A value for each URL kwarg: of the row that there is, and of the parents it has."""
    row = root.model._base_manager.order_by("pk").first()
    return {
        kwarg.name: str(_value(root, row, kwarg.name))
        for kwarg in root.route.kwargs
        if kwarg.name not in root.given
    }


def _value(root: RootDescription, row: Any, name: str) -> Any:
    said = current().kwargs.get(name)
    if said is not None and name != root.lookup_url_kwarg:
        label, field = said.rsplit(".", 1)
        first: Any = apps.get_model(label)._base_manager.order_by("pk").first()
        return getattr(first, field, MISSING)
    if row is None:
        return MISSING
    lookup = root.lookup_field if name == root.lookup_url_kwarg else name
    for names in _readings(lookup):
        if follow(root.model, names, {}).field is not None:
            for attribute in names:
                row = getattr(row, attribute, None)
            return MISSING if row is None else getattr(row, "pk", row)
    return MISSING


def _readings(name: str) -> list[list[str]]:
    """What a kwarg may mean: `parent__slug`, `project_pk`, `parent_lookup_project`."""
    name = name.removeprefix("parent_lookup_")
    words = name.split("_")
    splits = [["_".join(words[:end]), "_".join(words[end:])] for end in range(1, len(words))]
    return [[part for part in names if part] for names in [name.split("__"), [name], *splits]]
