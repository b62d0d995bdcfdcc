"""What is kept of django-filter's work: nothing that another request would make otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.db.models import Q
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from rest_framework import viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from drf_live_graphql.live import filtersets
from tests.project.models import Membership, Note, Task

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db


class TaskView(viewsets.ReadOnlyModelViewSet):  # type: ignore[type-arg]
    queryset = Task.objects.order_by("id")
    filter_backends = [DjangoFilterBackend]
    filterset_fields = {"status": ["exact"], "title": ["icontains"], "assignee": ["exact"]}


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    yield
    filtersets._kept.clear()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The filter set classes that django-filter makes from now on."""
    made: list[Any] = []
    make = DjangoFilterBackend.get_filterset_class

    def counted(self: Any, view: Any, queryset: Any = None) -> Any:
        made.append(make(self, view, queryset))
        return made[-1]

    monkeypatch.setattr(DjangoFilterBackend, "get_filterset_class", counted)
    return made


def _ask(view_class: type[Any], query: str = "") -> list[Any]:
    view = view_class()
    view.request = Request(APIRequestFactory().get(f"/?{query}"))
    view.args, view.kwargs, view.format_kwarg = (), {}, None
    filtersets.keep(view)
    return list(view.filter_queryset(view.get_queryset()))


@pytest.fixture
def tasks() -> list[Task]:
    from tests.project.models import Project

    user = get_user_model().objects.create(username="ada")
    project = Project.objects.create(name="Engine", slug="engine")
    return [
        Task.objects.create(project=project, title="alpha", status="open", assignee=user),
        Task.objects.create(project=project, title="beta", status="closed"),
    ]


def test_a_filter_set_is_made_once_for_a_view_class(tasks: list[Task], made: list[Any]) -> None:
    assert _ask(TaskView, "status=open") == tasks[:1]
    assert _ask(TaskView, "status=closed") == tasks[1:]
    assert _ask(TaskView, "title__icontains=et") == tasks[1:]
    assert _ask(TaskView, f"assignee={tasks[0].assignee_id}") == tasks[:1]
    assert _ask(TaskView) == tasks
    assert len(made) == 1


def test_a_wrong_value_is_refused_each_time(tasks: list[Task]) -> None:
    for _ in range(2):
        with pytest.raises(ValidationError) as refusal:
            _ask(TaskView, "status=nowhere")
        assert "status" in refusal.value.detail
        assert _ask(TaskView, "status=open") == tasks[:1]


def test_rows_that_come_later_can_be_chosen(tasks: list[Task]) -> None:
    assert _ask(TaskView, f"assignee={tasks[0].assignee_id}") == tasks[:1]
    later = get_user_model().objects.create(username="grace")
    assert _ask(TaskView, f"assignee={later.pk}") == []


def test_a_request_without_the_filters_parameters_makes_no_form(
    tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FilterSet, "is_valid", None)
    assert _ask(TaskView, "page=1") == tasks


@pytest.mark.parametrize("where", ["instance", "property", "own backend", "own base", "class"])
def test_what_may_differ_from_request_to_request_is_made_anew(
    where: str, tasks: list[Task], made: list[Any]
) -> None:
    attributes: dict[str, Any] = {}
    if where == "instance":

        def initialise(self: Any, **kwargs: Any) -> None:
            self.filterset_fields = ["status"]

        attributes["__init__"] = initialise
    elif where == "property":
        attributes["filterset_fields"] = property(lambda self: ["status"])
    elif where == "own backend":

        def get_filterset_kwargs(self: Any, request: Any, queryset: Any, view: Any) -> Any:
            return {"data": request.query_params, "queryset": queryset, "request": request}

        attributes["filter_backends"] = [
            type("Own", (DjangoFilterBackend,), {"get_filterset_kwargs": get_filterset_kwargs})
        ]
    elif where == "own base":
        base = type("Base", (FilterSet,), {})
        attributes["filter_backends"] = [
            type("Own", (DjangoFilterBackend,), {"filterset_base": base})
        ]
    else:
        meta = type("Meta", (), {"model": Task, "fields": ["status"]})
        attributes["filterset_class"] = type("TaskFilter", (FilterSet,), {"Meta": meta})
    view = type("View", (TaskView,), attributes)
    assert _ask(view, "status=open") == tasks[:1]
    assert _ask(view, "status=closed") == tasks[1:]
    assert _ask(view) == tasks
    assert len(made) == 3


def test_choices_that_a_callable_limits_are_asked_for_each_time(
    monkeypatch: pytest.MonkeyPatch, made: list[Any]
) -> None:
    field: Any = Note._meta.get_field("owner")
    monkeypatch.setattr(field.remote_field, "limit_choices_to", lambda: Q(username="ada"))

    class NoteView(viewsets.ReadOnlyModelViewSet):  # type: ignore[type-arg]
        queryset = Note.objects.all()
        filter_backends = [DjangoFilterBackend]
        filterset_fields = ["owner"]

    for _ in range(2):
        assert _ask(NoteView) == []
    assert len({id(filterset_class) for filterset_class in made}) == 3


def test_views_of_two_models_by_one_class_are_told_apart(tasks: list[Task]) -> None:
    class Either(viewsets.ReadOnlyModelViewSet):  # type: ignore[type-arg]
        filter_backends = [DjangoFilterBackend]
        filterset_fields = ["project"]

        def get_queryset(self) -> Any:
            model = Membership if "members" in self.request.query_params else Task
            return model._default_manager.order_by("pk")

    project = tasks[0].project_id
    assert _ask(Either, f"project={project}") == tasks
    assert _ask(Either, f"project={project}&members=1") == []
    assert _ask(Either, f"project={project}") == tasks


def test_a_view_whose_backends_are_a_property_is_left_alone(tasks: list[Task]) -> None:
    backends = property(lambda self: [DjangoFilterBackend])
    assert (
        _ask(type("View", (TaskView,), {"filter_backends": backends}), "status=open") == (tasks[:1])
    )
