"""Guests read, members work, owners decide."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from board.models import Comment, Membership, Project, Role, Task
from board.visibility import role_in

__all__ = ["CommentRights", "LabelRights", "MembershipRights", "ProjectRights", "TaskRights"]

WORKERS = {Role.OWNER, Role.MEMBER}


class ProjectRights(BasePermission):
    """Anyone may found a project; only its owners change it."""

    message = "Only an owner of the project may do that."

    def has_object_permission(self, request: Request, view: APIView, project: Any) -> bool:
        return request.method in SAFE_METHODS or owns(request, project)


class MembershipRights(BasePermission):
    """Owners add, change and remove members; anyone may leave."""

    message = "Only an owner of the project may do that."

    def has_object_permission(
        self, request: Request, view: APIView, membership: Membership
    ) -> bool:
        if request.method in SAFE_METHODS or owns(request, membership.project):
            return True
        return request.method == "DELETE" and membership.user_id == request.user.pk


class TaskRights(BasePermission):
    """Members and owners write; a task is deleted by who made it or by an owner."""

    message = "Guests of a project may read its tasks, not change them."

    def has_object_permission(self, request: Request, view: APIView, task: Task) -> bool:
        if request.method in SAFE_METHODS:
            return True
        if request.method == "DELETE" and task.created_by_id != request.user.pk:
            self.message = "Only who made a task, or an owner of its project, may delete it."
            return owns(request, task.project)
        return role_in(task.project, request.user) in WORKERS


class CommentRights(BasePermission):
    """A comment is its author's; owners of the project may delete it."""

    message = "Only its author may change a comment."

    def has_object_permission(self, request: Request, view: APIView, comment: Comment) -> bool:
        if request.method in SAFE_METHODS or comment.author_id == request.user.pk:
            return True
        return request.method == "DELETE" and owns(request, comment.task.project)


class LabelRights(BasePermission):
    """Labels are the whole team's: staff make and change them."""

    message = "Only staff may change the team's labels."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or request.user.is_staff


def owns(request: Request, project: Project) -> bool:
    return role_in(project, request.user) == Role.OWNER
