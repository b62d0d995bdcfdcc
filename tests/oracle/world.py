"""What may happen to the data: small writes, each of one kind, on rows picked by number.

Many of them reach a list only through another table: a nested row, a membership, a relation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from asgiref.sync import async_to_sync
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.db import connection, transaction
from django.db import models as db

from drf_live_graphql import notify_changed
from tests.oracle import targets
from tests.project import models

__all__ = ["AFTERWARDS", "USERS", "WRITES", "Write", "build", "clear", "writes_to"]

USERS = ("ada", "grace", "root")
TITLES = ("alpha", "beta", "gamma", "abba", "ccc")
numbers = count(1)


@dataclass(frozen=True)
class Write:
    """One write: its name in `WRITES` and the numbers that pick its rows and values."""

    name: str
    picks: tuple[int, int, int]

    def __call__(self) -> None:
        WRITES[self.name](*self.picks)


Writer = Callable[[int, int, int], object]
WRITES: dict[str, Writer] = {}
AFTERWARDS = frozenset({"task_after"})
"""Those that write once more when what they wrote is committed."""


def write(function: Writer) -> Writer:
    WRITES[function.__name__] = function
    return function


def writes_to(shape: targets.Shape) -> list[str]:
    """The names of the writes that concern a list of such rows."""
    kinds = {
        targets.TASK: ("task", "label", "member", "project", "guest"),
        targets.TASK_DETAIL: ("task", "comment", "label", "member", "project", "guest"),
        targets.PROJECT: ("project", "member"),
        targets.NOTE: ("note",),
        targets.ARTICLE: ("article",),
        targets.DOCUMENT: ("document",),
        targets.ANNOUNCEMENT: ("announcement",),
        targets.MEMO: ("memo", "remark"),
        targets.VEHICLE: ("vehicle", "truck", "service"),
        targets.TRUCK: ("vehicle", "truck", "service"),
        targets.SERVICE: ("vehicle", "truck", "service"),
    }
    return [name for name in WRITES if name.split("_")[0] in kinds[shape]]


def pick(model: type[db.Model], number: int) -> Any:
    """The row that a number stands for, `None` where the table is empty."""
    rows = model._default_manager.order_by("pk")
    size = rows.count()
    return rows[number % size] if size else None


def person(number: int) -> Any:
    return get_user_model().objects.get(username=USERS[number % len(USERS)])


def guests() -> Any:
    return get_user_model().objects.filter(username__startswith="guest")


def someone(number: int) -> Any:
    """A user of those who log in, or the guest."""
    return (number % 4 == 3 and guests().first()) or person(number)


def title(number: int) -> str:
    return TITLES[number % len(TITLES)]


def build() -> None:
    """The world at the beginning: three users, a guest, two projects, a few rows of each kind."""
    users = [
        get_user_model().objects.create(username=name, is_staff=name == "root") for name in USERS
    ]
    get_user_model().objects.create(username="guest")
    projects = [
        models.Project.objects.create(name=name, slug=name.lower()) for name in ("Engine", "Hull")
    ]
    for project, user in ((0, 0), (0, 2), (1, 1), (1, 2)):
        models.Membership.objects.create(project=projects[project], user=users[user])
    for name in ("red", "blue"):
        models.Label.objects.create(name=name)
    for number in range(5):
        task_create(number, number, number)
        task_labels(number, number, number)
        comment_add(number, number, number)
        note_create(number, number, number)
    group = Group.objects.create(name="editors")
    group.user_set.set([users[0], users[2]])
    for number in range(3):
        memo_create(number, number, number)
        remark_add(number, number, number)
        article_create(number, number, number)
        document_create(number, number, number)
        announcement_create(number, number, number)
        truck_create(number, number, number)
        vehicle_create(number, number, number)


def clear() -> None:
    """Empty every table, without a signal; but for what says which tables there are."""
    every = apps.get_models(include_auto_created=True)
    tables = [one for one in every if not one._meta.proxy and one is not ContentType]
    with transaction.atomic(), connection.cursor() as cursor:
        for model in tables:  # Foreign keys are checked when the transaction ends.
            cursor.execute(f'DELETE FROM "{model._meta.db_table}"')


@write
def task_create(a: int, b: int, c: int) -> None:
    if project := pick(models.Project, a):
        models.Task.objects.create(
            project=project,
            title=title(b),
            assignee=None if c % 4 == 0 else someone(c),
            status=models.Task.Status.values[c % 3],
            priority=models.Task.Priority.values[b % 3],
            estimate=None if a % 2 else "1.50",
            due=None if c % 2 else "2019-05-06",
        )


@write
def task_change(a: int, b: int, c: int) -> None:
    if task := pick(models.Task, a):
        task.title = title(b)
        task.status = models.Task.Status.values[c % 3]
        task.priority = models.Task.Priority.values[(b + c) % 3]
        task.assignee = None if c % 4 == 0 else someone(c)
        task.save()


@write
def task_move(a: int, b: int, c: int) -> None:
    task, project = pick(models.Task, a), pick(models.Project, b)
    if task and project:
        task.project = project
        task.save(update_fields=["project"])


@write
def task_delete(a: int, b: int, c: int) -> None:
    if task := pick(models.Task, a):
        task.delete()


@write
def task_labels(a: int, b: int, c: int) -> None:
    if task := pick(models.Task, a):
        labels = list(models.Label.objects.order_by("pk"))
        task.labels.set(labels[b % 3 :])


@write
def label_tasks(a: int, b: int, c: int) -> None:
    """The same relation from its other end."""
    task, label = pick(models.Task, a), pick(models.Label, b)
    if task and label:
        label.tasks.remove(task) if c % 2 else label.tasks.add(task)


@write
def label_rename(a: int, b: int, c: int) -> None:
    if label := pick(models.Label, a):
        label.name = f"{title(b)} {c}"
        label.save()


@write
def label_replace(a: int, b: int, c: int) -> None:
    """A label goes, and with it its place on tasks; another comes and takes its place on some."""
    if label := pick(models.Label, a):
        tasks = list(label.tasks.all()[b % 2 :])
        label.delete()
        label = models.Label.objects.create(name=title(c))
        if c % 2:
            label.tasks.set(tasks)


@write
def comment_add(a: int, b: int, c: int) -> None:
    if task := pick(models.Task, a):
        models.Comment.objects.create(task=task, author=someone(b), text=title(c))


@write
def comment_change(a: int, b: int, c: int) -> None:
    if comment := pick(models.Comment, a):
        comment.text, comment.author = title(b), someone(c)
        comment.save()


@write
def comment_move(a: int, b: int, c: int) -> None:
    comment, task = pick(models.Comment, a), pick(models.Task, b)
    if comment and task:
        comment.task = task
        comment.save(update_fields=["task"])


@write
def comment_delete(a: int, b: int, c: int) -> None:
    if comment := pick(models.Comment, a):
        comment.delete()


@write
def guest_rename(a: int, b: int, c: int) -> None:
    """A user who is shown in tasks and comments, and never logs in."""
    if guest := guests().first():
        guest.username = f"guest-{next(numbers)}"
        guest.save()


@write
def guest_replace(a: int, b: int, c: int) -> None:
    """Comments go with the old one; the tasks lose their assignee."""
    guests().delete()
    get_user_model().objects.create(username=f"guest-{next(numbers)}")


@write
def note_create(a: int, b: int, c: int) -> None:
    models.Note.objects.create(owner=person(a), text=title(b), pinned=c % 2 == 0)


@write
def note_change(a: int, b: int, c: int) -> None:
    if note := pick(models.Note, a):
        note.text, note.pinned = title(b), c % 2 == 0
        note.save()


@write
def note_move(a: int, b: int, c: int) -> None:
    if note := pick(models.Note, a):
        note.owner = person(b)
        note.save()


@write
def note_delete(a: int, b: int, c: int) -> None:
    if note := pick(models.Note, a):
        note.delete()


@write
def article_create(a: int, b: int, c: int) -> None:
    models.Article.objects.create(
        slug=f"{title(b)}-{next(numbers)}", title=title(b), published=c % 2 == 0, author=person(a)
    )


@write
def article_change(a: int, b: int, c: int) -> None:
    if article := pick(models.Article, a):
        article.title, article.published = title(b), c % 2 == 0
        article.save()


@write
def article_rename(a: int, b: int, c: int) -> None:
    """Change the very value it is looked up by."""
    if article := pick(models.Article, a):
        article.slug = f"{title(b)}-{next(numbers)}"
        article.save()


@write
def article_swap(a: int, b: int, c: int) -> None:
    """Another row under a name that somebody watches."""
    one, other = pick(models.Article, a), pick(models.Article, b)
    if one and other and one != other:
        with transaction.atomic():
            names = one.slug, other.slug
            one.slug = f"swap-{next(numbers)}"
            one.save()
            other.slug, one.slug = names
            other.save()
            one.save()


@write
def article_delete(a: int, b: int, c: int) -> None:
    if article := pick(models.Article, a):
        article.delete()


@write
def document_create(a: int, b: int, c: int) -> None:
    models.Document.objects.create(owner=person(a), name=title(b), confidential=c % 2 == 0)


@write
def document_change(a: int, b: int, c: int) -> None:
    if document := pick(models.Document, a):
        document.name, document.confidential, document.owner = title(b), c % 2 == 0, person(c)
        document.save()


@write
def document_delete(a: int, b: int, c: int) -> None:
    if document := pick(models.Document, a):
        document.delete()


@write
def announcement_create(a: int, b: int, c: int) -> None:
    models.Announcement.objects.create(text=title(a))


@write
def announcement_change(a: int, b: int, c: int) -> None:
    if announcement := pick(models.Announcement, a):
        announcement.text = title(b)
        announcement.save()


@write
def announcement_delete(a: int, b: int, c: int) -> None:
    if announcement := pick(models.Announcement, a):
        announcement.delete()


@write
def vehicle_create(a: int, b: int, c: int) -> None:
    models.Vehicle.objects.create(name=title(a), in_service=b % 2 == 0)


@write
def vehicle_change(a: int, b: int, c: int) -> None:
    """Through the parent's class, whatever the row is."""
    if vehicle := pick(models.Vehicle, a):
        vehicle.name, vehicle.in_service = title(b), c % 2 == 0
        vehicle.save()


