"""A view under description: its facts, found by asking the view itself where it can answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Model
from rest_framework import mixins
from rest_framework.generics import GenericAPIView
from rest_framework.serializers import ListSerializer, Serializer

from .exceptions import SchemaError
from .path import placeholders
from .probe import probe
from .routes import ANY_SEGMENT, Kwarg, Route, converted, parse_route
from .serializers import Describer, definer
from .spectacular import is_passthrough

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Subject", "make_subject"]

BODIES: dict[str, Callable[..., Any]] = {
    "list": mixins.ListModelMixin.list,
    "retrieve": mixins.RetrieveModelMixin.retrieve,
}
"""The bodies that a root stands for. One of the view's own may do anything."""


@dataclass
class Subject:
    """What a view's registration and class say before any action is looked at."""

    view_class: type[GenericAPIView[Any]]
    initkwargs: dict[str, Any]
    route: Route
    lookup_field: str
    lookup_url_kwarg: str
    describer: Describer
    model: type[Model] = Model
    basename: str = ""

    @property
    def lookup(self) -> tuple[str, str]:
        """The URL kwarg that picks a row, and the model field that it is compared with."""
        return self.lookup_url_kwarg, self.lookup_field

    def option(self, name: str) -> Any:
        """A class attribute of the view as its initkwargs leave it."""
        return self.initkwargs.get(name, getattr(self.view_class, name, None))

    def has(self, action: str) -> bool:
        """Whether the view has the action with DRF's own body; a body of its own is a warning."""
        body = getattr(self.view_class, action, None)
        if body is None:
            return False
        while is_passthrough(body):
            body = body.__wrapped__
        if body is BODIES[action]:
            return True
        self.describer.warn(
            f"{action}()",
            "it has a body of its own, which a GraphQL root can't stand for yet, so the view has "
            f"no {action} root",
            "Move what it does into get_queryset(), filter_queryset() or the serializer, or leave "
            f"{action!r} out of the actions.",
        )
        return False

    def action_route(self, action: str) -> Route:
        """The route of the list, or that of a row: the same and the lookup kwarg behind it."""
        if action == "list" or any(k.name == self.lookup_url_kwarg for k in self.route.kwargs):
            return self.route
        pattern = self.option("lookup_value_regex")
        converter = self.option("lookup_value_converter")
        kwarg = Kwarg(self.lookup_url_kwarg, pattern or ANY_SEGMENT)
        if converter and not pattern:
            kwarg = converted(self.lookup_url_kwarg, converter, self.route.text)
        return Route(f"{self.route.text}/<{kwarg.name}>", (*self.route.segments, kwarg))

    def view(self, action: str, model: type[Model] | None = None) -> GenericAPIView[Any]:
        """The view inside a GET of the action."""
        route = self.action_route(action)
        kwargs = placeholders(route, self.view_class, model or self.model, self.lookup)
        return probe(self.view_class, action, self.initkwargs, kwargs)

    def queryset(self, view: GenericAPIView[Any]) -> Any:
        """What get_queryset() answers, unevaluated; else the model's own queryset."""
        try:
            found = view.get_queryset()
        except Exception:  # noqa: BLE001 (the view's own code; the model is known without it)
            return self.model._default_manager.none()
        return found if hasattr(found, "query") else self.model._default_manager.none()

    def serializer(self, view: GenericAPIView[Any], action: str) -> Serializer[Any] | None:
        """The serializer of one row; None, with a warning, where the view can't say which."""
        try:
            found = self._asked_serializer(view)
            found.fields  # noqa: B018 (made lazily: what is wrong with them shows here)
        except Exception as error:  # noqa: BLE001 (whatever the view's own code raises)
            return self._declared_serializer(view, action, error)
        return found

    def left_out(self, action: str, reason: str, mend: str) -> None:
        """Warn that an action has no root."""
        self.describer.warn(f"{action}()", f"{reason}, so the view has no {action} root", mend)

    def _asked_serializer(self, view: GenericAPIView[Any]) -> Serializer[Any]:
        if definer(type(view), "get_serializer") is not GenericAPIView:
            found: Any = view.get_serializer()
        else:
            found = view.get_serializer_class()(context=view.get_serializer_context())
        found = found.child if isinstance(found, ListSerializer) else found
        if not isinstance(found, Serializer):
            raise TypeError(f"expected a Serializer, got {found!r}")
        return found

    def _declared_serializer(
        self, view: GenericAPIView[Any], action: str, error: Exception
    ) -> Serializer[Any] | None:
        mend = (
            "Let get_serializer_class() answer when getattr(self, 'swagger_fake_view', False), or "
            "give the view a serializer_class."
        )
        reason = f"asking it for its serializer failed: {error!r}"
        declared = self.option("serializer_class")
        if isinstance(declared, type) and issubclass(declared, Serializer):
            try:
                found: Serializer[Any] = declared(context=view.get_serializer_context())
                found.fields  # noqa: B018
            except Exception as again:  # noqa: BLE001
                reason = f"{reason}, and so did its serializer_class: {again!r}"
            else:
                self.describer.warn(f"{action}()", f"{reason}; its serializer_class is taken", mend)
                return found
        self.left_out(action, reason, mend)
        return None


def make_subject(
    view_class: Any, initkwargs: dict[str, Any], route: str, basename: str | None
) -> Subject:
    """The facts of a registration. A SchemaError if the class is no view with a model."""
    if not (isinstance(view_class, type) and issubclass(view_class, GenericAPIView)):
        raise SchemaError(
            f"{view_class!r} can't be described: expected a GenericAPIView or GenericViewSet "
            f"class. Derive the view from one of them and give it a queryset and a "
            f"serializer_class."
        )
    lookup_field = initkwargs.get("lookup_field", view_class.lookup_field)
    lookup_url_kwarg = initkwargs.get("lookup_url_kwarg", view_class.lookup_url_kwarg)
    subject = Subject(
        view_class,
        initkwargs,
        parse_route(route),
        lookup_field,
        lookup_url_kwarg or lookup_field,
        Describer(f"{view_class.__module__}.{view_class.__qualname__}"),
    )
    subject.model = _model(subject)
    subject.basename = basename or str(subject.model._meta.object_name).lower()
    return subject


def _model(subject: Subject) -> type[Model]:
    declared = getattr(subject.option("queryset"), "model", None)
    if declared is not None:
        return declared  # type: ignore[no-any-return]
    action = "list" if hasattr(subject.view_class, "list") else "retrieve"
    reason = ""
    try:
        found = getattr(subject.view(action).get_queryset(), "model", None)
    except Exception as error:  # noqa: BLE001 (whatever the view's own code raises)
        found, reason = None, repr(error)
    if found is not None:
        return found  # type: ignore[no-any-return]
    name = subject.view_class.__name__
    mend = (
        f"Give {name} a queryset attribute, or let get_queryset() answer when "
        f"getattr(self, 'swagger_fake_view', False)."
    )
    meta = getattr(subject.option("serializer_class"), "Meta", None)
    found = getattr(meta, "model", None)
    if found is None:
        raise SchemaError(
            f"The model of {subject.describer.view} can't be found: expected a queryset, "
            f"{'got ' + reason + ' from get_queryset()' if reason else 'got none'}. {mend}"
        )
    subject.describer.warn(
        "get_queryset()", f"it failed ({reason}); its serializer's model is taken", mend
    )
    return found  # type: ignore[no-any-return]
