"""Filter backends and paginators → query arguments, by a registry along the class's MRO."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from rest_framework import filters
from rest_framework.pagination import BasePagination

from .arguments import ArgumentDescription, Style
from .classes import checked_classes
from .enums import enum_from_choices
from .exceptions import SchemaError
from .naming import argument_name, pascal, unique, upper_snake
from .spectacular import scalar_of_schema
from .types import EnumDescription, EnumType, EnumValueDescription, ListType, ScalarType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from django.db.models import Model
    from rest_framework.generics import GenericAPIView

    from .serializers import Describer
    from .types import ObjectDescription

__all__ = [
    "ParameterScope",
    "Parameters",
    "describe_backends",
    "describe_paginator",
    "register_backend",
]


@dataclass(frozen=True)
class ParameterScope:
    """What describing query parameters needs to know. `base` begins the names of new enums."""

    view: GenericAPIView[Any]
    model: type[Model]
    queryset: Any
    row: ObjectDescription
    base: str
    describer: Describer

    def argument(
        self,
        key: str,
        type_: Any,
        *,
        style: Style = Style.SINGLE,
        required: bool = False,
        description: Any = None,
        asks: Iterable[str] = (),
    ) -> ArgumentDescription:
        """A query argument; nullable unless the view refuses a GET without it.

        `asks` are the lookups that it compares, such as `author__name`: nobody may ask for rows by
        what they don't show.
        """
        return ArgumentDescription(
            argument_name(key),
            key,
            type_ if required else type_.optional(),
            style=style,
            description=str(description) if description else None,
            asks=tuple(asks),
        )

    def untyped(self, key: str, reason: str, mend: str) -> None:
        """Warn that the argument of a parameter is a String for want of anything better."""
        self.describer.warn(f"the parameter {key!r}", f"{reason}, so it is a String", mend)

    def enum(self, key: str, choices: Any) -> EnumType | None:
        """The enum of a parameter's choices: the row's own where it has one of these values.

        A name that the registration gives to the parameter alone makes it an enum of its own.
        """
        default = f"{self.base}{pascal(key)}Enum"
        name = self.describer.options.enum_name(key, default)
        enum = enum_from_choices(name, choices)
        if enum is None:
            return None
        fields = {field.key for field in self.row.fields}
        if self.describer.options.names_enum(key) and key not in fields:
            return EnumType(enum)
        row_enums = [f.type.enum for f in self.row.fields if isinstance(f.type, EnumType)]
        for own in row_enums:
            if own.values == enum.values:
                return EnumType(own)
        if any(own.name == name for own in row_enums):
            enum = enum_from_choices(f"{self.base}{pascal(key)}FilterEnum", choices)
        return EnumType(enum) if enum else None

    def ordering(
        self, key: str, terms: Iterable[str], lookups: Mapping[str, str] | None = None
    ) -> ArgumentDescription | None:
        """The argument for an ordering parameter; `terms` as it is sent, with minus signs.

        `lookups` says what terms without one sort by, where it is called something else.
        """
        values: dict[str, EnumValueDescription] = {}
        for term in dict.fromkeys(terms):
            plain = term.removeprefix("-")
            if self.describer.options.hides((lookups or {}).get(plain, plain)):
                continue  # The order of the rows would tell what they hold.
            suffix = "DESC" if term.startswith("-") else "ASC"
            name = unique(f"{upper_snake(plain)}_{suffix}", values)
            values[name] = EnumValueDescription(name, term)
        if not values:
            return None
        name = self.describer.options.enum_name(key, f"{self.base}{pascal(key)}")
        enum = EnumDescription(name, tuple(values.values()))
        return self.argument(
            key,
            ListType(EnumType(enum)),
            style=Style.COMMA,
            description="What to sort by, the first before the second.",
        )


Parameters: TypeAlias = "Callable[[Any, ParameterScope], Iterable[ArgumentDescription]]"

_registry: dict[type, Parameters] = {}
# What is known of the classes of DRF and django-filter, apart: see `registry`.
_defaults: dict[type, Parameters] = {}


def register_backend(*backend_classes: type) -> Callable[[Parameters], Parameters]:
    """Decorate the function that lists the arguments of these filter backends.

    It gets an instance of the backend and a `ParameterScope`. A later registration of the same
    class wins. A SchemaError for what is no class.
    """
    checked_classes("register_backend", "filter backend", backend_classes)

    def register(describe: Parameters) -> Parameters:
        for backend_class in backend_classes:
            _registry[backend_class] = describe
        return describe

    return register


def backend_default(*backend_classes: type) -> Callable[[Parameters], Parameters]:
    """As `register_backend`, for classes that a project may register otherwise."""

    def register(describe: Parameters) -> Parameters:
        _defaults.update(dict.fromkeys(backend_classes, describe))
        return describe

    return register


def _describer(backend_class: type) -> Parameters:
    """The function registered for the class, or for the nearest of its bases."""
    found = (_registry.get(base) or _defaults.get(base) for base in backend_class.__mro__)
    return next((describe for describe in found if describe is not None), _declared)


def describe_backends(scope: ParameterScope, *, loosely: bool = False) -> list[ArgumentDescription]:
    """The arguments of the view's filter backends, in their order.

    `loosely` leaves out, with a warning, those of a backend that can't be asked: a GET without
    them answers all the same.
    """
    found: list[ArgumentDescription] = []
    for backend_class in scope.view.filter_backends:
        if any(base.__module__.startswith("django_filters.") for base in backend_class.__mro__):
            # Optional: imported only once a view has proved that django-filter is there.
            import_module("schema_gen.filtersets")
        backend = backend_class()
        try:
            found.extend(_describer(backend_class)(backend, scope))
        except SchemaError:
            raise
        except Exception as error:
            if not loosely:
                raise
            scope.describer.warn(
                backend_class.__name__,
                f"asking for the query parameters that it reads failed: {error!r}, so it has no "
                f"arguments",
                "Let the filters work on an empty queryset, without SQL.",
                "left out",
            )
    return found


def describe_paginator(scope: ParameterScope) -> list[ArgumentDescription]:
    """The arguments of the view's paginator, by its own word."""
    return list(_declared(scope.view.paginator, scope))


