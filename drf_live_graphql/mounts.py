"""Views as URL patterns have them: below which route, for which action, and with what."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.urls import URLPattern, URLResolver
from django.urls.resolvers import LocalePrefixPattern
from rest_framework.generics import GenericAPIView
from rest_framework.versioning import NamespaceVersioning
from rest_framework.views import APIView

from schema_gen import SchemaWarning
from schema_gen.routes import parse_route

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

ACTIONS = ("list", "retrieve")

# Modules whose functions around a view change nothing of who is answered, nor what. Those that
# are made of a middleware (cache_page, gzip_page) are of another module; they may.
_HARMLESS = (
    "django.views.decorators.cache",
    "django.views.decorators.clickjacking",
    "django.views.decorators.csrf",
    "django.views.decorators.vary",
)


# Modules whose functions are what as_view() makes.
_VIEWS = ("rest_framework.", "django.views.generic.base")


@dataclass(frozen=True)
class Mount:
    """A view's action at one route. ``given`` are the pattern's own keyword arguments."""

    view_class: type[Any]
    action: str
    route: str
    basename: str | None = None
    initkwargs: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    version: str | None = None

    @property
    def lookup(self) -> str:
        """The URL kwarg that picks a row for the view."""
        field_name = self.initkwargs.get("lookup_field", self.view_class.lookup_field)
        given = self.initkwargs.get("lookup_url_kwarg", self.view_class.lookup_url_kwarg)
        return str(given or field_name)

    @property
    def picks(self) -> bool:
        """Whether the route says which row is shown."""
        return any(kwarg.name == self.lookup for kwarg in parse_route(self.route).kwargs)


def mounts(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[Mount]:
    """The generic views with a GET in ``patterns`` and what they include, in their order.

    Actions of a ViewSet's own (``@action``) are among them. What a function of the project's is
    wrapped around is left out with a ``SchemaWarning``: only a GET would pass it.
    """
    reached: set[str] = set()
    for pattern, route, namespaces, given in walk(patterns):
        urls = _urls(pattern, route)
        shadowed, reached = urls <= reached, reached | urls
        view_class = view_class_of(pattern.callback)
        if view_class is None or not issubclass(view_class, GenericAPIView):
            continue
        if _suffixed(pattern):
            continue
        action = _action(pattern, view_class)
        if action is None:
            continue
        if shadowed:
            warnings.warn(
                f"{view_class.__qualname__} at {route!r} is behind another view of the same URLs,"
                " which is the one that a GET finds, so it is left out. Register it by itself if"
                " it is to be there all the same.",
                SchemaWarning,
                stacklevel=3,
            )
            continue
        if (name := wrapper_of(pattern.callback)) is not None:
            warnings.warn(
                f"{view_class.__qualname__} at {route!r} is wrapped in {name}, which would be"
                " passed by, so it is left out. Decorate its dispatch() instead"
                " (method_decorator).",
                SchemaWarning,
                stacklevel=3,
            )
            continue
        initkwargs = dict(getattr(pattern.callback, "initkwargs", {}))
        routed = hasattr(pattern.callback, "actions")
        yield Mount(
            view_class,
            action,
            route,
            initkwargs.get("basename") if routed else _basename(pattern.name),
            initkwargs,
            {**given, **pattern.default_args},
            _version(initkwargs.get("versioning_class", view_class.versioning_class), namespaces),
        )


def left_out(
    patterns: Iterable[URLPattern | URLResolver], live: Collection[type[Any]]
) -> dict[type[Any], str]:
    """The views of DRF in ``patterns`` that are not among ``live``, and why, in a sentence."""
    found: dict[type[Any], str] = {}
    for pattern, *_ in walk(patterns):
        view_class = view_class_of(pattern.callback)
        if view_class is None or view_class in live or not issubclass(view_class, APIView):
            continue
        if view_class.__module__.startswith("rest_framework."):
            continue  # The root of a router, or its schema.
        found.setdefault(view_class, _reason(pattern, view_class))
    return found


def _reason(pattern: URLPattern, view_class: type[Any]) -> str:
    if not issubclass(view_class, GenericAPIView):
        return "It is no GenericAPIView, so it has no model."
    if not any(hasattr(view_class, action) for action in ACTIONS):
        return "It has neither list() nor retrieve()."
    if (name := wrapper_of(pattern.callback)) is not None:
        return f"It is wrapped in {name}, which would be passed by."
    return "None of its URLs answers a GET with its list() or retrieve()."


def walk(
    patterns: Iterable[URLPattern | URLResolver],
    route: str = "",
    namespaces: tuple[str, ...] = (),
    given: Mapping[str, Any] | None = None,
) -> Iterator[tuple[URLPattern, str, tuple[str, ...], Mapping[str, Any]]]:
    """Each pattern below ``patterns``: its whole route, its namespaces, what includes gave it."""
    given = given or {}
    for pattern in patterns:
        own = "" if isinstance(pattern.pattern, LocalePrefixPattern) else bare(str(pattern.pattern))
        whole = "/".join(filter(None, (route, own)))
        if isinstance(pattern, URLResolver):
            inside = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from walk(
                pattern.url_patterns, whole, inside, {**given, **pattern.default_kwargs}
            )
        else:
            yield pattern, whole, namespaces, given


def _urls(pattern: URLPattern, route: str) -> set[str]:
    """What tells a pattern's URLs from those of another: its route, with a slash or without."""
    end = str(pattern.pattern).removesuffix("$").removesuffix("\\Z")
    stem = route.removesuffix("/?")
    return {
        stem + tail
        for tail, has in (("", not end.endswith("/")), ("/", end.endswith(("/", "/?"))))
        if has
    }


