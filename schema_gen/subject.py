"""A view under description: its facts, found by asking the view itself where it can answer."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from rest_framework.generics import GenericAPIView
from rest_framework.serializers import ListSerializer, Serializer

from .bodies import around, body_of
from .classes import definer, is_drf_s_own
from .exceptions import ModelUnknownError, SchemaError
from .fickle import drops_fields, facts_read
from .path import placeholders
from .probe import probe, visitors
from .routes import ANY_SEGMENT, Kwarg, Route, converted, parse_route
from .rows import as_queryset, has_instances
from .serializers import Describer
from .versions import check_version, url_version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.db.models import Model

__all__ = ["Subject", "make_subject"]

Answer = TypeVar("Answer")


VIEW_HOOKS = ("get_serializer", "get_serializer_class", "get_serializer_context")
SERIALIZER_HOOKS = ("__init__", "__new__", "fields", "get_fields", "get_field_names")


@dataclass
class Subject:
    """What a view's registration and class say before any action is looked at."""

    view_class: type[GenericAPIView[Any]]
    initkwargs: dict[str, Any]
    route: Route
    lookup_field: str
    lookup_url_kwarg: str
    describer: Describer
    known_model: type[Model] | None = None
    basename: str = ""
    extra_action: str | None = None
    given: dict[str, Any] = field(default_factory=dict)
    version: str | None = None
    single: bool = False
    querysets: dict[str, Any] = field(default_factory=dict)
    plain_serializer: Serializer[Any] | None = None
    fickle: bool = False

    @property
    def model(self) -> type[Model]:
        """The model of the view's rows. A LookupError while it is still being found out."""
        if self.known_model is None:
            raise LookupError(f"the model of {self.describer.view} is not known yet")
        return self.known_model

    @property
    def lookup(self) -> tuple[str, str]:
        """The URL kwarg that picks a row, and the model field that it is compared with."""
        return self.lookup_url_kwarg, self.lookup_field

    @property
    def scheme(self) -> Any:
        """The class of the view's versioning scheme, None where it has no versions."""
        return self.option("versioning_class")

    def option(self, name: str) -> Any:
        """A class attribute of the view as its initkwargs leave it."""
        return self.initkwargs.get(name, getattr(self.view_class, name, None))

    def view_action(self, action: str) -> str:
        """What the view itself calls the action: an extra action has a name of its own."""
        return self.extra_action or action

    def has(self, action: str) -> bool:
        """Whether the view has the action and takes GETs; one that doesn't is a warning."""
        if not hasattr(self.view_class, self.view_action(action)):
            return False
        if "get" not in self.option("http_method_names"):
            self.left_out(action, "its http_method_names have no 'get'", "Add 'get' to them.")
            return False
        return True

    def handler(self, action: str) -> str | None:
        """The method to call for the whole answer; None where DRF's own steps give it.

        Those steps need a queryset of model instances: `values()` and lists have none.
        """
        body = body_of(self.view_class, self.view_action(action))
        if body.handler == "dispatch" and (name := around(self.view_class)) is not None:
            self.describer.warn(
                f"{action}()",
                f"its own {name}() may change or refuse any answer, so it is told as a whole",
                "Do in a middleware what no answer depends on.",
            )
        return None if body.known and self._has_instances(action) else body.handler

    def _asked_queryset(self, action: str) -> Any:
        """What get_queryset() answers, asked once; None where it fails."""
        if action not in self.querysets:
            try:
                found = self.asked(action, lambda view: as_queryset(view.get_queryset()))
            except Exception:  # noqa: BLE001 (the view's own code; it may answer in a real GET)
                found = None
            self.querysets[action] = found
        return self.querysets[action]

    def _has_instances(self, action: str) -> bool:
        found = self._asked_queryset(action)
        return found is None or has_instances(found)

    def action_route(self, action: str) -> Route:
        """The route of the list, or that of a row: the same and the lookup kwarg behind it.

        One `single` row needs none.
        """
        picked = any(kwarg.name == self.lookup_url_kwarg for kwarg in self.route.kwargs)
        if action == "list" or self.single or picked:
            return self.route
        pattern = self.option("lookup_value_regex")
        converter = self.option("lookup_value_converter")
        if converter is None and any(kwarg.converter for kwarg in self.route.kwargs):
            # DRF's default on a router of path converters, which takes dots.
            converter = "str"
        kwarg = Kwarg(self.lookup_url_kwarg, pattern or ANY_SEGMENT)
        if converter and not pattern:
            kwarg = converted(self.lookup_url_kwarg, converter, self.route.text)
        return Route(f"{self.route.text}/<{kwarg.name}>", (*self.route.segments, kwarg))

    def asked(self, action: str, ask: Callable[[GenericAPIView[Any]], Answer]) -> Answer:
        """What the view answers inside a GET of the action, by a user or else by nobody.

        Raises what the view raised for the user if it raised for both.
        """
        failure: Exception | None = None
        for user in visitors():
            try:
                return ask(self._view(action, user))
            except Exception as error:  # noqa: BLE001 (whatever the view's own code raises)
                failure = failure or error
        raise failure or LookupError("nobody to ask as")

    def queryset(self, action: str) -> Any:
        """What get_queryset() answers, unevaluated; else the model's own queryset."""
        found = self._asked_queryset(action)
        return found if hasattr(found, "query") else self.model._default_manager.none()

    def serializer(self, action: str) -> Serializer[Any] | None:
        """The serializer of one row; None, with a warning, where the view can't say which.

        Where neither the view nor the serializer has a word in it, all actions have the same.
        """
        if self.plain_serializer is not None:
            return self.plain_serializer
        try:
            found, chosen_by, made_by = self.asked(action, _asked_serializer)
        except Exception as error:  # noqa: BLE001 (whatever the view's own code raises)
            return self._declared_serializer(action, error)
        self._note_whims(found, self._open(chosen_by), self._open(made_by))
        try:
            if _says_nothing(self.view_class, VIEW_HOOKS) and _is_plain(found):
                self.plain_serializer = found
        except Exception:  # noqa: BLE001 (fields inside that can't be made; said where they stand)
            return found
        return found

    def _open(self, facts: set[str]) -> set[str]:
        """Those facts of a request that are not settled by the registration."""
        settled = self.version is not None or self.scheme is None
        return facts - {"version"} if settled else facts

    def _note_whims(self, found: Serializer[Any], chosen_by: set[str], made_by: set[str]) -> None:
        """Note whether another asker may be shown other fields, with a warning where that is all.

        `chosen_by` are the facts by which the view chose its serializer, `made_by` those that the
        serializer was made by.
        """
        self.fickle = bool(chosen_by) or (bool(made_by) and drops_fields(type(found)))
        if chosen_by:
            told = ", ".join(f"request.{name}" for name in sorted(chosen_by))
            self.describer.warn(
                "get_serializer_class()",
                f"which serializer it has depends on the request ({told}), so every field of "
                f"{type(found).__name__} may be null, and what another serializer adds is not in "
                f"the schema",
                "Show everybody the same fields (null where one is not for who asks), or settle "
                "on a version= if that is what it depends on.",
            )

    def left_out(self, action: str, reason: str, mend: str) -> None:
        """Warn that an action has no root."""
        self.describer.warn(
            f"{action}()", f"{reason}, so the view has no {action} root", mend, "left out"
        )

    def _view(self, action: str, user: Any) -> GenericAPIView[Any]:
        route = self.action_route(action)
        kwargs = placeholders(route, self.view_class, self.known_model, self.lookup)
        kwargs |= {**url_version(self.scheme, self.version), **self.given}
        name = self.view_action(action)
        return probe(self.view_class, name, self.initkwargs, kwargs, user, self.version)

    def _declared_serializer(self, action: str, error: Exception) -> Serializer[Any] | None:
        mend = (
            "Let get_serializer_class() answer when getattr(self, 'swagger_fake_view', False), or "
            "give the view a serializer_class."
        )
        reason = f"asking it for its serializer failed: {error!r}"
        # A GET may well have another one.
        self.fickle = True
        declared = self.option("serializer_class")
        if isinstance(declared, type) and issubclass(declared, Serializer):
            try:
                found = self.asked(action, lambda view: _checked(_make(declared, view)))
            except Exception as again:  # noqa: BLE001
                reason = f"{reason}, and so did making its serializer_class: {again!r}"
            else:
                self.describer.warn(f"{action}()", f"{reason}; its serializer_class is taken", mend)
                return found
        self.left_out(action, reason, mend)
        return None


