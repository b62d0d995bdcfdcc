"""Puts the story into the database. Run twice, it changes nothing the second time."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from board.accounts import PASSWORD, PEOPLE
from board.models import Comment, Label, Project, Task
from board.story import LABELS, PROJECTS, SeedProject, SeedTask, Words

__all__ = ["reset", "seed"]


@transaction.atomic
def seed() -> None:
    """Add what is missing of the story: people, labels, projects, tasks, comments.

    What is there already stays as it is, also where it was changed or moved.
    """
    people = seed_people()
    labels = {
        name: Label.objects.get_or_create(name=name, defaults={"colour": colour})[0]
        for name, colour in LABELS.items()
    }
    for story in PROJECTS:
        project = seed_project(story, people)
        for task_story in story.tasks:
            seed_task(project, task_story, people, labels)


@transaction.atomic
def reset() -> None:
    """Take every project and label off the board and begin the story anew."""
    Project.objects.all().delete()
    Label.objects.all().delete()
    seed()


def seed_people() -> dict[str, User]:
    people = {}
    # One hash for all: hashing is slow on purpose, and this password is no secret.
    password = make_password(PASSWORD)
    for person in PEOPLE:
        people[person.username], _ = User.objects.get_or_create(
            username=person.username,
            defaults={
                "first_name": person.first_name,
                "last_name": person.last_name,
                "is_staff": person.is_superuser,
                "is_superuser": person.is_superuser,
                "password": password,
            },
        )
    return people


def seed_project(story: SeedProject, people: dict[str, User]) -> Project:
    project, is_new = Project.objects.get_or_create(
        slug=story.slug,
        defaults={
            "name": story.name,
            "description": story.description,
            "colour": story.colour,
        },
    )
    if is_new:
        for username, role in story.members.items():
            project.memberships.create(user=people[username], role=role)
    return project


def seed_task(
    project: Project, story: SeedTask, people: dict[str, User], labels: dict[str, Label]
) -> None:
    task, is_new = Task.objects.get_or_create(
        title=story.title,
        defaults={
            "project": project,
            "description": story.description,
            "status": story.status,
            "priority": story.priority,
            "assignee": people[story.assignee] if story.assignee else None,
            "due": timezone.localdate() + timedelta(days=story.due)
            if story.due is not None
            else None,
            "created_by": people[story.assignee or "ada"],
        },
    )
    if is_new:
        task.labels.set(labels[name] for name in story.labels)
        say(task, None, story.comments, people)


def say(
    task: Task, parent: Comment | None, words: tuple[Words, ...], people: dict[str, User]
) -> None:
    for spoken in words:
        comment = Comment.objects.create(
            task=task, parent=parent, author=people[spoken.author], body=spoken.body
        )
        # auto_now_add insists on now; the conversation took place earlier.
        comment.created_at = timezone.now() - timedelta(hours=spoken.hours)
        comment.save(update_fields=["created_at"])
        say(task, comment, spoken.replies, people)