def bare(pattern: str) -> str:
    """A pattern's route without what only says where it begins and ends."""
    return pattern.removeprefix("^").removesuffix("$").removesuffix("\\Z").strip("/")


def view_class_of(callback: Any) -> type[Any] | None:
    """The view's class behind a URL pattern's callback; ``None`` for a function."""
    found = getattr(callback, "cls", getattr(callback, "view_class", None))
    return found if isinstance(found, type) else None


def _action(pattern: URLPattern, view_class: type[Any]) -> str | None:
    """What a GET of the pattern does, ``None`` where it does nothing that could be live."""
    actions = getattr(pattern.callback, "actions", None)
    if actions is not None:
        found: str | None = actions.get("get")
        return found
    has = [action for action in ACTIONS if hasattr(view_class, action)]
    if len(has) < 2 or not hasattr(view_class, "get"):
        return has[0] if has and hasattr(view_class, "get") else None
    # A view of both: what its get() names, else whether the URL picks a row.
    named = [action for action in ACTIONS if action in _names(view_class.get)]
    if len(named) == 1:
        return named[0]
    lookup = view_class.lookup_url_kwarg or view_class.lookup_field
    return "retrieve" if lookup in pattern.pattern.regex.groupindex else "list"


def _names(function: Callable[..., Any]) -> tuple[str, ...]:
    return function.__code__.co_names if hasattr(function, "__code__") else ()


def _suffixed(pattern: URLPattern) -> bool:
    """Whether it is a route with a format suffix (``tasks.json``), which repeats another."""
    text = str(pattern.pattern)
    return (
        "format" in pattern.pattern.converters or "<format>" in text or "drf_format_suffix" in text
    )


def _basename(name: str | None) -> str | None:
    """What a pattern's name says of the view's rows, by the custom of ``task-list``."""
    for action in ("-list", "-detail"):
        if name and name.endswith(action):
            return name.removesuffix(action)
    return None


def _version(scheme: Any, namespaces: tuple[str, ...]) -> str | None:
    """The version that the namespaces say, to a scheme that reads it there."""
    if not (isinstance(scheme, type) and issubclass(scheme, NamespaceVersioning)):
        return None
    return next((name for name in namespaces if scheme().is_allowed_version(name)), None)


def wrapper_of(callback: Any) -> str | None:
    """The name of a function of the project's around the view, if there is one."""
    while callback is not None:
        module = getattr(callback, "__globals__", {}).get("__name__", "")
        if module.startswith(_VIEWS):
            return None  # What it says that it wraps is the class's dispatch().
        if not module.startswith(_HARMLESS):
            return f"a function of {module or type(callback).__module__}"
        callback = getattr(callback, "__wrapped__", None)
    return None


__all__ = ["ACTIONS", "Mount", "bare", "left_out", "mounts", "view_class_of", "walk", "wrapper_of"]
