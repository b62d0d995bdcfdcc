"""``LiveRouter``: what a project touches. It names the views that go live, and where."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

from django.apps import apps
from django.urls import URLPattern, URLResolver
from rest_framework.generics import GenericAPIView
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ViewSetMixin
from strawberry.schema.config import StrawberryConfig

from schema_gen import (
    ModelUnknownError,
    SchemaError,
    SchemaWarning,
    TakenNames,
    ViewDescription,
    build_types,
    describe_view,
    settled,
)
from schema_gen.collector import collector_paused

from .changes import Disconnect, publisher, watch, watch_all
from .conf import check_installed
from .exceptions import LiveError
from .live.resolvers import LiveResolvers
from .live.timetable import reread
from .mounts import ACTIONS, left_out, mounts, wrapper_of
from .options import checked_options
from .schema import LiveSchema
from .users import user_key, user_key_of_pk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence

    import strawberry
    from asgiref.typing import ASGIApplication
    from django.db.models import Model
    from django.http.response import HttpResponseBase
    from rest_framework.routers import BaseRouter

    from schema_gen import BuiltTypes

    from .mounts import Mount

# Seconds below which ``refresh_every`` is no interval any more, but a load.
SHORTEST_REFRESH = 0.1

# Every router of the process, so that each process knows which models to capture.
_routers: WeakSet[LiveRouter] = WeakSet()


@dataclass(frozen=True)
class _Registration:
    """One view under one route, not yet described."""

    view_class: type[Any]
    prefix: str
    basename: str | None
    route: str
    actions: tuple[str, ...]
    initkwargs: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    refresh_every: float | None = None
    extra_action: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    version: str | None = None
    single: bool = False
    included: bool = False


class LiveRouter:
    """Registers DRF views and makes their ``list`` and ``retrieve`` live over GraphQL.

    The views are used as they are. The schema is built when it is first asked for; what is
    registered after that would not be in it, and is refused.
    """

    def __init__(self) -> None:
        """A router without views."""
        self._registrations: list[_Registration] = []
        self._left_out: dict[type[Any], str] = {}
        _routers.add(self)
        if apps.ready:
            watch_all()

    # Registration.

    def register(
        self,
        prefix: str,
        viewset: type[Any],
        basename: str | None = None,
        *,
        list_name: str | None = None,
        retrieve_name: str | None = None,
        type_name: str | None = None,
        actions: Collection[str] | None = None,
        exclude_fields: Collection[str] = (),
        exclude_arguments: Collection[str] = (),
        enum_names: Mapping[str, str] | None = None,
        refresh_every: float | None = None,
        extra_actions: Collection[str] = (),
        version: str | None = None,
    ) -> None:
        """Make a ViewSet or generic view live; positional arguments as DRF's ``register``.

        ``prefix`` may hold URL kwargs, as ``projects/{project_pk}/tasks`` or as a regex group. A
        list and a row that are two generic views may have one prefix.
        The names override what prefix, basename and serializer give to the GraphQL roots and
        row type. ``actions`` are those of ``list`` and ``retrieve`` that go live, all that the view
        has by default. ``exclude_fields`` are fields of its serializer that are neither shown nor
        evaluated, ``exclude_arguments`` query parameters that can't be passed, and ``enum_names``
        names the enum of such a field or parameter; the schema is a ``SchemaError`` where the view
        has no such thing. ``refresh_every`` has what is watched of the view read again at that
        interval (seconds, at least 0.1), for rows that depend on what no change tells of: the time,
        a cache, a file. It costs an evaluation each time. ``extra_actions`` names methods of the
        ViewSet with ``@action(detail=False)`` that answer a list of rows: each is a root of its
        own, named by prefix and ``url_path``, and told as a whole. ``version`` is the one that the
        view's versioning scheme would find out, where no argument can say it. Raises ``LiveError``
        for what is no view with a model, for an action that it has not or that is no such list, for
        an option that is no name or no list of names, for a prefix that is taken, and once the
        schema is built.
        """
        _check_view(viewset)
        _check_interval(refresh_every)
        wanted = _checked_actions(viewset, actions)
        options = checked_options(
            list_name=list_name,
            retrieve_name=retrieve_name,
            type_name=type_name,
            exclude_fields=exclude_fields,
            exclude_arguments=exclude_arguments,
            enum_names=enum_names,
        )
        route = re.sub(r"{(\w+)}", r"(?P<\1>[^/.]+)", prefix.strip("/"))
        if not issubclass(viewset, ViewSetMixin):
            if extra_actions:
                raise LiveError(_no_extra_action(viewset, next(iter(extra_actions)), ()))
            callback = _mounted(viewset)
            self._add(
                _Registration(
                    viewset,
                    prefix,
                    basename,
                    route,
                    wanted,
                    initkwargs=dict(getattr(callback, "initkwargs", {})),
                    options=options,
                    refresh_every=refresh_every,
                    version=version,
                )
            )
            return
        router = SimpleRouter()
        try:
            router.register(route, viewset, basename=basename)
        except AssertionError as error:
            raise LiveError(
                f"{viewset.__name__} has no `queryset` attribute to take a basename from."
                f" Name it: live.register({prefix!r}, {viewset.__name__}, basename=...)."
            ) from error
        patterns = router.get_urls()
        for pattern in patterns:
            _check_unwrapped(viewset, pattern.callback)
        known = {"options": options, "refresh_every": refresh_every, "version": version}
        self._include(patterns, {viewset: extra_actions}, known, wanted)

    def include(
        self,
        router: BaseRouter | Sequence[URLPattern | URLResolver],
        *,
        refresh_every: float | None = None,
        extra_actions: Mapping[type[Any], Collection[str]] | None = None,
        version: str | None = None,
    ) -> None:
        """Make everything live that a DRF router holds, nested routers as well, or URL patterns do.

        Of a list such as ``urlpatterns``, with what it includes, those are taken that are ViewSets
        or generic views; their routes below that list name the roots. ``refresh_every`` and
        ``version`` are for each of the views what they are in ``register``, and ``extra_actions``
        are by ViewSet. A view that ``register`` has at the same prefix, before or after, is as
        that says. Views without a model are left out, with a ``SchemaWarning`` where that was
        not plain: a router holds what it holds. Raises ``LiveError`` where nothing is left, for
        prefixes that are taken, for an action that is no list, and once the schema is built.
        """
        patterns: Any = router.get_urls() if hasattr(router, "get_urls") else router
        if not isinstance(patterns, list | tuple) or not all(
            isinstance(pattern, URLPattern | URLResolver) for pattern in patterns
        ):
            raise LiveError(
                "include() expected a DRF router, such as SimpleRouter(), or a list of URL"
                f" patterns; {router!r} came. A single view goes into register()."
            )
        _check_interval(refresh_every)
        known = {"refresh_every": refresh_every, "version": version, "included": True}
        if not self._include(patterns, extra_actions or {}, known):
            raise LiveError(
                f"include() found no ViewSet with a list or retrieve action in {router!r}."
                " Register ViewSets on the router before it is included."
            )

    def _include(
        self,
        patterns: Sequence[URLPattern | URLResolver],
        extra_actions: Mapping[type[Any], Collection[str]],
        known: Mapping[str, Any],
        actions: Collection[str] = ACTIONS,
    ) -> int:
        found = list(mounts(patterns))
        wanted = {(view, name) for view, names in extra_actions.items() for name in names}
        for view_class, name in wanted:
            lists = [m.action for m in found if m.view_class is view_class and _is_extra_list(m)]
            if name not in lists:
                raise LiveError(_no_extra_action(view_class, name, lists))
        registrations: list[_Registration] = []
        for mount in found:
            if mount.action in actions or (mount.view_class, mount.action) in wanted:
                _gather(registrations, _registration(mount, known))
        for registration in registrations:
            self._add(registration)
        self._left_out |= left_out(patterns, {r.view_class for r in self._registrations})
        return len(registrations)

    def _add(self, registration: _Registration) -> None:
        if "_types" in self.__dict__:
            raise LiveError(
                f"{registration.view_class.__name__} was registered after the schema was built,"
                " so it would not be in it. Register every view in live.py, before"
                " live.schema, live.as_view() or live.asgi() is used."
            )
        for other in list(self._registrations):
            if _is_said_again(other, registration):
                if registration.included:
                    return
                self._registrations.remove(other)
                continue
            same = (other.route, other.version) == (registration.route, registration.version)
            if same and not _is_pair(other, registration) and not _are_two(other, registration):
                raise LiveError(
                    f"{registration.prefix!r} is registered twice: for"
                    f" {other.view_class.__name__} and for {registration.view_class.__name__}."
                    " Give one of them another prefix, or leave it out."
                )
        self._registrations.append(registration)
        if apps.ready:
            self._watch(registration)

    # What is made of it.

    @cached_property
    @collector_paused()
    def _described(self) -> tuple[tuple[_Registration, ViewDescription], ...]:
        return self._describe_all()

    def _describe_all(self) -> tuple[tuple[_Registration, ViewDescription], ...]:
        """The registrations with their descriptions, without included views of no known model."""
        return settled(self._described_with)

    def _described_with(
        self, taken: TakenNames
    ) -> tuple[tuple[_Registration, ViewDescription], ...]:
        found = {}
        # What is registered by hand keeps its names, wherever it comes.
        for registration in sorted(self._registrations, key=lambda item: item.included):
            try:
                found[id(registration)] = _describe(registration, taken)
            except ModelUnknownError as error:
                if not registration.included:
                    raise
                self._left_out[registration.view_class] = str(error)
                warnings.warn(f"{error} It is left out.", SchemaWarning, stacklevel=3)
        return tuple(
            (registration, found[id(registration)])
            for registration in self._registrations
            if id(registration) in found
        )

    @property
    def views(self) -> tuple[ViewDescription, ...]:
        """The descriptions of the registered views, in the order of registration."""
        return tuple(view for _, view in self._described)

    def described(self) -> tuple[tuple[_Registration, ViewDescription], ...]:
        """What was registered, in that order, each with its description.

        Made anew until ``views`` are there: registering may go on after it.
        """
        return self._described if "_described" in self.__dict__ else self._describe_all()

    def describe(self) -> tuple[ViewDescription, ...]:
        """The descriptions alone, as ``views`` and as fresh as ``described``."""
        return tuple(view for _, view in self.described())

    @property
    def left_out(self) -> Mapping[type[Any], str]:
        """The views of included routers that are not live, and why."""
        return dict(self._left_out)

    @cached_property
    @collector_paused()
    def _types(self) -> BuiltTypes:
        if not self._registrations:
            raise LiveError(
                "This LiveRouter has no views, and a GraphQL schema needs at least one. Call"
                " live.register(prefix, ViewSet) or live.include(router) in live.py."
            )
        views = self.views
        roots = [root for view in views for root in view.roots]
        built = build_types(views, LiveResolvers(roots))
        for view in views:
            watch(view.model)
        for registration, view in self._described:
            if registration.refresh_every is not None:
                for root in view.roots:
                    reread(root, registration.refresh_every)
        return built

    @property
    def query_type(self) -> type[Any]:
        """The strawberry type with the query roots, to merge into a schema of your own."""
        return self._types.query_type

    @property
    def subscription_type(self) -> type[Any]:
        """The strawberry type with the subscription roots, to merge likewise."""
        return self._types.subscription_type

    @property
    def config(self) -> StrawberryConfig:
        """The strawberry configuration that the types need: a merged schema passes it on."""
        return StrawberryConfig(scalar_map=dict(self._types.scalar_map))

    @cached_property
    @collector_paused()
    def schema(self) -> strawberry.Schema:
        """The schema of everything registered."""
        return LiveSchema(
            query=self.query_type, subscription=self.subscription_type, config=self.config
        )

    def as_view(
        self, *, schema: strawberry.Schema | None = None
    ) -> Callable[..., HttpResponseBase]:
        """The Django view: GraphQL over HTTP for clients, GraphiQL for a browser.

        ``schema`` is the merged one, where there is one.
        """
        from .transport.http import LiveGraphQLView

        check_installed()
        view: Callable[..., HttpResponseBase] = LiveGraphQLView.as_view(
            schema=schema or self.schema
        )
        return view

    def as_consumer(self, *, schema: strawberry.Schema | None = None) -> ASGIApplication:
        """The Channels consumer, for wiring by hand; it expects session and user in its scope."""
        from .transport.websocket import LiveConsumer

        check_installed()
        application: ASGIApplication = LiveConsumer.as_asgi(schema=schema or self.schema)
        return application

    def asgi(
        self,
        http: Callable[..., Awaitable[None]],
        *,
        path: str = "graphql/",
        schema: strawberry.Schema | None = None,
    ) -> ASGIApplication:
        """The whole ASGI application: ``http`` as it was, and websockets on ``path``.

        Sessions and users of the site come with it, and so does the check of a browser's origin
        (setting ``ALLOWED_ORIGINS``). A socket to any other path is refused.
        """
        from .transport.application import application

        return application(http, self.as_consumer(schema=schema), path)

    # Access.

    def disconnect(self, *, user: object) -> None:
        """End all connections of ``user``, a user or the primary key of one, in every process.

        Each of their operations ends with ``NOT_AUTHENTICATED`` and each socket is closed, so that
        a client connects again with the credentials that it has by then. Works from anywhere,
        management commands included; returns at once, and a channel layer that is down delays
        the order and raises nothing. It does not wait for a transaction to commit: call it by
        ``transaction.on_commit`` where it belongs to one.
        """
        key = user_key(user) if hasattr(user, "is_authenticated") else user_key_of_pk(user)
        if key is None or user is None:
            raise LiveError(
                "disconnect() expected a user that is saved, or the primary key of one;"
                f" {user!r} came."
            )
        publisher.disconnect(Disconnect(key))

    # Capturing.

    def watch(self) -> None:
        """Capture the changes of every registered view's model in this process."""
        for registration in self._registrations:
            self._watch(registration)

    def _watch(self, registration: _Registration) -> None:
        model = _declared_model(registration.view_class) or _found_model(registration)
        if model is not None:
            watch(model)


