"""What a delete does to other rows without saying so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connections, transaction
from django.db import models as django_models
from django.db.models import SET, SET_DEFAULT, signals
from django.test.utils import CaptureQueriesContext

from drf_live_graphql.changes import cascade, ledger
from tests.changes.conftest import EVERYTHING
from tests.changes.models import (
    Bollard,
    Dock,
    Port,
    Sailor,
    Tug,
    Vessel,
    Voyage,
    Wharf,
    calls,
)
from tests.project import models

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from tests.changes.conftest import Recorder

pytestmark = pytest.mark.usefixtures("live_db", "no_wrappers_left")

TASK, LABEL, THROUGH = "project.task", "project.label", "project.task_labels"
PORT, VOYAGE, VESSEL = "changes_tests.port", "changes_tests.voyage", "changes_tests.vessel"
DOCK, WHARF, BOLLARD = "changes_tests.dock", "changes_tests.wharf", "changes_tests.bollard"
UNSET: dict[str, set[Any]] = {
    "nullable_id": set(),
    "defaulting_id": set(),
    "fixed_id": set(),
    "called_id": set(),
    "by_code_id": set(),
}


class AbortError(Exception):
    """Raised in the midst of a delete."""


def _abort(**_: Any) -> None:
    raise AbortError


@pytest.fixture
def project() -> models.Project:
    return models.Project.objects.create(name="Hull", slug="hull")


@pytest.fixture
def ports() -> list[Port]:
    names = ("first", "refuge", "lost")
    return [Port.objects.create(pk=n, name=name, code=name) for n, name in enumerate(names, 1)]


def test_a_row_whose_link_is_emptied_is_updated(
    project: models.Project, recorder: Recorder
) -> None:
    ada = get_user_model().objects.create(username="ada")
    task = models.Task.objects.create(project=project, assignee=ada, title="t")
    models.Task.objects.create(project=project, title="of nobody")
    pk = ada.pk
    recorder.clear()
    ada.delete()
    assert recorder.commits == [{TASK: {task.pk: "updated"}, "auth.user": {pk: "deleted"}}]
    # What it points to besides: lists of those rows show it as well.
    assert recorder.links[0][TASK] == {"project_id": {project.pk}, "assignee_id": {pk}}
    assert models.Task.objects.get(pk=task.pk).assignee_id is None


@pytest.mark.parametrize(
    ("field", "old", "links"),
    [
        ("nullable", 3, {"nullable_id": {3}}),
        ("defaulting", 3, {"defaulting_id": {3, 1}}),
        ("fixed", 3, {"fixed_id": {3, 1}}),
        ("by_code", "lost", {"by_code_id": {"lost"}}),
    ],
)
def test_what_takes_the_place_is_linked_to_as_well(
    ports: list[Port], recorder: Recorder, field: str, old: Any, links: dict[str, Any]
) -> None:
    voyage = Voyage.objects.create(**{"defaulting": None, f"{field}_id": old})
    recorder.clear()
    ports[2].delete()
    assert recorder.commits == [{VOYAGE: {voyage.pk: "updated"}, PORT: {3: "deleted"}}]
    assert recorder.links[0][VOYAGE] == {**UNSET, **links}


def test_what_only_a_call_would_tell_is_unknown(ports: list[Port], recorder: Recorder) -> None:
    """SET(function) may have effects of its own: Django calls it, and nobody else."""
    voyage = Voyage.objects.create(called=ports[2], defaulting=None)
    recorder.clear()
    calls.clear()
    ports[2].delete()
    # Django calls it for each relation, whether or not a row is there.
    assert len(calls) == 1
    voyage.refresh_from_db()
    assert voyage.called_id == ports[1].pk
    assert recorder.commits == [{VOYAGE: {voyage.pk: "updated"}, PORT: {3: "deleted"}}]
    assert recorder.links[0][VOYAGE] is None


@pytest.mark.parametrize("kind", ["instance", "callable default", "no default", "own function"])
def test_every_other_way_to_set_a_link(
    ports: list[Port], recorder: Recorder, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    field: Any = Voyage._meta.get_field("fixed")

    def empty(collector: Any, field: Any, sub_objs: Any, using: str) -> None:
        collector.add_field_update(field, None, sub_objs)

    on_delete = {"instance": SET(ports[0]), "own function": empty}.get(kind, SET_DEFAULT)
    monkeypatch.setattr(field.remote_field, "on_delete", on_delete)
    if kind == "callable default":
        monkeypatch.setattr(field, "default", lambda: 1)
    voyage = Voyage.objects.create(fixed=ports[2], defaulting=None)
    recorder.clear()
    ports[2].delete()
    assert recorder.commits == [{VOYAGE: {voyage.pk: "updated"}, PORT: {3: "deleted"}}]
    known = {**UNSET, "fixed_id": {3, 1}}
    assert recorder.links[0][VOYAGE] == (known if kind == "instance" else None)


def test_a_signal_that_somebody_sends_is_no_delete(ports: list[Port], recorder: Recorder) -> None:
    signals.pre_delete.send(sender=Port, instance=ports[2], using="default", origin=None)
    assert connections["default"].execute_wrappers == []
    assert recorder.commits == []


def test_rows_that_managers_hide_are_found(ports: list[Port], recorder: Recorder) -> None:
    tug = Tug.objects.create(name="t", home=ports[2], station=ports[2], sunk=True)
    recorder.clear()
    ports[2].delete()
    assert recorder.commits[0][VESSEL] == {tug.pk: "updated"}
    assert recorder.commits[0]["changes_tests.tug"] == {tug.pk: "updated"}
    assert recorder.links[0][VESSEL] == {"home_id": {3}}


@pytest.mark.parametrize("end", ["task", "label"])
def test_rows_between_go_with_either_end(
    project: models.Project, recorder: Recorder, end: str
) -> None:
    """Django sends no signal for them, nor `m2m_changed` for the row at the other end."""
    task = models.Task.objects.create(project=project, title="t")
    label = models.Label.objects.create(name="red")
    task.labels.add(label)
    between = models.Task.labels.through.objects.get().pk
    recorder.clear()
    links = {"task_id": {task.pk}, "label_id": {label.pk}}
    kinds = {TASK: {task.pk: "updated"}, LABEL: {label.pk: "updated"}}
    kinds[f"project.{end}"] = dict.fromkeys(kinds[f"project.{end}"], "deleted")
    (task if end == "task" else label).delete()
    assert recorder.commits == [{THROUGH: {between: "deleted"}, **kinds}]
    assert recorder.links[0][THROUGH] == links
    assert recorder.links[0][TASK] == {"project_id": {project.pk}, "assignee_id": set()}


def test_rows_between_go_with_a_row_that_is_deleted_by_a_cascade(
    project: models.Project, recorder: Recorder
) -> None:
    task = models.Task.objects.create(project=project, title="t")
    label = models.Label.objects.create(name="red")
    task.labels.add(label)
    recorder.clear()
    project.delete()
    assert recorder.commits[0][LABEL] == {label.pk: "updated"}
    assert list(recorder.commits[0][THROUGH].values()) == ["deleted"]


def test_either_side_of_a_symmetrical_field_is_told(recorder: Recorder) -> None:
    ada, bob = (Sailor.objects.create(name=name) for name in ("ada", "bob"))
    ada.friends.add(bob)
    recorder.clear()
    pk = ada.pk
    ada.delete()
    assert recorder.commits[0]["changes_tests.sailor"] == {bob.pk: "updated", pk: "deleted"}
    assert len(recorder.commits[0]["changes_tests.sailor_friends"]) == 2


def test_a_many_to_many_of_a_parent_goes_with_the_child(
    ports: list[Port], recorder: Recorder
) -> None:
    tug = Tug.objects.create(name="t")
    tug.calls_at.add(ports[0])
    recorder.clear()
    pk = tug.pk
    tug.delete()
    assert recorder.commits[0][PORT] == {ports[0].pk: "updated"}
    assert recorder.commits[0][VESSEL] == {pk: "deleted"}
    assert "changes_tests.vessel_calls_at" in recorder.commits[0]


def test_a_parent_that_is_kept_is_not_deleted(recorder: Recorder) -> None:
    tug = Tug.objects.create(name="t")
    pk = tug.pk
    recorder.clear()
    tug.delete(keep_parents=True)
    assert recorder.commits == [{"changes_tests.tug": {pk: "deleted"}, VESSEL: {pk: "updated"}}]


def test_a_through_model_of_ones_own_is_deleted_with_signals(recorder: Recorder) -> None:
    ada = Sailor.objects.create(name="ada")
    vessel = Vessel.objects.create(name="v")
    ada.ships.add(vessel)
    berth = ada.ships.through.objects.get().pk
    recorder.clear()
    ada.delete()
    assert recorder.commits[0]["changes_tests.berth"] == {berth: "deleted"}
    assert recorder.links[0]["changes_tests.berth"] == {
        "sailor_id": {"ada"},
        "ship_id": {vessel.pk},
    }


def test_many_rows_are_asked_about_together(project: models.Project, recorder: Recorder) -> None:
    users = [get_user_model().objects.create(username=f"user {n}") for n in range(20)]
    tasks = [
        models.Task.objects.create(project=project, assignee=user, title="t") for user in users
    ]
    label = models.Label.objects.create(name="red")
    label.tasks.set(tasks)
    recorder.clear()
    with CaptureQueriesContext(connections["default"]) as few:
        models.Task.objects.filter(pk=tasks[0].pk).delete()
    with CaptureQueriesContext(connections["default"]) as many:
        project.delete()
    assert set(recorder.commits[1][LABEL]) == {label.pk}
    assert len(recorder.commits[1][THROUGH]) == 19

    def reads(queries: CaptureQueriesContext) -> int:
        return sum('FROM "project_task_labels"' in q["sql"] for q in queries)

    assert reads(few) == reads(many)
    recorder.clear()
    tasks = [
        models.Task.objects.create(
            project=models.Project.objects.create(name="p", slug=user.username),
            assignee=user,
            title="t",
        )
        for user in users
    ]
    recorder.clear()
    with CaptureQueriesContext(connections["default"]) as queries:
        get_user_model().objects.all().delete()
    assert recorder.commits[0][TASK] == {task.pk: "updated" for task in tasks}
    # Ours reads the keys, Django's own update the rest.
    assert sum('FROM "project_task"' in query["sql"] for query in queries) == 1


def test_more_rows_than_a_query_takes(ports: list[Port], recorder: Recorder) -> None:
    """Chunk by chunk: some databases take no more than 1,000 values."""
    made = Port.objects.bulk_create(Port(pk=n + 10, name="p", code=f"c{n}") for n in range(1100))
    keys = [Voyage.objects.create(nullable=made[n], defaulting=None).pk for n in (0, 600, 1099)]
    recorder.clear()
    Port.objects.filter(name="p").delete()
    assert recorder.commits[0][VOYAGE] == dict.fromkeys(keys, "updated")


def test_too_many_to_name_are_everything(
    ports: list[Port], recorder: Recorder, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"MAX_CHANGES_PER_MESSAGE": 1}
    for _ in range(2):
        Voyage.objects.create(nullable=ports[2], defaulting=None)
    recorder.clear()
    ports[2].delete()
    assert recorder.commits == [{VOYAGE: EVERYTHING, PORT: {3: "deleted"}}]
    assert recorder.links[0][VOYAGE] is None


def test_a_delete_that_is_rolled_back_tells_nothing(ports: list[Port], recorder: Recorder) -> None:
    Voyage.objects.create(nullable=ports[2], defaulting=None)
    recorder.clear()

    def delete_and_abort() -> None:
        with transaction.atomic():
            Port.objects.get(pk=3).delete()
            _abort()

    with transaction.atomic():
        with pytest.raises(AbortError):
            delete_and_abort()
        kept = Port.objects.create(pk=50, name="kept", code="kept")
    assert recorder.commits == [{PORT: {kept.pk: "created"}}]


@pytest.mark.parametrize("nested", [False, True])
def test_a_delete_that_somebody_stops_tells_nothing(
    ports: list[Port], recorder: Recorder, nested: bool
) -> None:
    """Another receiver of `pre_delete` may raise, after ours."""

    Voyage.objects.create(nullable=ports[2], defaulting=None)
    recorder.clear()
    signals.pre_delete.connect(_abort, sender=Port)
    try:
        if nested:
            with transaction.atomic(), pytest.raises(AbortError), transaction.atomic():
                ports[2].delete()
        else:
            with pytest.raises(AbortError):
                ports[2].delete()
    finally:
        signals.pre_delete.disconnect(_abort, sender=Port)
    # The next statement finds nothing to do.
    assert Port.objects.filter(pk=3).exists()
    assert recorder.commits == []


def test_a_delete_after_one_that_was_stopped_is_told_in_full(
    ports: list[Port], recorder: Recorder
) -> None:
    voyages = [Voyage.objects.create(nullable=port, defaulting=None) for port in ports[1:]]
    recorder.clear()
    signals.pre_delete.connect(_abort, sender=Port)
    try:
        with pytest.raises(AbortError):
            ports[1].delete()
    finally:
        signals.pre_delete.disconnect(_abort, sender=Port)
    ports[2].delete()
    assert recorder.commits == [{VOYAGE: {voyages[1].pk: "updated"}, PORT: {3: "deleted"}}]


def test_a_receiver_that_asks_the_database_is_no_hindrance(
    ports: list[Port], recorder: Recorder
) -> None:
    def ask(**_: Any) -> None:
        with transaction.atomic():
            Voyage.objects.count()

    voyages = [Voyage.objects.create(nullable=port, defaulting=None) for port in ports]
    recorder.clear()
    signals.pre_delete.connect(ask, sender=Port)
    try:
        Port.objects.all().delete()
    finally:
        signals.pre_delete.disconnect(ask, sender=Port)
    assert recorder.commits[0][VOYAGE] == {voyage.pk: "updated" for voyage in voyages}


def test_somebody_elses_instrument_stays_what_it_was(ports: list[Port]) -> None:
    connection = connections["default"]
    seen: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    signals.pre_delete.connect(_abort, sender=Port)
    try:
        with connection.execute_wrapper(watch), pytest.raises(AbortError):
            ports[2].delete()
    finally:
        signals.pre_delete.disconnect(_abort, sender=Port)
    seen.clear()
    Port.objects.count()
    assert seen == []
    with connection.execute_wrapper(watch):
        ports[2].delete()
    # Our own reads are statements like any other.
    assert any("SELECT" in sql and "voyage" in sql for sql in seen)


def test_what_cannot_be_read_stops_no_delete(
    ports: list[Port], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise RuntimeError("no capture today")

    monkeypatch.setattr("drf_live_graphql.changes.cascade.keys_where", fail)
    ports[2].delete()
    assert not Port.objects.filter(pk=3).exists()
    assert "could not be captured" in caplog.text


def test_models_that_are_unwatched_are_not_asked_about(
    ports: list[Port], recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    Voyage.objects.create(nullable=ports[2], defaulting=None)
    monkeypatch.setattr(ledger, "labels", ledger.labels - {VOYAGE})
    asked: list[Any] = []
    monkeypatch.setattr(cascade, "keys_where", lambda model, *_, **__: asked.append(model) or [])
    recorder.clear()
    ports[2].delete()
    assert recorder.commits == [{PORT: {3: "deleted"}}]
    assert Voyage not in asked
    assert Vessel in asked


def test_a_delete_that_the_database_refuses_tells_nothing(
    project: models.Project, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = get_user_model().objects.create(username="ada")
    models.Task.objects.create(project=project, assignee=ada, title="t")
    recorder.clear()

    def refuse(*_: object, **__: object) -> None:
        raise IntegrityError("no")

    monkeypatch.setattr("django.db.models.sql.DeleteQuery.delete_batch", refuse)
    with pytest.raises(IntegrityError):
        ada.delete()
    assert recorder.commits == []


# By the database, from Django 6.1 on; earlier ones do the same themselves.


@pytest.fixture
def dock() -> Dock:
    return Dock.objects.create(name="dry")


def test_what_the_database_deletes_is_told_and_what_goes_with_that(
    dock: Dock, recorder: Recorder
) -> None:
    wharf = Wharf.objects.create(dock=dock)
    first = Bollard.objects.create(wharf=wharf)
    second = Bollard.objects.create(beside=first)
    kept = Bollard.objects.create(painted_by=dock)
    keys = {"dock": dock.pk, "wharf": wharf.pk}
    recorder.clear()
    dock.delete()
    (commit,) = recorder.commits
    assert commit == {
        DOCK: {keys["dock"]: "deleted"},
        WHARF: {keys["wharf"]: "deleted"},
        BOLLARD: {first.pk: "deleted", second.pk: "deleted", kept.pk: "updated"},
    }
    (links,) = recorder.links
    assert links[WHARF] == {"dock_id": {keys["dock"]}}
    told = links[BOLLARD]
    assert told is not None
    assert told["wharf_id"] == {keys["wharf"]}
    assert told["painted_by_id"] == {keys["dock"]}
    assert list(Bollard.objects.values_list("pk", flat=True)) == [kept.pk]


def test_rows_that_the_database_deletes_with_each_other_are_told_once(
    recorder: Recorder,
) -> None:
    first = Bollard.objects.create()
    second = Bollard.objects.create(beside=first)
    Bollard.objects.filter(pk=first.pk).update(beside=second)
    pks = {first.pk, second.pk}
    recorder.clear()
    Bollard.objects.filter(pk=first.pk).delete()
    assert recorder.commits == [{BOLLARD: dict.fromkeys(pks, "deleted")}]


@pytest.mark.skipif(not hasattr(django_models, "DB_CASCADE"), reason="Django 6.1 has it")
def test_too_much_for_a_message_that_the_database_deletes_is_everything_below(
    dock: Dock, recorder: Recorder, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"MAX_CHANGES_PER_MESSAGE": 1}
    for _ in range(2):
        Bollard.objects.create(wharf=Wharf.objects.create(dock=dock))
    key = dock.pk
    recorder.clear()
    dock.delete()
    (commit,) = recorder.commits
    assert commit == {DOCK: {key: "deleted"}, WHARF: EVERYTHING, BOLLARD: EVERYTHING}
