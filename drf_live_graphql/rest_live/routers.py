"""``RealtimeRouter``: the views that one endpoint serves, by their models."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from django.apps import apps

from drf_live_graphql.changes import watch, watch_all
from drf_live_graphql.conf import check_installed

from .mixins import RealtimeMixin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drf_live_graphql.transport.rest_live.application import RealtimeApplication

# Every router of the process, so that each process knows that it has changes to tell of.
_routers: WeakSet[RealtimeRouter] = WeakSet()


class RealtimeRouter:
    """Collects views that have the ``RealtimeMixin``, at most one for each model."""

    def __init__(self, public: bool = True, uid: str = "default") -> None:
        """``public=False`` lets only connections in that have a user.

        ``uid`` means nothing here: routers never get into each other's way.
        """
        self.registry: dict[str, type[Any]] = {}
        self.uid = uid
        self.public = public
        _routers.add(self)
        if apps.ready:
            watch_all()

    def register_all(self, views: Iterable[type[Any]]) -> None:
        """``register`` each of ``views``."""
        for view in views:
            self.register(view)

    def register(self, view: type[Any]) -> None:
        """Let clients subscribe to ``view``.

        Raises a ``RuntimeError`` for a view without the mixin, an ``AssertionError`` for one
        without a ``queryset`` attribute, and a ``RuntimeWarning`` (raised, as django-rest-live
        does) for a second view of one model.
        """
        if not (isinstance(view, type) and issubclass(view, RealtimeMixin)):
            raise RuntimeError(  # noqa: TRY004  # As django-rest-live.
                f"register() expected a view class that has RealtimeMixin among its bases; {view!r}"
                " came."
            )
        # Of an instance, as there: a view's own may be no class method.
        model = view().get_model_class()
        label = model._meta.label
        if label in self.registry:
            raise RuntimeWarning(
                f"{label} has a view on this router, {self.registry[label].__name__};"
                f" {view.__name__} came. Register it on a RealtimeRouter of its own."
            )
        self.registry[label] = view
        if apps.ready:
            watch(model)

    def watch(self) -> None:
        """Capture the changes of every registered view's model in this process."""
        for label in self.registry:
            watch(apps.get_model(label))

    @cached_property
    def _application(self) -> RealtimeApplication:
        from drf_live_graphql.transport.rest_live.application import RealtimeApplication

        return RealtimeApplication(self.registry, public=bool(self.public))

    def as_consumer(self) -> RealtimeApplication:
        """The ASGI application; call ``as_asgi()`` on it or not, as you like."""
        check_installed()
        return self._application


def realtime_routers() -> tuple[RealtimeRouter, ...]:
    """Every ``RealtimeRouter`` of the process."""
    return tuple(_routers)


__all__ = ["RealtimeRouter", "realtime_routers"]
