"""The names of a view's roots, from its route and basename."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .naming import camel, pascal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import Model

    from .routes import Route

__all__ = ["RootNames", "parent_of", "root_names"]

KEY_WORDS = ("pk", "id", "slug", "uuid")


@dataclass(frozen=True)
class RootNames:
    """The list's root, the row's root, and what the names of their envelopes begin with."""

    list: str
    retrieve: str
    base: str


def parent_of(kwarg: str, segment: str | None) -> str:
    """What a URL kwarg identifies: `project_pk` → `project`, whatever key the parent has.

    `segment` is the word before it in the route: as much of the kwarg as begins that word
    (`project` of `projects`) is the parent's name.
    """
    words = kwarg.split("_")
    for end in range(len(words) - 1, 0, -1):
        stem = "_".join(words[:end])
        if words[-1] in KEY_WORDS and end == len(words) - 1:
            return stem
        if segment is not None and camel(segment).startswith(camel(stem)):
            return stem
    return kwarg


def root_names(
    route: Route,
    basename: str,
    model: type[Model],
    lookup_url_kwarg: str,
    *,
    list_name: str | None,
    retrieve_name: str | None,
    version: str | None = None,
    given: Mapping[str, Any] | None = None,
) -> RootNames:
    """The list takes the route's words, the row the basename, parents stand in front of both.

    So does a `version` of the API that is a word of the route or one of the URL kwargs that are
    `given`; the others of these have no name in it.

    Where both come out as one word (`news`), the list is `newsList`. A name that is given wins.
    """
    words: list[str] = []
    parents: list[str] = []
    given = given or {}
    for part in route.segments:
        if isinstance(part, str):
            words.append(part)
            if part == version:
                parents.append(part)
        elif part.name in given:
            if version is not None and given[part.name] == version:
                words.append(version)
                parents.append(version)
        elif part.name != lookup_url_kwarg:
            parent = parent_of(part.name, words.pop() if words else None)
            parents.append(parent)
            words.append(parent)
    row = _row_name(basename, model, parents)
    many = camel("_".join(words)) if words[len(parents) :] else f"{row}List"
    many = list_name or (f"{many}List" if many == row else many)
    row = retrieve_name or row
    return RootNames(many, row, pascal(row))


def _row_name(basename: str, model: type[Model], parents: list[str]) -> str:
    # DRF's default basename is the model's name in lower case: its capitals are known here.
    object_name = str(model._meta.object_name)
    own = camel(object_name if basename == object_name.lower() else basename)
    prefix = camel("_".join(parents)) if parents else ""
    if not prefix or (own.startswith(prefix) and own != prefix):
        return own
    return prefix + own[0].upper() + own[1:]
