"""View → description: which roots it has, what they answer and what they can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from rest_framework.serializers import ListSerializer

from .classes import definer, is_drf_s_own, own_doc
from .exceptions import SchemaError
from .names import RootNames, root_names
from .naming import pascal
from .pages import describe_page, paginates
from .parameters import ParameterScope, describe_backends, describe_paginator
from .path import path_arguments
from .probe import without_sql
from .roots import RootDescription, ViewDescription
from .sources import annotations_of
from .subject import make_subject
from .types import reference_to
from .versions import url_version, version_argument, version_type

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from rest_framework.generics import GenericAPIView

    from .arguments import ArgumentDescription
    from .subject import Subject
    from .types import ObjectDescription, PageDescription, TypeDescription

__all__ = ["describe_view"]

Action = Literal["list", "retrieve"]
Query: TypeAlias = "tuple[PageDescription | None, list[ArgumentDescription]]"
ACTIONS: tuple[Action, ...] = ("list", "retrieve")


def describe_view(
    view_class: type[Any],
    *,
    prefix: str,
    basename: str | None = None,
    initkwargs: Mapping[str, Any] | None = None,
    route: str | None = None,
    actions: Collection[str] = ACTIONS,
    list_name: str | None = None,
    retrieve_name: str | None = None,
    type_name: str | None = None,
    extra_action: str | None = None,
    url_kwargs: Mapping[str, Any] | None = None,
    version: str | None = None,
    single: bool = False,
) -> ViewDescription:
    """Describe the `list` and `retrieve` actions that `view_class` has and `actions` names.

    `route` is the list's whole route below the mount point, the `prefix` by default: a regex whose
    named groups are URL kwargs; `<int:pk>` and `{project_pk}` are read too. `initkwargs` are those
    of `as_view()`. The names override what the route, the basename and the serializer give. Where
    the list shows its rows with other fields under the same name, they are `<Name>ListItem`.
    `extra_action` is the method of an `@action(detail=False)` that answers a list: then that is
    the view's one root, and `route` is the action's own. `url_kwargs` are given to the view beside
    those that are arguments, and `version` is what its versioning scheme would find out: a
    SchemaError if the scheme does not know it. `single` says that the view shows one row that no
    URL kwarg picks, such as the user's own profile: its root is named by the route.

    An action with a body of the view's own, or without model instances to show, is described with
    the `handler` to call. The view's own hooks are called, as in a GET, with `swagger_fake_view`
    set and SQL refused. An action that can't be described is left out with a SchemaWarning. A view
    that is no GenericAPIView, or whose model can't be found, is a SchemaError.
    """
    with without_sql():
        subject = make_subject(
            view_class,
            dict(initkwargs or {}),
            route or prefix,
            basename,
            extra_action=extra_action,
            url_kwargs=url_kwargs,
            version=version,
            single=single,
        )
        names = root_names(
            subject.route,
            subject.basename,
            subject.model,
            subject.lookup_url_kwarg,
            list_name=list_name,
            retrieve_name=retrieve_name,
            version=version,
            given=subject.given,
        )
        if single:
            names = RootNames(names.list, retrieve_name or names.list, pascal(names.list))
        if extra_action is not None:
            # Its pages and changes are of other types than those of the view's list.
            names = RootNames(names.list, names.retrieve, pascal(names.list))
            actions = ("list",)
        elif not any(hasattr(view_class, action) for action in ACTIONS):
            subject.describer.warn(
                "its actions",
                "it has neither a list() nor a retrieve(), so it has no roots",
                "Add ListModelMixin or RetrieveModelMixin to it, or don't register it.",
            )
        wanted = [action for action in ACTIONS if action in actions and subject.has(action)]
        found = [_root(subject, action, names, prefix, type_name) for action in wanted]
        roots = [root for root in found if root is not None]
        if len(roots) == 2 and _are_variants(roots[0].row, roots[1].row):
            name = f"{roots[1].row.name}ListItem"
            roots[:1] = filter(None, [_root(subject, "list", names, prefix, name)])
    return ViewDescription(
        view_class,
        subject.initkwargs,
        prefix,
        subject.basename,
        subject.model,
        subject.lookup_field,
        subject.lookup_url_kwarg,
        tuple(roots),
    )


def _are_variants(one: ObjectDescription, other: ObjectDescription) -> bool:
    """Whether the rows of a view's two actions have one name and yet other fields."""
    return one.name == other.name and one.signature != other.signature