@write
def vehicle_delete(a: int, b: int, c: int) -> None:
    if vehicle := pick(models.Vehicle, a):
        vehicle.delete()


@write
def service_change(a: int, b: int, c: int) -> None:
    """Through the proxy."""
    if vehicle := pick(models.ServiceVehicle, a):
        vehicle.name, vehicle.in_service = title(b), c % 2 == 0
        vehicle.save()


@write
def truck_create(a: int, b: int, c: int) -> None:
    models.Truck.objects.create(name=title(a), in_service=b % 2 == 0, load=c)


@write
def truck_change(a: int, b: int, c: int) -> None:
    """Through the child: its own column and those of its parent."""
    if truck := pick(models.Truck, a):
        truck.name, truck.load = title(b), c
        truck.save()


@write
def truck_delete(a: int, b: int, c: int) -> None:
    if truck := pick(models.Truck, a):
        truck.delete()


@write
def project_create(a: int, b: int, c: int) -> None:
    project = models.Project.objects.create(name=title(a), slug=f"project-{next(numbers)}")
    models.Membership.objects.create(project=project, user=person(b))


@write
def project_rename(a: int, b: int, c: int) -> None:
    if project := pick(models.Project, a):
        project.name, project.archived = title(b), c % 2 == 0
        project.save()


