"""What querysets fetch along with their rows: ``select_related`` and ``prefetch_related``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .paths import Paths, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Model, QuerySet


def chains(tree: dict[str, Any]) -> Iterator[list[str]]:
    """The relations of ``select_related``, each from the first to the last."""
    for name, below in tree.items():
        yield [name]
        for names in chains(below):
            yield [name, *names]


def prefetches(queryset: QuerySet[Any]) -> tuple[Any, ...]:
    """What the queryset prefetches; Django has no public name for it."""
    lookups: tuple[Any, ...] = queryset._prefetch_related_lookups  # type: ignore[attr-defined]
    return lookups


def prefetched_along(model: type[Model], lookup: Any) -> Paths | None:
    """The relations that a lookup of ``prefetch_related`` reads along; ``None``: nobody can tell.

    Its own queryset may select and prefetch others.
    """
    paths = Paths(model)
    path = resolve(model, str(getattr(lookup, "prefetch_through", lookup)).split("__"))
    if path is None:
        return None
    paths.add(path)
    queryset = getattr(lookup, "queryset", None)
    if queryset is None:
        return paths
    selected = queryset.query.select_related or {}
    if selected is True:
        return None
    target = path[-1].target
    for names in chains(selected):
        way = resolve(target, names)
        if way is None:
            return None
        paths.add((*path, *way))
    for inner in prefetches(queryset):
        below = prefetched_along(target, inner)
        if below is None:
            return None
        for way in below:
            paths.add((*path, *way))
    return paths


__all__ = ["chains", "prefetched_along", "prefetches"]
