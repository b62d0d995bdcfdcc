"""`docs/extending.md`: each of its examples runs, and does what the text says of it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import django_filters
import pytest
from asgiref.sync import sync_to_async
from django.test import RequestFactory
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import filters, permissions, serializers, viewsets
from rest_framework.test import APIRequestFactory

import drf_live_graphql
from drf_live_graphql import LiveRouter
from schema_gen import fields, filtersets, parameters, registry
from tests import servers
from tests.project import models

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCKS = re.findall(
    r"^## (.+?)$.*?^```python\n(.*?)^```",
    (servers.ROOT / "docs" / "extending.md").read_text(encoding="utf-8"),
    re.DOTALL | re.MULTILINE,
)


class TaskSerializer(serializers.ModelSerializer[models.Task]):
    owner = serializers.CharField(source="assignee.username", read_only=True)

    class Meta:
        model = models.Task
        fields = ["id", "title", "status", "estimate", "due", "owner"]


class TaskViewSet(viewsets.ReadOnlyModelViewSet[models.Task]):
    queryset = models.Task.objects.order_by("id")
    serializer_class = TaskSerializer
    permission_classes = [permissions.AllowAny]
    filter_backends = [filters.SearchFilter]
    search_fields = ["title"]


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The names that the examples see; what they register is forgotten afterwards."""
    # Imported by now, so that django-filter's own registrations are not forgotten with them.
    assert filtersets
    monkeypatch.setattr(registry, "_filters", dict(registry._filters))
    monkeypatch.setattr(registry, "_serializers", {})
    monkeypatch.setattr(fields, "_registry", dict(fields._registry))
    monkeypatch.setattr(parameters, "_registry", dict(parameters._registry))
    return {"TaskViewSet": TaskViewSet, "TaskSerializer": TaskSerializer, "__name__": __name__}


def _run(names: dict[str, Any], *titles: str) -> dict[str, Any]:
    """Run the examples under these headings, one after the other, as one file would."""
    code = dict(BLOCKS)
    for title in titles:
        # As a file of its own: this one's `from __future__` is not the examples'.
        exec(compile(code[title], title, "exec", dont_inherit=True), names)
    return names


def _sdl(view: Any, **options: Any) -> str:
    live = LiveRouter()
    live.register("tasks", view, "task", **options)
    return re.sub(r"\s+", " ", live.schema.as_str())


def test_there_is_a_test_for_every_example() -> None:
    assert [title for title, _ in BLOCKS] == [
        "Options of one registration",
        "A serializer field of your own",
        "A filter of your own",
        "The name of a serializer's type",
        "A strawberry type of your own",
    ]


def test_options(examples: dict[str, Any]) -> None:
    live = _run(examples, "Options of one registration")["live"]
    sdl = live.schema.as_str()
    assert "allTasks: [Job!]!" in sdl
    assert "oneTask(id: ID!): Job" in sdl
    assert "status: State" in sdl
    assert "estimate" not in sdl
    assert "search" not in sdl


def test_fields(examples: dict[str, Any]) -> None:
    names = _run(examples, "A serializer field of your own")

    class Priced(serializers.ModelSerializer[models.Task]):
        cost = names["MoneyField"](source="estimate")
        words = names["WordsField"](source="title")
        numbers = names["WordsField"](source="title", numbers=True)

        class Meta:
            model = models.Task
            fields = ["cost", "words", "numbers"]

    sdl = _sdl(type("Priced", (TaskViewSet,), {"serializer_class": Priced}))
    assert "type Priced { cost: Decimal words: [String!]! numbers: [Int!]! }" in sdl


def test_filters(examples: dict[str, Any]) -> None:
    names = _run(examples, "A serializer field of your own", "A filter of your own")
    meta = type("Meta", (), {"model": models.Task, "fields": []})
    body = {
        "week": names["WeekFilter"](field_name="due"),
        "near": names["NearFilter"](field_name="estimate"),
        "Meta": meta,
    }
    filterset = type("Filters", (django_filters.FilterSet,), body)
    attributes = {
        "filter_backends": [DjangoFilterBackend, names["TenantBackend"]],
        "filterset_class": filterset,
    }
    sdl = _sdl(type("Filtered", (TaskViewSet,), attributes))
    assert "tasks(week: Int, near: Float, tenant: UUID): [Task!]!" in sdl


def test_names(examples: dict[str, Any]) -> None:
    _run(examples, "The name of a serializer's type")
    sdl = _sdl(TaskViewSet)
    assert "created: [WorkItem!]!" in sdl
    assert "type Task " not in sdl


@pytest.mark.usefixtures("live_db")
async def test_types(examples: dict[str, Any]) -> None:
    _run(examples, "The name of a serializer's type", "A strawberry type of your own")
    live = LiveRouter()
    live.register("tasks", TaskViewSet, "task")
    sdl = re.sub(r"\s+", " ", live.schema.as_str())
    assert "type Work { id: ID! title: String! due: Date headline: String! }" in sdl
    project = await models.Project.objects.acreate(name="boat", slug="boat")
    for estimate in (None, Decimal("1.5")):
        await models.Task.objects.acreate(project=project, title="Paint", estimate=estimate)
    request = RequestFactory().post("/graphql/")
    answer = await live.schema.execute(
        "{ tasks { title headline } }", context_value={"request": request}
    )
    assert answer.errors is None
    rest = await sync_to_async(TaskViewSet.as_view({"get": "list"}))(APIRequestFactory().get("/"))
    assert answer.data == {
        "tasks": [
            {"title": row["title"], "headline": f"{row['title']} ({row['estimate'] or 0} h)"}
            for row in rest.data
        ]
    }


def test_every_name_comes_from_the_package() -> None:
    used = {
        name
        for _, code in BLOCKS
        for line in re.findall(r"^from drf_live_graphql import (.+)$", code, re.MULTILINE)
        for name in line.split(", ")
    }
    assert used <= set(drf_live_graphql.__all__)
    # All that extends is told of.
    assert {name for name in drf_live_graphql.__all__ if name.startswith("register")} <= used
