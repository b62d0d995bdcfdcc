"""Writes that send no signals, with CAPTURE_BULK."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, connections, transaction
from django.db import models as django_models
from django.db.migrations.state import ProjectState
from django.db.models import Count, F, QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from drf_live_graphql.changes import bulk, watch_all
from tests import servers
from tests.changes.conftest import EVERYTHING
from tests.changes.models import Buoy, Crane, Port, Sailor, Tug, Vessel, Voyage
from tests.project import models
from tests.schema_gen import models as books

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import SettingsWrapper

    from tests.changes.conftest import Recorder

pytestmark = [
    pytest.mark.usefixtures("live_db", "capture_bulk"),
]

TASK, FENCE, VOYAGE = "project.task", "project.fence", "changes_tests.voyage"
VESSEL, TUG, PORT = "changes_tests.vessel", "changes_tests.tug", "changes_tests.port"

Fence = models.Fence


class AbortError(Exception):
    """Rolls a block back."""


@pytest.fixture
def projects() -> list[models.Project]:
    make = models.Project.objects.create
    return [make(name=name, slug=name) for name in ("hull", "sail")]


@pytest.fixture
def tasks(projects: list[models.Project]) -> list[models.Task]:
    return [models.Task.objects.create(project=projects[0], title=t) for t in "abc"]


@pytest.fixture
def ports() -> list[Port]:
    return [Port.objects.create(pk=n, name=f"port {n}", code=f"p{n}") for n in (1, 2, 3)]


# update()


def test_an_update_tells_which_rows_it_met(
    tasks: list[models.Task], projects: list[models.Project], recorder: Recorder
) -> None:
    recorder.clear()
    assert models.Task.objects.exclude(title="c").update(priority=3) == 2
    assert recorder.commits == [{TASK: {task.pk: "updated" for task in tasks[:2]}}]
    assert recorder.links == [{TASK: {"project_id": {projects[0].pk}, "assignee_id": set()}}]


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("project", int),
        ("project", str),
        ("project", models.Project),
        ("project_id", int),
        ("project_id", str),
    ],
)
def test_an_update_that_moves_rows_links_to_both(
    tasks: list[models.Task],
    projects: list[models.Project],
    recorder: Recorder,
    name: str,
    form: Any,
) -> None:
    recorder.clear()
    to = projects[1] if form is models.Project else form(projects[1].pk)
    models.Task.objects.filter(title="a").update(**{name: to})
    links = {"project_id": {project.pk for project in projects}, "assignee_id": set()}
    assert recorder.links == [{TASK: links}]


def test_an_update_to_nothing_links_to_what_was(ports: list[Port], recorder: Recorder) -> None:
    voyage = Voyage.objects.create(by_code=ports[0], defaulting=None)
    recorder.clear()
    Voyage.objects.update(by_code=None)
    Voyage.objects.update(by_code=ports[1])
    assert [commit[VOYAGE] for commit in recorder.commits] == [{voyage.pk: "updated"}] * 2
    links = [commit[VOYAGE] for commit in recorder.links]
    assert [link["by_code_id"] for link in links if link] == [{"p1"}, {"p2"}]


def test_an_update_by_an_expression_links_to_nothing_known(
    ports: list[Port], recorder: Recorder
) -> None:
    voyage = Voyage.objects.create(nullable=ports[0], fixed=ports[1])
    recorder.clear()
    Voyage.objects.update(nullable=F("fixed"))
    assert recorder.commits == [{VOYAGE: {voyage.pk: "updated"}}]
    assert recorder.links == [{VOYAGE: None}]


def test_an_update_that_meets_nothing_is_no_change(recorder: Recorder) -> None:
    assert Fence.objects.filter(number=7).update(number=8) == 0
    assert Fence.objects.none().update(number=8) == 0
    assert Fence.objects.distinct().update(number=8) == 0
    assert Fence.objects.distinct()._raw_delete("default") == 0  # type: ignore[attr-defined]
    assert recorder.commits == []


def test_an_update_of_too_many_is_everything(recorder: Recorder, settings: SettingsWrapper) -> None:
    settings.DRF_LIVE_GRAPHQL = {"MAX_CHANGES_PER_MESSAGE": 2}
    for _ in range(3):
        Fence.objects.create()
    recorder.clear()
    with CaptureQueriesContext(connections["default"]) as queries:
        assert Fence.objects.update(number=8) == 3
    assert recorder.commits == [{FENCE: EVERYTHING}]
    assert "LIMIT 3" in queries[0]["sql"]


def test_a_row_that_came_in_between_makes_it_everything(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fence = Fence.objects.create()
    read = bulk._read

    def late(*arguments: Any) -> Any:
        rows = read(*arguments)
        Fence.objects.create(pk=fence.pk + 1)
        return rows

    monkeypatch.setattr(bulk, "_read", late)
    recorder.clear()
    assert Fence.objects.update(number=8) == 2
    assert recorder.commits[-1] == {FENCE: EVERYTHING}
    assert recorder.links[-1] == {FENCE: None}


def test_an_update_of_primary_keys_is_everything(recorder: Recorder) -> None:
    fence = Fence.objects.create()
    recorder.clear()
    assert Fence.objects.update(id=fence.pk + 100) == 1
    assert Fence.objects.get().pk == fence.pk + 100
    assert recorder.commits == [{FENCE: EVERYTHING}]


def test_a_key_of_two_columns(ports: list[Port], recorder: Recorder) -> None:
    Buoy.objects.create(row=1, column=2, port=ports[0])
    recorder.clear()
    Buoy.objects.update(port=ports[1])
    Buoy.objects.update(row=5)
    assert [c["changes_tests.buoy"] for c in recorder.commits] == [{(1, 2): "updated"}, EVERYTHING]
    assert recorder.links[0] == {"changes_tests.buoy": {"port_id": {1, 2}}}


@pytest.mark.parametrize(
    "narrow",
    [
        lambda rows: rows.distinct(),
        lambda rows: rows.annotate(n=Count("comments")).filter(n=0),
        lambda rows: rows.extra(where=["1=1"], select={"one": "1"}),
    ],
)
def test_what_cannot_be_read_as_it_is_written_is_everything(
    tasks: list[models.Task], recorder: Recorder, narrow: Any
) -> None:
    recorder.clear()
    assert narrow(models.Task.objects.all()).update(priority=3) == 3
    assert recorder.commits == [{TASK: EVERYTHING}]
    assert recorder.links == [{TASK: None}]


@pytest.mark.parametrize(
    "shape",
    [
        lambda rows: rows.order_by("-title").select_related("project"),
        lambda rows: rows.only("title"),
        lambda rows: rows.values("title"),
        lambda rows: rows.annotate(twice=F("priority") * 2).filter(twice__gt=0),
        lambda rows: rows.filter(project__slug="hull"),
        lambda rows: rows.filter(comments__text__startswith="x"),
        lambda rows: rows.select_related("project").prefetch_related("labels"),
    ],
)
def test_whatever_a_queryset_looks_like(
    tasks: list[models.Task], recorder: Recorder, shape: Any
) -> None:
    ada = get_user_model().objects.create(username="ada")
    for task in tasks:
        for text in ("x", "xx"):
            models.Comment.objects.create(task=task, text=text, author=ada)
    recorder.clear()
    rows = shape(models.Task.objects.all())
    list(rows)
    assert rows.update(priority=3) == 3
    assert recorder.commits == [{TASK: {task.pk: "updated" for task in tasks}}]
    assert not models.Task.objects.exclude(priority=3).exists()


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda: Fence.objects.all()[:1].update(number=1), TypeError),
        (lambda: Fence.objects.union(Fence.objects.all()).update(number=1), Exception),
        (lambda: Fence.objects.update(nothing=1), Exception),
        (lambda: models.Project.objects.update(slug="the same"), IntegrityError),
    ],
)
def test_errors_are_djangos_and_no_changes(
    projects: list[models.Project],
    recorder: Recorder,
    wrong: Callable[[], Any],
    error: type[Exception],
) -> None:
    recorder.clear()

    def outcome() -> str:
        with pytest.raises(error) as raised:
            wrong()
        return repr(raised.value)

    ours = outcome()
    bulk.uninstall()
    assert ours == outcome()
    assert recorder.commits == []


def test_an_update_of_a_parents_column_changes_both(ports: list[Port], recorder: Recorder) -> None:
    tug = Tug.objects.create(name="t", home=ports[0], station=ports[1])
    recorder.clear()
    assert Tug.objects.update(home=ports[2], station=ports[0]) == 1
    assert recorder.commits == [{TUG: {tug.pk: "updated"}, VESSEL: {tug.pk: "updated"}}]
    assert recorder.links == [
        {TUG: {"vessel_ptr_id": {tug.pk}, "station_id": {2, 1}}, VESSEL: {"home_id": {1, 3}}}
    ]


def test_an_update_through_a_proxy(recorder: Recorder) -> None:
    van = models.Vehicle.objects.create(name="van")
    recorder.clear()
    models.ServiceVehicle.objects.update(name="bus")
    assert recorder.commits == [{"project.vehicle": {van.pk: "updated"}}]


def test_a_key_that_is_a_foreign_key(ports: list[Port], recorder: Recorder) -> None:
    Crane.objects.create(port=ports[0])
    recorder.clear()
    Crane.objects.update(lifts=3)
    assert recorder.commits == [{"changes_tests.crane": {1: "updated"}}]
    assert recorder.links == [{"changes_tests.crane": {"port_id": {1}}}]


def test_what_a_manager_hides_is_not_written(recorder: Recorder) -> None:
    vessel = Vessel.objects.create(name="v")
    Vessel.objects.create(name="sunk", sunk=True)
    recorder.clear()
    assert Vessel.objects.update(name="x") == 1
    assert recorder.commits == [{VESSEL: {vessel.pk: "updated"}}]


def test_the_other_end_of_a_foreign_key(ports: list[Port], recorder: Recorder) -> None:
    vessels = [Vessel.objects.create(name=name) for name in ("a", "b")]
    keys = dict.fromkeys((vessel.pk for vessel in vessels), "updated")
    recorder.clear()
    ports[0].vessels.add(*vessels)
    ports[1].vessels.set(vessels)
    ports[1].vessels.remove(*Vessel.objects.all())
    ports[1].vessels.set(vessels)
    ports[1].vessels.clear()
    assert [commit[VESSEL] for commit in recorder.commits] == [keys] * 5
    links = [commit[VESSEL] for commit in recorder.links]
    homes = [{1}, {1, 2}, {2}, {2}, {2}]
    assert links == [{"home_id": home} for home in homes]


def test_the_other_end_of_a_generic_relation(recorder: Recorder) -> None:
    author = books.Author.objects.create(name="Ada", slug="ada")
    shelves = [books.Shelf.objects.create(label=label) for label in "ab"]
    remark = books.Remark.objects.create(by=author, about=shelves[0])
    recorder.clear()
    shelves[1].remarks.add(remark)
    assert recorder.commits == [{"schema_gen_tests.remark": {remark.pk: "updated"}}]


async def test_asynchronous_writes(recorder: Recorder) -> None:
    fence = await Fence.objects.acreate()
    recorder.clear()
    assert await Fence.objects.aupdate(number=1) == 1
    fence.number = 2
    assert await Fence.objects.abulk_update([fence], ["number"]) == 1
    made = await Fence.objects.abulk_create([Fence()])
    keys = [fence.pk, fence.pk, made[0].pk]
    kinds = ["updated", "updated", "created"]
    assert recorder.commits == [{FENCE: {key: kind}} for key, kind in zip(keys, kinds, strict=True)]
    assert await sync_to_async(Fence.objects.count)() == 2


class Loud(QuerySet[Fence]):
    """A project's own, over Django's."""

    def update(self, **kwargs: Any) -> int:
        return super().update(**kwargs) * 10

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> list[Fence]:
        return super().bulk_create(objs, *args, **kwargs)[:1]


def test_querysets_of_ones_own(recorder: Recorder) -> None:
    made = Loud(Fence).bulk_create([Fence(), Fence()])
    assert len(made) == 1
    assert Loud(Fence).update(number=2) == 20
    keys = Fence.objects.order_by("pk").values_list("pk", flat=True)
    assert recorder.commits == [
        {FENCE: dict.fromkeys(keys, "created")},
        {FENCE: dict.fromkeys(keys, "updated")},
    ]


def test_migrations_and_what_is_unwatched_are_left_alone(recorder: Recorder) -> None:
    Session.objects.create(session_key="a", expire_date=timezone.now())
    Fence.objects.create()
    state = ProjectState.from_apps(Fence._meta.apps)
    historical = state.apps.get_model("project", "Fence")
    recorder.clear()
    with CaptureQueriesContext(connections["default"]) as queries:
        assert Session.objects.update(expire_date=timezone.now()) == 1
        assert historical.objects.update(number=8) == 1
        historical.objects.bulk_create([historical()])
        assert Session.objects.all()._raw_delete("default") == 1  # type: ignore[attr-defined]
    assert not any(query["sql"].startswith("SELECT") for query in queries)
    assert recorder.commits == []


# bulk_create() and bulk_update()


def test_rows_created_in_bulk(projects: list[models.Project], recorder: Recorder) -> None:
    recorder.clear()
    made = models.Task.objects.bulk_create(
        models.Task(project=project, title="t") for project in projects
    )
    assert len(made) == 2
    links = {"project_id": {project.pk for project in projects}, "assignee_id": set()}
    if connection.features.can_return_rows_from_bulk_insert:
        assert recorder.commits == [{TASK: {task.pk: "created" for task in made}}]
    assert recorder.links == [{TASK: links}]


def test_rows_whose_keys_are_not_told_are_everything(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(connection.features), "can_return_rows_from_bulk_insert", False)
    made = Fence.objects.bulk_create([Fence(), Fence(pk=77)])
    assert [fence.pk for fence in made] == [None, 77]
    assert recorder.commits == [{FENCE: EVERYTHING}]
    assert recorder.links == [{FENCE: {}}]


def test_conflicts_that_are_ignored_leave_the_keys_open(
    ports: list[Port], recorder: Recorder
) -> None:
    recorder.clear()
    Crane.objects.bulk_create([Crane(port=ports[0])], ignore_conflicts=True)
    Crane.objects.bulk_create([Crane(port=ports[0])], None, True)
    assert recorder.commits == [{"changes_tests.crane": EVERYTHING}] * 2
    assert recorder.links == [{"changes_tests.crane": {"port_id": {1}}}] * 2


def test_conflicts_that_are_updated_leave_the_links_open(recorder: Recorder) -> None:
    Fence.objects.create(pk=7)
    recorder.clear()
    Fence.objects.bulk_create(
        [Fence(pk=7, number=2)],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["number"],
    )
    assert Fence.objects.get().number == 2
    assert recorder.commits == [{FENCE: EVERYTHING}]
    assert recorder.links == [{FENCE: None}]


def test_creating_nothing_is_no_change(recorder: Recorder) -> None:
    nothing: list[Fence] = []
    assert Fence.objects.bulk_create(nothing) is nothing
    assert recorder.commits == []


def test_rows_updated_in_bulk_are_one_commit(
    tasks: list[models.Task], projects: list[models.Project], recorder: Recorder
) -> None:
    for task in tasks:
        task.title, task.project = "new", projects[1]
    recorder.clear()
    assert models.Task.objects.bulk_update(tasks, ["title"], batch_size=2) == 3
    assert models.Task.objects.bulk_update(tasks[:1], ["project"]) == 1
    assert recorder.commits == [
        {TASK: {task.pk: "updated" for task in tasks}},
        {TASK: {tasks[0].pk: "updated"}},
    ]
    # Which row goes where is in the statement alone.
    links = {"project_id": {projects[0].pk}, "assignee_id": set()}
    assert recorder.links == [{TASK: links}, {TASK: None}]


# Rows between others, written by hand


def test_rows_between_tell_of_their_ends(tasks: list[models.Task], recorder: Recorder) -> None:
    labels = [models.Label.objects.create(name=name) for name in ("red", "blue")]
    through: Any = models.Task.labels.through
    recorder.clear()
    with transaction.atomic():
        made = through.objects.bulk_create(
            [through(task=tasks[0], label=label) for label in labels]
        )
    through.objects.filter(label=labels[0]).delete()
    links = [
        {"task_id": {tasks[0].pk}, "label_id": {label.pk for label in labels}},
        {"task_id": {tasks[0].pk}, "label_id": {labels[0].pk}},
    ]
    assert [commit["project.task_labels"] for commit in recorder.links] == links
    assert recorder.commits == [
        {
            "project.task_labels": {row.pk: "created" for row in made},
            TASK: {tasks[0].pk: "updated"},
            "project.label": {label.pk: "updated" for label in labels},
        },
        {
            "project.task_labels": {made[0].pk: "deleted"},
            TASK: {tasks[0].pk: "updated"},
            "project.label": {labels[0].pk: "updated"},
        },
    ]


def test_rows_between_that_cannot_be_named(recorder: Recorder, settings: SettingsWrapper) -> None:
    ada, *others = (Sailor.objects.create(name=name) for name in ("ada", "bob", "eve"))
    ada.friends.add(*others)
    settings.DRF_LIVE_GRAPHQL = {"MAX_CHANGES_PER_MESSAGE": 1}
    recorder.clear()
    Sailor.friends.through.objects.all().delete()
    assert recorder.commits == [
        {"changes_tests.sailor_friends": EVERYTHING, "changes_tests.sailor": EVERYTHING}
    ]


def test_rows_deleted_raw(tasks: list[models.Task], recorder: Recorder) -> None:
    recorder.clear()
    rows: Any = models.Task.objects.filter(title="a")
    assert rows._raw_delete(using="default") == 1
    assert recorder.commits == [{TASK: {tasks[0].pk: "deleted"}}]
    assert rows._raw_delete(using="default") == 0
    assert models.Task.objects.order_by("title").distinct()._raw_delete("default") == 2  # type: ignore[attr-defined]
    assert recorder.commits[1:] == [{TASK: EVERYTHING}]


def test_what_django_updates_while_it_deletes_is_told_once(
    ports: list[Port], recorder: Recorder
) -> None:
    """Found by its delete and by its update alike."""
    voyage = Voyage.objects.create(nullable=ports[2], defaulting=None)
    recorder.clear()
    ports[2].delete()
    assert recorder.commits == [{VOYAGE: {voyage.pk: "updated"}, PORT: {3: "deleted"}}]
    links = recorder.links[0][VOYAGE]
    assert links is not None
    assert links["nullable_id"] == {3}


def test_many_to_many_changes_are_told_once(tasks: list[models.Task], recorder: Recorder) -> None:
    label = models.Label.objects.create(name="red")
    recorder.clear()
    tasks[0].labels.add(label)
    tasks[0].labels.remove(label)
    through = "project.task_labels"
    links = {"task_id": {tasks[0].pk}, "label_id": {label.pk}}
    assert [commit[through] for commit in recorder.links] == [links, links]
    ends = {TASK: {tasks[0].pk: "updated"}, "project.label": {label.pk: "updated"}}
    assert [{**commit, **ends} for commit in recorder.commits] == recorder.commits
    assert len(recorder.commits) == 2


# Transactions


def test_a_rolled_back_savepoint_tells_nothing(recorder: Recorder) -> None:
    fences = [Fence.objects.create() for _ in range(2)]
    recorder.clear()

    def try_and_fail() -> None:
        with transaction.atomic():
            Fence.objects.update(number=1)
            Fence.objects.bulk_create([Fence()])
            raise AbortError

    with transaction.atomic():
        with pytest.raises(AbortError):
            try_and_fail()
        Fence.objects.filter(pk=fences[0].pk).update(number=2)
    assert recorder.commits == [{FENCE: {fences[0].pk: "updated"}}]


def test_a_capture_that_fails_stops_no_write(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Fence.objects.create()
    recorder.clear()

    def fail(*arguments: object, **options: object) -> None:
        raise RuntimeError("no capture today")

    with monkeypatch.context() as patch:
        patch.setattr(QuerySet, "values", fail)
        assert Fence.objects.update(number=1) == 1
    assert "could not be read" in caplog.text
    # What was not read may be anything.
    assert recorder.commits == [{FENCE: EVERYTHING}]
    monkeypatch.setattr("drf_live_graphql.changes.ledger.record", fail)
    assert Fence.objects.update(number=1) == 1
    assert len(Fence.objects.bulk_create([Fence()])) == 1
    assert "could not be captured" in caplog.text


# The wrapping itself


def test_the_methods_look_as_they_did() -> None:
    wrapped = {name: getattr(QuerySet, name) for name in bulk._WRAPPERS}
    bulk.uninstall()
    for name, method in wrapped.items():
        original = getattr(QuerySet, name)
        assert method is not original
        assert inspect.signature(method) == inspect.signature(original)
        assert {**method.__dict__, "__wrapped__": None} == {
            **original.__dict__,
            "__wrapped__": None,
        }
        assert method.__doc__ == original.__doc__


def test_wrapping_twice_publishes_once(recorder: Recorder) -> None:
    bulk.install()
    Fence.objects.bulk_create([Fence()])
    assert len(recorder.commits) == 1
    bulk.uninstall()
    bulk.uninstall()
    Fence.objects.bulk_create([Fence()])
    Fence.objects.update(number=1)
    assert len(recorder.commits) == 1


def test_the_setting_is_heeded_where_everything_is_watched(settings: SettingsWrapper) -> None:
    bulk.uninstall()
    watch_all()
    assert QuerySet.update.__module__ == "django.db.models.query"
    assert not hasattr(QuerySet.update, "__wrapped__")
    settings.DRF_LIVE_GRAPHQL = {"CAPTURE_BULK": True}
    watch_all()
    assert hasattr(QuerySet.update, "__wrapped__")


def test_managers_made_while_wrapped_are_djangos() -> None:
    manager: Any = django_models.Manager.from_queryset(QuerySet)
    assert manager.update.alters_data is True
    assert not hasattr(manager, "_raw_delete")


PROCESS = """
import django
from django.conf import settings
settings.DRF_LIVE_GRAPHQL = {{"CAPTURE_BULK": {setting}}}
django.setup()
from django.db.models import QuerySet
print(QuerySet.update.__module__, QuerySet.bulk_create.__module__, QuerySet._raw_delete.__module__,
    hasattr(QuerySet.update, "__wrapped__"), hasattr(QuerySet.bulk_create, "__wrapped__"))
"""


@pytest.mark.parametrize("setting", [False, True])
def test_nothing_of_django_is_touched_without_the_setting(setting: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROCESS.format(setting=setting)],
        env=servers.environment(),
        cwd=servers.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["django.db.models.query"] * 3 + [str(setting)] * 2