def _declared(source: Any, scope: ParameterScope) -> Iterable[ArgumentDescription]:
    """What `get_schema_operation_parameters()` says; a warning where there is no such method."""
    declared = getattr(source, "get_schema_operation_parameters", None)
    base = BasePagination if isinstance(source, BasePagination) else filters.BaseFilterBackend
    own = getattr(type(source), "get_schema_operation_parameters", None)
    if declared is None or own is base.get_schema_operation_parameters:
        scope.describer.warn(
            type(source).__name__,
            "the query parameters that it reads are not known, so it has no arguments",
            "Give it a get_schema_operation_parameters(view), or call "
            "schema_gen.register_backend() for it.",
            "left out",
        )
        return
    for parameter in declared(scope.view):
        if parameter.get("in", "query") == "query":
            yield _argument(parameter, scope)


def _argument(parameter: Mapping[str, Any], scope: ParameterScope) -> ArgumentDescription:
    key, schema = parameter["name"], parameter.get("schema") or {}
    style = Style.SINGLE
    is_list = schema.get("type") == "array"
    if is_list:
        style = Style.REPEATED if parameter.get("explode", True) else Style.COMMA
        schema = schema.get("items") or {}
    choices = schema.get("enum") if schema.get("type") != "boolean" else None
    item: Any = scope.enum(key, choices) if choices else None
    if item is None:
        scalar = scalar_of_schema(schema)[0]
        if scalar == "JSON":
            scope.untyped(
                key,
                f"its schema {schema!r} is of no single type",
                "Give it one in get_schema_operation_parameters().",
            )
        item = ScalarType("String" if scalar == "JSON" else scalar)
    return scope.argument(
        key,
        ListType(item) if is_list else item,
        style=style,
        required=bool(parameter.get("required")),
        description=parameter.get("description"),
    )


@backend_default(filters.SearchFilter)
def _search(backend: Any, scope: ParameterScope) -> Iterable[ArgumentDescription]:
    fields = backend.get_search_fields(scope.view, scope.view.request)
    if fields:
        yield scope.argument(
            backend.search_param,
            ScalarType("String"),
            description=backend.search_description,
            asks=[field[field[:1] in backend.lookup_prefixes :] for field in fields],
        )


@backend_default(filters.OrderingFilter)
def _ordering(backend: Any, scope: ParameterScope) -> Iterable[ArgumentDescription]:
    fields = backend.get_valid_fields(
        scope.queryset, scope.view, {"request": scope.view.request, "view": scope.view}
    )
    terms = [f"{sign}{name}" for name, _ in fields for sign in ("", "-")]
    argument = scope.ordering(backend.ordering_param, terms)
    if argument is not None:
        yield argument