@write
def project_delete(a: int, b: int, c: int) -> None:
    """Its tasks go with it, by cascade."""
    if models.Project.objects.count() > 1 and (project := pick(models.Project, a)):
        project.delete()


@write
def member_join(a: int, b: int, c: int) -> None:
    if project := pick(models.Project, a):
        models.Membership.objects.get_or_create(project=project, user=person(b))


@write
def member_leave(a: int, b: int, c: int) -> None:
    if project := pick(models.Project, a):
        models.Membership.objects.filter(project=project, user=person(b)).delete()


@write
def member_move(a: int, b: int, c: int) -> None:
    """A membership becomes one of another project."""
    membership, project = pick(models.Membership, a), pick(models.Project, b)
    if membership and project:
        taken = models.Membership.objects.filter(project=project, user=membership.user)
        if not taken.exists():
            membership.project = project
            membership.save()


# Writes that send no signal.


@write
def task_bulk_change(a: int, b: int, c: int) -> None:
    tasks = models.Task.objects.filter(priority=models.Task.Priority.values[a % 3])
    tasks.update(title=title(b), status=models.Task.Status.values[c % 3])


@write
def task_bulk_create(a: int, b: int, c: int) -> None:
    if project := pick(models.Project, a):
        models.Task.objects.bulk_create(
            models.Task(project=project, title=title(number), assignee=someone(c))
            for number in range(b % 3 + 1)
        )


