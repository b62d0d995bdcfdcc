"""Paginator → page type, by what the paginator says of its response or by the response itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .naming import camel
from .spectacular import scalar_of_schema
from .types import FieldDescription, ListType, PageDescription, ScalarType

if TYPE_CHECKING:
    from django.db.models import Model
    from rest_framework.generics import GenericAPIView

    from .serializers import Describer
    from .types import TypeDescription

__all__ = ["PageError", "describe_page", "paginates"]

DESCRIPTIONS = {
    "count": "How many rows the whole list has.",
    "next": "The URL of the next page.",
    "previous": "The URL of the page before.",
    "results": "The rows of this page.",
}
SAMPLES: dict[type, str] = {bool: "Boolean", int: "Int", float: "Float", str: "String"}


class PageError(Exception):
    """The page that a paginator answers is not one that GraphQL can say."""


class Rows(list[Any]):
    """Stands for the rows, to be found again in what a paginator makes of them."""


def paginates(view: GenericAPIView[Any], model: type[Model]) -> bool:
    """Whether a GET of the list without parameters answers a page. It reads no row."""
    empty: Any = model._default_manager.none()
    # Known to be empty already: a paginator's count need not be compiled to find that out.
    empty._result_cache = []
    return view.paginate_queryset(empty) is not None


def describe_page(
    view: GenericAPIView[Any], name: str, row: TypeDescription, describer: Describer
) -> PageDescription | None:
    """The page type of a view that has paginated; None where the response is the bare list.

    What the response holds is read off the response itself, its types off
    `get_paginated_response_schema()`. A PageError where the rows are under no key of the body.
    """
    paginator: Any = view.paginator
    schema = paginator.get_paginated_response_schema({"type": "array"})
    body = view.get_paginated_response(Rows()).data
    if isinstance(body, Rows):
        return None
    results = _key_of_rows(body)
    if results is None:
        raise PageError(f"the rows are under no key of the page that it answers, {body!r}")
    place = type(paginator).__name__
    fields = tuple(
        FieldDescription(
            camel(key),
            key,
            ListType(row) if key == results else _type(key, value, schema, place, describer),
            DESCRIPTIONS.get(key),
        )
        for key, value in body.items()
    )
    if len({field.name for field in fields}) < len(fields):
        raise PageError(f"two keys of the page have one GraphQL name: {', '.join(body)}")
    return PageDescription(name, fields, results)


def _key_of_rows(body: Any) -> str | None:
    if not isinstance(body, Mapping):
        return None
    return next((key for key, value in body.items() if isinstance(value, Rows)), None)


def _type(key: str, value: Any, schema: Any, place: str, describer: Describer) -> TypeDescription:
    said = schema.get("properties", {}).get(key)
    if said is not None:
        scalar, nullable = scalar_of_schema(said)
        return ScalarType(scalar, nullable or key not in schema.get("required", ()))
    if type(value) in SAMPLES:
        return ScalarType(SAMPLES[type(value)], nullable=True)
    describer.warn(
        f"{place}.{key}",
        "its get_paginated_response_schema() does not say what this is, so it is nullable JSON",
        "Override that method together with get_paginated_response().",
        "json",
    )
    return ScalarType("JSON", nullable=True)
