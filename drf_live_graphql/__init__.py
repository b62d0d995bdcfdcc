"""Any Django REST Framework API, live over GraphQL, without touching its views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .changes import anotify_changed, notify_changed
    from .exceptions import LiveError
    from .router import LiveRouter

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """The public names; imported on use, as Django imports the package before models may be."""
    if name == "LiveRouter":
        from .router import LiveRouter

        return LiveRouter
    if name == "LiveError":
        from .exceptions import LiveError

        return LiveError
    if name == "notify_changed":
        from .changes import notify_changed

        return notify_changed
    if name == "anotify_changed":
        from .changes import anotify_changed

        return anotify_changed
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["LiveError", "LiveRouter", "__version__", "anotify_changed", "notify_changed"]