def _says_nothing(cls: type, hooks: tuple[str, ...]) -> bool:
    return all(not hasattr(cls, name) or is_drf_s_own(cls, name) for name in hooks)


def _is_plain(found: Any) -> bool:
    """Whether a serializer has the same fields wherever it is used, and so have those inside."""
    found = getattr(found, "child", found)
    if not isinstance(found, Serializer):
        return True
    return _says_nothing(type(found), SERIALIZER_HOOKS) and all(
        _is_plain(field) for field in found.fields.values()
    )


def _make(serializer_class: Any, view: GenericAPIView[Any]) -> Any:
    try:
        context = view.get_serializer_context()
    except Exception:  # noqa: BLE001 (the view's own code, which may ask for what a middleware adds)
        # Few serializers need more to say what fields they have; one that does fails by itself.
        context = GenericAPIView.get_serializer_context(view)
    return serializer_class(context=context)


def _fix_context(view: GenericAPIView[Any]) -> None:
    """Have the view's context made by now: what that reads of the request chooses no serializer."""
    with suppress(Exception):  # The view's own code; whoever asks for it then is told.
        context = view.get_serializer_context()
        view.get_serializer_context = lambda: dict(context)  # type: ignore[method-assign]


def _asked_serializer(view: GenericAPIView[Any]) -> tuple[Serializer[Any], set[str], set[str]]:
    """The serializer, and the facts of the request by which it was chosen, and was made."""
    made_by_view = definer(type(view), "get_serializer") is not GenericAPIView
    if made_by_view:
        _fix_context(view)
    with facts_read(view) as chosen_by:
        found: Any = view.get_serializer() if made_by_view else view.get_serializer_class()
    with facts_read(view) as made_by:
        return _checked(found if made_by_view else _make(found, view)), chosen_by, made_by


