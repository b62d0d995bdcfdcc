"""What a project says of its own serializer and filter classes. Field classes: see `fields`.

Say it before the schema is built, in `live.py` for example. Knows no optional package, so that it
can be imported whether or not django-filter is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

from rest_framework.serializers import BaseSerializer

from .classes import checked_classes
from .exceptions import SchemaError
from .naming import checked_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from .filtersets import FilterScope
    from .types import TypeDescription

__all__ = [
    "FilterDescriber",
    "filter_default",
    "filter_describer",
    "own_type_of",
    "register_filter",
    "register_filter_type",
    "register_serializer",
    "serializer_name",
]

T = TypeVar("T", bound=type)

FilterDescriber: TypeAlias = "Callable[[FilterScope], TypeDescription]"

_filters: dict[type, FilterDescriber] = {}
# What is known of django-filter's own classes, which is loaded whenever the first view uses them:
# apart, so that a project's word on the same class counts whichever came first.
_filter_defaults: dict[type, FilterDescriber] = {}


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said of a serializer class: a name for its type, or the type itself."""

    name: str | None = None
    own: type | None = None


_serializers: dict[type, _Said] = {}


def register_filter(*filter_classes: type) -> Callable[[FilterDescriber], FilterDescriber]:
    """Decorate the function that says what type a value of these filters has.

    It gets a `FilterScope` and returns the type; subclasses of the filters are described by it
    too, unless they are registered themselves. A later registration of the same class wins. A
    SchemaError for what is no class.
    """
    checked_classes("register_filter", "filter", filter_classes)

    def register(describe: FilterDescriber) -> FilterDescriber:
        for filter_class in filter_classes:
            _filters[filter_class] = describe
        return describe

    return register


def filter_default(*filter_classes: type) -> Callable[[FilterDescriber], FilterDescriber]:
    """As `register_filter`, for classes that a project may register otherwise."""

    def register(describe: FilterDescriber) -> FilterDescriber:
        _filter_defaults.update(dict.fromkeys(filter_classes, describe))
        return describe

    return register


def register_filter_type(filter_class: type, hint: Any) -> None:
    """Say by a Python hint what a custom filter takes: `int`, `list[str]`, an enum class ...

    A list is sent as the filter reads one: comma-joined where it is a `BaseCSVFilter`, else as
    repeated parameters. A SchemaError for what is no class, and, when a view is described, for what
    is no input type.
    """
    checked_classes("register_filter_type", "filter", [filter_class])

    def describe(scope: FilterScope) -> TypeDescription:
        found = scope.hint(hint)
        if found is None:
            raise SchemaError(
                f"{scope.place}: the type {hint!r} registered for {filter_class.__name__} is none "
                f"that an argument can have. Register a scalar, an enum, or a list of these."
            )
        return found

    register_filter(filter_class)(describe)


def filter_describer(filter_class: type) -> FilterDescriber:
    """The function registered for the class, or for the nearest of its bases."""
    found = (_filters.get(base) or _filter_defaults.get(base) for base in filter_class.__mro__)
    return next(describe for describe in found if describe is not None)


@overload
def register_serializer(*serializer_classes: type, name: str) -> None: ...


@overload
def register_serializer(*serializer_classes: type) -> Callable[[T], T]: ...


def register_serializer(
    *serializer_classes: type, name: str | None = None
) -> Callable[[T], T] | None:
    """Name the GraphQL type of a serializer, or decorate the strawberry type to use for it.

    With `name`, the serializer's type is called that, wherever it is shown; only `type_name=` of
    a view's registration goes before it. Without, it decorates a class made by
    `@strawberry.type`: each of its fields without a resolver shows the serializer's field of the
    same Python name, and resolvers compute more from `self`. Several serializers may share one.

    It is for exactly these classes, as a subclass has other fields. A later registration of the
    same class wins. A SchemaError for what is no serializer class, name or strawberry type.
    """
    checked_classes("register_serializer", "serializer", serializer_classes, BaseSerializer)
    if name is not None:
        said = _Said(name=checked_name(name, "name= of register_serializer()"))
        _serializers.update(dict.fromkeys(serializer_classes, said))
        return None

    def register(own: T) -> T:
        if "__strawberry_definition__" not in vars(own):
            raise SchemaError(
                f"register_serializer() decorates strawberry types, {own!r} came. Put "
                f"@strawberry.type below it."
            )
        _serializers.update(dict.fromkeys(serializer_classes, _Said(own=own)))
        return own

    return register


def serializer_name(serializer_class: type) -> str | None:
    """The registered name of the serializer's type."""
    said = _serializers.get(serializer_class)
    return said.name if said else None


def own_type_of(serializer_class: type) -> type | None:
    """The registered strawberry type of the serializer."""
    said = _serializers.get(serializer_class)
    return said.own if said else None
