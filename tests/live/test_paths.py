"""From a changed row back to the rows that show it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db.models import Count, Exists, OuterRef, Subquery

from drf_live_graphql.changes import Changes
from drf_live_graphql.live.paths import Paths, is_column, resolve
from drf_live_graphql.live.tables import fetch_in
from tests.changes.models import Crane, Port, Vessel, Voyage
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


def _explained(paths: Paths, queryset: Any) -> bool:
    fetch = fetch_in(str(queryset.query))
    return fetch is not None and paths.explain(fetch)


def test_a_statement_along_a_path_is_explained_another_is_not() -> None:
    paths = _paths(models.Task, "comments.author", "labels")
    assert _explained(paths, models.Task.objects.only("title"))
    assert _explained(paths, models.Comment.objects.filter(task=1))
    assert _explained(paths, models.Label.objects.filter(tasks__in=[1]))
    assert _explained(paths, models.Comment.objects.select_related("author"))
    assert _explained(paths, models.Comment.objects.select_related("task"))
    assert _explained(paths, models.Comment.objects.select_related("author", "task"))
    assert not _explained(paths, models.Comment.objects.select_related("task__project"))
    assert not _explained(paths, models.Label.objects.filter(tasks__title="x"))
    assert not _explained(paths, models.Membership.objects.all())
    assert paths.labels() == {
        "project.comment",
        "auth.user",
        "project.label",
        "project.task_labels",
    }


def test_a_statement_that_computes_with_other_rows_of_a_table_is_not_explained() -> None:
    paths = _paths(models.Task, "assignee", "labels", "comments")
    assert not _explained(paths, User.objects.annotate(tasks_of_his=Count("tasks")))
    sizes = models.Task.objects.filter(assignee=OuterRef("pk")).values("title")[:1]
    assert not _explained(paths, User.objects.annotate(title=Subquery(sizes)))
    alike = models.Label.objects.filter(name=OuterRef("name"), pk__lt=OuterRef("pk"))
    assert not _explained(paths, models.Label.objects.filter(~Exists(alike)))


def test_rows_joined_by_one_of_two_foreign_keys_are_not_explained() -> None:
    paths = _paths(Port, "voyages_by_code.nullable")
    assert not _explained(paths, Voyage.objects.select_related("nullable"))


def test_rows_joined_one_to_one_are_explained_from_either_side() -> None:
    paths = _paths(Vessel, "home.crane.port")
    assert _explained(paths, Port.objects.select_related("crane"))
    assert _explained(paths, Crane.objects.select_related("port"))


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


def test_a_row_that_is_led_back_to_often_hides_no_other(world: dict[str, Any]) -> None:
    first, second = world["tasks"]
    for task in (first, first, first, second):
        models.Comment.objects.create(task=task, author=world["user"], text="x")
    changes = Changes("auth.user", {world["user"].pk: "updated"})
    assert _parents(_paths(models.Task, "comments.author"), changes, 2) == {first.pk, second.pk}


def test_a_foreign_key_to_another_column_is_followed_by_primary_key(db: None) -> None:
    port = Port.objects.create(name="x", code="x")
    voyage = Voyage.objects.create(by_code=port, defaulting=None)
    changes = Changes("changes_tests.port", {port.pk: "updated"})
    assert _parents(_paths(Voyage, "by_code"), changes) == {voyage.pk}


def test_a_row_that_a_manager_hides_is_led_back_to(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Vessel._meta, "base_manager", Vessel._default_manager)
    port = Port.objects.create(name="x", code="x")
    sunk = Vessel.objects.create(name="x", home=port, sunk=True)
    changes = Changes("changes_tests.port", {port.pk: "updated"})
    assert _parents(_paths(Vessel, "home"), changes) == {sunk.pk}


def test_what_two_know_both_know() -> None:
    paths, other = _paths(models.Task, "project"), _paths(models.Task, "labels", "project")
    paths.update(other)
    assert len(list(paths)) == 2
