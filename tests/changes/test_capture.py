"""Which writes are changes of which rows."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connections, transaction
from django.db.models import signals
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from drf_live_graphql.changes import ancestors, batch, label_of, watch, watch_all, watched
from tests import servers
from tests.changes.conftest import EVERYTHING
from tests.changes.models import Vessel
from tests.project import models

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper

    from tests.changes.conftest import Commit, Recorder

pytestmark = pytest.mark.usefixtures("live_db")

VESSEL = "changes_tests.vessel"
TASK, LABEL, TASK_LABELS = "project.task", "project.label", "project.task_labels"


@pytest.fixture
def project() -> models.Project:
    return models.Project.objects.create(name="Hull", slug="hull")


def test_a_cascade_is_a_change_of_every_live_row(
    project: models.Project, published: list[Commit]
) -> None:
    tasks = [models.Task.objects.create(project=project, title="t") for _ in range(2)]
    pk = project.pk
    published.clear()
    keys = dict.fromkeys((task.pk for task in tasks), "deleted")
    project.delete()
    assert published == [{TASK: keys, "project.project": {pk: "deleted"}}]


def test_both_ends_of_a_many_to_many_change(
    project: models.Project, published: list[Commit]
) -> None:
    watch(models.Label)
    task = models.Task.objects.create(project=project, title="t")
    red, blue = (models.Label.objects.create(name=name) for name in ("red", "blue"))
    published.clear()

    keys: list[int] = []
    through = models.Task.labels.through.objects
    task.labels.add(red)
    task.labels.set([blue])
    keys.append(through.get().pk)
    task.labels.clear()
    red.tasks.add(task)
    keys.append(through.get().pk)
    red.tasks.clear()

    ends = {TASK: {task.pk: "updated"}, LABEL: {red.pk: "updated"}}
    assert published[0] == {**ends, TASK_LABELS: EVERYTHING}
    # set() is one transaction that removes and adds.
    assert published[1] == {
        TASK: {task.pk: "updated"},
        LABEL: {red.pk: "updated", blue.pk: "updated"},
        TASK_LABELS: EVERYTHING,
    }
    # clear() takes rows that can be named.
    cleared = {TASK_LABELS: {keys[0]: "deleted"}}
    assert published[2] == {
        TASK: {task.pk: "updated"},
        LABEL: {blue.pk: "updated"},
        **cleared,
    }
    assert published[3] == {**ends, TASK_LABELS: EVERYTHING}
    assert published[4] == {**ends, TASK_LABELS: {keys[1]: "deleted"}}


def test_a_child_of_several_tables_is_a_change_of_its_parent(published: list[Commit]) -> None:
    truck = models.Truck.objects.create(name="lorry", load=3)
    assert published == [
        {"project.truck": {truck.pk: "created"}, "project.vehicle": {truck.pk: "created"}}
    ]


def test_a_parent_is_a_change_by_its_own_label(published: list[Commit]) -> None:
    vehicle = models.Vehicle.objects.create(name="van")
    assert published == [{"project.vehicle": {vehicle.pk: "created"}}]


def test_a_proxy_changes_its_concrete_model(published: list[Commit]) -> None:
    vehicle = models.ServiceVehicle.objects.create(name="van", in_service=True)
    vehicle.delete()
    assert [list(commit) for commit in published] == [["project.vehicle"]] * 2


async def test_asynchronous_writes_are_captured(published: list[Commit]) -> None:
    fence = await models.Fence.objects.acreate()
    await fence.asave()
    pk = fence.pk
    await fence.adelete()
    assert [commit["project.fence"][pk] for commit in published] == [
        "created",
        "updated",
        "deleted",
    ]


def test_a_write_survives_a_capture_that_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise RuntimeError("no capture today")

    monkeypatch.setattr("drf_live_graphql.changes.ledger.record", fail)
    models.Fence.objects.create()
    assert models.Fence.objects.count() == 1
    assert "could not be captured" in caplog.text


def test_a_model_that_is_unwatched_costs_nothing(published: list[Commit]) -> None:
    """No receiver is connected for it, so Django's fast deletes stay fast."""
    for signal in (signals.pre_save, signals.post_save, signals.pre_delete, signals.post_delete):
        assert not signal.has_listeners(Session)
    Session.objects.create(session_key="a", expire_date=timezone.now())
    assert published == []


