"""Whether the database can find what a view asks for without reading the whole table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import UniqueConstraint
from rest_framework.filters import OrderingFilter
from rest_framework.pagination import CursorPagination

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import Field, Model

    from schema_gen import ViewDescription


def unindexed_lookup(view: ViewDescription) -> Field[Any, Any] | None:
    """The column that a single row is looked up by, if it has no index."""
    if not any(root.action == "retrieve" for root in view.roots):
        return None
    return _unindexed(view.model, view.lookup_field)


def unindexed_ordering(view: ViewDescription) -> Field[Any, Any] | None:
    """The column that the pages of the list are sorted by first, if it has no index."""
    if not any(root.page is not None for root in view.roots):
        return None
    terms = _ordering(view)
    first = terms[0] if terms else None
    return _unindexed(view.model, first.removeprefix("-")) if isinstance(first, str) else None


def _ordering(view: ViewDescription) -> tuple[Any, ...]:
    """What the list is sorted by, as far as the view's attributes and its model say.

    `ordering` is the word of the view to an `OrderingFilter`; cursors have an order of their own.
    """
    backends: Any = _option(view, "filter_backends") or ()
    sorts = any(isinstance(item, type) and issubclass(item, OrderingFilter) for item in backends)
    declared: Any = _option(view, "ordering") if sorts else None
    paginator = _option(view, "pagination_class")
    if not declared and isinstance(paginator, type) and issubclass(paginator, CursorPagination):
        declared = paginator.ordering
    if declared:
        return (declared,) if isinstance(declared, str) else tuple(declared)
    queryset = getattr(view.view_class, "queryset", None)
    order_by = queryset.query.order_by if queryset is not None else ()
    return tuple(order_by) or tuple(view.model._meta.ordering or ())


def _option(view: ViewDescription, name: str) -> Any:
    return view.initkwargs.get(name, getattr(view.view_class, name, None))


def _unindexed(model: type[Model], path: str) -> Field[Any, Any] | None:
    names = path.split("__")
    for name in names[:-1]:
        try:
            related = model._meta.get_field(name).related_model
        except FieldDoesNotExist:
            return None
        if not isinstance(related, type):
            return None
        model = related
    field: Any = model._meta.pk if names[-1] == "pk" else _column(model, names[-1])
    if field is None or field.primary_key or field.unique or field.db_index:
        return None
    # An index is on the table that has the column: a parent's, or a proxy's own model's.
    indexed = any(leading in (field.name, field.attname) for leading in _leading(field.model))
    return None if indexed else field


def _column(model: type[Model], name: str) -> Any:
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None  # An annotation, or a lookup: nothing is known of it.
    return field if field.concrete and not field.many_to_many else None


def _leading(model: type[Model]) -> Iterator[str]:
    """The first columns of the model's own indexes over several."""
    for index in model._meta.indexes:
        if index.fields and index.condition is None:
            yield index.fields[0].removeprefix("-")
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and constraint.condition is None:
            yield from constraint.fields[:1]
    for together in model._meta.unique_together:
        yield together[0]


__all__ = ["unindexed_lookup", "unindexed_ordering"]
