"""Which method of a view answers a GET, and whether that is DRF's own."""

from __future__ import annotations

import dis
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.views import View
from rest_framework import mixins
from rest_framework.generics import ListAPIView
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from .classes import definer
from .spectacular import is_passthrough

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

__all__ = ["Body", "around", "body_of"]

OWN: dict[str, Callable[..., Any]] = {
    "list": mixins.ListModelMixin.list,
    "retrieve": mixins.RetrieveModelMixin.retrieve,
}
"""The bodies whose steps are known. One of the view's own may do anything."""


class _Passing(ListAPIView[Any]):
    """Methods that do no more than pass a request on; they are there to be decorated."""

    def all(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().list(request, *args, **kwargs)

    def bare(self, request: Any) -> Any:
        return super().list(request)


PASSING = tuple(method.__code__ for method in (_Passing.all, _Passing.bare))
PLAIN_GET = ListAPIView.get.__code__


@dataclass(frozen=True, slots=True)
class Body:
    """`handler` is the method that answers, `known` says that it does no more than DRF's own."""

    handler: str
    known: bool


def body_of(view_class: type, action: str) -> Body:
    """The outermost method of the view's own that a GET of `action` runs, else DRF's own.

    A `dispatch()` of its own (a mixin that demands a login, a decorator) is around everything, and
    so has to be called where `setup()` or `finalize_response()` is the view's own; a `get()` is
    around the action of a view without action routing.
    """
    if definer(view_class, "dispatch") is not APIView or around(view_class) is not None:
        return Body("dispatch", known=False)
    if not _get_is_plain(view_class, action):
        return Body("get", known=False)
    known = _settles(view_class, action, lambda body: body is OWN.get(action))
    return Body(action, known=known)


def around(view_class: type) -> str | None:
    """The name of a method of the view's own that has its say before or after DRF's `dispatch()`.

    The views that DRF's routers make are never set up (`ViewSetMixin.as_view()`).
    """
    if definer(view_class, "finalize_response") is not APIView:
        return "finalize_response"
    routed = issubclass(view_class, ViewSetMixin)
    return None if routed or definer(view_class, "setup") is View else "setup"


def _settles(view_class: type, name: str, known: Callable[[Any], bool]) -> bool:
    """Whether the method is `known`, or only passes the request on to one that is."""
    for base in view_class.__mro__:
        if name not in vars(base):
            continue
        method = _unwrapped(vars(base)[name])
        if known(method):
            return True
        if not any(_is_like(method, code, "list", name) for code in PASSING):
            return False
    return False


def _unwrapped(body: Any) -> Any:
    while is_passthrough(body):
        body = body.__wrapped__
    return body


def _is_like(method: Any, model: CodeType, old: str, new: str) -> bool:
    """Whether a method's code is that of `model`, with the name `new` where that has `old`."""
    code = getattr(method, "__code__", None)
    if code is None:
        return False
    expected = [(name, new if value == old else value) for name, value in _steps(model)]
    return _steps(code) == expected


def _steps(code: CodeType) -> list[tuple[str, Any]]:
    """The instructions of `code`, with local variables by their place.

    The operands as they stand would not do: some of them depend on how many variables there are.
    """
    places = {name: place for place, name in enumerate(code.co_varnames)}

    def step(instruction: dis.Instruction) -> tuple[str, Any]:
        name, value = instruction.opname, instruction.argval
        if not name.startswith(("LOAD_FAST", "STORE_FAST")):
            return name, value
        names = value if isinstance(value, tuple) else (value,)
        return name, tuple(places[each] for each in names)

    return [step(instruction) for instruction in dis.get_instructions(code)]


def _get_is_plain(view_class: type, action: str) -> bool:
    """Whether a GET of a view without action routing does nothing but call the action."""
    if not hasattr(view_class, "get") or issubclass(view_class, ViewSetMixin):
        return True
    # DRF's generic views and its tutorial: `return self.list(request, *args, **kwargs)`, no more.
    return _settles(view_class, "get", lambda get: _is_like(get, PLAIN_GET, "list", action))
