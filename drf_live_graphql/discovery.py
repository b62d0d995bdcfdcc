"""The routers of the project, by the names they have in its modules."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .conf import settings
from .location import project_patterns
from .router import LiveRouter, routers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def load_routers() -> Iterable[LiveRouter]:
    """Every router of the process, those included that only the URLs or their views import."""
    project_patterns()
    return routers()


def named_routers() -> Mapping[str, LiveRouter]:
    """The routers that are variables of modules, by dotted name; one of several names of each.

    That of the module that the setting ``AUTODISCOVER`` looks for goes first, then the shortest.
    """
    known = {id(router) for router in load_routers()}
    found: dict[int, tuple[str, LiveRouter]] = {}
    for module_name, module in sorted(sys.modules.items()):
        # A module may be a stand-in of any kind.
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if id(value) in known and isinstance(value, LiveRouter):
                dotted = f"{module_name}.{name}"
                best = found.get(id(value), (dotted, value))[0]
                found[id(value)] = (min(best, dotted, key=_rank), value)
    return dict(sorted(found.values(), key=lambda pair: pair[0]))


def _rank(dotted: str) -> tuple[bool, int, str]:
    module = dotted.rpartition(".")[0]
    return module.rpartition(".")[2] != settings.AUTODISCOVER, len(dotted), dotted


__all__ = ["load_routers", "named_routers"]
