"""Where a view is mounted in the project's URLs, so that links in its answers are the real ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.signals import setting_changed
from django.urls import (
    NoReverseMatch,
    Resolver404,
    get_resolver,
    get_script_prefix,
    resolve,
    reverse,
)

from schema_gen.routes import parse_route

from .mounts import view_class_of, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.urls import ResolverMatch, URLPattern, URLResolver

    from schema_gen import RootDescription
    from schema_gen.routes import Route


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
    given = {**kwargs, **root.given}
    for name in _names(root):
        # A version that the URL may say is not in every URL.
        for found in (given, kwargs) if root.given else (kwargs,):
            try:
                # A prefix is the client's: the location serves all.
                path = reverse(name, kwargs=found).removeprefix(get_script_prefix().rstrip("/"))
                return Location(path, resolve(path))
            except (NoReverseMatch, Resolver404):
                continue
    lookup = kwargs.get(_lookup(root))
    tail = f"{lookup}/" if root.action == "retrieve" and lookup is not None else ""
    return Location(f"/{root.prefix}/{tail}", None)


def mounted_as(view_class: type, action: str) -> tuple[URLPattern, ...]:
    """The project's URLs where ``view_class`` answers ``action``, those that have names first.

    A view that is no ViewSet answers the actions that it has methods of.
    """
    if not hasattr(view_class, action):
        return ()
    found = [
        pattern
        for pattern, *_ in walk(project_patterns())
        if _is_view(pattern.callback, view_class, action)
    ]
    return tuple(sorted(found, key=lambda pattern: not pattern.name))


def project_patterns() -> Sequence[URLPattern | URLResolver]:
    """The project's URL patterns; none where it has no URLs, as one for sockets alone."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return ()
    patterns: Sequence[URLPattern | URLResolver] = get_resolver().url_patterns
    return patterns


def _lookup(root: RootDescription) -> str:
    return root.lookup_url_kwarg or root.lookup_field


@cache
def _names(root: RootDescription) -> tuple[str, ...]:
    """The URL names under which ``root``'s view answers.

    Those at its own route and in its version's namespace come first, then those with its basename.
    """
    found = [
        (
            root.version is not None and root.version not in namespaces,
            not _is_below(route, root),
            getattr(pattern.callback, "initkwargs", {}).get("basename") != root.basename,
            ":".join((*namespaces, pattern.name)),
        )
        for pattern, route, namespaces, _ in walk(project_patterns())
        if pattern.name and _is_view(pattern.callback, root.view_class, root.view_action)
    ]
    found.sort(key=lambda item: item[:3])
    return tuple(dict.fromkeys(name for *_, name in found))


def _is_below(route: str, root: RootDescription) -> bool:
    """Whether ``route`` is the root's own, wherever that is mounted."""
    own, whole = _parts(root.route), _parts(parse_route(route))
    return whole[len(whole) - len(own) :] == own


def _parts(route: Route) -> tuple[str, ...]:
    return tuple(part if isinstance(part, str) else f"<{part.name}>" for part in route.segments)


def _is_view(callback: Any, view_class: type, action: str) -> bool:
    if view_class_of(callback) is not view_class:
        return False
    actions = getattr(callback, "actions", None)
    return actions is None or actions.get("get") == action


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "ROOT_URLCONF":
        _names.cache_clear()


setting_changed.connect(_forget)

__all__ = ["Location", "locate", "mounted_as", "project_patterns"]
