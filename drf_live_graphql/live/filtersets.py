"""django-filter's part of an evaluation, without what it makes anew for each request.

Of a view's ``filterset_fields`` its backend builds a filter set class, of that a form class, and
of that a form, each time it is asked; that is more than the query itself costs. What depends on the
view class alone is kept here, and a request with none of the filters' parameters is not filtered.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.db.models import Manager

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model, QuerySet
    from rest_framework.request import Request

try:
    from django_filters.rest_framework import DjangoFilterBackend, FilterSet
    from django_filters.utils import get_model_field
except ImportError:  # It is optional.
    DjangoFilterBackend = None

_OWN = ("filter_queryset", "get_filterset", "get_filterset_class", "get_filterset_kwargs")


def keep(view: Any) -> None:
    """Have ``view``, an instance, filter by what was kept from earlier ones of its class."""
    backends = view.filter_backends
    if DjangoFilterBackend is not None and isinstance(
        getattr(type(view), "filter_backends", None), list | tuple
    ):
        view.filter_backends = [_keeping(backend) for backend in backends]


@cache
def _keeping(backend: Any) -> Any:
    """``backend``, or a subclass of it that keeps, where it is django-filter's own."""
    own = isinstance(backend, type) and issubclass(backend, DjangoFilterBackend)
    if (
        not own
        or backend.filterset_base is not FilterSet
        or any(getattr(backend, name) is not getattr(DjangoFilterBackend, name) for name in _OWN)
    ):
        return backend
    return type(backend.__name__, (_Keeping, backend), {"__module__": backend.__module__})


class _Keeping:
    """A mixin of ``DjangoFilterBackend``."""

    def get_filterset_class(self, view: Any, queryset: QuerySet[Any] | None = None) -> Any:
        kept = self._kept(view, queryset)
        return kept or super().get_filterset_class(view, queryset)  # type: ignore[misc]

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: Any
    ) -> QuerySet[Any]:
        kept = self._kept(view, queryset)
        names = tuple(kept.base_filters) if kept else ()
        if kept and not any(parameter.startswith(names) for parameter in request.query_params):
            return queryset
        filtered: QuerySet[Any] = super().filter_queryset(  # type: ignore[misc]
            request, queryset, view
        )
        return filtered

    def _kept(self, view: Any, queryset: QuerySet[Any] | None) -> Any:
        """The filter set class that is kept, ``None`` where it has to be made anew."""
        fields = getattr(view, "filterset_fields", None)
        if (
            queryset is None
            or not fields
            or getattr(view, "filterset_class", None)
            or fields is not getattr(type(view), "filterset_fields", None)
        ):
            return None
        key = (type(self), type(view), queryset.model)
        if key not in _kept:
            made = super().get_filterset_class(view, queryset)  # type: ignore[misc]
            made.get_form_class = _once(made.get_form_class)
            _kept[key] = made if _is_fixed(made, queryset.model) else None
        return _kept[key]


# By backend, view class and model.
_kept: dict[tuple[type[Any], type[Any], type[Model]], Any] = {}


def _is_fixed(filterset_class: Any, model: type[Model]) -> bool:
    """Whether the class would be the same another time: no choices depend on when it is made.

    They would where a callable limits them, or a manager of the related model's own.
    """
    fields = (
        get_model_field(model, filter_.field_name)
        for filter_ in filterset_class.base_filters.values()
    )
    relations = (getattr(field, "remote_field", None) for field in fields)
    return not any(
        callable(getattr(relation, "limit_choices_to", None))
        or type(relation.model._default_manager).get_queryset is not Manager.get_queryset
        for relation in relations
        if relation is not None
    )


def _once(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The form class of the first filter set is that of all: stock filters ask no request."""
    made: list[Any] = []

    def get_form_class(filterset: Any) -> Any:
        if not made:
            made.append(make(filterset))
        return made[0]

    return get_form_class


__all__ = ["keep"]
