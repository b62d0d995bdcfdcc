"""What a view answers as its rows, as the schema and the runtime both take it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.db.models.manager import BaseManager
from django.db.models.query import ModelIterable

__all__ = ["as_queryset", "has_instances"]


def as_queryset(found: Any) -> Any:
    """The queryset of a manager, as DRF's ListSerializer and shortcuts take it; else `found`.

    Raises what the manager's own `get_queryset()` raises.
    """
    return found.all() if isinstance(found, BaseManager) else found


def has_instances(found: Any) -> bool:
    """Whether it is a queryset of model instances: `values()` and lists are none."""
    iterable: Any = getattr(found, "_iterable_class", None)
    return isinstance(found, QuerySet) and issubclass(iterable, ModelIterable)
