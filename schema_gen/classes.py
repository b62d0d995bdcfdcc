"""What a class says itself, as against what it inherits."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

from .exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["checked_classes", "definer", "dotted", "is_drf_s_own", "overrides_output", "own_doc"]


# At least one dot: a module, and a class in it.
PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")


def checked_classes(
    function: str, what: str, given: Iterable[object], base: type = object, *, paths: bool = False
) -> None:
    """A SchemaError for the first of `given` to a registering `function` that is no class of these.

    `what` is what they are, in words, and `base` a class of theirs. `paths` allows for dotted
    paths of classes.
    """
    for item in given:
        if isinstance(item, type) and issubclass(item, base):
            continue
        if paths and isinstance(item, str) and PATH.fullmatch(item):
            continue
        also = ", or their dotted paths" if paths else ""
        raise SchemaError(
            f"{function}() expected {what} classes{also}, {item!r} came. Name the class itself."
        )


def definer(cls: type, name: str) -> type:
    """The class of the MRO that defines the attribute `name`."""
    return next(base for base in cls.__mro__ if name in vars(base))


def dotted(cls: type) -> str:
    """The path that the class is imported by."""
    return f"{cls.__module__}.{cls.__qualname__}"


def is_drf_s_own(cls: type, name: str) -> bool:
    """Whether the attribute `name` of `cls` is as DRF defines it."""
    return definer(cls, name).__module__.startswith("rest_framework.")


def overrides_output(cls: type) -> bool:
    """Whether a serializer has a say of its own in what it writes, its fields aside."""
    return any(
        not is_drf_s_own(cls, name) for name in ("to_representation", "data", "_readable_fields")
    )


def own_doc(cls: type) -> str | None:
    """The class's own docstring, not an inherited one."""
    doc = vars(cls).get("__doc__")
    return inspect.cleandoc(doc) if doc else None
