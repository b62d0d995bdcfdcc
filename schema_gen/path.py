"""URL kwargs → arguments: what type a kwarg has, and what may stand for it at schema time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .arguments import ArgumentDescription
from .model_fields import scalar_of_model_field
from .naming import argument_name
from .sources import follow
from .types import ScalarType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db.models import Model
    from rest_framework.generics import GenericAPIView

    from .routes import Kwarg, Route
    from .sources import Source
    from .types import TypeDescription

__all__ = ["path_arguments", "placeholders"]

CONVERTERS = {"int": "Int", "uuid": "UUID"}
PLACEHOLDERS = {
    "UUID": "00000000-0000-0000-0000-000000000000",
    "String": "x",
    "Date": "2000-01-01",
}
ID_ENDINGS = ("pk", "id")


def path_arguments(
    route: Route,
    view_class: type[GenericAPIView[Any]],
    model: type[Model],
    lookup: tuple[str, str],
    known: Mapping[str, TypeDescription | None] | None = None,
) -> list[ArgumentDescription]:
    """One required argument for each URL kwarg. `lookup` is (lookup_url_kwarg, lookup_field).

    `known` are types by kwarg; what has None is given otherwise and is no argument.
    """
    found: list[ArgumentDescription] = []
    known = known or {}
    for kwarg in route.kwargs:
        if kwarg.name in known:
            type_ = known[kwarg.name]
            if type_ is not None:
                name = argument_name(kwarg.name)
                found.append(ArgumentDescription(name, kwarg.name, type_, "path"))
            continue
        scalar = _scalar(kwarg, _source(kwarg.name, view_class, model, lookup))
        name = "id" if kwarg.name == "pk" else argument_name(kwarg.name)
        found.append(ArgumentDescription(name, kwarg.name, ScalarType(scalar), "path"))
    return found


def placeholders(
    route: Route,
    view_class: type[GenericAPIView[Any]],
    model: type[Model] | None,
    lookup: tuple[str, str],
) -> dict[str, str]:
    """A value of the right kind for each URL kwarg, for hooks of the view that read it."""
    found = {}
    for kwarg in route.kwargs:
        source = _source(kwarg.name, view_class, model, lookup)
        raw = getattr(source.field, "target_field", source.field)
        scalar = _scalar(kwarg, source)
        if scalar == "ID" and raw is not None:
            scalar = type(raw).__name__.removesuffix("Field")
        found[kwarg.name] = PLACEHOLDERS.get(scalar, "1")
    return found


def _source(
    kwarg: str,
    view_class: type[GenericAPIView[Any]],
    model: type[Model] | None,
    lookup: tuple[str, str],
) -> Source:
    """The model field that a URL kwarg is compared with, as far as its name tells."""
    if kwarg == lookup[0]:
        return follow(model, lookup[1].split("__"), {})
    exact = getattr(view_class, "parent_lookup_kwargs", {}).get(kwarg)
    if exact:
        return follow(model, exact.split("__"), {})
    words = kwarg.split("_")
    candidates: list[Sequence[str]] = [kwarg.split("__"), [kwarg]]
    candidates += [["_".join(words[:end]), "_".join(words[end:])] for end in range(1, len(words))]
    for names in candidates:
        source = follow(model, [name for name in names if name], {})
        if source.field is not None:
            return source
    return follow(None, [kwarg], {})


def _scalar(kwarg: Kwarg, source: Source) -> str:
    if source.is_pk or _points_at_pk(source):
        return "ID"
    if kwarg.converter in CONVERTERS:
        return CONVERTERS[kwarg.converter]
    scalar = scalar_of_model_field(source.field)
    if scalar is not None:
        return scalar
    return "ID" if kwarg.name.split("_")[-1] in ID_ENDINGS else "String"


def _points_at_pk(source: Source) -> bool:
    return scalar_of_model_field(source.field) == "ID"
