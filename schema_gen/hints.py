"""Read Python type hints: of serializer methods, model properties and filter methods."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import dis
import enum
import inspect
import ipaddress
import sys
import types
import typing
import uuid
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, Optional, Protocol

from .naming import camel, pascal
from .types import FieldDescription, ListType, ObjectType, ScalarType

if TYPE_CHECKING:
    from .types import EnumType, TypeDescription

__all__ = [
    "HINT_SCALARS",
    "UNKNOWN",
    "HintScope",
    "parameter_hint",
    "return_hint",
    "returns_none",
    "split_optional",
]

UNKNOWN: Any = type("Unknown", (), {"__repr__": lambda _self: "no readable hint"})()
"""What a missing or unreadable hint is read as."""

HINT_SCALARS: dict[Any, str] = {
    bool: "Boolean",
    int: "Int",
    float: "Float",
    str: "String",
    bytes: "String",
    datetime.datetime: "DateTime",
    datetime.date: "Date",
    datetime.time: "Time",
    datetime.timedelta: "Duration",
    decimal.Decimal: "Decimal",
    ipaddress.IPv4Address: "String",
    ipaddress.IPv6Address: "String",
    uuid.UUID: "UUID",
}
ANYTHING = (Any, object)
# A generator or coroutine ends with None, whatever it yields or is awaited for.
OTHER_RETURNS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def _hints(function: Any, *, include_extras: bool = False) -> dict[str, Any]:
    while isinstance(function, partial):
        function = function.func
    try:
        return typing.get_type_hints(function, include_extras=include_extras)
    except (NameError, TypeError, AttributeError):
        # A name that only type checkers import, or a thing that has no hints.
        return _one_by_one(function, include_extras=include_extras)


def _annotations(thing: Any) -> dict[str, Any]:
    """The hints as they were written, unread."""
    if sys.version_info >= (3, 14):  # pragma: no cover (hints are read lazily from there on)
        import annotationlib

        if not isinstance(thing, type) and not callable(thing):
            return {}
        return annotationlib.get_annotations(thing, format=annotationlib.Format.FORWARDREF)
    return dict(getattr(thing, "__annotations__", None) or {})


def _one_by_one(thing: Any, *, include_extras: bool) -> dict[str, Any]:
    """Those hints that can be read: one that can't must not take the others with it.

    `def get_owner(self, task: Task) -> str` with a Task that only type checkers import is what
    linters ask for.
    """
    thing = inspect.unwrap(thing) if callable(thing) else thing
    module = sys.modules.get(getattr(thing, "__module__", None) or "")
    names = getattr(thing, "__globals__", None) or vars(module or types)
    found: dict[str, Any] = {}
    for name, hint in _annotations(thing).items():
        alone = types.SimpleNamespace(__annotations__={name: hint})
        try:
            found |= typing.get_type_hints(alone, dict(names), include_extras=include_extras)
        except (NameError, TypeError, AttributeError):
            found[name] = UNKNOWN
    return found


def return_hint(function: Any) -> Any:
    """The return hint of a function, or `UNKNOWN`.

    It is optional as well where the function has a way to its end that returns None: nobody checks
    hints at run time, and `-> str` over such a body is a common slip, which would make a null of a
    GET an error of the whole answer.
    """
    hint = _hints(function).get("return", UNKNOWN) if callable(function) else UNKNOWN
    return Optional[hint] if hint is not UNKNOWN and returns_none(function) else hint  # noqa: UP045


def returns_none(function: Any) -> bool:
    """Whether a function's body has a way to its end that returns None, as far as it shows."""
    while isinstance(function, partial):
        function = function.func
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None or code.co_flags & OTHER_RETURNS:
        return False
    nothing = something = False
    for before, step in pairwise(dis.get_instructions(code)):
        if step.opname == "RETURN_CONST":  # Python 3.12, 3.13
            nothing, something = (
                nothing or step.argval is None,
                something or step.argval is not None,
            )
        elif step.opname == "RETURN_VALUE":
            none = before.opname == "LOAD_CONST" and before.argval is None
            nothing = nothing or none
            # `a if b else None` has one return, which its other branch jumps to.
            something = something or not none or step.is_jump_target
    # A body that returns nothing else is a stub, or somebody's way not to write one.
    return nothing and something


def parameter_hint(function: Any, name: str) -> Any:
    """The hint of a function's parameter, or `UNKNOWN`."""
    return _hints(function).get(name, UNKNOWN)


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)


