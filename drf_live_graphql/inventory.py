"""What a router makes live of its views, and what not: the facts, without a word of layout."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schema_gen import SchemaError, SchemaWarning, check_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schema_gen import Note, RootDescription, ViewDescription

    from .router import LiveRouter

EMPTY = (
    "It has no view with a list or retrieve action, and a GraphQL schema needs at least one. Call"
    " register(prefix, ViewSet) or include(router) of it in live.py, or take it out."
)


@dataclass(frozen=True, slots=True)
class Exposed:
    """A registered view. ``left_out`` says what of it is not live, and why, in sentences."""

    description: ViewDescription
    view: str
    route: str
    model: str
    permissions: tuple[str, ...]
    authentication: tuple[str, ...]
    roots: tuple[RootDescription, ...]
    left_out: tuple[str, ...]
    notes: tuple[Note, ...]


def inventory(router: LiveRouter) -> list[Exposed]:
    """The registered views in their order. Raises ``SchemaError`` where one can't be described."""
    with warnings.catch_warnings():
        # The notes of a view say the same.
        warnings.simplefilter("ignore", SchemaWarning)
        described = router.described()
    extra = {(registration.view_class, registration.extra_action) for registration, _ in described}
    return [_exposed(registration, view, extra) for registration, view in described]


def problem(exposed: Sequence[Exposed]) -> str | None:
    """Why there can be no schema of the views; ``None`` where there can."""
    if not any(item.roots for item in exposed):
        return EMPTY
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SchemaWarning)
        try:
            check_names(item.description for item in exposed)
        except SchemaError as error:
            return str(error)
    return None


def answer_of(root: RootDescription) -> str:
    """The type that a query of the root answers, as SDL writes it."""
    if root.page is not None:
        return f"{root.page.name}!"
    return f"[{root.row.name}!]!" if root.action == "list" else root.row.name


def path_of(cls: type[Any]) -> str:
    """The dotted path of a class."""
    return f"{cls.__module__}.{cls.__qualname__}"


def _exposed(registration: Any, view: ViewDescription, extra: Any) -> Exposed:
    return Exposed(
        description=view,
        view=path_of(view.view_class),
        route=view.prefix,
        model=view.model._meta.label,
        permissions=_names(view, "permission_classes", "get_permissions"),
        authentication=_names(view, "authentication_classes", "get_authenticators"),
        roots=view.roots,
        left_out=tuple(_left_out(registration, view, extra)),
        notes=tuple(note for note in view.notes if note.kind != "left out"),
    )


def _names(view: ViewDescription, attribute: str, getter: str) -> tuple[str, ...]:
    """The classes by name; the method that decides at each request, where the view has one."""
    cls: Any = view.view_class
    owner = next(base for base in cls.__mro__ if getter in vars(base))
    if not owner.__module__.startswith("rest_framework."):
        return (f"as {owner.__name__}.{getter}() says",)
    classes: Sequence[Any] = view.initkwargs.get(attribute, getattr(cls, attribute))
    return tuple(_name(item) for item in classes)


def _name(item: Any) -> str:
    if isinstance(item, type):
        return item.__name__
    # What DRF makes of `IsAdminUser | ReadOnly` and `~Banned`.
    operator = getattr(item, "operator_class", None)
    operands = [getattr(item, name, None) for name in ("op1_class", "op2_class")]
    names = [_name(operand) for operand in operands if operand is not None]
    return f"{operator.__name__}({', '.join(names)})" if operator and names else repr(item)


def _left_out(registration: Any, view: ViewDescription, extra: Any) -> Iterator[str]:
    for note in view.notes:
        if note.kind == "left out":
            yield f"{note.place}: {note.problem}. {note.mend}"
    if registration.extra_action is None:
        yield from _actions(view)
    for option, what in (("exclude_fields", "field"), ("exclude_arguments", "argument")):
        for name in sorted(registration.options.get(option, ())):
            yield f"{what} {name!r}: {option} of its registration names it."
    if registration.extra_action is None:
        yield from _extra_actions(view, extra)


def _actions(view: ViewDescription) -> Iterator[str]:
    live = {root.action for root in view.roots}
    reasons = {note.place for note in view.notes}
    for action in ("list", "retrieve"):
        has = hasattr(view.view_class, action)
        if has and action not in live and f"{action}()" not in reasons:
            yield f"{action}(): its registration leaves it out, or its router has no route for it."


def _extra_actions(view: ViewDescription, extra: Any) -> Iterator[str]:
    actions: Any = getattr(view.view_class, "get_extra_actions", list)
    for action in actions():
        if "get" in action.mapping and (view.view_class, action.__name__) not in extra:
            mend = "" if action.detail else " Name it in extra_actions if it answers a list."
            yield f"{action.__name__}(): an @action; list() and retrieve() go live.{mend}"


__all__ = ["EMPTY", "Exposed", "answer_of", "inventory", "path_of", "problem"]
