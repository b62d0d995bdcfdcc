"""Many-to-many changes, from both sides, by every kind of field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from drf_live_graphql.changes import ledger
from tests.changes.conftest import EVERYTHING
from tests.changes.models import Port, Sailor, Tug, Vessel
from tests.project import models

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from tests.changes.conftest import Recorder

pytestmark = pytest.mark.usefixtures("live_db")

TASK, LABEL, THROUGH = "project.task", "project.label", "project.task_labels"
SAILOR, FRIENDS = "changes_tests.sailor", "changes_tests.sailor_friends"
VESSEL, BERTH, HIRE = "changes_tests.vessel", "changes_tests.berth", "changes_tests.hire"


@pytest.fixture
def task() -> models.Task:
    project = models.Project.objects.create(name="Hull", slug="hull")
    return models.Task.objects.create(project=project, title="t")


@pytest.fixture
def labels() -> list[models.Label]:
    return [models.Label.objects.create(name=name) for name in ("red", "blue")]


@pytest.mark.parametrize("side", ["forward", "reverse"])
def test_the_rows_between_link_to_both_ends(
    task: models.Task, labels: list[models.Label], recorder: Recorder, side: str
) -> None:
    label = labels[0]
    if side == "forward":
        task.labels.add(label)
        task.labels.remove(label)
        task.labels.set([label])
        task.labels.clear()
    else:
        label.tasks.add(task)
        label.tasks.remove(task)
        label.tasks.set([task])
        label.tasks.clear()
    links = {"task_id": {task.pk}, "label_id": {label.pk}}
    assert [commit[THROUGH] for commit in recorder.links] == [links] * 4
    named = [commit[THROUGH] != EVERYTHING for commit in recorder.commits]
    assert named == [False, False, False, True]
    for commit in recorder.commits:
        assert commit[TASK] == {task.pk: "updated"}
        assert commit[LABEL] == {label.pk: "updated"}


def test_the_ends_link_to_what_they_point_to(
    task: models.Task, labels: list[models.Label], recorder: Recorder
) -> None:
    ends = {"project_id": {task.project_id}, "assignee_id": set()}
    task.labels.add(labels[0])
    labels[1].tasks.add(task)
    assert [commit[TASK] for commit in recorder.links] == [ends, ends]
    assert [commit[LABEL] for commit in recorder.links] == [{}, {}]


def test_the_ends_are_not_asked_where_moves_are_not_tracked(
    task: models.Task,
    labels: list[models.Label],
    recorder: Recorder,
    settings: SettingsWrapper,
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"TRACK_MOVES": False}
    task.labels.add(labels[0])
    assert recorder.links == [
        {TASK: None, LABEL: {}, THROUGH: {"task_id": {task.pk}, "label_id": {labels[0].pk}}}
    ]


def test_what_is_there_already_changes_no_row_between(
    task: models.Task, labels: list[models.Label], recorder: Recorder
) -> None:
    task.labels.add(labels[0])
    recorder.clear()
    task.labels.add(labels[0])
    assert recorder.commits == [{TASK: {task.pk: "updated"}}]


def test_keys_are_taken_as_they_come(
    task: models.Task, labels: list[models.Label], recorder: Recorder
) -> None:
    task.labels.add(str(labels[0].pk))
    task.labels.remove(str(labels[0].pk))
    assert [commit[LABEL] for commit in recorder.commits] == [{labels[0].pk: "updated"}] * 2
    links = {"task_id": {task.pk}, "label_id": {labels[0].pk}}
    assert [commit[THROUGH] for commit in recorder.links] == [links] * 2


async def test_asynchronous_changes_are_captured(recorder: Recorder) -> None:
    sailor = await Sailor.objects.acreate(name="ada")
    port = await Port.objects.acreate(name="p", code="p")
    vessel = await Vessel.objects.acreate(name="v")
    recorder.clear()
    await vessel.calls_at.aadd(port)
    await vessel.calls_at.aset([])
    await vessel.calls_at.aset([port])
    await vessel.calls_at.aclear()
    assert len(recorder.commits) == 4
    for commit in recorder.commits:
        assert commit[VESSEL] == {vessel.pk: "updated"}
        assert commit["changes_tests.port"] == {port.pk: "updated"}
        assert "changes_tests.vessel_calls_at" in commit
    assert sailor.pk


def test_the_rows_between_of_a_symmetrical_field_point_both_ways(recorder: Recorder) -> None:
    ada, bob = (Sailor.objects.create(name=name) for name in ("ada", "bob"))
    recorder.clear()
    ada.friends.add(bob)
    ada.friends.remove(bob)
    ada.friends.add(bob)
    ada.friends.clear()
    both = {ada.pk, bob.pk}
    links = {"from_sailor_id": both, "to_sailor_id": both}
    assert [commit[FRIENDS] for commit in recorder.links] == [links] * 4
    assert [set(commit[SAILOR]) for commit in recorder.commits] == [both] * 4
    assert list(recorder.commits[-1][FRIENDS].values()) == ["deleted", "deleted"]


def test_a_through_model_of_ones_own_is_captured_by_its_rows(recorder: Recorder) -> None:
    """Django adds its rows in bulk, and deletes them with signals."""
    ada = Sailor.objects.create(name="ada")
    vessel = Vessel.objects.create(name="v")
    recorder.clear()
    ada.ships.add(vessel)
    berth = ada.ships.through.objects.get()
    ada.ships.remove(vessel)
    links = {"sailor_id": {"ada"}, "ship_id": {vessel.pk}}
    assert [commit[BERTH] for commit in recorder.commits] == [EVERYTHING, {berth.pk: "deleted"}]
    assert [commit[BERTH] for commit in recorder.links] == [links] * 2
    for commit in recorder.commits:
        assert commit[SAILOR] == {ada.pk: "updated"}
        assert commit[VESSEL] == {vessel.pk: "updated"}


@pytest.mark.parametrize("method", ["add", "remove", "set", "clear"])
def test_rows_that_go_by_a_name_are_told_by_their_key(recorder: Recorder, method: str) -> None:
    ada = Sailor.objects.create(name="ada")
    vessel = Vessel.objects.create(name="v")
    if method in ("remove", "clear"):
        vessel.crew.add(ada)
    recorder.clear()
    if method == "set":
        vessel.crew.set([ada])
    else:
        getattr(vessel.crew, method)(*([] if method == "clear" else [ada]))
    assert recorder.commits[0][SAILOR] == {ada.pk: "updated"}
    assert recorder.commits[0][VESSEL] == {vessel.pk: "updated"}


def test_a_row_between_that_points_elsewhere_as_well_is_unknown(recorder: Recorder) -> None:
    """The signal tells of both ends, and of nothing else that the row points to."""
    port = Port.objects.create(name="p", code="p")
    ada = Sailor.objects.create(name="ada")
    vessel = Vessel.objects.create(name="v")
    recorder.clear()
    ada.hired_on.add(vessel, through_defaults={"signed_at": port})
    ada.hired_on.remove(vessel)
    assert [commit[HIRE] for commit in recorder.links] == [
        None,
        {"sailor_id": {ada.pk}, "ship_id": {vessel.pk}, "signed_at_id": {port.pk}},
    ]


def test_a_child_of_several_tables_at_the_near_end(recorder: Recorder) -> None:
    port = Port.objects.create(name="p", code="p")
    tug = Tug.objects.create(name="t", home=port)
    recorder.clear()
    tug.calls_at.add(port)
    assert recorder.commits == [
        {
            "changes_tests.tug": {tug.pk: "updated"},
            VESSEL: {tug.pk: "updated"},
            "changes_tests.port": {port.pk: "updated"},
            "changes_tests.vessel_calls_at": EVERYTHING,
        }
    ]
    assert recorder.links[0][VESSEL] == {"home_id": {port.pk}}


def test_a_clear_of_too_much_to_name(
    task: models.Task,
    labels: list[models.Label],
    recorder: Recorder,
    settings: SettingsWrapper,
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"MAX_CHANGES_PER_MESSAGE": 1}
    task.labels.add(*labels)
    recorder.clear()
    task.labels.clear()
    assert recorder.commits == [
        {TASK: {task.pk: "updated"}, LABEL: EVERYTHING, THROUGH: EVERYTHING}
    ]
    assert recorder.links[0][THROUGH] is None
    assert recorder.links[0][LABEL] is None


@pytest.mark.parametrize("watched", [{THROUGH}, {TASK}, {LABEL}, set()])
def test_only_what_is_watched_is_told_of_and_asked_about(
    task: models.Task,
    labels: list[models.Label],
    recorder: Recorder,
    monkeypatch: pytest.MonkeyPatch,
    watched: set[str],
) -> None:
    monkeypatch.setattr(ledger, "labels", watched)
    with CaptureQueriesContext(connections["default"]) as queries:
        task.labels.add(labels[0])
        task.labels.clear()
    assert [set(commit) for commit in recorder.commits] == ([watched] * 2 if watched else [])
    asked = [q["sql"] for q in queries if q["sql"].startswith("SELECT")]
    keys = sum('FROM "project_task"' in sql for sql in asked)
    between = sum('FROM "project_task_labels"' in sql for sql in asked)
    assert keys == (2 if TASK in watched else 0)
    # One is Django's own.
    assert between == (2 if watched & {THROUGH, LABEL} else 1)


def test_a_change_costs_few_queries(task: models.Task, labels: list[models.Label]) -> None:
    with CaptureQueriesContext(connections["default"]) as queries:
        task.labels.add(*labels)
    reads = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
    # Django's own, for what is there already, and one for the keys of the near end; labels have
    # no keys to read.
    assert len(reads) == 2