def _checked(found: Any) -> Serializer[Any]:
    """The serializer of a row, its fields made: they are lazy, and may be what fails."""
    found = found.child if isinstance(found, ListSerializer) else found
    if not isinstance(found, Serializer):
        raise TypeError(f"expected a Serializer, got {found!r}")
    len(found.fields)
    return found


def make_subject(
    view_class: Any,
    initkwargs: dict[str, Any],
    route: str,
    basename: str | None,
    *,
    extra_action: str | None = None,
    url_kwargs: Mapping[str, Any] | None = None,
    version: str | None = None,
    single: bool = False,
) -> Subject:
    """The facts of a registration.

    A SchemaError if the class is no view, a ModelUnknownError if its model can't be found.
    """
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
        extra_action=extra_action,
        given=dict(url_kwargs or {}),
        version=version,
        single=single,
    )
    if version is not None:
        check_version(subject.describer.view, subject.scheme, version)
        subject.given |= url_version(subject.scheme, version)
    subject.known_model = _model(subject)
    subject.basename = basename or str(subject.model._meta.object_name).lower()
    return subject


def _model(subject: Subject) -> type[Model]:
    declared = getattr(subject.option("queryset"), "model", None)
    if declared is not None:
        return declared  # type: ignore[no-any-return]
    action = "list" if hasattr(subject.view_class, "list") else "retrieve"
    # A guess until the view has answered: URL kwargs get placeholders that fit it.
    guess = subject.known_model = _serializer_model(subject, action)
    try:
        return subject.asked(action, lambda view: view.get_queryset().model)
    except Exception as error:  # noqa: BLE001 (whatever the view's own code raises)
        return _guessed(subject, guess, error)


def _serializer_model(subject: Subject, action: str) -> type[Model] | None:
    def ask(view: GenericAPIView[Any]) -> Any:
        serializer_class: Any = view.get_serializer_class()
        return serializer_class.Meta.model

    try:
        return subject.asked(action, ask)  # type: ignore[no-any-return]
    except Exception:  # noqa: BLE001 (a serializer need not have a model)
        return None


def _guessed(subject: Subject, guess: type[Model] | None, error: Exception) -> type[Model]:
    name = subject.view_class.__name__
    mend = (
        f"Give {name} a queryset attribute, or let its get_queryset() answer when "
        f"getattr(self, 'swagger_fake_view', False)."
    )
    if guess is None:
        raise ModelUnknownError(
            f"The model of {subject.describer.view} can't be found: expected get_queryset() to "
            f"answer a queryset, it raised {error!r}. {mend}"
        ) from error
    subject.describer.warn(
        "get_queryset()",
        f"it failed ({error!r}), so its serializer's model is taken",
        mend,
        "queryset",
    )
    return guess