def split_optional(hint: Any) -> tuple[Any, bool]:
    """`T | None` → `(T, True)`, anything else → `(hint, False)`.

    `Annotated`, `NewType` and named aliases are looked through.
    """
    while True:
        if typing.get_origin(hint) is typing.Annotated:
            hint = typing.get_args(hint)[0]
        elif isinstance(hint, typing.NewType):
            hint = hint.__supertype__
        elif type(hint).__name__ == "TypeAliasType":
            # `type Name = str | None`, Python 3.12.
            hint = hint.__value__
        else:
            break
    if hint is None or hint is type(None):
        return UNKNOWN, True
    if not _is_union(hint):
        return hint, False
    members = [member for member in typing.get_args(hint) if member is not type(None)]
    optional = len(members) < len(typing.get_args(hint))
    return (members[0] if len(members) == 1 else typing.Union[tuple(members)]), optional  # noqa: UP007


class HintScope(Protocol):
    """What reading a hint needs of its surroundings: somewhere to name enums and keep objects."""

    def make_enum(self, choices: Any) -> EnumType | None:
        """An enum of these choices; None if none of them can be a member."""
        ...

    def within(self, owner: str, name: str) -> HintScope:
        """The surroundings of the field `name` of the object called `owner`."""
        ...

    def make_object(
        self, name: str, origin: Any, fields: typing.Callable[[], tuple[FieldDescription, ...]]
    ) -> ObjectType:
        """The object that `origin` (a class with hints) stands for; `fields` is called once."""
        ...


def type_of_hint(hint: Any, scope: HintScope) -> TypeDescription | None:
    """The type that a hint stands for, nullable if it is optional; None if it is unreadable."""
    hint, optional = split_optional(hint)
    found = _plain_type(hint, scope)
    return found.optional() if found is not None and optional else found


def _plain_type(hint: Any, scope: HintScope) -> TypeDescription | None:
    if hint is UNKNOWN:
        return None
    if isinstance(hint, typing.TypeVar):
        return None
    origin = typing.get_origin(hint)
    if origin is Literal:
        return scope.make_enum(typing.get_args(hint))
    if _is_union(hint):
        return ScalarType("JSON")
    if origin is not None:
        return _generic_type(origin, typing.get_args(hint), scope)
    if hint in ANYTHING:
        return ScalarType("JSON", nullable=True)
    if hint in HINT_SCALARS:
        return ScalarType(HINT_SCALARS[hint])
    return _class_type(hint, scope) if isinstance(hint, type) else None


def _generic_type(origin: Any, args: tuple[Any, ...], scope: HintScope) -> TypeDescription | None:
    if not isinstance(origin, type) or not issubclass(origin, Iterable):
        return None
    if issubclass(origin, Mapping):
        return ScalarType("JSON")
    if issubclass(origin, tuple) and (len(args) != 2 or args[1] is not Ellipsis):
        args = args[:1] if len(set(args)) == 1 else (Any,)
    item = type_of_hint(args[0], scope) if args else None
    return ListType(item if item is not None else ScalarType("JSON", nullable=True))


def _class_type(hint: type, scope: HintScope) -> TypeDescription | None:
    if issubclass(hint, enum.Enum):
        return scope.make_enum([(member.value, member.name) for member in hint])
    if _keys(hint):
        return scope.make_object(pascal(hint.__name__), hint, lambda: _fields(hint, scope))
    if issubclass(hint, Mapping):
        return ScalarType("JSON")
    if issubclass(hint, list | tuple | set | frozenset):
        return ListType(ScalarType("JSON", nullable=True))
    for base in hint.__mro__[1:-1]:
        if base in HINT_SCALARS:
            return ScalarType(HINT_SCALARS[base])
    return None


def _keys(hint: type) -> tuple[str, ...]:
    """The fields of a TypedDict, dataclass or named tuple in order; none of any other class."""
    if dataclasses.is_dataclass(hint):
        return tuple(field.name for field in dataclasses.fields(hint))
    if issubclass(hint, tuple):
        return tuple(getattr(hint, "_fields", ()))
    # typing_extensions has a TypedDict of its own, which typing does not know.
    if issubclass(hint, dict) and hasattr(hint, "__total__"):
        return tuple(_annotations(hint))
    return ()


def _fields(hint: type, scope: HintScope) -> tuple[FieldDescription, ...]:
    optional_keys: frozenset[str] = getattr(hint, "__optional_keys__", frozenset())
    hints = _hints(hint, include_extras=True)
    described = []
    for key in _keys(hint):
        item = hints.get(key, UNKNOWN)
        # Under postponed annotations a TypedDict does not know which of its keys are NotRequired.
        may_lack = key in optional_keys or typing.get_origin(item) is typing.NotRequired
        if typing.get_origin(item) in (typing.NotRequired, typing.Required):
            item = typing.get_args(item)[0]
        # Enums go by the object's name: it may show in many places, and hold several.
        inner = scope.within(pascal(hint.__name__), key)
        found = type_of_hint(item, inner) or ScalarType("JSON", nullable=True)
        if may_lack:
            found = found.optional()
        described.append(FieldDescription(camel(key), key, found))
    return tuple(described)