def routers() -> Iterable[LiveRouter]:
    """Every ``LiveRouter`` of the process."""
    return tuple(_routers)


def _check_view(view: object) -> None:
    if not isinstance(view, type) or not issubclass(view, GenericAPIView):
        raise LiveError(
            "Expected a ViewSet or a generic view class of Django REST Framework with a model"
            f" (a subclass of GenericAPIView, such as ModelViewSet); {view!r} came."
        )
    if not any(hasattr(view, action) for action in ACTIONS):
        raise LiveError(
            f"{view.__name__} has neither list() nor retrieve(), so there is nothing to make"
            " live. Add ListModelMixin or RetrieveModelMixin, or leave it out."
        )

    if not issubclass(view, ViewSetMixin) and not hasattr(view, "get"):
        raise LiveError(
            f"{view.__name__} has no get(), so a GET of it is refused (405), and there is nothing"
            " to make live. Derive it from ListAPIView or RetrieveAPIView, or leave it out."
        )


def _mounted(view: type[Any]) -> Any:
    """What a URL pattern holds of a generic view: its ``as_view()`` may give it something."""
    try:
        callback = view.as_view()
    except TypeError as error:
        raise LiveError(
            f"{view.__name__}.as_view() can't be called without arguments: {error}. Include the"
            " URL patterns that call it instead: live.include(urlpatterns)."
        ) from error
    _check_unwrapped(view, callback)
    return callback


