"""View → description: which roots it has, what they answer and what they can be asked."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from rest_framework.serializers import ListSerializer

from .classes import definer, is_drf_s_own, own_doc
from .exceptions import SchemaError
from .names import RootNames, root_names
from .naming import pascal
from .options import ViewOptions
from .pages import describe_page, paginates
from .parameters import ParameterScope, describe_backends, describe_paginator
from .path import path_arguments
from .probe import without_sql
from .roots import RootDescription, ViewDescription
from .sources import annotations_of
from .subject import make_subject
from .taken import settled
from .types import reference_to
from .versions import url_version, version_argument, version_type

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from rest_framework.generics import GenericAPIView

    from .arguments import ArgumentDescription
    from .subject import Subject
    from .taken import TakenNames
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
    exclude_fields: Collection[str] = (),
    exclude_arguments: Collection[str] = (),
    enum_names: Mapping[str, str] | None = None,
    extra_action: str | None = None,
    url_kwargs: Mapping[str, Any] | None = None,
    version: str | None = None,
    single: bool = False,
    taken: TakenNames | None = None,
    yielding: bool = False,
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

    `taken` are the names of the views described before for the same schema, to be `settled` with
    them. Serializers inside others give way to what has their names already, and so do the roots
    and the row of a view that is `yielding`, with a SchemaWarning. Other views keep their names:
    `build_types` says where two things have one.

    `exclude_fields` are keys of the row's serializer that are taken out of it, so that they are
    never evaluated; `exclude_arguments` are query parameters that can't be passed, by their own or
    their GraphQL names; `enum_names` names the enums of such fields and parameters. A SchemaError
    for one that the view does not have.

    An action with a body of the view's own, or without model instances to show, is described with
    the `handler` to call. The view's own hooks are called, as in a GET, with `swagger_fake_view`
    set and SQL refused. An action that can't be described is left out with a SchemaWarning. A view
    that is no GenericAPIView is a SchemaError, one whose model can't be found a ModelUnknownError.
    """
    if taken is None:
        again = partial(
            describe_view,
            view_class,
            prefix=prefix,
            basename=basename,
            initkwargs=initkwargs,
            route=route,
            actions=actions,
            list_name=list_name,
            retrieve_name=retrieve_name,
            type_name=type_name,
            exclude_fields=exclude_fields,
            exclude_arguments=exclude_arguments,
            enum_names=enum_names,
            extra_action=extra_action,
            url_kwargs=url_kwargs,
            version=version,
            single=single,
            yielding=yielding,
        )
        return settled(lambda names: again(taken=names))
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
        subject.describer.taken = taken
        options = subject.describer.options = ViewOptions(
            subject.describer.view,
            model=subject.model,
            exclude_fields=exclude_fields,
            exclude_arguments=exclude_arguments,
            enum_names=enum_names,
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
        _hide(subject, wanted)
        if yielding and list_name is None and retrieve_name is None:
            names = _free_names(subject, names, wanted, taken)
        else:
            taken.hold_roots(names, wanted)
        found = [_root(subject, action, names, prefix, type_name) for action in wanted]
        roots = [root for root in found if root is not None]
        if len(roots) == 2 and _are_variants(roots[0].row, roots[1].row):
            name = f"{roots[1].row.name}ListItem"
            roots[:1] = filter(None, [_root(subject, "list", names, prefix, name)])
        yielding = yielding and type_name is None
        roots = [_claimed(subject, root, names, prefix, yielding) for root in roots]
        if roots:
            options.check()
    return ViewDescription(
        view_class,
        subject.initkwargs,
        prefix,
        subject.basename,
        subject.model,
        subject.lookup_field,
        subject.lookup_url_kwarg,
        tuple(roots),
        tuple(subject.describer.notes),
    )


def _free_names(
    subject: Subject, wanted: RootNames, actions: Sequence[Action], taken: TakenNames
) -> RootNames:
    names = taken.claim_roots(wanted, actions, subject.route)
    if names != wanted:
        subject.describer.warn(
            f"route {subject.route.text!r}",
            f"another view of the schema has the names {wanted.list!r} and {wanted.retrieve!r}, or "
            f"one of them, so its roots are {names.list!r} and {names.retrieve!r}",
            "Give it names of its own: list_name= and retrieve_name= of register().",
        )
    return names


def _claimed(
    subject: Subject, root: RootDescription, names: RootNames, prefix: str, yielding: bool
) -> RootDescription:
    """The root; its row has another name where a `yielding` view's own is something else's."""
    wanted, origin = root.row.name, root.row.serializer_class
    taken = subject.describer.taken
    if origin is None or not yielding or subject.describer.is_named(origin):
        taken.claim(wanted, root.row, firm=True)
        return root
    for name in taken.names_for(wanted, origin):  # pragma: no branch (numbers never end)
        found = root if name == wanted else _root(subject, root.action, names, prefix, name)
        if found is None or taken.claim(name, found.row):
            break
    subject.describer.renamed(wanted, name, origin)
    return found or root


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

    def ask(view: GenericAPIView[Any], *, loosely: bool = False) -> Query:
        scope = ParameterScope(view, subject.model, queryset, row, names.base, subject.describer)
        return _query(scope, action, names, loosely=loosely)

    try:
        try:
            page, arguments = subject.asked(action, ask)
        except SchemaError:
            raise
        except Exception:  # noqa: BLE001 (whatever the view's own code raises)
            page, arguments = subject.asked(action, partial(ask, loosely=True))
    except SchemaError:
        raise
    except Exception as error:  # noqa: BLE001
        mend = "Let its paginator work on an empty queryset, without SQL."
        subject.left_out(action, f"asking for its page failed: {error!r}", mend)
        return None
    known: dict[str, TypeDescription | None] = {
        name: version_type(subject.scheme, names.base) for name in url_version(subject.scheme, None)
    }
    known |= dict.fromkeys(subject.given)
    path = path_arguments(route, subject.view_class, subject.model, subject.lookup, known)
    arguments = [
        *path,
        *version_argument(subject.scheme, subject.version, names.base),
        *_beside(path, arguments),
    ]
    arguments = _kept(subject, arguments)
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


def _hide(subject: Subject, actions: Sequence[Action]) -> None:
    """Learn what the excluded fields of all actions read, before any arguments are described."""
    options = subject.describer.options
    if not options.fields:
        return
    for action in actions:
        serializer = subject.serializer(action)
        if serializer is not None:
            options.drop_fields(serializer)


def _kept(subject: Subject, arguments: list[ArgumentDescription]) -> list[ArgumentDescription]:
    """The arguments that are not excluded; a warning for those that tell of excluded fields."""
    options = subject.describer.options
    kept = options.kept(arguments)
    for argument in kept:
        asks = argument.asks or (argument.key,)
        if argument.place == "query" and any(options.hides(lookup) for lookup in asks):
            subject.describer.warn(
                f"the argument {argument.name!r}",
                "it asks for rows by a field that exclude_fields keeps out, so that what comes "
                "tells what the field holds",
                "Name it in exclude_arguments, too.",
            )
    return kept


def _row(
    subject: Subject, action: Action, queryset: Any, type_name: str | None
) -> ObjectDescription | None:
    serializer = subject.serializer(action)
    if serializer is None or not _plain_list(subject, action, serializer):
        return None
    subject.describer.annotations = annotations_of(queryset)
    subject.describer.by_hand = subject.handler(action) is not None
    subject.describer.fickle = subject.fickle
    try:
        excluded = subject.describer.options.drop_fields(serializer)
        row = subject.describer.row(serializer, subject.model, type_name)
        return replace(row, excluded=excluded) if excluded else row
    except SchemaError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever the serializer's own code raises)
        mend = "Mend it, or leave the action out when you register the view."
        subject.left_out(action, f"describing its row failed: {error!r}", mend)
        return None


def _query(scope: ParameterScope, action: Action, names: RootNames, *, loosely: bool) -> Query:
    filters = describe_backends(scope, loosely=loosely)
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


def _beside(
    path: Sequence[ArgumentDescription], query: Sequence[ArgumentDescription]
) -> list[ArgumentDescription]:
    """The `query` arguments, those named like a URL kwarg as `<name>Filter`.

    `events/{event}/transactions/?event=` is a URL that asks for both.
    """
    taken = {argument.name for argument in path}
    return [
        replace(argument, name=f"{argument.name}Filter") if argument.name in taken else argument
        for argument in query
    ]


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
