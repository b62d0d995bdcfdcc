from __future__ import annotations

from typing import Any

import pytest

from schema_gen.names import parent_of, root_names
from schema_gen.routes import parse_route
from tests.schema_gen.models import Task


@pytest.mark.parametrize(
    ("kwarg", "segment", "expected"),
    [
        ("project_pk", "projects", "project"),
        ("project_id", None, "project"),
        ("project_code", "projects", "project"),
        ("big_project_pk", "big-projects", "big_project"),
        ("sales_area_number", "sales-areas", "sales_area"),
        ("owner_name", "people", "owner_name"),
        ("pk", "projects", "pk"),
        ("tenant", None, "tenant"),
        ("parent_lookup_project", "projects", "project"),
        ("parent_lookup_project_pk", "projects", "project"),
    ],
)
def test_the_parent_of_a_kwarg(kwarg: str, segment: str | None, expected: str) -> None:
    assert parent_of(kwarg, segment) == expected


@pytest.mark.parametrize(
    ("route", "basename", "expected"),
    [
        ("tasks", "task", ("tasks", "task", "Task")),
        ("task-items", "task-item", ("taskItems", "taskItem", "TaskItem")),
        ("news", "news", ("newsList", "news", "News")),
        ("v1/tasks", "task", ("v1Tasks", "task", "Task")),
        ("", "task", ("taskList", "task", "Task")),
        ("projects/{project_pk}/tasks", "task", ("projectTasks", "projectTask", "ProjectTask")),
        (
            r"^projects/(?P<project_pk>[^/.]+)/tasks",
            "project-task",
            ("projectTasks", "projectTask", "ProjectTask"),
        ),
        (
            "clients/{client_pk}/projects/{project_slug}/tasks",
            "task",
            ("clientProjectTasks", "clientProjectTask", "ClientProjectTask"),
        ),
        (
            "projects/{project_pk}",
            "project",
            ("projectProjectList", "projectProject", "ProjectProject"),
        ),
        ("{tenant}/tasks", "task", ("tenantTasks", "tenantTask", "TenantTask")),
        ("tasks/{pk}", "task", ("tasks", "task", "Task")),
    ],
)
def test_roots_are_named_by_route_and_basename(route: str, basename: str, expected: Any) -> None:
    found = root_names(parse_route(route), basename, Task, "pk", list_name=None, retrieve_name=None)
    assert (found.list, found.retrieve, found.base) == expected


def test_names_that_are_given_win() -> None:
    found = root_names(
        parse_route("tasks"), "task", Task, "pk", list_name="todo", retrieve_name="one"
    )
    assert (found.list, found.retrieve, found.base) == ("todo", "one", "One")


def test_the_default_basename_keeps_the_capitals_of_its_model() -> None:
    class Sign(Task):
        class Meta:
            proxy = True
            app_label = "schema_gen_tests"
            verbose_name = "sign"

    Sign._meta.object_name = "RoadSign"
    found = root_names(
        parse_route("road-signs"), "roadsign", Sign, "pk", list_name=None, retrieve_name=None
    )
    assert (found.list, found.retrieve, found.base) == ("roadSigns", "roadSign", "RoadSign")
