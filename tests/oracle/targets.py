"""The views that are compared, and how a REST answer reads in GraphQL.

Written by hand, and by design without looking at the generated schema: the oracle would prove
nothing if it took what it expects from what it tests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "ANNOUNCEMENT",
    "ARTICLE",
    "DOCUMENT",
    "MEMO",
    "NOTE",
    "PROJECT",
    "SERVICE",
    "TARGETS",
    "TASK",
    "TASK_DETAIL",
    "TRUCK",
    "VEHICLE",
    "Query",
    "Shape",
    "Target",
]

Row = dict[str, Any]
Convert = Callable[[Any], Any]


def same(value: Any) -> Any:
    return value


def key(value: Any) -> str | None:
    return None if value is None else str(value)


def camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def choice(**names: str | int) -> Convert:
    """A choice whose GraphQL name differs from its stored value: `choice(LOW=1)`."""
    by_value = {value: name for name, value in names.items()}
    return lambda value: None if value is None else by_value[value]


@dataclass(frozen=True, eq=False)
class Shape:
    """The fields of one serializer: REST key to the converter of its value, or a nested shape."""

    fields: Mapping[str, Convert | Shape | list[Shape]]
    key: str = "id"

    def selection(self) -> str:
        parts = []
        for name, kind in self.fields.items():
            nested = kind[0] if isinstance(kind, list) else kind
            inner = f" {nested.selection()}" if isinstance(nested, Shape) else ""
            parts.append(camel(name) + inner)
        return "{ " + " ".join(parts) + " }"

    def row(self, answer: Row | None) -> Row | None:
        """A row as GET shows it, in the words of GraphQL."""
        if answer is None:
            return None
        assert set(answer) == set(self.fields), f"unexpected keys in {answer}"
        return {camel(name): self._value(kind, answer[name]) for name, kind in self.fields.items()}

    def _value(self, kind: Convert | Shape | list[Shape], value: Any) -> Any:
        if isinstance(kind, list):
            return [kind[0].row(item) for item in value]
        if isinstance(kind, Shape):
            return kind.row(value)
        return kind(value)


@dataclass(frozen=True)
class Query:
    """The same question in GraphQL and in REST."""

    graphql: str = ""
    rest: str = ""

    def arguments(self, **more: str) -> str:
        """The GraphQL arguments in brackets; nothing where there are none."""
        named = [f"{name}: {json.dumps(value)}" for name, value in more.items() if name]
        inner = ", ".join([*named, *filter(None, [self.graphql])])
        return f"({inner})" if inner else ""


@dataclass(frozen=True)
class Target:
    """One root: a list or a single row of a view."""

    root: str
    path: str
    shape: Shape
    paginated: str = ""
    """The query parameter that makes one page of the whole list; empty where there are no pages."""
    queries: tuple[Query, ...] = (Query(),)
    lookup: str = ""
    """For a single row: the argument that names it."""
    parent: str = ""
    """For a nested route: the argument that names the parent, `{parent}` in the path."""
    ordered: bool = True
    """Whether the view promises an order."""
    page_fields: tuple[str, ...] = ("count", "next", "previous")

    def page_selection(self) -> str:
        if not self.paginated:
            return self.shape.selection()
        return f"{{ {' '.join(self.page_fields)} results {self.shape.selection()} }}"

    def page(self, answer: Any) -> Any:
        """A whole list answer of GET, in the words of GraphQL."""
        if not self.paginated:
            return self.sorted([self.shape.row(row) for row in answer])
        page = {name: answer[name] for name in self.page_fields}
        return {**page, "results": [self.shape.row(row) for row in answer["results"]]}

    def rows_of_page(self, page: Any) -> list[Row]:
        rows: list[Row] = page["results"] if self.paginated else page
        return rows

    def sorted(self, page: Any) -> Any:
        """The page itself, or its rows by key where the view promises no order."""
        return page if self.ordered else sorted(page, key=lambda row: str(row["id"]))

    def by_key(self, rows: list[Row]) -> dict[str, Row]:
        return {row[camel(self.shape.key)]: row for row in rows}


PERSON = Shape({"id": key, "username": same})
PROJECT = Shape({"id": key, "name": same, "slug": same, "archived": same})
STATUS = choice(OPEN="open", DOING="doing", CLOSED="closed")
TASK = Shape(
    {
        "id": key,
        "title": same,
        "project": key,
        "assignee": key,
        "status": STATUS,
        "priority": choice(LOW=1, NORMAL=2, HIGH=3),
        "due": same,
        "estimate": same,
        "created_at": same,
        "overdue": same,
    }
)
TASK_DETAIL = Shape(
    {
        "id": key,
        "title": same,
        "status": STATUS,
        "project": PROJECT,
        "assignee": PERSON,
        "labels": [Shape({"id": key, "name": same})],
        "comments": [Shape({"id": key, "author": PERSON, "text": same})],
    }
)
NOTE = Shape({"id": key, "text": same, "pinned": same, "owner": key})
ARTICLE = Shape(
    {"slug": same, "title": same, "body": same, "published": same, "author": same}, key="slug"
)
DOCUMENT = Shape({"id": key, "name": same, "confidential": same, "owner": key})
ANNOUNCEMENT = Shape({"id": key, "text": same})
MEMO = Shape({"id": key, "text": same, "remarks": [Shape({"id": key, "text": same})]})
VEHICLE = Shape({"id": key, "name": same, "in_service": same})
TRUCK = Shape({"id": key, "name": same, "in_service": same, "load": same})
SERVICE = Shape({"id": key, "name": same})

TASK_QUERIES = (
    Query(),
    Query("status: OPEN", "status=open"),
    Query('search: "a"', "search=a"),
    Query('titleIcontains: "b"', "title__icontains=b"),
    Query("ordering: [PRIORITY_DESC, TITLE_ASC]", "ordering=-priority,title"),
    Query("priorityIn: [3, 1]", "priority__in=3,1"),
    Query("assigneeIsnull: true", "assignee__isnull=true"),
    Query("pageSize: 2", "page_size=2"),
)

EVERY_TARGET = (
    Target("tasks", "tasks/", TASK, "page_size", TASK_QUERIES),
    Target("taskDetails", "task-details/", TASK_DETAIL),
    Target("projectTasks", "projects/{parent}/tasks/", TASK, parent="projectPk"),
    Target("projects", "projects/", PROJECT, ordered=False),
    Target("notes", "notes/", NOTE, "page_size"),
    Target("articles", "articles/", ARTICLE),
    Target("documents", "documents/", DOCUMENT),
    Target("announcements", "announcements/", ANNOUNCEMENT),
    Target("memos", "memos/", MEMO),
    Target("vehicles", "vehicles/", VEHICLE),
    Target("trucks", "trucks/", TRUCK),
    Target("serviceVehicles", "service-vehicles/", SERVICE),
    Target("task", "tasks/", TASK, lookup="id"),
    Target("note", "notes/", NOTE, lookup="id"),
    Target("article", "articles/", ARTICLE, lookup="slug"),
    Target("document", "documents/", DOCUMENT, lookup="id"),
    Target("announcement", "announcements/", ANNOUNCEMENT, lookup="id"),
    Target("memo", "memos/", MEMO, lookup="id"),
)
TARGETS = {target.root: target for target in EVERY_TARGET}
"""The views that are compared, by the names of their roots."""
