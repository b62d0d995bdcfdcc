"""Which method of a view answers a GET, and whether that is DRF's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rest_framework import mixins
from rest_framework.generics import ListAPIView
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from .classes import definer
from .spectacular import is_passthrough

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Body", "body_of"]

OWN: dict[str, Callable[..., Any]] = {
    "list": mixins.ListModelMixin.list,
    "retrieve": mixins.RetrieveModelMixin.retrieve,
}
"""The bodies whose steps are known. One of the view's own may do anything."""

PLAIN_GET = ListAPIView.get.__code__.co_code


@dataclass(frozen=True, slots=True)
class Body:
    """`handler` is the method that answers, `known` says that it does no more than DRF's own."""

    handler: str
    known: bool


def body_of(view_class: type, action: str) -> Body:
    """The outermost method of the view's own that a GET of `action` runs, else DRF's own.

    A `dispatch()` of its own (a mixin that demands a login, a decorator) is around everything; a
    `get()` is around the action of a view without action routing.
    """
    if definer(view_class, "dispatch") is not APIView:
        return Body("dispatch", known=False)
    if not _get_is_plain(view_class, action):
        return Body("get", known=False)
    return Body(action, known=_unwrapped(getattr(view_class, action)) is OWN.get(action))


def _unwrapped(body: Any) -> Any:
    while is_passthrough(body):
        body = body.__wrapped__
    return body


def _get_is_plain(view_class: type, action: str) -> bool:
    """Whether a GET of a view without action routing does nothing but call the action."""
    get = getattr(view_class, "get", None)
    if get is None or issubclass(view_class, ViewSetMixin):
        return True
    # DRF's generic views and its tutorial: `return self.list(request, *args, **kwargs)`, no more.
    code = getattr(_unwrapped(get), "__code__", None)
    return code is not None and (code.co_code, code.co_names) == (PLAIN_GET, (action,))