@write
def task_bulk_update(a: int, b: int, c: int) -> None:
    tasks = list(models.Task.objects.order_by("pk")[a % 3 : a % 3 + 2])
    for task in tasks:
        task.title, task.priority = title(b), models.Task.Priority.values[c % 3]
    models.Task.objects.bulk_update(tasks, ["title", "priority"])


@write
def task_adopt(a: int, b: int, c: int) -> None:
    """A reverse manager's add() is an update() of the foreign key."""
    task, project = pick(models.Task, a), pick(models.Project, b)
    if task and project:
        project.tasks.add(task)


@write
def task_raw(a: int, b: int, c: int) -> None:
    """SQL of the project's own, told by the one call there is for it."""
    if task := pick(models.Task, a):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE project_task SET title = %s WHERE id = %s", [title(b), task.pk])
            notify_changed(models.Task.objects.filter(pk=task.pk))


@write
def comment_bulk_change(a: int, b: int, c: int) -> None:
    models.Comment.objects.filter(author=someone(a)).update(text=title(b), author=someone(c))


@write
def comment_bulk_move(a: int, b: int, c: int) -> None:
    task, other = pick(models.Task, a), pick(models.Task, b)
    if task and other:
        task.comments.update(task=other)


@write
def member_bulk_create(a: int, b: int, c: int) -> None:
    if project := pick(models.Project, a):
        members = [models.Membership(project=project, user=person(n)) for n in (b, b + 1)]
        models.Membership.objects.bulk_create(members, ignore_conflicts=True)


@write
def note_bulk_give(a: int, b: int, c: int) -> None:
    models.Note.objects.filter(owner=person(a), pinned=c % 2 == 0).update(owner=person(b))


@write
def vehicle_bulk_change(a: int, b: int, c: int) -> None:
    models.Vehicle.objects.filter(name=title(a)).update(name=title(b), in_service=c % 2 == 0)


@write
def truck_bulk_change(a: int, b: int, c: int) -> None:
    """Columns of the parent's table, too."""
    models.Truck.objects.filter(load=a).update(name=title(b), load=c)


@write
def article_bulk_upsert(a: int, b: int, c: int) -> None:
    """What is there is changed, what is not is created, by one statement."""
    article = pick(models.Article, a)
    names = [article.slug if article else "first", f"upsert-{next(numbers)}"]
    models.Article.objects.bulk_create(
        [
            models.Article(slug=name, title=title(b), published=c % 2 == 0, author=person(a))
            for name in names
        ],
        update_conflicts=True,
        unique_fields=["slug"],
        update_fields=["title", "published"],
    )


@write
def note_bulk_delete(a: int, b: int, c: int) -> None:
    """A delete that needs to load no row, were it not watched."""
    models.Note.objects.filter(owner=person(a), text=title(b)).delete()


# Ways to write, whatever is written.


