"""One publication a commit, of what was committed and nothing else."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, transaction

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


def test_changes_made_by_a_hook_of_the_commit_are_published(published: list[Commit]) -> None:
    with transaction.atomic():
        transaction.on_commit(lambda: Vehicle.objects.create(name="before ours"))
        fence = Fence.objects.create()
        transaction.on_commit(lambda: Vehicle.objects.create(name="after ours"))
    before, after = (vehicle.pk for vehicle in Vehicle.objects.order_by("pk"))
    # A hook that runs before ours writes into what is about to be published.
    assert published == [
        {FENCE: {fence.pk: "created"}, VEHICLE: {before: "created"}},
        {VEHICLE: {after: "created"}},
    ]


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