START = """
import django
from django.conf import settings
settings.DRF_LIVE_GRAPHQL = {settings}
django.setup()
from django.apps import apps
from django.db.models import signals
from drf_live_graphql.changes import watched
print(json.dumps({{
    "watched": sorted(watched()),
    "listened": [
        model._meta.label_lower
        for model in apps.get_models(include_auto_created=True)
        for signal in vars(signals).values()
        if isinstance(signal, signals.ModelSignal) and signal.has_listeners(model)
        if any("drf_live" in str(key) for (key, _), *_ in signal.receivers)
    ],
}}))
"""


def _start(**settings: Any) -> dict[str, Any]:
    """What a process with these settings watches, and to which models it listens."""
    done = subprocess.run(
        [sys.executable, "-c", "import json" + START.format(settings=settings)],
        env=servers.environment(),
        cwd=servers.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_model_is_watched_but_those_that_a_setting_names() -> None:
    """A whole app, or a model by its label; a model that is registered is watched all the same."""
    unwatched = ["schema_gen_tests", "auth.User", "Project.Fence", "nobody.Knows"]
    labels = set(_start(UNWATCHED=unwatched)["watched"])
    models_ = apps.get_models(include_auto_created=True)
    everything = {label_of(model) for model in models_}
    left_out = {label for label in everything if label.startswith("schema_gen_tests.")}
    assert "project.fence" in labels
    assert everything - labels == {*left_out, "auth.user", "drf_live_graphql.journalentry"}
    assert {"project.task_labels", "auth.user_groups", "sessions.session"} <= labels


def test_without_a_router_nothing_is_watched() -> None:
    """The app is installed, and no `live.py` is found."""
    assert _start(AUTODISCOVER="no_such_module") == {"watched": [], "listened": []}


def test_the_default_leaves_sessions_alone() -> None:
    started = _start()
    assert "sessions.session" not in started["watched"]
    assert "sessions.session" not in started["listened"]
    assert "project.task_labels" in started["listened"]


def test_what_is_unwatched_has_to_be_a_list(settings: SettingsWrapper) -> None:
    settings.DRF_LIVE_GRAPHQL = {"UNWATCHED": "sessions.Session"}
    with pytest.raises(
        ImproperlyConfigured, match=r"list of model labels.*'sessions.Session' came"
    ):
        watch_all()


def test_rows_of_a_model_that_nobody_registered_are_captured(published: list[Commit]) -> None:
    user = get_user_model().objects.create(username="ada")
    assert published == [{"auth.user": {user.pk: "created"}}]


def test_watching_twice_publishes_once(published: list[Commit]) -> None:
    watch(models.Fence)
    watch(models.Fence)
    fence = models.Fence.objects.create()
    assert published == [{"project.fence": {fence.pk: "created"}}]


def test_the_family_of_a_model_is_watched() -> None:
    assert {"project.truck", "project.vehicle"} <= watched()
    assert ancestors(models.Truck) == (models.Vehicle,)
    assert ancestors(models.Fence) == ()


def test_a_batch_that_ended_is_not_kept_open(published: list[Commit]) -> None:
    with transaction.atomic():
        models.Fence.objects.create()
    assert batch._open[connections["default"]].over


def test_deletes_of_models_that_are_unwatched_stay_fast() -> None:
    for key in ("a", "b"):
        Session.objects.create(session_key=key, expire_date=timezone.now())
    with CaptureQueriesContext(connections["default"]) as queries:
        Session.objects.all().delete()
    statements = [q["sql"] for q in queries if "django_session" in q["sql"]]
    assert [statement.split()[0] for statement in statements] == ["DELETE"]


def test_rows_that_tie_others_together_are_still_deleted_fast(project: models.Project) -> None:
    """Django sends no signal for a through model that it made, so there is nothing to wait for."""
    task = models.Task.objects.create(project=project, title="t")
    task.labels.add(*(models.Label.objects.create(name=name) for name in ("red", "blue")))
    with CaptureQueriesContext(connections["default"]) as queries:
        task.labels.clear()
    through = [q["sql"].split()[0] for q in queries if 'FROM "project_task_labels"' in q["sql"]]
    # What is cleared is read once, and goes in one statement.
    assert through == ["SELECT", "DELETE"]


def test_a_fast_delete_of_live_rows_is_told_row_by_row(published: list[Commit]) -> None:
    fences = models.Fence.objects.bulk_create(models.Fence() for _ in range(3))
    models.Fence.objects.all().delete()
    assert published == [{"project.fence": {fence.pk: "deleted" for fence in fences}}]


def test_deleting_a_child_of_several_tables_deletes_its_parent(published: list[Commit]) -> None:
    pk = models.Truck.objects.create(name="lorry").pk
    published.clear()
    models.Truck.objects.get().delete()
    assert published == [{"project.truck": {pk: "deleted"}, "project.vehicle": {pk: "deleted"}}]


def test_deleting_a_parent_deletes_its_child(published: list[Commit]) -> None:
    pk = models.Truck.objects.create(name="lorry").pk
    published.clear()
    models.Vehicle.objects.get().delete()
    assert published == [{"project.truck": {pk: "deleted"}, "project.vehicle": {pk: "deleted"}}]


def test_a_row_loaded_from_a_fixture_is_a_change(published: list[Commit], tmp_path: Path) -> None:
    fixture = tmp_path / "fences.json"
    fixture.write_text('[{"model": "project.fence", "pk": 77, "fields": {"number": 1}}]')
    call_command("loaddata", str(fixture), verbosity=0)
    assert published == [{"project.fence": {77: "created"}}]


def test_get_or_create_and_its_kin_are_captured(published: list[Commit]) -> None:
    fence, _ = models.Fence.objects.get_or_create(number=1)
    models.Fence.objects.get_or_create(number=1)
    models.Fence.objects.update_or_create(number=1, defaults={"number": 2})
    assert published == [
        {"project.fence": {fence.pk: "created"}},
        {"project.fence": {fence.pk: "updated"}},
    ]


def test_a_row_that_its_manager_hides_is_captured(published: list[Commit]) -> None:
    """Softly deleted: the row is there, and no manager of the model says so."""
    vessel = Vessel.objects.create(name="v")
    vessel.sunk = True
    vessel.save()
    vessel.name = "w"
    vessel.save()
    pk = vessel.pk
    vessel.delete()
    assert [commit[VESSEL] for commit in published] == [
        {pk: "created"},
        {pk: "updated"},
        {pk: "updated"},
        {pk: "deleted"},
    ]


@pytest.mark.django_db(transaction=True, databases=["default", "other"])
def test_each_database_has_transactions_of_its_own(published: list[Commit]) -> None:
    with transaction.atomic("default"), transaction.atomic("other"):
        here = models.Fence.objects.create()
        there = models.Fence.objects.using("other").create(pk=here.pk + 100)
    assert published == [
        {"project.fence": {there.pk: "created"}},
        {"project.fence": {here.pk: "created"}},
    ]
    published.clear()
    with transaction.atomic("default"):
        there.save()
        assert published == [{"project.fence": {there.pk: "updated"}}]
        models.Fence.objects.using("other").all().delete()
        assert published[1:] == [{"project.fence": {there.pk: "deleted"}}]


@pytest.mark.django_db(transaction=True, databases=["default", "other"])
def test_a_row_is_read_in_the_database_that_it_is_saved_to(
    project: models.Project, recorder: Recorder
) -> None:
    """A row of the same key elsewhere is another row."""
    task = models.Task.objects.create(project=project, title="t")
    elsewhere = models.Project.objects.using("other").create(pk=project.pk + 100, slug="o")
    models.Task.objects.using("other").create(pk=task.pk, project=elsewhere, title="t")
    recorder.clear()
    third = models.Project.objects.using("other").create(pk=project.pk + 200, slug="p")
    copy = models.Task.objects.using("other").get()
    copy.project = third
    copy.save()
    copy.delete()
    moved, deleted = (links[TASK] for links in recorder.links[1:])
    assert moved == {"project_id": {elsewhere.pk, third.pk}, "assignee_id": set()}
    assert deleted == {"project_id": {third.pk}, "assignee_id": set()}


def test_a_hook_of_a_hook_of_a_commit_is_captured(published: list[Commit]) -> None:
    keys: list[int] = []

    def write() -> None:
        with transaction.atomic():
            keys.append(models.Fence.objects.create().pk)
            if len(keys) < 4:
                transaction.on_commit(write)

    write()
    assert published == [{"project.fence": {key: "created"}} for key in keys]
    assert len(keys) == 4


def test_clearing_what_is_empty_changes_this_end_alone(
    project: models.Project, published: list[Commit]
) -> None:
    task = models.Task.objects.create(project=project, title="t")
    published.clear()
    task.labels.clear()
    assert published == [{TASK: {task.pk: "updated"}}]