def _check_unwrapped(view: type[Any], callback: Any) -> None:
    """A function that ``as_view()`` puts around a view would be passed by."""
    if (name := wrapper_of(callback)) is not None:
        raise LiveError(
            f"{view.__name__}.as_view() wraps the view in {name}, which only a GET would pass."
            " Decorate its dispatch() instead (method_decorator), and register it then."
        )


def _checked_actions(view: type[Any], actions: Collection[str] | None) -> tuple[str, ...]:
    """Those of ``ACTIONS`` that are wanted of the view."""
    has = tuple(action for action in ACTIONS if hasattr(view, action))
    if actions is None:
        return has
    if isinstance(actions, str) or not actions:
        raise LiveError(
            f'actions= expected a list such as ["list"] or ["list", "retrieve"]; {actions!r} came.'
        )
    for action in actions:
        if action not in has:
            raise LiveError(
                f"actions= names {action!r}, which {view.__name__} can't be live with. Expected"
                f" some of {list(has)}."
            )
    return tuple(action for action in has if action in actions)


def _check_interval(seconds: object) -> None:
    if seconds is None:
        return
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not number or not SHORTEST_REFRESH <= cast("float", seconds) < float("inf"):
        raise LiveError(
            f"refresh_every expected a number of seconds, {SHORTEST_REFRESH} at the least;"
            f" {seconds!r} came. Leave it out where changes of rows tell all."
        )


