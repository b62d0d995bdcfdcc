"""One publication a commit, of what was committed and nothing else."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, connection, transaction

from tests.project.models import Fence, Vehicle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.changes.conftest import Commit

pytestmark = pytest.mark.usefixtures("live_db")

FENCE, VEHICLE = "project.fence", "project.vehicle"


class AbortError(Exception):
    """Rolls a block back."""


def _fail() -> None:
    raise AbortError


@contextmanager
def rolled_back() -> Iterator[None]:
    """A block in a transaction, or a savepoint of one, that is rolled back at its end."""
    try:
        with transaction.atomic():
            yield
            _fail()
    except AbortError:
        return


def test_outside_a_transaction_each_write_is_a_commit(published: list[Commit]) -> None:
    fence = Fence.objects.create()
    fence.save()
    assert published == [{FENCE: {fence.pk: "created"}}, {FENCE: {fence.pk: "updated"}}]


def test_a_transaction_is_one_commit_of_all_models(published: list[Commit]) -> None:
    with transaction.atomic():
        fence, vehicle = Fence.objects.create(), Vehicle.objects.create(name="van")
        fence.save()
        assert published == []
    assert published == [{FENCE: {fence.pk: "created"}, VEHICLE: {vehicle.pk: "created"}}]


def test_a_rollback_publishes_nothing(published: list[Commit]) -> None:
    with rolled_back():
        Fence.objects.create()
    assert published == []
    fence = Fence.objects.create()
    assert published == [{FENCE: {fence.pk: "created"}}]


def test_a_savepoint_that_is_rolled_back_takes_its_changes_along(published: list[Commit]) -> None:
    with transaction.atomic():
        first = Fence.objects.create()
        with rolled_back():
            Fence.objects.create()
            with transaction.atomic():
                Fence.objects.create()
        with transaction.atomic():
            kept = Fence.objects.create()
        last = Fence.objects.create()
    assert published == [{FENCE: dict.fromkeys((first.pk, kept.pk, last.pk), "created")}]


def test_a_savepoint_rolled_back_at_the_end_does_not_hold_the_rest_back(
    published: list[Commit],
) -> None:
    with transaction.atomic():
        fence = Fence.objects.create()
        with rolled_back():
            Fence.objects.create()
    assert published == [{FENCE: {fence.pk: "created"}}]


def test_only_savepoints_are_rolled_back_and_nothing_is_left(published: list[Commit]) -> None:
    with transaction.atomic(), rolled_back():
        Fence.objects.create()
    assert published == []


def test_changes_made_by_a_hook_of_the_commit_are_commits_of_their_own(
    published: list[Commit],
) -> None:
    with transaction.atomic():
        transaction.on_commit(lambda: Vehicle.objects.create(name="before ours"))
        fence = Fence.objects.create()
        transaction.on_commit(lambda: Vehicle.objects.create(name="after ours"))
    before, after = (vehicle.pk for vehicle in Vehicle.objects.order_by("pk"))
    assert published == [
        {FENCE: {fence.pk: "created"}},
        {VEHICLE: {before: "created"}},
        {VEHICLE: {after: "created"}},
    ]


def test_what_a_hook_of_the_commit_rolls_back_is_not_published(published: list[Commit]) -> None:
    def try_and_fail() -> None:
        with rolled_back():
            Vehicle.objects.create(name="not this one")

    with transaction.atomic():
        transaction.on_commit(try_and_fail)
        fence = Fence.objects.create()
    assert published == [{FENCE: {fence.pk: "created"}}]


def test_other_callbacks_around_ours_do_not_hide_it(published: list[Commit]) -> None:
    """Ours moves up in Django's queue as those before it are dropped with their savepoint."""
    keys: list[int] = []
    with transaction.atomic():
        with rolled_back():
            for _ in range(3):
                transaction.on_commit(_fail)
            Vehicle.objects.create(name="not this one")
        for _ in range(3):
            with rolled_back():
                transaction.on_commit(_fail)
            keys.append(Fence.objects.create().pk)
            transaction.on_commit(lambda: None)
    assert published == [{FENCE: dict.fromkeys(keys, "created")}]


def test_somebody_elses_failing_hook_loses_no_committed_change(published: list[Commit]) -> None:
    def write() -> None:
        with transaction.atomic():
            Fence.objects.create()
            transaction.on_commit(_fail)
            with transaction.atomic():
                Fence.objects.create()

    with pytest.raises(AbortError):
        write()
    keys = Fence.objects.values_list("pk", flat=True)
    assert len(keys) == 2
    assert published == [{FENCE: dict.fromkeys(keys, "created")}]


def _write_with_a_hook_that_fails_first() -> None:
    with transaction.atomic():
        transaction.on_commit(_fail)
        Fence.objects.create()


def test_a_hook_that_fails_before_ours_loses_no_committed_change(published: list[Commit]) -> None:
    with pytest.raises(AbortError):
        _write_with_a_hook_that_fails_first()
    fence = Fence.objects.get()
    assert published == [{FENCE: {fence.pk: "created"}}]


def test_an_error_that_is_kept_holds_no_later_change_back(published: list[Commit]) -> None:
    """Its traceback keeps the callbacks alive that Django did not get to."""
    errors: list[Exception] = []
    for _ in range(3):
        try:
            _write_with_a_hook_that_fails_first()
        except AbortError as error:
            errors.append(error)
    with rolled_back():
        Vehicle.objects.create(name="not this one")
    Fence.objects.create()
    keys = list(Fence.objects.order_by("pk").values_list("pk", flat=True))
    assert len(errors) == 3
    assert published == [{FENCE: {pk: "created"}} for pk in keys]


def test_a_commit_that_fails_publishes_nothing(
    published: list[Commit], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise DatabaseError("a deferred constraint")

    def write() -> None:
        with transaction.atomic():
            Fence.objects.create()
            monkeypatch.setattr(connection, "commit", refuse)

    with pytest.raises(DatabaseError):
        write()
    monkeypatch.undo()
    assert not Fence.objects.exists()
    assert published == []


def test_a_connection_closed_in_a_transaction_publishes_nothing(published: list[Commit]) -> None:
    with transaction.atomic():
        Fence.objects.create()
        connection.close()
    assert not Fence.objects.exists()
    assert published == []


@pytest.mark.parametrize(
    ("write", "kind"),
    [
        (lambda fence: (fence.save(), fence.save()), "updated"),
        (lambda fence: (fence.save(), fence.delete()), "deleted"),
        (lambda fence: (Fence(pk=fence.pk).delete(), fence.save(force_insert=True)), "updated"),
    ],
)
def test_several_changes_of_a_row_are_their_net_result(
    published: list[Commit], write: Any, kind: str
) -> None:
    fence = Fence.objects.create()
    pk = fence.pk
    published.clear()
    with transaction.atomic():
        write(Fence(pk=pk))
    assert published == [{FENCE: {pk: kind}}]


def test_threads_have_transactions_of_their_own(published: list[Commit]) -> None:
    keys: list[int] = []

    def write() -> None:
        try:
            keys.append(Vehicle.objects.create(name="elsewhere").pk)
        finally:
            connection.close()

    fence = Fence.objects.create()
    published.clear()
    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    with transaction.atomic():
        fence.save()
    assert published == [{VEHICLE: {keys[0]: "created"}}, {FENCE: {fence.pk: "updated"}}]
