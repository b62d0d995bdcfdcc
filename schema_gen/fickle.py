"""Whether which fields a view's rows have depends on who asks for them."""

from __future__ import annotations

import dis
from contextlib import contextmanager
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rest_framework.generics import GenericAPIView

__all__ = ["drops_fields", "facts_read"]

FACTS = frozenset({"COOKIES", "META", "auth", "headers", "session", "user", "version"})
"""What differs from one GET of a view to the next, its arguments aside."""


@contextmanager
def facts_read(view: GenericAPIView[Any]) -> Iterator[set[str]]:
    """Those facts of the view's request that are read meanwhile."""
    request: Any = view.request
    cls: Any = type(request)
    read: set[str] = set()

    def noted(self: Any, name: str) -> Any:
        if name in FACTS:
            read.add(name)
        return cls.__getattribute__(self, name)

    request.__class__ = type(cls.__name__, (cls,), {"__getattribute__": noted})
    try:
        yield read
    finally:
        request.__class__ = cls


def drops_fields(cls: type) -> bool:
    """Whether code of a serializer's own takes some of its `fields` out, as far as it shows.

    Most that ask who is there do so for the choices of a field that is written, and show the same.
    """
    own = (base for base in cls.__mro__ if not base.__module__.startswith("rest_framework."))
    return any(_drops(item) for base in own for item in vars(base).values())


def _drops(function: Any) -> bool:
    if not isinstance(function, FunctionType) or "fields" not in function.__code__.co_names:
        return False
    steps = {step.opname for step in dis.get_instructions(function)}
    return "pop" in function.__code__.co_names or "DELETE_SUBSCR" in steps
