"""A whole GET of a view, for views that have their say before or after DRF's steps.

A ``dispatch()`` of its own may be what decides who is answered, or prepares what permissions look
at; so it is called as ``as_view()`` calls it, once, on a request that nobody has authenticated, and
everything else happens inside.
"""

from __future__ import annotations

import functools
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.utils.functional import SimpleLazyObject
from rest_framework.exceptions import NotFound
from rest_framework.viewsets import ViewSetMixin

from drf_live_graphql.exceptions import credentials_ended, refusal_of
from drf_live_graphql.requests import USER

from .reads import Purpose
from .response import data_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from drf_live_graphql.requests import LiveRequest
    from schema_gen import RootDescription

    from .read_only import ReadOnly
    from .reads import Reads


class Visit:
    """One GET of ``view`` by ``request``; what it answers, or the exception that it came to."""

    def __init__(
        self,
        root: RootDescription,
        view: Any,
        request: LiveRequest,
        reads: Reads,
        read_only: ReadOnly | None,
    ) -> None:
        """``view`` is as ``as_view()`` makes it. ``read_only`` watches over what it writes.

        It does so outside of the view's ``initial()``: authentication may write in a GET.
        """
        self._root = root
        self._view = view
        self._request = request
        self._reads = reads
        self._read_only = read_only
        self._cause: Exception | None = None
        self._data: Any = None
        self.error: Exception | None = None
        self.done = False

    def run(self, *, throttle: bool) -> None:
        """Have the view answer; its throttles charge if asked to."""
        self.done = True
        self._prepare(throttle=throttle)
        watch = nullcontext() if self._read_only is None else self._read_only.refusing()
        try:
            with self._reads.during(Purpose.WHICH | Purpose.OPAQUE), watch:
                self._data = data_of(self._root, self._respond(), self._cause)
        except Exception as error:  # noqa: BLE001 (an answer as well; see answer())
            self.error = error
        if USER in self._request.reads and not self._request.is_connections:
            # Its key says that it is another's.
            self.error = credentials_ended()

    def answer(self) -> Any:
        """The value of the view's response; raises what it came to instead."""
        if self.error is not None:
            raise self.error
        return self._data

    @property
    def gone(self) -> bool:
        """Whether it is a single row that is not there."""
        missing = isinstance(self.error, Http404 | NotFound)
        return missing and self._root.action == "retrieve"

    @property
    def failed(self) -> bool:
        """Whether it came to a fault, so that nothing is known."""
        return self.error is not None and refusal_of(self.error) is None

    def _respond(self) -> Any:
        """What ``as_view()`` does with a view that it has made; DRF's routers leave out setup()."""
        view, request = self._view, self._request
        if isinstance(view, ViewSetMixin):
            view.get = getattr(view, self._root.view_action)  # type: ignore[attr-defined]
        else:
            view.setup(request, *view.args, **view.kwargs)
        return view.dispatch(request, *view.args, **view.kwargs)

    def _prepare(self, *, throttle: bool) -> None:
        view, request = self._view, self._request
        request.user = SimpleLazyObject(self._asking(request.read_user))
        if hasattr(request, "_force_auth_user"):  # As django-rest-live's protocol has it.
            request._force_auth_user = request.user  # type: ignore[attr-defined]
        view.initial = self._lifted(view.initial)
        view.check_throttles = self._charged(view.check_throttles) if throttle else _free_of_charge
        handle = view.handle_exception

        def handled(error: Exception) -> Any:
            self._cause = error
            return handle(error)

        view.handle_exception = handled

    def _asking(self, read: Callable[[], Any]) -> Callable[[], Any]:
        """``read`` as what says who is asking."""

        def reading() -> Any:
            with self._reads.during(Purpose.SELF), self._lift():
                return read()

        return reading

    def _lifted(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def lifted(*args: Any, **kwargs: Any) -> Any:
            with self._lift():
                return method(*args, **kwargs)

        return lifted

    def _lift(self) -> Any:
        return nullcontext() if self._read_only is None else self._read_only.lifted()

    def _charged(self, charge: Callable[..., Any]) -> Callable[..., Any]:
        """What a throttle reads of the request says who pays, and not what the answer is."""

        @functools.wraps(charge)
        def charged(request: Any) -> None:
            facts = set(self._request.reads)
            charge(request)
            self._request.reads.intersection_update(facts)

        return charged


def _free_of_charge(request: Any) -> None:
    """Nothing is paid for being told of a change."""


__all__ = ["Visit"]
