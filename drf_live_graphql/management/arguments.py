"""What the management commands have in common: which router or schema they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError
from django.utils.module_loading import import_string

from drf_live_graphql.discovery import named_routers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drf_live_graphql.router import LiveRouter


def imported(dotted: str) -> Any:
    """What ``dotted`` names. Raises ``CommandError`` where it names nothing."""
    try:
        return import_string(dotted)
    except ImportError as error:
        raise CommandError(
            f"{dotted!r} can't be imported: {error}. Expected the dotted path of a LiveRouter or"
            f" a schema, such as {_example()!r}."
        ) from error


def the_router() -> LiveRouter:
    """The only router of the project. Raises ``CommandError`` unless there is exactly one."""
    found = known_routers()
    if len(found) > 1:
        raise CommandError(
            f"The project has {len(found)} routers: {', '.join(found)}. Name the one you mean."
        )
    return next(iter(found.values()))


def known_routers() -> Mapping[str, LiveRouter]:
    """The routers by name. Raises ``CommandError`` where there are none."""
    found = named_routers()
    if not found:
        raise CommandError(
            "The project has no LiveRouter in any live.py, nor in what its URLs import. Make one:"
            " live = LiveRouter() in the live.py of one of your apps."
        )
    return found


def _example() -> str:
    return next(iter(named_routers()), "board.live.live")


__all__ = ["imported", "known_routers", "the_router"]
