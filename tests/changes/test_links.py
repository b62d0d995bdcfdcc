"""Which rows of other models a changed row pointed to, and points to."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import django
import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connections, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from drf_live_graphql.changes import capture
from tests.changes.models import Barge, Buoy, Crane, Port, Tug, Voyage
from tests.project import models
from tests.schema_gen import models as books

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper

    from tests.changes.conftest import Recorder

pytestmark = pytest.mark.usefixtures("live_db")

TASK = "project.task"
RETURNED = django.VERSION >= (6,)
"""Whether Django has the value of a saved expression come back with the row."""


def _nullable(recorder: Recorder) -> set[int] | None:
    """What the one commit says of the foreign key; ``None`` where it says nothing of any."""
    (links,) = recorder.links
    found = links["changes_tests.voyage"]
    return None if found is None else found["nullable_id"]


@pytest.fixture
def projects() -> list[models.Project]:
    make = models.Project.objects.create
    return [make(name=name, slug=name) for name in ("hull", "sail", "keel")]


@pytest.fixture
def ports() -> list[Port]:
    return [Port.objects.create(pk=n, name=f"port {n}", code=f"p{n}") for n in (1, 2, 3)]


def test_a_created_row_links_to_what_it_points_to(
    projects: list[models.Project], recorder: Recorder
) -> None:
    models.Task.objects.create(project=projects[0], title="t")
    assert recorder.links == [{TASK: {"project_id": {projects[0].pk}, "assignee_id": set()}}]


def test_a_moved_row_links_to_both(projects: list[models.Project], recorder: Recorder) -> None:
    task = models.Task.objects.create(project=projects[0], title="t")
    ada = get_user_model().objects.create(username="ada")
    recorder.clear()
    task.project, task.assignee = projects[1], ada
    task.save()
    pks = {project.pk for project in projects[:2]}
    assert recorder.links == [{TASK: {"project_id": pks, "assignee_id": {ada.pk}}}]


def test_what_an_instance_holds_may_be_out_of_date(
    projects: list[models.Project], recorder: Recorder
) -> None:
    """The row was moved since: the database knows where it is, and where it was."""
    task = models.Task.objects.create(project=projects[0], title="t")
    stale = models.Task.objects.get()
    task.project = projects[1]
    task.save()
    recorder.clear()
    stale.title = "new"
    stale.save(update_fields=["title"])
    stale.project = projects[2]
    stale.save()
    assert [links[TASK]["project_id"] for links in recorder.links] == [  # type: ignore[index]
        {projects[1].pk},
        {projects[1].pk, projects[2].pk},
    ]


def test_a_field_that_is_not_saved_is_not_moved(
    projects: list[models.Project], recorder: Recorder
) -> None:
    task = models.Task.objects.create(project=projects[0], title="t")
    recorder.clear()
    task.project, task.title = projects[1], "new"
    task.save(update_fields=["title"])
    deferred = models.Task.objects.only("title").get()
    deferred.title = "newer"
    deferred.save()
    moved = models.Task.objects.defer("title").get()
    moved.project_id = str(projects[2].pk)  # type: ignore[assignment]
    moved.save(update_fields=["project_id"])
    assert [links[TASK]["project_id"] for links in recorder.links] == [  # type: ignore[index]
        {projects[0].pk},
        {projects[0].pk},
        {projects[0].pk, projects[2].pk},
    ]


def test_a_deleted_row_links_to_what_it_pointed_to(
    projects: list[models.Project], recorder: Recorder
) -> None:
    ada = get_user_model().objects.create(username="ada")
    task = models.Task.objects.create(project=projects[0], assignee=ada, title="t")
    recorder.clear()
    pk = projects[0].pk
    projects[0].delete()
    assert recorder.commits == [{TASK: {task.pk: "deleted"}, "project.project": {pk: "deleted"}}]
    links = {"project_id": {pk}, "assignee_id": {ada.pk}}
    assert recorder.links == [{TASK: links, "project.project": {}}]


def test_a_deleted_row_that_was_not_loaded_in_full_is_unknown(
    projects: list[models.Project], recorder: Recorder
) -> None:
    models.Task.objects.create(project=projects[0], title="t")
    recorder.clear()
    models.Task.objects.only("title").get().delete()
    assert recorder.links == [{TASK: None}]


def test_a_save_costs_one_query_by_primary_key(projects: list[models.Project]) -> None:
    task = models.Task.objects.create(project=projects[0], title="t")
    with CaptureQueriesContext(connections["default"]) as queries:
        task.save()
        models.Task.objects.create(project=projects[0], title="t")
        projects[0].save()
    statements = [query["sql"] for query in queries]
    assert [sql.split()[0] for sql in statements] == ["SELECT", "UPDATE", "INSERT", "UPDATE"]
    # Only the keys, and no ordering.
    assert '"title"' not in statements[0]
    assert "ORDER BY" not in statements[0]


def test_moves_that_are_not_tracked_are_unknown(
    projects: list[models.Project], recorder: Recorder, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"TRACK_MOVES": False}
    task = models.Task.objects.create(project=projects[0], title="t")
    with CaptureQueriesContext(connections["default"]) as queries:
        task.save()
        task.save(update_fields=["title"])
    assert [query["sql"].split()[0] for query in queries] == ["UPDATE", "UPDATE"]
    projects[0].save()
    links = [next(iter(commit.values())) for commit in recorder.links]
    created = {"project_id": {projects[0].pk}, "assignee_id": set()}
    # A row without foreign keys cannot have moved.
    assert links == [created, None, None, {}]


def test_an_expression_is_unknown(ports: list[Port], recorder: Recorder) -> None:
    voyage = Voyage.objects.create(nullable=ports[0], fixed=ports[1])
    recorder.clear()
    voyage.nullable_id = F("fixed_id")  # type: ignore[assignment]
    voyage.save()
    assert _nullable(recorder) == ({ports[0].pk, ports[1].pk} if RETURNED else None)


def test_a_value_that_is_no_primary_key_is_the_value(ports: list[Port], recorder: Recorder) -> None:
    Voyage.objects.create(by_code=ports[0])
    (links,) = recorder.links
    assert links["changes_tests.voyage"] == {
        "nullable_id": set(),
        "defaulting_id": {1},
        "fixed_id": set(),
        "called_id": set(),
        "by_code_id": {"p1"},
    }


def test_each_table_of_a_row_links_by_its_own_keys(ports: list[Port], recorder: Recorder) -> None:
    barge = Barge.objects.create(name="b", home=ports[0], station=ports[1])
    recorder.clear()
    barge.home, barge.station = ports[1], ports[2]
    barge.save()
    merged = {label: links for commit in recorder.links for label, links in commit.items()}
    assert merged == {
        "changes_tests.barge": {"tug_ptr_id": {barge.pk}},
        "changes_tests.tug": {"vessel_ptr_id": {barge.pk}, "station_id": {2, 3}},
        "changes_tests.vessel": {"home_id": {1, 2}},
    }


def test_the_tables_of_a_row_are_read_at_once(ports: list[Port]) -> None:
    tug = Tug.objects.create(name="t", home=ports[0], station=ports[1])
    with CaptureQueriesContext(connections["default"]) as queries:
        tug.save()
    assert [q["sql"].split()[0] for q in queries].count("SELECT") == 1


def test_a_row_that_managers_hide_is_read(ports: list[Port], recorder: Recorder) -> None:
    tug = Tug.objects.create(name="t", home=ports[0], sunk=True)
    recorder.clear()
    tug.home = ports[1]
    tug.save()
    merged = {label: links for commit in recorder.links for label, links in commit.items()}
    assert merged["changes_tests.vessel"] == {"home_id": {1, 2}}


def test_a_key_that_is_a_foreign_key_needs_no_query(ports: list[Port], recorder: Recorder) -> None:
    crane = Crane.objects.create(port=ports[0])
    with CaptureQueriesContext(connections["default"]) as queries:
        crane.save()
    assert [query["sql"].split()[0] for query in queries] == ["UPDATE"]
    assert recorder.links == [{"changes_tests.crane": {"port_id": {1}}}] * 2


def test_a_key_of_two_columns_is_captured(ports: list[Port], recorder: Recorder) -> None:
    buoy = Buoy.objects.create(row=1, column=2, port=ports[0])
    buoy.port = ports[1]
    buoy.save()
    buoy.delete()
    assert [commit["changes_tests.buoy"] for commit in recorder.commits] == [
        {(1, 2): "created"},
        {(1, 2): "updated"},
        {(1, 2): "deleted"},
    ]
    assert [links["changes_tests.buoy"] for links in recorder.links] == [
        {"port_id": {1}},
        {"port_id": {1, 2}},
        {"port_id": {2}},
    ]


def test_a_transaction_links_to_all_that_its_rows_link_to(
    projects: list[models.Project], recorder: Recorder
) -> None:
    with transaction.atomic():
        for project in projects:
            models.Task.objects.create(project=project, title="t")
    links = {"project_id": {project.pk for project in projects}, "assignee_id": set()}
    assert recorder.links == [{TASK: links}]


def test_one_unknown_makes_all_of_a_commit_unknown(ports: list[Port], recorder: Recorder) -> None:
    with transaction.atomic():
        voyage = Voyage.objects.create(nullable=ports[0])
        voyage.nullable_id = F("fixed_id")  # type: ignore[assignment]
        voyage.save()
        Voyage.objects.create(nullable=ports[1])
    assert _nullable(recorder) == ({ports[0].pk, ports[1].pk} if RETURNED else None)


def test_an_expression_whose_value_did_not_come_back_is_unknown(
    ports: list[Port],
) -> None:
    """As with a database that returns nothing of an UPDATE."""
    voyage = Voyage.objects.create(nullable=ports[0])
    before = {"id": voyage.pk, "nullable_id": ports[0].pk}
    now = {"id": voyage.pk}
    assert capture._after(Voyage, before, now, None) == now
    assert capture._after(Voyage, before, now, frozenset({"fixed"})) == before


def test_a_fixture_tells_what_the_row_was(
    projects: list[models.Project], recorder: Recorder, tmp_path: Path
) -> None:
    task = models.Task.objects.create(pk=1, project=projects[0], title="t")
    recorder.clear()
    fixture = tmp_path / "tasks.json"
    row = '{"model": "project.task", "pk": %d, "fields": {"project": %d, "title": "t",'
    row += ' "created_at": "2024-01-01T00:00:00Z"}}'
    rows = [row % (task.pk, projects[1].pk), row % (2, projects[2].pk)]
    fixture.write_text(f"[{','.join(rows)}]")
    call_command("loaddata", str(fixture), verbosity=0)
    (commit,) = recorder.commits
    assert commit[TASK] == {task.pk: "updated", 2: "created"}
    links = recorder.links[0][TASK]
    assert links is not None
    assert links["project_id"] == {project.pk for project in projects}


def test_nothing_is_left_of_a_save_that_failed(projects: list[models.Project]) -> None:
    task = models.Task.objects.create(project=projects[0], title="t")
    task.project_id = None  # type: ignore[assignment]
    with pytest.raises(IntegrityError):
        task.save()
    assert task._state in capture._before
    del task
    gc.collect()  # The error's traceback held it.
    assert not capture._before


def test_a_later_save_is_not_told_by_one_that_failed(
    projects: list[models.Project], recorder: Recorder
) -> None:
    task = models.Task.objects.create(project=projects[0], title="t")
    task.title = None  # type: ignore[assignment]
    with pytest.raises(IntegrityError):
        task.save()
    models.Task.objects.all().delete()
    task.title = "t"
    recorder.clear()
    with pytest.raises(DatabaseError):
        task.save(force_update=True)
    task.save()
    assert recorder.commits == [{TASK: {task.pk: "created"}}]


def test_a_generic_relation_is_deleted_with_its_row(recorder: Recorder) -> None:
    author = books.Author.objects.create(name="Ada", slug="ada")
    shelf = books.Shelf.objects.create(label="s")
    remark = books.Remark.objects.create(by=author, about=shelf)
    recorder.clear()
    shelf_pk, pk, kind = shelf.pk, remark.pk, remark.kind_id
    shelf.delete()
    assert recorder.commits == [
        {
            "schema_gen_tests.shelf": {shelf_pk: "deleted"},
            "schema_gen_tests.remark": {pk: "deleted"},
        }
    ]
    links = {"by_id": {author.pk}, "kind_id": {kind}}
    assert recorder.links[0]["schema_gen_tests.remark"] == links
