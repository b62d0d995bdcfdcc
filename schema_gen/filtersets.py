"""django-filter's filters → arguments. Imported only where a view uses django-filter.

A filter's `.field` is never touched: making it may query. Everything is read off the filter
object, the model field behind it and the static choices it was given.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import django_filters as df
from django.db.models import Field
from django_filters.conf import settings
from django_filters.fields import ChoiceIteratorMixin
from django_filters.rest_framework import DjangoFilterBackend
from django_filters.utils import get_model_field

from .arguments import Style
from .classes import definer
from .enums import flatten
from .hints import HINT_SCALARS, parameter_hint, split_optional, type_of_hint
from .model_fields import scalar_of_model_field
from .parameters import backend_default
from .registry import FilterDescriber, filter_default, filter_describer
from .spectacular import OPENAPI_SCALARS, annotation, scalar_of_schema
from .types import ListType, ScalarType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .arguments import ArgumentDescription
    from .parameters import ParameterScope
    from .types import EnumType, ObjectType, TypeDescription

__all__ = ["FilterScope"]

DATE_PARTS = frozenset(
    (
        *("year", "iso_year", "quarter", "month", "week", "day"),
        *("week_day", "iso_week_day", "hour", "minute", "second"),
    )
)
NUMBERS = frozenset({"BigInt", "Decimal", "Float", "ID", "Int"})


@dataclass(frozen=True)
class FilterScope:
    """A filter, its key in the filter set, and where it stands."""

    filter: Any
    key: str
    filterset_class: Any
    outer: ParameterScope

    @property
    def model_field(self) -> Any:
        """The model field that the filter compares, None where there is none."""
        model = self.filterset_class._meta.model or self.outer.model
        name = self.filter.field_name
        return get_model_field(model, name) if name else None

    def scalar(self) -> str | None:
        """The scalar of the compared model field; the part of a date is a whole number."""
        if DATE_PARTS & set(str(self.filter.lookup_expr).split("__")):
            return "Int"
        field = self.model_field
        return scalar_of_model_field(field) if isinstance(field, Field) else None

    @property
    def method(self) -> Any:
        """The filter method, None where there is none."""
        method = self.filter.method
        return getattr(self.filterset_class, method, None) if isinstance(method, str) else method

    def method_scalar(self) -> str | None:
        """The scalar that a filter method's `value` is hinted as."""
        hint, _ = split_optional(parameter_hint(self.method, "value"))
        return HINT_SCALARS.get(hint) if isinstance(hint, type) else None

    def override(self) -> TypeDescription | None:
        """What `@extend_schema_field` says on the filter method or on the filter's class."""
        said = annotation(self.method).get("field") or annotation(self.filter).get("field")
        scalar = None
        if isinstance(said, enum.Enum) and type(said).__name__ == "OpenApiTypes":
            scalar = OPENAPI_SCALARS.get(said.name, "String")
        elif isinstance(said, type):
            scalar = HINT_SCALARS.get(said)
        elif isinstance(said, Mapping) and said.get("type") == "array":
            return ListType(ScalarType(_argument_scalar(said.get("items") or {})))
        elif isinstance(said, Mapping):
            scalar = _argument_scalar(said)
        return ScalarType(scalar) if scalar is not None else None

    def unknown(self) -> TypeDescription:
        """String, with a warning."""
        self.outer.untyped(
            self.key,
            f"nothing says what a value of its {type(self.filter).__name__} is",
            "Hint the value of its method, put @extend_schema_field on that, or call"
            " register_filter_type() for the filter's class.",
        )
        return ScalarType("String")

    def choices(self) -> TypeDescription:
        """The enum of the filter's static choices, String where they are not known yet."""
        choices = self.filter.extra.get("choices") or getattr(self.model_field, "choices", None)
        if choices is None or callable(choices):
            return ScalarType("String")
        pairs = [*self.null_choice(), *flatten(choices)]
        return self.outer.enum(self.key, pairs) or ScalarType("String")

    def null_choice(self) -> list[tuple[Any, str]]:
        """The choice by which django-filter asks for rows without a value, where it has one."""
        if not issubclass(self.filter.field_class, ChoiceIteratorMixin):
            return []
        extra = self.filter.extra
        label = extra.get("null_label", settings.NULL_CHOICE_LABEL)
        value = extra.get("null_value", settings.NULL_CHOICE_VALUE)
        return [] if label is None else [(value, str(label))]

    @property
    def place(self) -> str:
        """The view and the filter, for messages."""
        return f"{self.outer.describer.view}, {self.filterset_class.__name__}.{self.key}"

    def hint(self, hint: Any) -> TypeDescription | None:
        """The type of a Python hint, None if it is none that an argument can have."""
        found = type_of_hint(hint, self)
        return None if found is None or found.object is not None else found

    def within(self, owner: str, name: str) -> FilterScope:
        """The surroundings of a field of an object; for hints, and no argument can be one."""
        return self

    def make_enum(self, choices: Any) -> EnumType | None:
        """The enum of `choices`, named after the parameter; for hints."""
        return self.outer.enum(self.key, choices)

    def make_object(self, name: str, origin: Any, fields: Any) -> ObjectType:
        """The object of a class with hints; for hints, and no argument can have one."""
        return self.outer.describer.make_object(name, origin, fields)

    def target(self) -> TypeDescription:
        """What identifies a row of the related model: ID, or the type of `to_field_name`."""
        name = self.filter.extra.get("to_field_name")
        model = getattr(self.filter.extra.get("queryset"), "model", None)
        if model is None:
            model = getattr(self.model_field, "related_model", None)
        if name in (None, "pk") or model is None:
            return ScalarType("ID")
        field = model._meta.get_field(name)
        # django-filter names the primary key itself, in each filter that it makes of a foreign key.
        scalar = "ID" if getattr(field, "primary_key", False) else scalar_of_model_field(field)
        return ScalarType(scalar or "String")


