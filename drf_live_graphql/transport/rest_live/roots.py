"""A view as django-rest-live's protocol asks it: by its class alone, with no GraphQL schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist, ValidationError

from drf_live_graphql.exceptions import Refusal
from drf_live_graphql.location import locate, mounted_as
from drf_live_graphql.mounts import view_class_of, wrapper_of
from schema_gen import ObjectDescription, RootDescription, ViewCall
from schema_gen.bodies import body_of
from schema_gen.classes import is_drf_s_own
from schema_gen.routes import Route

from .messages import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from django.db.models import Model
    from django.urls import URLPattern

    from drf_live_graphql.live.reading import ShownId

    from .messages import Action, Subscribe

    Callback = Callable[..., Any]


class RealtimeRoot(RootDescription):
    """An action of a view, described as far as live queries need it: its rows as a whole.

    ``label`` is the model's, by which clients know the view.
    """

    @property
    def label(self) -> str:
        """``app.Model``."""
        return self.model._meta.label

    @property
    def authenticates(self) -> bool:
        """Whether the view asks who sends a GET."""
        classes = self.initkwargs.get(
            "authentication_classes",
            self.view_class.authentication_classes,  # type: ignore[attr-defined]
        )
        own = not is_drf_s_own(self.view_class, "get_authenticators")
        return bool(classes) or own

    def url_kwargs(self, call: ViewCall) -> dict[str, Any]:
        """The URL kwargs as the project's own URL hands them to the view, converters applied.

        As texts where the view is mounted nowhere.
        """
        kwargs: dict[str, Any] = dict(call.kwargs)
        match = locate(self, kwargs).match
        return kwargs if match is None else match.kwargs

    def gone(self, id_: ShownId, lookup: str | None) -> dict[str, Any]:
        """What is told of a row that may not be looked at any more.

        ``lookup`` is what it was asked for by, where it was asked for alone.
        """
        if self.handler is None:
            return {self.lookup_field: self.shown_lookup(id_.pk, str(id_)), "id": id_.pk}
        # A body of the view's own answered texts and numbers, and no model instance.
        pk = self._value("pk", str(id_))
        return {self.lookup_field: self.shown_lookup(pk, lookup or str(id_)), "id": pk}

    def shown_lookup(self, pk: Any, text: str) -> Any:
        """The value of the view's ``lookup_field`` that ``text`` stands for, for row ``pk``."""
        own = self.model._meta.pk
        if self.lookup_field in ("pk", own.name, own.attname):
            return pk
        return self._value(self.lookup_field, text)

    def _value(self, name: str, text: str) -> Any:
        """What ``text`` is as a value of the model's field ``name``."""
        meta = self.model._meta
        try:
            field = meta.pk if name == "pk" else meta.get_field(name)
            return field.to_python(text)  # type: ignore[union-attr]
        except (FieldDoesNotExist, ValidationError):
            return text  # An annotation, a field of another model, an id in another form.


class Roots:
    """The views of a router by the labels of their models; described when they are first asked.

    They are described after the project's URLs are there, which say with what arguments a view is
    made. Methods may be called from any thread, and may import the URLs.
    """

    def __init__(self, views: Mapping[str, type[Any]]) -> None:
        """``views`` may grow later."""
        self._views = views
        # Also by the URL's callback: it says with what arguments the view is made.
        self._known: dict[tuple[str, str, Callback | None], RealtimeRoot] = {}

    def __contains__(self, label: object) -> bool:
        """Whether there is a view for the model."""
        return label in self._views

    def find(self, request: Subscribe) -> tuple[RealtimeRoot, ViewCall]:
        """The root and the call that a subscription request asks for.

        Raises a ``Refusal`` where a GET would find no URL, and where changes of the view's rows
        are not enough to tell of the action.
        """
        view_class = self._views[request.model]
        _check_mounted(view_class, request.action, request.model)
        urls = mounted_as(view_class, request.action)
        callback = _first(urls)
        root = self._root(request.model, request.action, callback)
        kwargs = dict(request.kwargs)
        if root.action == "retrieve" and root.lookup_url_kwarg not in kwargs:
            if request.lookup is None:
                raise Refusal(
                    f"Expected the row's {root.lookup_field!r} as lookup_by; nothing came.",
                    "INVALID",
                )
            kwargs[root.lookup_url_kwarg] = request.lookup
        match = locate(root, kwargs).match
        if match is not None:
            # Of several URLs the one that has these arguments: each may make the view otherwise.
            callback = match.func
            root = self._root(request.model, request.action, callback)
        if (
            any(url.name for url in urls)
            if match is None
            else view_class_of(callback) is not view_class
        ):
            raise Refusal(
                f"No URL of the view has these arguments: {sorted(kwargs)} in view_kwargs and"
                " lookup_by.",
                "NOT_FOUND",
            )
        _check_wrapper(callback, request.model)
        return root, ViewCall(tuple(sorted(kwargs.items())), request.query)

    def _root(self, label: str, action: Action, callback: Callback | None) -> RealtimeRoot:
        key = (label, action, callback)
        # Two threads may describe it at once: one of them wins.
        return self._known.get(key) or self._known.setdefault(
            key, describe(self._views[label], action, callback)
        )