def _root(
    subject: Subject, action: Action, names: RootNames, prefix: str, type_name: str | None
) -> RootDescription | None:
    route = subject.action_route(action)
    queryset = subject.queryset(action)
    row = _row(subject, action, queryset, type_name)
    if row is None:
        return None

    def ask(view: GenericAPIView[Any]) -> Query:
        scope = ParameterScope(view, subject.model, queryset, row, names.base, subject.describer)
        return _query(scope, action, names)

    try:
        page, arguments = subject.asked(action, ask)
    except Exception as error:  # noqa: BLE001 (whatever the view's own code raises)
        mend = "Let its filters and its paginator work on an empty queryset, without SQL."
        subject.left_out(action, f"asking for its filters or its page failed: {error!r}", mend)
        return None
    known: dict[str, TypeDescription | None] = {
        name: version_type(subject.scheme, names.base) for name in url_version(subject.scheme, None)
    }
    known |= dict.fromkeys(subject.given)
    arguments = [
        *path_arguments(route, subject.view_class, subject.model, subject.lookup, known),
        *version_argument(subject.scheme, subject.version, names.base),
        *arguments,
    ]
    _refuse_twins(subject, arguments)
    return RootDescription(
        name=names.list if action == "list" else names.retrieve,
        action=action,
        view_class=subject.view_class,
        initkwargs=subject.initkwargs,
        model=subject.model,
        basename=subject.basename,
        prefix=prefix,
        lookup_field=subject.lookup_field,
        lookup_url_kwarg=subject.lookup_url_kwarg,
        row=row,
        page=page,
        arguments=tuple(arguments),
        route=route,
        type_base=names.base,
        view_action=subject.view_action(action),
        handler=subject.handler(action),
        given=subject.given,
        version=subject.version,
        finds_row=not is_drf_s_own(subject.view_class, "get_object"),
        description=own_doc(subject.view_class),
    )


def _row(
    subject: Subject, action: Action, queryset: Any, type_name: str | None
) -> ObjectDescription | None:
    serializer = subject.serializer(action)
    if serializer is None or not _plain_list(subject, action, serializer):
        return None
    subject.describer.annotations = annotations_of(queryset)
    try:
        return subject.describer.row(serializer, subject.model, type_name)
    except SchemaError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever the serializer's own code raises)
        mend = "Mend it, or leave the action out when you register the view."
        subject.left_out(action, f"describing its row failed: {error!r}", mend)
        return None


def _query(scope: ParameterScope, action: Action, names: RootNames) -> Query:
    filters = describe_backends(scope)
    if action == "retrieve":
        # get_object() filters too: what a filter demands of a list, it demands of a single row.
        return None, [argument for argument in filters if not argument.type.nullable]
    if scope.view.paginator is None or not paginates(scope.view, scope.model):
        return None, filters
    page = describe_page(scope.view, f"{names.base}Page", reference_to(scope.row), scope.describer)
    return page, [*filters, *describe_paginator(scope)]


def _plain_list(subject: Subject, action: Action, serializer: Any) -> bool:
    """Whether a list's rows are the serializer's own: a list serializer may rewrite them."""
    meta = getattr(type(serializer), "Meta", None)
    cls = getattr(meta, "list_serializer_class", ListSerializer)
    if action == "retrieve" or definer(cls, "to_representation") is ListSerializer:
        return True
    subject.left_out(
        action,
        f"its list serializer {cls.__name__} overrides to_representation()",
        "Move what it does into get_queryset() or the serializer of a row.",
    )
    return False


def _refuse_twins(subject: Subject, arguments: Sequence[ArgumentDescription]) -> None:
    seen: dict[str, ArgumentDescription] = {}
    for argument in arguments:
        other = seen.setdefault(argument.name, argument)
        if other is not argument:
            raise SchemaError(
                f"{subject.describer.view}: its {other.place} parameter {other.key!r} and its "
                f"{argument.place} parameter {argument.key!r} are both the GraphQL argument "
                f"{argument.name!r}. Rename one of them."
            )