@write
def task_after(a: int, b: int, c: int) -> None:
    """When it is committed something else is written, and when that is, once more."""
    change, other = (a, b, c), (b, c, a)

    def then() -> None:
        with transaction.atomic():
            task_change(*other)
            transaction.on_commit(lambda: comment_add(*other))

    with transaction.atomic():
        task_change(*change)
        transaction.on_commit(then)


@write
def task_async(a: int, b: int, c: int) -> None:
    if task := pick(models.Task, a):
        task.title = title(b)
        async_to_sync(task.asave)()
        async_to_sync(task.labels.aclear if c % 2 else task.labels.aadd)(
            *([] if c % 2 else models.Label.objects.all()[:1])
        )


@write
def task_update_or_create(a: int, b: int, c: int) -> None:
    if project := pick(models.Project, a):
        models.Task.objects.get_or_create(project=project, title=title(b), due="2019-01-02")
        status = models.Task.Status.values[c % 3]
        defaults = {"status": status}
        found = models.Task.objects.filter(project=project, title=title(b)).order_by("pk").first()
        models.Task.objects.update_or_create(defaults, pk=found and found.pk, project=project)


@write
def label_clear(a: int, b: int, c: int) -> None:
    """Set anew or cleared from the other end."""
    if label := pick(models.Label, a):
        label.tasks.clear() if c % 2 else label.tasks.set(models.Task.objects.all()[: b % 4])


@write
def truck_load(a: int, b: int, c: int) -> None:
    """As `loaddata` does: raw, and the parent's row by itself."""
    if truck := pick(models.Truck, a):
        truck.load, truck.name = c, title(b)
        text = serializers.serialize("json", [truck.vehicle_ptr, truck])
        for one in serializers.deserialize("json", text.replace(truck.vehicle_ptr.name, title(b))):
            one.save()


@write
def memo_create(a: int, b: int, c: int) -> None:
    models.Memo.objects.create(text=title(a))


@write
def memo_change(a: int, b: int, c: int) -> None:
    if memo := pick(models.Memo, a):
        memo.text = title(b)
        memo.save()


@write
def memo_erase(a: int, b: int, c: int) -> None:
    """It is erased softly, or comes back where it was."""
    memos = list(models.Memo.everything.order_by("pk"))
    if memos:
        memo = memos[a % len(memos)]
        memo.erased = not memo.erased
        memo.save()


@write
def memo_bulk_erase(a: int, b: int, c: int) -> None:
    models.Memo.everything.filter(text=title(a)).update(erased=b % 2 == 0)


@write
def memo_delete(a: int, b: int, c: int) -> None:
    """For good; its remarks go with it."""
    if memo := pick(models.Memo, a):
        memo.delete()


@write
def remark_add(a: int, b: int, c: int) -> None:
    """On a memo, or on a vehicle that shows none."""
    if subject := pick(models.Vehicle if c % 4 == 3 else models.Memo, a):
        models.Remark.objects.create(subject=subject, text=title(b))


@write
def remark_move(a: int, b: int, c: int) -> None:
    """To another row, or to a row of another model."""
    remark = pick(models.Remark, a)
    subject = pick(models.Vehicle if c % 3 == 2 else models.Memo, b)
    if remark and subject:
        remark.subject, remark.text = subject, title(c)
        remark.save()


@write
def remark_bulk_add(a: int, b: int, c: int) -> None:
    if memo := pick(models.Memo, a):
        memo.remarks.add(models.Remark(text=title(b)), bulk=False)
        memo.remarks.filter(text=title(c)).update(text=title(a))


@write
def remark_delete(a: int, b: int, c: int) -> None:
    if remark := pick(models.Remark, a):
        remark.delete()


@write
def editor_join(a: int, b: int, c: int) -> None:
    """A user enters or leaves the group that the view asks for, from either end."""
    user, group = person(a), Group.objects.get(name="editors")
    if b % 2:
        user.groups.remove(group) if c % 2 else user.groups.add(group)
    else:
        group.user_set.remove(user) if c % 2 else group.user_set.add(user)
