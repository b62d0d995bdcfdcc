"""Commits that write themselves into the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_save

from drf_live_graphql import notify_changed
from drf_live_graphql.changes import outbox
from drf_live_graphql.changes.capture import _captured
from drf_live_graphql.changes.journal import Journal
from drf_live_graphql.models import JournalEntry
from tests.project.models import Fence, Project, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.changes.conftest import Commit, Recorder

pytestmark = pytest.mark.usefixtures("live_db")

FENCE, TASK, PROJECT = "project.fence", "project.task", "project.project"


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
