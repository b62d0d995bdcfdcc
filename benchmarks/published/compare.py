"""A root's answer over GraphQL beside what a GET of its view answers the same user."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, GraphQLList, GraphQLNonNull, GraphQLObjectType

from drf_live_graphql.location import locate
from schema_gen.scalars import COERCIONS
from schema_gen.types import EnumType, ListType, ScalarType

if TYPE_CHECKING:
    from collections.abc import Mapping

    import strawberry
    from django.test import Client

    from schema_gen import ObjectDescription, RootDescription

__all__ = ["Comparison", "Side", "compare"]

INTERNAL = "INTERNAL_SERVER_ERROR"
NESTING = 2
"""Times that an object may stand inside itself in a document."""


@dataclass(frozen=True)
class Side:
    """Who asks, and whom: one client for both ways."""

    client: Client
    schema: strawberry.Schema
    graphql: str = "/proof/graphql/"


@dataclass(frozen=True)
class Comparison:
    """What came of a root.

    `outcome` is "same", "refused" (by both), "fails" (REST itself does), "unanswered" (an error
    where REST answers) or "differs".
    """

    root: str
    outcome: str
    rows: int = 0
    detail: str = ""


def compare(side: Side, root: RootDescription, kwargs: Mapping[str, str]) -> Comparison:
    """Ask both ways with the URL kwargs and compare status and body, field by field."""
    path = locate(root, dict(kwargs)).path
    response = _get(side, path)
    answer = _ask(side, root, kwargs)
    if response.status_code >= 500:
        return Comparison(root.name, "fails", detail=f"GET {path}: {response.status_code}")
    if response.status_code != 200:
        return _refused(root, path, response.status_code, answer)
    if answer.get("errors"):
        detail = f"GET {path}: 200, GraphQL: {answer['errors'][0]['message']}"
        return Comparison(root.name, "unanswered", detail=detail)
    body = json.loads(response.content)
    found = answer["data"][root.name]
    differences = _root_differences(root, found, body)
    rows = len(_rows(root, body)) if root.action == "list" else 1
    if differences and _body(side, path) != body:
        return Comparison(root.name, "fails", rows, f"GET {path}: two GETs differ")
    if differences:
        return Comparison(root.name, "differs", rows, f"GET {path}: {differences[0]}")
    return Comparison(root.name, "same", rows)


def _get(side: Side, path: str) -> Any:
    return side.client.get(path, headers={"accept": "application/json"})


def _body(side: Side, path: str) -> Any:
    return json.loads(_get(side, path).content)


def _refused(
    root: RootDescription, path: str, status: int, answer: Mapping[str, Any]
) -> Comparison:
    """A GET refused: by 404, a row may be null instead of an error.

    An error of the server's own is no refusal, although nothing came of it.
    """
    errors = answer.get("errors") or []
    nothing = status == 404 and (answer.get("data") or {}).get(root.name, 1) is None
    outcome = "refused" if errors or nothing else "differs"
    codes = {error.get("extensions", {}).get("code") for error in errors}
    if INTERNAL in codes:
        outcome = "unanswered"
    told = ", ".join(sorted(filter(None, codes))) or "null"
    return Comparison(root.name, outcome, detail=f"GET {path}: {status}, GraphQL: {told}")


def _ask(side: Side, root: RootDescription, kwargs: Mapping[str, str]) -> dict[str, Any]:
    field = side.schema._schema.query_type.fields[root.name]  # type: ignore[union-attr]
    given = {item.name: kwargs[item.key] for item in root.arguments if item.place == "path"}
    variables = ", ".join(f"${name}: {field.args[name].type}" for name in given)
    passed = ", ".join(f"{name}: ${name}" for name in given)
    values = {
        name: int(value) if "Int" in str(field.args[name].type) else value
        for name, value in given.items()
    }
    document = (
        f"query{f'({variables})' if given else ''} "
        f"{{ {root.name}{f'({passed})' if given else ''} {_selection(field.type, ())} }}"
    )
    response = side.client.post(
        side.graphql,
        json.dumps({"query": document, "variables": values}),
        content_type="application/json",
    )
    if not response.headers["content-type"].startswith("application/"):
        text = f"{response.status_code}: {response.content[:80]!r}"
        return {"errors": [{"message": text}]}
    answer: dict[str, Any] = json.loads(response.content)
    return answer


def _selection(type_: Any, path: tuple[str, ...]) -> str:
    while isinstance(type_, GraphQLNonNull | GraphQLList):
        type_ = type_.of_type
    if not isinstance(type_, GraphQLObjectType):
        return ""
    inside = (*path, type_.name)
    fields = [
        f"{name} {_selection(item.type, inside)}"
        for name, item in type_.fields.items()
        if not _is_too_deep(item.type, inside)
    ]
    return f"{{ {' '.join(fields) or '__typename'} }}"


def _is_too_deep(type_: Any, path: tuple[str, ...]) -> bool:
    while isinstance(type_, GraphQLNonNull | GraphQLList):
        type_ = type_.of_type
    return isinstance(type_, GraphQLObjectType) and path.count(type_.name) >= NESTING


def _rows(root: RootDescription, body: Any) -> list[Any]:
    rows = body if root.page is None or isinstance(body, list) else body[root.page.results_key]
    return rows if isinstance(rows, list) else []


def _root_differences(root: RootDescription, found: Any, body: Any) -> list[str]:
    if root.action == "retrieve":
        return _object_differences(root.row, found, body, "")
    page = root.page
    differences: list[str] = []
    if not isinstance(body, list | dict) or (page is None and isinstance(body, dict)):
        told = json.dumps(found)[:60]
        return [f"a {type(body).__name__} by REST; the schema has another shape: {told}..."]
    if page is not None:
        rows = next(field.name for field in page.fields if field.key == page.results_key)
        # A body of the view's own may answer a bare list though the view has a paginator.
        for field in page.fields if isinstance(body, dict) else ():
            if field.key != page.results_key:
                differences += _differences(
                    field.type, found[field.name], body.get(field.key), f".{field.key}"
                )
        found = found[rows]
        body = body[page.results_key] if isinstance(body, dict) else body
    if len(found) != len(body):
        return [*differences, f"{len(found)} rows over GraphQL, {len(body)} by REST"]
    for number, (one, other) in enumerate(zip(found, body, strict=True)):
        differences += _object_differences(root.row, one, other, f"[{number}]")
    return differences


def _object_differences(item: ObjectDescription, found: Any, body: Any, place: str) -> list[str]:
    if found is None or not isinstance(body, dict):
        return [] if found is None and body is None else [f"{place}: {found!r}, not {body!r}"]
    return [
        difference
        for field in item.fields
        if field.name in found
        for difference in _differences(
            field.type, found[field.name], body.get(field.key), f"{place}.{field.key}"
        )
    ]


def _differences(type_: Any, found: Any, body: Any, place: str) -> list[str]:
    if isinstance(type_, ListType) and isinstance(found, list) and isinstance(body, list):
        if len(found) != len(body):
            return [f"{place}: {found!r}, not {body!r}"]
        return [
            difference
            for number, (one, other) in enumerate(zip(found, body, strict=True))
            for difference in _differences(type_.of, one, other, f"{place}[{number}]")
        ]
    if type_.object is not None and not isinstance(type_, ListType):
        return _object_differences(type_.object, found, body, place)
    if isinstance(type_, EnumType):
        named = {value.name: value.value for value in type_.enum.values}
        found = named.get(found, found)
        # The empty string is no choice that GraphQL could name: null stands for it.
        body = None if body == "" else body
    if isinstance(type_, ScalarType) and body is not None:
        body = _said(type_.name, body)
    return [] if found == body else [f"{place}: {found!r}, not {body!r}"]


def _said(scalar: str, body: Any) -> Any:
    """A value of a GET as its scalar says it; None where the package's own hint is wrong of it."""
    try:
        return COERCIONS[scalar](body)
    except (TypeError, ValueError, GraphQLError):
        return None