def _always(scalar: str) -> FilterDescriber:
    return lambda _scope: ScalarType(scalar)


filter_default(df.CharFilter, df.AllValuesFilter, df.LookupChoiceFilter)(_always("String"))
filter_default(df.BooleanFilter)(_always("Boolean"))
filter_default(df.UUIDFilter)(_always("UUID"))
filter_default(df.DateFilter, df.DateFromToRangeFilter)(_always("Date"))
filter_default(df.DateTimeFilter, df.DateTimeFromToRangeFilter, df.IsoDateTimeFromToRangeFilter)(
    _always("DateTime")
)
filter_default(df.TimeFilter, df.TimeRangeFilter)(_always("Time"))
filter_default(df.DurationFilter)(_always("Duration"))


@filter_default(df.Filter)
def _any(scope: FilterScope) -> TypeDescription:
    scalar = scope.method_scalar()
    if scalar is None and type(scope.filter) is df.Filter and scope.method is None:
        scalar = scope.scalar()
    return scope.unknown() if scalar is None else ScalarType(scalar)


@filter_default(df.NumberFilter, df.RangeFilter, df.NumericRangeFilter)
def _number(scope: FilterScope) -> TypeDescription:
    found = scope.method_scalar() or scope.scalar()
    return ScalarType(found if found in NUMBERS else "Float")


@filter_default(df.ChoiceFilter, df.TypedChoiceFilter)
def _choice(scope: FilterScope) -> TypeDescription:
    return scope.choices()


@filter_default(df.MultipleChoiceFilter)
def _choices(scope: FilterScope) -> TypeDescription:
    return ListType(scope.choices())


@filter_default(df.AllValuesMultipleFilter)
def _all_values(scope: FilterScope) -> TypeDescription:
    return ListType(ScalarType("String"))


@filter_default(df.ModelChoiceFilter)
def _row(scope: FilterScope) -> TypeDescription:
    return scope.target()


@filter_default(df.ModelMultipleChoiceFilter)
def _rows(scope: FilterScope) -> TypeDescription:
    return ListType(scope.target())


@backend_default(DjangoFilterBackend)
def _filterset(backend: Any, scope: ParameterScope) -> Iterable[ArgumentDescription]:
    filterset_class = _filterset_class(backend, scope)
    if filterset_class is None:
        return
    for key, filter_ in filterset_class.base_filters.items():
        yield from _arguments(FilterScope(filter_, key, filterset_class, scope))


def _filterset_class(backend: Any, scope: ParameterScope) -> Any:
    """The filter set that the backend uses. django-filter makes a new class each time it is asked.

    Its own backend goes by what the view declares and by the model, so once is enough for all
    actions of a view that declares the same for each.
    """
    view = scope.view
    declared = (
        type(backend),
        getattr(view, "filterset_class", None),
        repr(getattr(view, "filterset_fields", None)),
    )
    known = scope.describer.filtersets
    own = definer(type(backend), "get_filterset_class").__module__.startswith("django_filters.")
    if not own or declared not in known:
        queryset = scope.model._default_manager.none()
        known[declared] = backend.get_filterset_class(view, queryset)
    return known[declared]


def _arguments(scope: FilterScope) -> Iterable[ArgumentDescription]:
    filter_, key = scope.filter, scope.key
    help_text = filter_.extra.get("help_text")
    required = bool(filter_.extra.get("required"))
    if isinstance(filter_, df.OrderingFilter):
        terms = [value for value, _ in filter_.extra["choices"]]
        ordering = scope.outer.ordering(key, terms, filter_.param_map)
        if ordering is not None:
            yield ordering
        return
    type_ = _type(scope)
    suffixes = _suffixes(filter_)
    for name in [f"{key}_{suffix}" if suffix else key for suffix in suffixes] or [key]:
        yield scope.outer.argument(
            name,
            type_,
            style=_style(filter_, type_),
            required=required and not suffixes,
            description=help_text,
            asks=[filter_.field_name] if isinstance(filter_.field_name, str) else (),
        )


def _type(scope: FilterScope) -> TypeDescription:
    override = scope.override()
    if override is not None:
        return override
    # A comma-joined filter says in its other base what one of its values is.
    found = filter_describer(type(scope.filter))(scope)
    joined = isinstance(scope.filter, df.BaseCSVFilter) and not isinstance(found, ListType)
    return ListType(found) if joined else found


def _argument_scalar(schema: Mapping[str, Any]) -> str:
    scalar = scalar_of_schema(schema)[0]
    return "String" if scalar == "JSON" else scalar


def _suffixes(filter_: Any) -> list[str]:
    """The endings of the parameters of a filter that has more than one."""
    if isinstance(filter_, df.LookupChoiceFilter):
        return ["", "lookup"]
    widget = filter_.extra.get("widget") or getattr(filter_.field_class, "widget", None)
    return [suffix or "" for suffix in getattr(widget, "suffixes", [])]


def _style(filter_: Any, type_: TypeDescription) -> Style:
    if isinstance(filter_, df.BaseCSVFilter):
        return Style.COMMA
    return Style.REPEATED if isinstance(type_, ListType) else Style.SINGLE
