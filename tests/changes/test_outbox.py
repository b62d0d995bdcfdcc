"""Commits that write themselves into the journal."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.core.management.sql import emit_post_migrate_signal
from django.db import DatabaseError, OperationalError, connection, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext

from drf_live_graphql import anotify_changed, notify_changed
from drf_live_graphql.changes import journal as journal_module
from drf_live_graphql.changes import outbox
from drf_live_graphql.changes.capture import _captured
from drf_live_graphql.changes.journal import Journal
from drf_live_graphql.models import JournalEntry
from tests.changes.conftest import EVERYTHING
from tests.project.models import Fence, Project, Task, Truck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.changes.conftest import Commit, Recorder

pytestmark = pytest.mark.usefixtures("live_db")

FENCE, TASK, PROJECT = "project.fence", "project.task", "project.project"
TRUCK, VEHICLE = "project.truck", "project.vehicle"


@pytest.fixture(autouse=True)
def installed(live_db: None) -> Iterator[None]:
    """The setting JOURNAL, as it is from the start of a process."""
    outbox.install(_captured)
    yield
    outbox.uninstall()


def written(alias: str = "default") -> list[Commit]:
    """All entries, in order, as the recorder shows commits."""
    position = "1:1:" if connections[alias].vendor == "postgresql" else "0"
    commits, _ = Journal(alias).since(position)
    return [{part.label: dict(part.kinds) for part in commit} for commit in commits]


class AbortError(Exception):
    """Rolls a block back."""


def _save() -> Any:
    return Fence.objects.create().pk


def _update() -> Any:
    fence = Fence.objects.create()
    JournalEntry.objects.all().delete()
    fence.save()
    return fence.pk


def _delete() -> Any:
    fence = Fence.objects.create()
    JournalEntry.objects.all().delete()
    pk = fence.pk
    fence.delete()
    return pk


def _get_or_create() -> Any:
    return Fence.objects.get_or_create(pk=77)[0].pk


def _raw() -> Any:
    fence = Fence(pk=78)
    fence.save_base(raw=True)
    return fence.pk


def _notify() -> Any:
    fence = Fence.objects.create()
    JournalEntry.objects.all().delete()
    notify_changed(fence)
    return fence.pk


@pytest.mark.parametrize(
    ("write", "kind"),
    [
        (_save, "created"),
        (_update, "updated"),
        (_delete, "deleted"),
        (_get_or_create, "created"),
        (_raw, "created"),
        (_notify, "updated"),
    ],
)
def test_a_write_outside_of_a_transaction_is_in_the_journal(
    recorder: Recorder, write: Callable[[], Any], kind: str
) -> None:
    pk = write()
    assert written()[-1] == {FENCE: {pk: kind}} == recorder.commits[-1]


def _bulk_update() -> None:
    Fence.objects.update(number=3)


def _bulk_create() -> None:
    Fence.objects.bulk_create([Fence(pk=501), Fence(pk=502)])


def _raw_delete() -> None:
    Fence.objects.all()._raw_delete("default")


@pytest.mark.parametrize("write", [_bulk_update, _bulk_create, _raw_delete])
def test_a_bulk_write_outside_of_a_transaction_is_in_the_journal(
    published: list[Commit], capture_bulk: None, write: Callable[[], None]
) -> None:
    Fence.objects.create()
    write()
    assert len(published) == 2
    assert written() == published


@pytest.mark.parametrize("write", [_bulk_update, _raw_delete])
@pytest.mark.parametrize("in_block", [False, True])
def test_a_write_whose_rows_can_not_be_read_first_is_made_all_the_same(
    recorder: Recorder, capture_bulk: None, write: Callable[[], None], in_block: bool
) -> None:
    """PostgreSQL takes no statement of a transaction in which one has failed."""

    def refuse(execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.startswith("SELECT") and Fence._meta.db_table in sql:
            sql = "SELECT no_such_function()"
            arguments = (None, *arguments[1:])
        return execute(sql, *arguments)

    Fence.objects.create(number=1)
    block = transaction.atomic() if in_block else nullcontext()
    with connection.execute_wrapper(refuse), block:
        write()
    assert not Fence.objects.filter(number=1).exists()
    assert recorder.commits[1:] == [{FENCE: EVERYTHING}]
    assert recorder.journaled == [True, True]


def test_one_commit_is_one_entry_with_all_its_models(published: list[Commit]) -> None:
    with transaction.atomic():
        project = Project.objects.create(name="hull", slug="hull")
        task = Task.objects.create(project=project, title="caulk")
        task.save()
    assert written() == published
    assert written()[0][TASK] == {task.pk: "created"}
    assert PROJECT in written()[0]


def test_what_is_rolled_back_is_not_in_the_journal(published: list[Commit]) -> None:
    with transaction.atomic():
        Fence.objects.create()
        transaction.set_rollback(True)
    assert written() == published == []


def test_what_a_savepoint_took_back_is_not_in_the_journal(published: list[Commit]) -> None:
    with transaction.atomic():
        kept = Fence.objects.create()
        with transaction.atomic():
            Fence.objects.create()
            transaction.set_rollback(True)
    assert written() == published == [{FENCE: {kept.pk: "created"}}]


def test_what_a_callback_writes_after_the_commit_is_an_entry_of_its_own(
    published: list[Commit],
) -> None:
    with transaction.atomic():
        Fence.objects.create()
        transaction.on_commit(Fence.objects.create)
    assert len(written()) == 2
    assert sorted(map(str, written())) == sorted(map(str, published))


def test_a_transaction_that_changes_nothing_writes_nothing() -> None:
    with transaction.atomic():
        list(Fence.objects.all())
    assert not JournalEntry.objects.exists()


def test_a_commit_that_the_journal_does_not_take_is_none(
    published: list[Commit], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks for a journal wants no change that is not in it."""
    Fence.objects.create()

    def full(self: Journal, commit: Any) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(Journal, "write", full)
    with pytest.raises(DatabaseError, match="disk full"):
        Fence.objects.create()
    assert Fence.objects.count() == 1
    assert len(published) == 1


