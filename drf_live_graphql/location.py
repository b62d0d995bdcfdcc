"""Where a view is mounted in the project's URLs, so that links in its answers are the real ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.signals import setting_changed
from django.urls import (
    NoReverseMatch,
    Resolver404,
    URLPattern,
    URLResolver,
    get_resolver,
    get_script_prefix,
    resolve,
    reverse,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.urls import ResolverMatch

    from schema_gen import RootDescription


@dataclass(frozen=True, slots=True)
class Location:
    """The path that a GET of a view would go to (``path_info``), and what Django resolves it to.

    ``match`` is ``None`` for a view that is registered for GraphQL but mounted nowhere; then
    ``path`` is its prefix and pagination links lead nowhere.
    """

    path: str
    match: ResolverMatch | None


def locate(root: RootDescription, kwargs: dict[str, str]) -> Location:
    """The location of ``root``'s view with the URL keyword arguments ``kwargs``."""
    for name in _names(root):
        try:
            # A prefix is the client's: the location serves all.
            path = reverse(name, kwargs=kwargs).removeprefix(get_script_prefix().rstrip("/"))
            return Location(path, resolve(path))
        except (NoReverseMatch, Resolver404):
            continue
    tail = f"{kwargs[_lookup(root)]}/" if root.action == "retrieve" else ""
    return Location(f"/{root.prefix}/{tail}", None)


def mounted_as(view_class: type, action: str) -> Mapping[str, Any] | None:
    """The arguments of ``as_view`` of the first named URL where ``view_class`` answers ``action``.

    ``None`` where the project's URLs have it nowhere by a name. A view that is no ViewSet answers
    the actions that it has methods of.
    """
    for _, pattern in _patterns(get_resolver(), ()):
        callback = pattern.callback
        named = pattern.name and hasattr(view_class, action)
        if named and _is_view(callback, view_class, action):
            found: Mapping[str, Any] = getattr(callback, "initkwargs", {})
            return found
    return None


def _lookup(root: RootDescription) -> str:
    return root.lookup_url_kwarg or root.lookup_field


@cache
def _names(root: RootDescription) -> tuple[str, ...]:
    """The URL names under which ``root``'s view answers, those with its basename first."""
    found = [
        (":".join((*namespaces, pattern.name or "")), pattern)
        for namespaces, pattern in _patterns(get_resolver(), ())
        if pattern.name and _is_view(pattern.callback, root.view_class, root.action)
    ]
    found.sort(key=lambda item: _basename(item[1].callback) != root.basename)
    return tuple(dict.fromkeys(name for name, _ in found))


def _patterns(
    resolver: URLResolver, namespaces: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], URLPattern]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            below = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from _patterns(pattern, below)
        else:
            yield namespaces, pattern


def _is_view(callback: Any, view_class: type, action: str) -> bool:
    if getattr(callback, "cls", getattr(callback, "view_class", None)) is not view_class:
        return False
    actions = getattr(callback, "actions", None)
    return actions is None or actions.get("get") == action


def _basename(callback: Any) -> object:
    return getattr(callback, "initkwargs", {}).get("basename")


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "ROOT_URLCONF":
        _names.cache_clear()


setting_changed.connect(_forget)

__all__ = ["Location", "locate", "mounted_as"]
