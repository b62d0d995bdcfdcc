"""Checks of the registered views: what they show, to whom, and at what cost."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from django.core.checks import (
    CheckMessage,
    Error,
    Info,
    Warning,  # noqa: A004
    register,
)
from rest_framework.permissions import AllowAny
from rest_framework.settings import api_settings

from drf_live_graphql.discovery import load_routers, named_routers
from drf_live_graphql.inventory import EMPTY
from schema_gen import NameClashError, SchemaError, SchemaWarning, check_names

from .indexes import unindexed_lookup, unindexed_ordering

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drf_live_graphql.router import LiveRouter
    from schema_gen import Note, ViewDescription

# The checks of what a description has noted, and what they say in front.
_NOTED = {
    "json": ("W011", "Clients get JSON without a type"),
    "queryset": ("W012", "Its queryset is not known before a request"),
    "left out": ("W014", "Something of it is not live"),
}


@register
def check_views(**_: Any) -> list[CheckMessage]:
    """E003, E004 for a schema that can't be; W010 to W015 for views that could be more exact."""
    return [message for router in load_routers() for message in _router_messages(router)]


@register(deploy=True)
def check_ordering(**_: Any) -> list[CheckMessage]:
    """I001: pages that the database sorts without an index. For ``check --deploy``."""
    found = []
    for router in load_routers():
        try:
            views = _described(router)
        except SchemaError:
            continue  # E003 or E004 tells.
        found += [message for view in views for message in _ordering_messages(view)]
    return found


def _described(router: LiveRouter) -> tuple[ViewDescription, ...]:
    """The router's views, in one schema; their warnings are told as messages."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SchemaWarning)
        views = router.describe()
        check_names(views)
    return views


def _router_messages(router: LiveRouter) -> Iterator[CheckMessage]:
    try:
        views = _described(router)
    except NameClashError as error:
        yield Error(
            str(error),
            hint="manage.py live_graphql_views shows what is registered.",
            id="drf_live_graphql.E003",
        )
    except SchemaError as error:
        yield Error(
            str(error),
            hint="There is no GraphQL schema until it is mended, or no longer registered.",
            id="drf_live_graphql.E004",
        )
    else:
        if not views:
            yield _empty(router)
        for view in views:
            yield from _view_messages(view)


def _empty(router: LiveRouter) -> CheckMessage:
    name = next((name for name, found in named_routers().items() if found is router), None)
    return Warning(
        "There is no GraphQL schema of a LiveRouter without views.",
        hint=EMPTY,
        obj=name or "A LiveRouter that is no variable of a module",
        id="drf_live_graphql.W015",
    )


def _view_messages(view: ViewDescription) -> Iterator[CheckMessage]:
    cls = view.view_class
    name = f"{cls.__module__}.{cls.__qualname__}"
    if view.roots and _is_open(cls, view.initkwargs):
        yield Warning(
            "It has no permission classes, so anybody may read it, and watch it live.",
            hint="Set permission_classes on the view or DEFAULT_PERMISSION_CLASSES in"
            " REST_FRAMEWORK; [AllowAny] where that is what you want.",
            obj=name,
            id="drf_live_graphql.W010",
        )
    for note in view.notes:
        if note.kind in _NOTED:
            yield _noted(note, name)
    field = unindexed_lookup(view)
    if field is not None:
        yield Warning(
            f"Its rows are looked up by {view.lookup_field!r}, and {field} has no index.",
            hint="Each subscription of a row looks it up again with every change: give the field"
            " unique=True or db_index=True.",
            obj=name,
            id="drf_live_graphql.W013",
        )


def _ordering_messages(view: ViewDescription) -> Iterator[CheckMessage]:
    field = unindexed_ordering(view)
    if field is not None:
        cls = view.view_class
        yield Info(
            f"Its pages are sorted by {field} first, which has no index.",
            hint="Where the table is large, give the field db_index=True, or the model an index"
            " that begins with it: every snapshot sorts the list.",
            obj=f"{cls.__module__}.{cls.__qualname__}",
            id="drf_live_graphql.I001",
        )


def _noted(note: Note, name: str) -> CheckMessage:
    number, words = _NOTED[note.kind]
    return Warning(
        f"{words}: {note.place}: {note.problem}.",
        hint=note.mend,
        obj=name,
        id=f"drf_live_graphql.{number}",
    )


def _is_open(cls: type[Any], initkwargs: Any) -> bool:
    """Whether anybody may read the view, without the project having said so anywhere."""
    get = next(base for base in cls.__mro__ if "get_permissions" in vars(base))
    if not get.__module__.startswith("rest_framework."):
        return False
    classes = initkwargs.get("permission_classes", cls.permission_classes)
    if not classes:
        return True
    if any(item is not AllowAny for item in classes):
        return False
    owner = next(base for base in cls.__mro__ if "permission_classes" in vars(base))
    said_by_view = "permission_classes" in initkwargs or not owner.__module__.startswith(
        "rest_framework."
    )
    return not said_by_view and "DEFAULT_PERMISSION_CLASSES" not in api_settings.user_settings


__all__ = ["check_ordering", "check_views"]