@pytest.mark.parametrize("error", [TypeError, KeyboardInterrupt, DatabaseError])
@pytest.mark.parametrize("in_block", [False, True])
def test_a_commit_whose_entry_fails_in_whatever_way_is_none_and_the_connection_good(
    published: list[Commit],
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
    in_block: bool,
) -> None:
    def unheard_of(*_: Any) -> str:
        raise error("no JSON")

    with monkeypatch.context() as patch:
        patch.setattr(journal_module, "encode", unheard_of)
        block = transaction.atomic() if in_block else nullcontext()
        with pytest.raises(error, match="no JSON"), block:
            Fence.objects.create()
    assert connection.get_autocommit()
    assert not Fence.objects.exists()
    fence = Fence.objects.create()
    assert written() == published == [{FENCE: {fence.pk: "created"}}]


def test_a_connection_that_can_not_be_rolled_back_is_closed(
    published: list[Commit], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> None:
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "write", gone)
        patch.setattr(connection, "_rollback", gone)
        with pytest.raises(OperationalError, match="server closed"):
            Fence.objects.create()
    assert not Fence.objects.exists()
    assert published == []


def test_a_commit_within_a_block_is_refused_as_ever_and_its_changes_are_written_once(
    published: list[Commit],
) -> None:
    with transaction.atomic():
        fence = Fence.objects.create()
        with pytest.raises(transaction.TransactionManagementError):
            connection.commit()
        other = Fence.objects.create()
    assert written() == published == [{FENCE: {fence.pk: "created", other.pk: "created"}}]


def test_receivers_find_the_row_committed_and_no_transaction_as_without_a_journal(
    recorder: Recorder,
) -> None:
    """The row stays where one raises; a durable block may be opened; callbacks run at once."""
    ran: list[int] = []

    def refuse(*, instance: Fence, **_: Any) -> None:
        with transaction.atomic(durable=True):
            transaction.on_commit(lambda: ran.append(instance.pk))
        raise AbortError

    post_save.connect(refuse, sender=Fence)
    try:
        with pytest.raises(AbortError):
            Fence.objects.create()
    finally:
        post_save.disconnect(refuse, sender=Fence)
    assert written() == recorder.commits == [{FENCE: {Fence.objects.get().pk: "created"}}]
    assert recorder.journaled == [True]
    assert ran == [Fence.objects.get().pk]


