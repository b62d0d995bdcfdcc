"""Writes that send no signal reach a subscriber: it holds what a GET answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from drf_live_graphql import notify_changed
from drf_live_graphql.changes import bulk
from drf_live_graphql.testing import settled
from tests.project import models

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")

ROW = "{ id title assignee { username } labels { name } }"
TASKS = f"subscription {{ taskDetails {{ snapshot {ROW} created {ROW} updated {ROW} deleted }} }}"


@pytest.fixture
def capture_bulk() -> Iterator[None]:
    bulk.install()
    yield
    bulk.uninstall()


def _prepare() -> None:
    """Four tasks that ada sees, two of them bob's with labels, and one that she does not see."""
    make = get_user_model().objects.create
    ada, bob = make(username="ada"), make(username="bob")
    hers, other = (models.Project.objects.create(name=n, slug=n) for n in ("hers", "other"))
    models.Membership.objects.create(project=hers, user=ada)
    red = models.Label.objects.create(name="red")
    for title in "abcd":
        task = models.Task.objects.create(project=hers, title=title)
        if title in "ab":
            models.Task.objects.filter(pk=task.pk).update(assignee=bob)
            task.labels.add(red)
    models.Task.objects.create(project=other, title="hidden")


def _held(payloads: list[Any]) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for payload in payloads:
        change = payload["data"]["taskDetails"]
        if change["snapshot"] is not None:
            rows = {row["id"]: row for row in change["snapshot"]}
        rows.update({row["id"]: row for row in [*change["created"], *change["updated"]]})
        for key in change["deleted"]:
            del rows[key]
    return rows


def _shown() -> dict[str, Any]:
    client = Client()
    client.force_login(get_user_model().objects.get(username="ada"))
    return {
        str(row["id"]): {
            "id": str(row["id"]),
            "title": row["title"],
            "assignee": row["assignee"] and {"username": row["assignee"]["username"]},
            "labels": [{"name": label["name"]} for label in row["labels"]],
        }
        for row in client.get("/api/task-details/").json()
    }


def _task(title: str) -> models.Task:
    return models.Task.objects.get(title=title)


def _bulk_create() -> None:
    project = models.Project.objects.get(slug="hers")
    models.Task.objects.bulk_create(models.Task(project=project, title=t) for t in "xy")


def _bulk_update() -> None:
    tasks = list(models.Task.objects.filter(title__in="ab"))
    for task in tasks:
        task.title += "!"
    models.Task.objects.bulk_update(tasks, ["title"])


def _reverse_manager() -> None:
    get_user_model().objects.get(username="bob").tasks.set([_task("c"), _task("d")])


def _rows_between() -> None:
    through: Any = models.Task.labels.through
    red = models.Label.objects.get()
    through.objects.bulk_create([through(task=_task("c"), label=red)])
    through.objects.filter(task=_task("a")).delete()


BULK: dict[str, Callable[[], Any]] = {
    "update": lambda: models.Task.objects.filter(title="a").update(title="z"),
    "update that moves rows out": lambda: models.Task.objects.filter(title__in="ab").update(
        project=models.Project.objects.get(slug="other")
    ),
    "update that moves a row in": lambda: models.Task.objects.filter(title="hidden").update(
        project=models.Project.objects.get(slug="hers")
    ),
    "bulk_create": _bulk_create,
    "bulk_update": _bulk_update,
    "the other end of a foreign key": _reverse_manager,
    "rows between": _rows_between,
}


def _raw_sql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE project_task SET title = 'raw' WHERE title = 'a'")
    notify_changed(models.Task.objects.filter(title="raw"))


def _another_program() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM project_task_labels")
        cursor.execute("DELETE FROM project_task WHERE title = 'b'")
    notify_changed(models.Task)


ALWAYS: dict[str, Callable[[], Any]] = {
    "SET_NULL": lambda: get_user_model().objects.get(username="bob").delete(),
    "the other end of a many-to-many is deleted": lambda: models.Label.objects.all().delete(),
    "raw SQL": _raw_sql,
    "another program": _another_program,
}


async def _arrives(connect: Connect, write: Callable[[], Any]) -> None:
    await sync_to_async(_prepare)()
    operation = await (await connect("ada")).subscribe(TASKS)
    await operation.started()
    await settled()
    before = await sync_to_async(_shown)()
    assert _held(operation.payloads) == before
    await sync_to_async(write)()
    await settled()
    after = await sync_to_async(_shown)()
    assert after != before
    assert _held(operation.payloads) == after


@pytest.mark.usefixtures("capture_bulk")
@pytest.mark.parametrize("write", BULK.values(), ids=BULK)
async def test_a_write_in_bulk_arrives(connect: Connect, write: Callable[[], Any]) -> None:
    await _arrives(connect, write)


@pytest.mark.parametrize("write", ALWAYS.values(), ids=ALWAYS)
async def test_a_write_without_a_signal_arrives(connect: Connect, write: Callable[[], Any]) -> None:
    await _arrives(connect, write)