def _declared_model(view_class: type[Any]) -> type[Model] | None:
    # A view that answers from elsewhere may have any iterable there.
    model = getattr(getattr(view_class, "queryset", None), "model", None)
    if model is not None:
        return cast("type[Model]", model)
    serializer_class = getattr(view_class, "serializer_class", None)
    return getattr(getattr(serializer_class, "Meta", None), "model", None)


def _found_model(registration: _Registration) -> type[Model] | None:
    """The model of a view whose methods alone know it.

    A process that only writes never builds the schema, which is where it would turn up. What is
    wrong with the view is said there, not in every management command.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SchemaWarning)
        try:
            return _describe(registration).model
        except SchemaError:
            return None


def _describe(registration: _Registration, taken: TakenNames | None = None) -> ViewDescription:
    return describe_view(
        registration.view_class,
        prefix=registration.prefix,
        basename=registration.basename,
        initkwargs=registration.initkwargs,
        route=registration.route,
        actions=registration.actions,
        extra_action=registration.extra_action,
        url_kwargs=registration.given,
        version=registration.version,
        single=registration.single,
        taken=taken,
        yielding=registration.included,
        **registration.options,
    )


def _registration(mount: Mount, known: Mapping[str, Any]) -> _Registration:
    """One action's registration; that of a row is at the route of its list, if it is routed."""
    extra = mount.action if mount.action not in ACTIONS else None
    route = mount.route
    single = mount.action == "retrieve" and not mount.picks
    if mount.action == "retrieve" and not single and issubclass(mount.view_class, ViewSetMixin):
        route = re.sub(r"/?(\(\?P<\w+>(?:[^()\\]|\\.)*\)|<[\w:]+>)$", "", route)
    known = {**known, "version": known.get("version") or mount.version}
    return _Registration(
        mount.view_class,
        route,
        mount.basename,
        route,
        ("list",) if extra else (mount.action,),
        initkwargs={k: v for k, v in mount.initkwargs.items() if extra or k not in _OF_ROUTES},
        extra_action=extra,
        given=mount.given,
        single=single,
        **known,
    )