def _own_save_table(self: Fence, *_: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {Fence._meta.db_table} (id, number) VALUES (%s, 1)", [self.pk])
    return False


def test_a_model_with_a_save_table_of_its_own_is_heard_of_by_its_signal(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Fence, "_save_table", _own_save_table, raising=False)
    Fence(pk=88).save()
    assert written() == recorder.commits == [{FENCE: {88: "created"}}]


def test_a_row_of_a_child_is_one_entry_with_its_parents(published: list[Commit]) -> None:
    truck = Truck.objects.create(name="lorry", load=3)
    truck.save()
    assert written() == published
    assert [commit[TRUCK] for commit in published] == [
        {truck.pk: "created"},
        {truck.pk: "updated"},
    ]
    assert all(VEHICLE in commit for commit in published)


def test_a_save_is_put_down_once(published: list[Commit]) -> None:
    """Though it is heard of twice: when the row is written, and by its signal."""
    fence = Fence.objects.create()
    for _ in range(2):
        fence.save()
    assert written() == published
    assert len(published) == 3


def test_a_save_within_the_signal_of_another_is_put_down_once_as_well(
    published: list[Commit],
) -> None:
    def again(*, instance: Fence, created: bool, **_: Any) -> None:
        if created:
            instance.save()

    # Before our own receiver, which is connected already.
    receivers, post_save.receivers = post_save.receivers, []
    post_save.connect(again, sender=Fence)
    post_save.receivers += receivers
    post_save.sender_receivers_cache.clear()
    try:
        fence = Fence.objects.create()
        fence.save()
    finally:
        post_save.disconnect(again, sender=Fence)
    kinds = ["created", "updated", "updated"]
    assert written() == published == [{FENCE: {fence.pk: kind}} for kind in kinds]


def test_a_save_whose_commit_failed_is_not_taken_for_the_next(
    published: list[Commit], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Journal, commit: Any) -> None:
        raise DatabaseError("disk full")

    fence = Fence(pk=90)
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "write", full)
        with pytest.raises(DatabaseError, match="disk full"):
            fence.save()
    monkeypatch.setattr(Fence, "_save_table", _own_save_table, raising=False)
    fence.save()
    assert written() == published == [{FENCE: {90: "created"}}]


def test_a_database_without_the_table_is_published_without_a_journal(
    published: list[Commit], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Journal, "exists", lambda self: False)
    Fence.objects.create()
    Fence.objects.create()
    assert len(published) == 2
    assert written() == []
    (record,) = [r for r in caplog.records if "has no journal" in r.message]
    assert "migrations" in record.message