def describe(view_class: Any, action: Action, callback: Callback | None = None) -> RealtimeRoot:
    """The description of a view that has a ``queryset``, made as ``callback`` of a URL makes it.

    Raises a ``Refusal`` where changes of the view's rows are not enough to tell of ``action``.
    """
    model: type[Model] = view_class().get_model_class()
    label = model._meta.label
    initkwargs = dict(getattr(callback, "initkwargs", {}))
    handler = _handler(view_class, action, label)
    lookup_field = initkwargs.get("lookup_field", view_class.lookup_field)
    lookup_url_kwarg = initkwargs.get("lookup_url_kwarg", view_class.lookup_url_kwarg)
    return RealtimeRoot(
        name=f"{label} {action}",
        action=action,
        view_class=view_class,
        initkwargs=initkwargs,
        model=model,
        basename=str(initkwargs.get("basename") or model._meta.model_name),
        prefix=str(model._meta.model_name),
        lookup_field=lookup_field,
        lookup_url_kwarg=lookup_url_kwarg or lookup_field,
        # Model instances are known by the view's lookup_field, whatever a serializer shows.
        row=ObjectDescription(label, (), prunable=False, id_key="id" if handler else None),
        page=None,
        arguments=(),
        route=Route("", ()),
        type_base=label,
        view_action=action,
        handler=handler,
        finds_row=not is_drf_s_own(view_class, "get_object"),
    )


def _check_mounted(view_class: type[Any], action: Action, label: str) -> None:
    """Rows that are shown one by one may each be refused by themselves: they are no list."""
    if action != "list" or mounted_as(view_class, "list"):
        return
    alone = hasattr(view_class, "retrieve") and not hasattr(view_class, "list")
    if alone or mounted_as(view_class, "retrieve"):
        raise Refusal(f"The view of {label} has no list.", "NOT_FOUND")


def _first(urls: Sequence[URLPattern]) -> Callback | None:
    """The callback that makes the view where no URL by a name tells which one it is."""
    callbacks: list[Callback] = [url.callback for url in urls]
    plain = [callback for callback in callbacks if wrapper_of(callback) is None]
    return next(iter((*plain, *callbacks)), None)


def _check_wrapper(callback: Callback | None, label: str) -> None:
    if (name := wrapper_of(callback)) is not None:
        raise Refusal(
            f"In its URL the view of {label} is wrapped in {name}, which only a GET passes."
            " Decorate a method of the view instead (method_decorator).",
            "INVALID",
        )


def _handler(view_class: type[Any], action: Action, label: str) -> str | None:
    """The view's own method that has to be asked for a row; ``None`` where DRF's own steps answer.

    For a list there is none that could be asked: what it answers says nothing of its other pages,
    nor of the rows that a change concerns. A view without the action is asked by its rows, as
    django-rest-live does, if what else it answers is DRF's own.
    """
    has = [name for name in (action, *ACTIONS) if hasattr(view_class, name)]
    asked = has[0] if has else action
    body = body_of(view_class, asked)
    if body.known or not hasattr(view_class, body.handler):
        return None
    if action == "list" or asked != action:
        raise Refusal(
            f"The view of {label} answers by a {body.handler}() of its own, so nobody can say of"
            " which rows its list is. Subscribe over GraphQL, which tells the list as a whole"
            + (", or to single rows." if hasattr(view_class, "retrieve") else "."),
            "INVALID",
        )
    return body.handler


__all__ = ["RealtimeRoot", "Roots", "describe"]
