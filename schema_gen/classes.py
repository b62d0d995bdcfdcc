"""What a class says itself, as against what it inherits."""

from __future__ import annotations

import inspect

__all__ = ["definer", "dotted", "is_drf_s_own", "own_doc"]


def definer(cls: type, name: str) -> type:
    """The class of the MRO that defines the attribute `name`."""
    return next(base for base in cls.__mro__ if name in vars(base))


def dotted(cls: type) -> str:
    """The path that the class is imported by."""
    return f"{cls.__module__}.{cls.__qualname__}"


def is_drf_s_own(cls: type, name: str) -> bool:
    """Whether the attribute `name` of `cls` is as DRF defines it."""
    return definer(cls, name).__module__.startswith("rest_framework.")


def own_doc(cls: type) -> str | None:
    """The class's own docstring, not an inherited one."""
    doc = vars(cls).get("__doc__")
    return inspect.cleandoc(doc) if doc else None
