"""What writers tell of that Django does not see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.core.exceptions import SynchronousOnlyOperation
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import drf_live_graphql
from drf_live_graphql import LiveError, notify_changed
from drf_live_graphql.changes.message import Stamp, decode, encode
from tests.changes.conftest import EVERYTHING
from tests.changes.models import Buoy, Tug
from tests.project import models

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from tests.changes.conftest import Recorder

pytestmark = pytest.mark.usefixtures("live_db")

FENCE, TUG, VESSEL = "project.fence", "changes_tests.tug", "changes_tests.vessel"


class AbortError(Exception):
    """Rolls a block back."""


@pytest.fixture
def fences(recorder: Recorder) -> list[models.Fence]:
    made = models.Fence.objects.bulk_create(models.Fence(number=n) for n in range(3))
    recorder.clear()
    return list(made)


def test_a_queryset_is_its_rows(fences: list[models.Fence], recorder: Recorder) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("UPDATE project_fence SET number = 9 WHERE number > 0")
    notify_changed(models.Fence.objects.filter(number=9))
    assert recorder.commits == [{FENCE: {fence.pk: "updated" for fence in fences[1:]}}]
    assert recorder.links == [{FENCE: None}]


@pytest.mark.parametrize(
    "shape",
    [
        lambda rows: rows[:2],
        lambda rows: rows.values("number")[:2],
        lambda rows: rows.filter(number__lt=2).distinct(),
        lambda rows: rows.order_by().filter(number=0).union(rows.order_by().filter(number=1)),
    ],
)
def test_a_queryset_of_any_shape(
    fences: list[models.Fence], recorder: Recorder, shape: Any
) -> None:
    notify_changed(shape(models.Fence.objects.order_by("number")))
    assert recorder.commits == [{FENCE: {fence.pk: "updated" for fence in fences[:2]}}]


def test_a_queryset_of_too_many_is_everything(
    fences: list[models.Fence], recorder: Recorder, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"MAX_CHANGES_PER_MESSAGE": 2}
    with CaptureQueriesContext(connections["default"]) as queries:
        notify_changed(models.Fence.objects.all())
    assert "LIMIT 3" in queries[0]["sql"]
    assert recorder.commits == [{FENCE: EVERYTHING}]


def test_an_instance_is_its_row(fences: list[models.Fence], recorder: Recorder) -> None:
    with CaptureQueriesContext(connections["default"]) as queries:
        notify_changed(fences[0])
    assert len(queries) == 0
    assert recorder.commits == [{FENCE: {fences[0].pk: "updated"}}]


def test_instances_are_their_rows(fences: list[models.Fence], recorder: Recorder) -> None:
    van = models.Vehicle.objects.create(name="van")
    recorder.clear()
    with transaction.atomic():
        notify_changed(row for row in [*fences, van])
    assert recorder.commits == [
        {
            FENCE: {fence.pk: "updated" for fence in fences},
            "project.vehicle": {van.pk: "updated"},
        }
    ]


def test_a_class_is_everything(recorder: Recorder) -> None:
    notify_changed(models.Fence)
    notify_changed(models.ServiceVehicle)
    assert recorder.commits == [{FENCE: EVERYTHING}, {"project.vehicle": EVERYTHING}]


def test_a_child_of_several_tables_is_a_change_of_its_parent(recorder: Recorder) -> None:
    tug = Tug.objects.create(name="t")
    recorder.clear()
    notify_changed(tug)
    notify_changed(Tug.objects.all())
    notify_changed(Tug)
    row = {tug.pk: "updated"}
    assert recorder.commits == [
        {TUG: row, VESSEL: row},
        {TUG: row, VESSEL: row},
        {TUG: EVERYTHING, VESSEL: EVERYTHING},
    ]


def test_a_key_of_two_columns(recorder: Recorder) -> None:
    buoy = Buoy.objects.create(row=1, column=2)
    recorder.clear()
    notify_changed(buoy)
    notify_changed(Buoy.objects.all())
    assert recorder.commits == [{"changes_tests.buoy": {(1, 2): "updated"}}] * 2


def test_nothing_is_no_change(recorder: Recorder) -> None:
    notify_changed([])
    notify_changed(models.Fence.objects.none())
    notify_changed(models.Fence.objects.filter(number=77))
    assert recorder.commits == []


def test_what_is_unwatched_is_told_when_asked_for(recorder: Recorder) -> None:
    Session.objects.create(session_key="a", expire_date=timezone.now())
    notify_changed(Session.objects.all())
    assert recorder.commits == [{"sessions.session": {"a": "updated"}}]


def test_it_is_told_with_the_transaction(fences: list[models.Fence], recorder: Recorder) -> None:
    def write_and_abort() -> None:
        with transaction.atomic():
            notify_changed(fences[0])
            raise AbortError

    with transaction.atomic():
        with pytest.raises(AbortError):
            write_and_abort()
        notify_changed(fences[1])
        assert recorder.commits == []
    assert recorder.commits == [{FENCE: {fences[1].pk: "updated"}}]


@pytest.mark.django_db(transaction=True, databases=["default", "other"])
def test_it_is_told_with_the_transaction_of_the_database_it_names(
    fences: list[models.Fence], recorder: Recorder
) -> None:
    there = models.Fence.objects.using("other").create(pk=7_000)
    recorder.clear()
    with transaction.atomic("other"):
        notify_changed(there)
        notify_changed(models.Fence.objects.using("other").all())
        notify_changed(models.Fence, using="other")
        notify_changed([fences[0]], using="other")
        notify_changed(models.Fence.objects.all(), using="other")
        assert recorder.commits == []
        notify_changed(fences[1])
        assert recorder.commits == [{FENCE: {fences[1].pk: "updated"}}]
    assert recorder.commits[1:] == [{FENCE: EVERYTHING}]


async def test_asynchronous_callers(recorder: Recorder) -> None:
    fence = await models.Fence.objects.acreate()
    recorder.clear()
    notify_changed(models.Fence)
    notify_changed(fence)
    with pytest.raises(SynchronousOnlyOperation):
        notify_changed(models.Fence.objects.all())
    await sync_to_async(notify_changed)(models.Fence.objects.all())
    row = {FENCE: {fence.pk: "updated"}}
    assert recorder.commits == [{FENCE: EVERYTHING}, row, row]


@pytest.mark.parametrize(
    ("what", "text"),
    [
        (7, "7 came"),
        ("project.Fence", "'project.Fence' came"),
        (None, "None came"),
        (int, "<class 'int'> came"),
        ([7], "7 came in an iterable"),
        ([models.Fence], "came in an iterable"),
        (models.Fence(), r"no primary key.*notify_changed\(Fence\)"),
    ],
)
def test_anything_else_is_refused_with_what_was_expected(
    recorder: Recorder, what: Any, text: str
) -> None:
    with pytest.raises(LiveError, match=rf"expected a QuerySet, .*{text}"):
        notify_changed(what)
    assert recorder.commits == []


def test_an_abstract_class_is_refused(recorder: Recorder) -> None:
    abstract: Any = Session.__base__
    with pytest.raises(LiveError, match="AbstractBaseSession is abstract"):
        notify_changed(abstract)


def test_it_is_public() -> None:
    assert "notify_changed" in drf_live_graphql.__all__
    assert drf_live_graphql.notify_changed is notify_changed


def test_what_is_told_travels(fences: list[models.Fence], recorder: Recorder) -> None:
    """A row that is told of twice, once by its links and once without, has unknown ones."""
    with transaction.atomic():
        fences[0].save()
        notify_changed(fences[0])
    assert recorder.links == [{FENCE: None}]
    stamp = Stamp("abc", 1, 0.0)
    told = drf_live_graphql.changes.Changes(FENCE, {fences[0].pk: "updated"})  # type: ignore[attr-defined]
    assert decode(encode(told, stamp)) == told
