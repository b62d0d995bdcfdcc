"""Any Django REST Framework API, live over GraphQL, without touching its views."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schema_gen import (
        register_backend,
        register_field,
        register_field_type,
        register_filter,
        register_filter_type,
        register_serializer,
    )

    from .changes import anotify_changed, notify_changed
    from .exceptions import LiveError
    from .router import LiveRouter

__version__ = "0.1.0"

_MODULES = {
    "LiveError": "drf_live_graphql.exceptions",
    "LiveRouter": "drf_live_graphql.router",
    "anotify_changed": "drf_live_graphql.changes",
    "notify_changed": "drf_live_graphql.changes",
    "register_backend": "schema_gen",
    "register_field": "schema_gen",
    "register_field_type": "schema_gen",
    "register_filter": "schema_gen",
    "register_filter_type": "schema_gen",
    "register_serializer": "schema_gen",
}


def __getattr__(name: str) -> Any:
    """The public names; imported on use, as Django imports the package before models may be."""
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "LiveError",
    "LiveRouter",
    "__version__",
    "anotify_changed",
    "notify_changed",
    "register_backend",
    "register_field",
    "register_field_type",
    "register_filter",
    "register_filter_type",
    "register_serializer",
]
