"""Build a schema over a serializer, run it over the serializer's own rows, compare with REST."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import strawberry
from django.test import RequestFactory
from graphql import GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLObjectType, print_schema
from rest_framework import viewsets
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

import schema_gen

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from django.db.models import Model

__all__ = ["Answers", "Trip", "execute", "field_types", "round_trip", "schema_of", "sdl", "viewset"]


class Answers:
    """Resolvers that answer what they were given, by root name, and note what they were asked."""

    def __init__(self, answers: Mapping[str, Any] | None = None) -> None:
        self.answers = dict(answers or {})
        self.calls: list[tuple[str, dict[str, Any], schema_gen.ViewCall]] = []

    def _note(self, root: schema_gen.RootDescription, arguments: dict[str, Any]) -> Any:
        self.calls.append((root.name, arguments, root.encode(arguments)))
        return self.answers[root.name]

    async def query(
        self, root: schema_gen.RootDescription, info: strawberry.Info, arguments: dict[str, Any]
    ) -> Any:
        return self._note(root, arguments)

    async def subscribe(
        self, root: schema_gen.RootDescription, info: strawberry.Info, arguments: dict[str, Any]
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        for envelope in self._note(root, arguments):
            yield envelope


def viewset(serializer_class: Any, model: type[Model], **attributes: Any) -> Any:
    """A read-only ViewSet over all rows of `model`."""
    body = {
        "serializer_class": serializer_class,
        "queryset": model._default_manager.all(),
        "pagination_class": None,
        "filter_backends": [],
        **attributes,
    }
    return type(f"{model.__name__}ViewSet", (viewsets.ReadOnlyModelViewSet,), body)


def schema_of(
    *views: schema_gen.ViewDescription, answers: Mapping[str, Any] | None = None
) -> tuple[strawberry.Schema, Answers]:
    resolvers = Answers(answers)
    built = schema_gen.build_types(views, resolvers)
    schema = strawberry.Schema(query=built.query_type, subscription=built.subscription_type)
    return schema, resolvers


def execute(schema: strawberry.Schema, query: str, **variables: Any) -> dict[str, Any]:
    """The data of a query that has no errors."""
    result = asyncio.run(schema.execute(query, variable_values=variables))
    assert result.errors is None, result.errors
    assert result.data is not None
    return result.data


def sdl(schema: strawberry.Schema) -> str:
    return print_schema(schema._schema)


def field_types(schema: strawberry.Schema, name: str) -> dict[str, str]:
    """`{field: type as the SDL writes it}` of an object type."""
    found = schema._schema.type_map[name]
    assert isinstance(found, GraphQLObjectType)
    return {field: str(definition.type) for field, definition in found.fields.items()}


@dataclass(frozen=True)
class Trip:
    """A row on both ways: `types` of the fields, `graphql` and `rest` by the serializer's keys."""

    types: dict[str, str]
    graphql: dict[str, Any]
    rest: dict[str, Any]
    schema: strawberry.Schema


def round_trip(serializer_class: Any, instance: Any, **attributes: Any) -> Trip:
    """One row through the serializer, then through an executed schema and through the renderer.

    Enum names come back as the values they stand for, so that `graphql` and `rest` are comparable.
    """
    view = viewset(serializer_class, type(instance), **attributes)
    description = schema_gen.describe_view(view, prefix="rows", basename="row", type_name="Row")
    request = Request(RequestFactory().get("/"))
    data = serializer_class(instance, context={"request": request}).data
    rest = json.loads(JSONRenderer().render(data))
    schema, _ = schema_of(description, answers={"rows": [data]})
    row = schema._schema.type_map["Row"]
    answer = execute(schema, f"{{ rows {selection(row)} }}")["rows"][0]
    keys = {field.name: field.key for field in description.roots[0].row.fields}
    assert isinstance(row, GraphQLObjectType)
    values = {keys[name]: back(row.fields[name].type, value) for name, value in answer.items()}
    types = {keys[name]: str(definition.type) for name, definition in row.fields.items()}
    return Trip(types, values, rest, schema)


def selection(type_: Any, around: tuple[Any, ...] = ()) -> str:
    """All fields of an object; of one that holds itself, those of one row inside another."""
    type_ = _innermost(type_)
    if not isinstance(type_, GraphQLObjectType):
        return ""
    inside = (*around, type_)
    fields = (
        f"{name} {selection(item.type, inside)}"
        for name, item in type_.fields.items()
        if inside.count(_innermost(item.type)) < 2
    )
    return f"{{ {' '.join(fields)} }}"


def _innermost(type_: Any) -> Any:
    while isinstance(type_, GraphQLNonNull | GraphQLList):
        type_ = type_.of_type
    return type_


def back(type_: Any, value: Any) -> Any:
    """Enum names as their values again."""
    if isinstance(type_, GraphQLNonNull):
        return back(type_.of_type, value)
    if value is None:
        return None
    if isinstance(type_, GraphQLList):
        return [back(type_.of_type, item) for item in value]
    return type_.values[value].value if isinstance(type_, GraphQLEnumType) else value