def test_a_database_without_a_journal_is_asked_again_after_a_while_or_migrations(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[bool] = []
    clock = [100.0]
    exists = Journal.exists

    def answer(self: Journal) -> bool:
        asked.append(len(asked) >= 2 and exists(self))
        return asked[-1]

    monkeypatch.setattr(Journal, "exists", answer)
    monkeypatch.setattr(outbox, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    Fence.objects.create()
    Fence.objects.create()
    assert asked == [False]
    clock[0] += outbox.ASK_AGAIN
    Fence.objects.create()
    Fence.objects.create()
    assert asked == [False, False]
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    Fence.objects.create()
    Fence.objects.create()
    assert asked == [False, False, True]
    told = zip(recorder.commits, recorder.journaled, strict=True)
    journaled = [journaled for commit, journaled in told if FENCE in commit]
    assert journaled == [False, False, False, False, True, True]
    assert len([commit for commit in written() if FENCE in commit]) == 2
    assert len([r for r in caplog.records if "has no journal" in r.message]) == 1


def test_a_journal_that_another_process_took_away_fails_one_commit_and_no_more(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    """By ``migrate drf_live_graphql zero``."""
    Fence.objects.create()
    with connection.schema_editor() as editor:
        editor.delete_model(JournalEntry)
    try:
        with pytest.raises(DatabaseError):
            Fence.objects.create()
        Fence.objects.create()
    finally:
        with connection.schema_editor() as editor:
            editor.create_model(JournalEntry)
    assert recorder.journaled == [True, False]
    assert [r for r in caplog.records if "has no journal" in r.message]


@pytest.fixture
def manual() -> Iterator[None]:
    """Django was told not to commit by itself."""
    transaction.set_autocommit(False)
    yield
    connection.rollback()
    transaction.set_autocommit(True)


def test_manual_commits_are_entries_and_told_of_at_once_and_once(
    manual: None, recorder: Recorder
) -> None:
    fence = Fence.objects.create()
    assert recorder.commits == []
    connection.commit()
    created: Commit = {FENCE: {fence.pk: "created"}}
    assert recorder.commits == [created]
    with transaction.atomic(savepoint=False):
        fence.save()
    connection.commit()
    fence.save()
    connection.rollback()
    connection.commit()
    updated: Commit = {FENCE: {fence.pk: "updated"}}
    assert written() == recorder.commits == [created, updated]
    assert recorder.journaled == [True, True]
    assert connection.run_on_commit == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's drivers refuse it")
def test_what_is_committed_by_setting_autocommit_is_an_entry_and_told_of(
    manual: None, recorder: Recorder
) -> None:
    fence = Fence.objects.create()
    transaction.set_autocommit(True)
    transaction.set_autocommit(True)
    assert written() == recorder.commits == [{FENCE: {fence.pk: "created"}}]
    assert recorder.journaled == [True]
    assert connection.run_on_commit == []
    transaction.set_autocommit(False)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite does it")
def test_autocommit_that_is_refused_before_the_commit_leaves_the_changes_to_that(
    manual: None, recorder: Recorder
) -> None:
    fence = Fence.objects.create()
    with pytest.raises(DatabaseError):
        transaction.set_autocommit(True)
    assert recorder.commits == []
    connection.commit()
    assert written() == recorder.commits == [{FENCE: {fence.pk: "created"}}]
    assert recorder.journaled == [True]


def test_a_manual_transaction_gets_no_other_inside(manual: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        Fence.objects.create()
    assert [query["sql"][:6] for query in queries if "SELECT" not in query["sql"][:6]] == ["INSERT"]


def test_what_is_rolled_back_by_hand_is_not_in_the_journal(
    manual: None, published: list[Commit]
) -> None:
    Fence.objects.create()
    connection.rollback()
    assert not Fence.objects.exists()
    assert written() == published == []


def test_a_save_that_fails_in_a_manual_transaction_leaves_that_of_use(
    manual: None, published: list[Commit]
) -> None:
    """As without a journal."""
    fence = Fence.objects.create()
    with pytest.raises(DatabaseError, match="did not affect any rows"):
        Fence(pk=fence.pk + 1).save(force_update=True)
    fence.save()
    connection.commit()
    assert written() == published == [{FENCE: {fence.pk: "created"}}]


def test_a_manual_commit_that_is_tried_again_is_one_entry_and_one_of_what_came_between(
    manual: None, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> None:
        raise OperationalError("database is locked")

    fence = Fence.objects.create()
    with monkeypatch.context() as patch:
        patch.setattr(connection, "_commit", busy)
        with pytest.raises(OperationalError, match="locked"):
            connection.commit()
    assert recorder.commits == []
    fence.save()
    connection.commit()
    assert written() == [{FENCE: {fence.pk: "created"}}, {FENCE: {fence.pk: "updated"}}]
    assert recorder.commits == [{FENCE: {fence.pk: "created"}}]
    assert recorder.journaled == [True]


def _save_task(pk: Any) -> None:
    Task.objects.get(pk=pk).save()


def _update_task(pk: Any) -> None:
    Task.objects.filter(pk=pk).update(title="scrape")


@pytest.fixture
def default_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite takes its lock with the first write, as the project does not say otherwise."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "transaction_mode", None)
    monkeypatch.setattr(connections["default"], "transaction_mode", None)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="its locks")
@pytest.mark.usefixtures("default_mode")
@pytest.mark.parametrize("create", [Fence.objects.create, _bulk_create])
def test_what_a_field_does_before_it_is_saved_keeps_nobody_from_writing(
    published: list[Commit],
    capture_bulk: None,
    monkeypatch: pytest.MonkeyPatch,
    create: Callable[[], Any],
) -> None:
    """A field of files uploads them then."""
    wrote: list[int] = []

    def write() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA busy_timeout = 0")
            wrote.append(Project.objects.create(name="hull", slug=f"hull-{len(wrote)}").pk)
        finally:
            connection.close()

    uploads: list[Fence] = []

    def upload(instance: Fence, add: bool) -> int:
        uploads.append(instance)  # More than once for a row, by Django's version.
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(60)
        return 3

    monkeypatch.setattr(Fence._meta.get_field("number"), "pre_save", upload)
    create()
    assert len(wrote) == len(uploads) > 0
    assert set(Fence.objects.values_list("number", flat=True)) == {3}
    assert len(written()) == len(published) == len(wrote) + 1


class OwnField(models.IntegerField):
    """Asks the database before it is saved, it may be."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return super().pre_save(model_instance, add)


class OwnFileField(models.FileField):
    """Uploads in a way of its own."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return super().pre_save(model_instance, add)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="its locks")
@pytest.mark.usefixtures("default_mode")
@pytest.mark.parametrize(
    ("option", "value", "begin"),
    [
        ("select_on_save", True, "BEGIN IMMEDIATE"),
        ("order_with_respect_to", Fence._meta.get_field("number"), "BEGIN IMMEDIATE"),
        ("local_concrete_fields", [Fence._meta.pk], "BEGIN IMMEDIATE"),
        ("local_concrete_fields", [Fence._meta.pk, OwnField()], "BEGIN IMMEDIATE"),
        ("local_concrete_fields", [Fence._meta.pk, OwnFileField()], "BEGIN"),
        ("local_concrete_fields", list(Fence._meta.local_concrete_fields), "BEGIN"),
    ],
)
def test_a_save_that_reads_first_takes_sqlites_lock_first(
    monkeypatch: pytest.MonkeyPatch, option: str, value: Any, begin: str
) -> None:
    """After a read it may be refused, however long the timeout."""
    with monkeypatch.context() as patch:
        patch.setattr(Fence._meta, option, value)
        block = outbox.own_transaction("default", saved=Fence)
    with CaptureQueriesContext(connection) as queries, block:
        pass
    assert queries[0]["sql"] == begin


@pytest.mark.skipif(connection.vendor != "sqlite", reason="its locks")
@pytest.mark.parametrize("mode", ["DEFERRED", None])
@pytest.mark.parametrize("write", [_save_task, _update_task])
def test_threads_that_write_at_once_wait_for_each_other_by_sqlites_default(
    published: list[Commit],
    capture_bulk: None,
    monkeypatch: pytest.MonkeyPatch,
    mode: str | None,
    write: Callable[[Any], None],
) -> None:
    """A transaction that reads before it writes is refused where somebody else wrote meanwhile."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "transaction_mode", mode)
    project = Project.objects.create(name="hull", slug="hull")
    tasks = [Task.objects.create(project=project, title="caulk") for _ in range(4)]
    before = len(written())
    together = threading.Barrier(len(tasks))
    failures: list[BaseException] = []

    def work(pk: Any) -> None:
        try:
            together.wait(30)
            for _ in range(20):
                write(pk)
            mode_after = connections["default"].transaction_mode  # type: ignore[attr-defined]
            assert mode_after == mode
        except BaseException as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=work, args=(task.pk,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert len(written()) - before == 80


@pytest.mark.django_db(transaction=True, databases=["default", "other"])
def test_each_database_has_a_journal_of_its_own(published: list[Commit]) -> None:
    with transaction.atomic("default"), transaction.atomic("other"):
        here = Fence.objects.create()
        there = Fence.objects.using("other").create(pk=here.pk + 100)
    assert written("default") == [{FENCE: {here.pk: "created"}}]
    assert written("other") == [{FENCE: {there.pk: "created"}}]


async def test_asynchronous_writes_are_in_the_journal(published: list[Commit]) -> None:
    fence = await Fence.objects.acreate()
    await fence.asave()
    await fence.adelete()
    assert len(await sync_to_async(written)()) == 3


async def test_what_a_coroutine_tells_of_is_in_the_journal_if_it_awaits_that(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    fence = await Fence.objects.acreate()
    notify_changed(fence)
    (record,) = caplog.records
    assert "project.fence are published, but in no journal" in record.getMessage()
    await anotify_changed(fence)
    await anotify_changed(Fence.objects.all())
    assert recorder.journaled == [True, False, True, True]
    updated: Commit = {FENCE: {fence.pk: "updated"}}
    assert (await sync_to_async(written)())[1:] == [updated, updated]
    assert len(caplog.records) == 1


async def test_a_coroutine_that_may_use_the_connection_writes_the_journal(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a notebook: https://docs.djangoproject.com/en/stable/topics/async/#async-safety."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    try:
        fence = Fence.objects.create()
        notify_changed(fence)
        assert written() == recorder.commits
        assert recorder.journaled == [True, True]
    finally:
        connection.close()


def test_messages_say_that_they_are_in_the_journal(recorder: Recorder) -> None:
    Fence.objects.create()
    assert recorder.journaled == [True]
    outbox.uninstall()
    Fence.objects.create()
    assert recorder.journaled == [True, False]


def test_installing_twice_wraps_once() -> None:
    wrapped = BaseDatabaseWrapper.commit
    outbox.install(_captured)
    assert BaseDatabaseWrapper.commit is wrapped
    outbox.uninstall()
    assert BaseDatabaseWrapper.commit is not wrapped
    Fence.objects.create()
    assert written() == []