def _gather(registrations: list[_Registration], new: _Registration) -> None:
    """Add ``new``, as the other action of a registration that is the same but for that if any."""
    for index, old in enumerate(registrations):
        if old.route == new.route and replace(old, actions=new.actions) == new:
            actions = tuple(dict.fromkeys((*old.actions, *new.actions)))
            registrations[index] = replace(old, actions=actions)
            return
    registrations.append(new)


def _is_pair(one: _Registration, other: _Registration) -> bool:
    """Whether they are a list and a row of two generic views, which share a route."""
    routed = any(issubclass(r.view_class, ViewSetMixin) for r in (one, other))
    return not routed and set(one.actions).isdisjoint(other.actions)


def _is_said_again(one: _Registration, other: _Registration) -> bool:
    """Whether a view of an included router is registered by hand as well, with what options it has.

    Then that registration is the one that counts, for all that the router routes there.
    """
    places = [(r.view_class, r.route, r.version, r.extra_action) for r in (one, other)]
    return one.included is not other.included and places[0] == places[1]


def _are_two(one: _Registration, other: _Registration) -> bool:
    """Whether they are two views that one site has below one route, told apart by its URLs.

    `jobs/<uuid:pk>/` and `jobs/<str:name>/` may be rows of two views; what no URL would find of
    the second was left out.
    """
    return one.included and other.included and one.view_class is not other.view_class


def _is_extra_list(mount: Mount) -> bool:
    method = getattr(mount.view_class, mount.action)
    return mount.action not in ACTIONS and getattr(method, "detail", None) is False


def _no_extra_action(view_class: type[Any], name: str, lists: Collection[str]) -> str:
    has = f"it has {', '.join(sorted(lists))}" if lists else "it has none"
    return (
        f"extra_actions expected methods of {view_class.__name__} with @action(detail=False) that"
        f" answer a GET; {name!r} came, and {has}."
    )


# What a router says of each of its routes, and not of the view.
_OF_ROUTES = frozenset({"detail", "suffix", "name", "description"})


__all__ = ["LiveRouter", "routers"]
