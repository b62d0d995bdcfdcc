"""From a changed row back to the rows that show it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from drf_live_graphql.changes import Changes
from drf_live_graphql.live.paths import Paths, is_column, resolve
from tests.project import models

User = get_user_model()
EVERYTHING = 1_000


def _paths(model: Any, *ways: str) -> Paths:
    paths = Paths(model)
    for way in ways:
        path = resolve(model, way.split("."))
        assert path is not None, way
        paths.add(path)
    return paths


def test_what_is_no_relation_is_no_path() -> None:
    assert resolve(models.Task, ["title"]) is None
    assert resolve(models.Task, ["nothing"]) is None
    assert resolve(models.Task, ["project", "name"]) is None
    assert resolve(models.Task, []) == ()


def test_kinds_of_hops() -> None:
    way = resolve(models.Task, ["project", "memberships", "user", "comment_set", "task", "labels"])
    assert way is not None
    assert [hop.kind for hop in way] == [
        "forward",
        "reverse",
        "forward",
        "reverse",
        "forward",
        "many",
    ]
    back = resolve(models.Label, ["tasks"])
    assert back is not None
    assert (back[0].kind, back[0].attname) == ("many", "label_id")
    child = resolve(models.Vehicle, ["truck"])
    assert child is not None
    assert (child[0].kind, child[0].target) == ("reverse", models.Truck)


def test_columns() -> None:
    for name in ("pk", "id", "title", "project_id"):
        assert is_column(models.Task, name)
    for name in ("project", "labels", "comments", "nothing"):
        assert not is_column(models.Task, name)


def test_a_statement_along_a_path_is_explained_another_is_not() -> None:
    paths = _paths(models.Task, "comments.author", "labels")
    assert paths.explain(frozenset({"project.comment"}))
    assert paths.explain(frozenset({"project.label", "project.task_labels"}))
    assert not paths.explain(frozenset({"project.comment", "project.label"}))
    assert not paths.explain(frozenset({"project.membership"}))
    assert paths.labels() == {
        "project.comment",
        "auth.user",
        "project.label",
        "project.task_labels",
    }


@pytest.fixture
def world(db: None) -> dict[str, Any]:
    user = User.objects.create(username="ada")
    projects = [models.Project.objects.create(name=name, slug=name) for name in ("a", "b")]
    tasks = [models.Task.objects.create(project=project, title="t") for project in projects]
    comment = models.Comment.objects.create(task=tasks[0], author=user, text="x")
    label = models.Label.objects.create(name="red")
    tasks[1].labels.add(label)
    return {"user": user, "projects": projects, "tasks": tasks, "comment": comment, "label": label}


def _parents(paths: Paths, changes: Changes, most: int = EVERYTHING) -> set[Any] | None:
    return paths.parents(changes, "default", most)


def test_by_the_key_of_what_a_row_points_to(world: dict[str, Any]) -> None:
    paths = _paths(models.Task, "project")
    changes = Changes("project.project", {world["projects"][1].pk: "updated"})
    assert _parents(paths, changes) == {world["tasks"][1].pk}
    assert _parents(paths, Changes("project.project", {999: "updated"})) == set()
    assert _parents(paths, Changes("project.project", everything=True)) is None


def test_by_the_links_of_what_points_to_a_row(world: dict[str, Any]) -> None:
    paths = _paths(models.Task, "comments")
    first, second = (task.pk for task in world["tasks"])
    gone = Changes("project.comment", {999: "deleted"}, links={"task_id": {first, second}})
    assert _parents(paths, gone) == {first, second}
    unknown = Changes("project.comment", {999: "deleted"})
    assert _parents(paths, unknown) is None


def test_a_longer_way_back(world: dict[str, Any]) -> None:
    paths = _paths(models.Project, "tasks.comments.author")
    changes = Changes("auth.user", {world["user"].pk: "updated"})
    assert _parents(paths, changes) == {world["projects"][0].pk}
    linked = Changes("project.comment", {1: "created"}, links={"task_id": {world["tasks"][1].pk}})
    assert _parents(paths, linked) == {world["projects"][1].pk}


def test_by_a_through_model(world: dict[str, Any]) -> None:
    paths = _paths(models.Task, "labels")
    second = world["tasks"][1].pk
    label = Changes("project.label", {world["label"].pk: "updated"})
    assert _parents(paths, label) == {second}
    through = Changes("project.task_labels", everything=True, links={"task_id": {second}})
    assert _parents(paths, through) == {second}


def test_a_row_of_several_tables_is_found_by_that_of_its_parent(db: None) -> None:
    truck = models.Truck.objects.create(name="lorry")
    paths = _paths(models.Vehicle, "truck")
    child = Changes("project.truck", {truck.pk: "updated"}, links={"vehicle_ptr_id": {truck.pk}})
    assert _parents(paths, child) == {truck.pk}
    parent = Changes("project.vehicle", {truck.pk: "updated"})
    assert _parents(paths, parent) == {truck.pk}


def test_more_than_asked_for_is_any_row(world: dict[str, Any]) -> None:
    paths = _paths(models.Task, "project")
    both = Changes("project.project", {row.pk: "updated" for row in world["projects"]})
    assert _parents(paths, both, 1) is None
    assert _parents(paths, both, 2) == {row.pk for row in world["tasks"]}


def test_what_two_know_both_know() -> None:
    paths, other = _paths(models.Task, "project"), _paths(models.Task, "labels", "project")
    paths.update(other)
    assert len(list(paths)) == 2
