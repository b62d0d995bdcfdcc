"""Who sees what: everything hangs on membership of the project."""

from __future__ import annotations

from typing import TypeAlias

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q, QuerySet

from board.models import Comment, Membership, Project, Role, Task

__all__ = [
    "role_in",
    "visible_comments",
    "visible_members",
    "visible_people",
    "visible_projects",
    "visible_tasks",
]

Visitor: TypeAlias = User | AnonymousUser


def visible_projects(user: Visitor) -> QuerySet[Project]:
    """The projects that the user is a member of; all of them for a superuser."""
    if user.is_superuser:
        return Project.objects.all()
    return Project.objects.filter(memberships__user_id=user.pk)


def visible_members(user: Visitor) -> QuerySet[Membership]:
    """The memberships of the projects that the user sees."""
    return Membership.objects.filter(project__in=visible_projects(user))


def visible_tasks(user: Visitor) -> QuerySet[Task]:
    """The tasks of the projects that the user sees."""
    if user.is_superuser:
        return Task.objects.all()
    return Task.objects.filter(project__memberships__user_id=user.pk)


def visible_comments(user: Visitor) -> QuerySet[Comment]:
    """What is said about the tasks that the user sees."""
    if user.is_superuser:
        return Comment.objects.all()
    return Comment.objects.filter(task__project__memberships__user_id=user.pk)


def visible_people(user: Visitor) -> QuerySet[User]:
    """The user and everyone who shares a project with them."""
    people = User.objects.filter(is_active=True)
    if user.is_superuser:
        return people
    return people.filter(Q(pk=user.pk) | Q(pk__in=visible_members(user).values("user_id")))


def role_in(project: Project, user: Visitor) -> str | None:
    """The user's role in the project, `owner` for a superuser, None for a stranger."""
    if user.is_superuser:
        return Role.OWNER
    return (
        Membership.objects.filter(project=project, user_id=user.pk)
        .values_list("role", flat=True)
        .first()
    )
