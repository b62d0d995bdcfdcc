"""The REST API. Nothing here knows that anybody watches."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.utils.functional import cached_property
from rest_framework import mixins, viewsets
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import IsAuthenticated
from rest_framework.serializers import BaseSerializer

from board import permissions
from board.filters import TaskFilter
from board.models import Comment, Label, Membership, Project, Role, Status, Task
from board.serializers import (
    CommentSerializer,
    LabelSerializer,
    MembershipSerializer,
    ProjectSerializer,
    TaskSerializer,
    UserSerializer,
)
from board.visibility import (
    role_in,
    visible_comments,
    visible_members,
    visible_people,
    visible_projects,
    visible_tasks,
)

__all__ = [
    "CommentViewSet",
    "LabelViewSet",
    "MembershipViewSet",
    "ProjectViewSet",
    "TaskViewSet",
    "UserViewSet",
]


class ProjectViewSet(viewsets.ModelViewSet):
    """The projects you are in, with a count of their tasks by status."""

    queryset = Project.objects.all()
    serializer_class = ProjectSerializer
    permission_classes = [IsAuthenticated, permissions.ProjectRights]
    lookup_field = "slug"
    search_fields = ["name", "description"]
    ordering_fields = ["name", "created_at"]

    def get_queryset(self) -> QuerySet[Project]:
        projects = visible_projects(self.request.user).annotate(
            my_role=own_role(self.request.user),
            **{
                f"{status}_count": Count("tasks", filter=Q(tasks__status=status), distinct=True)
                for status in Status.values
            },
        )
        return projects.order_by("name", "id")

    @transaction.atomic
    def perform_create(self, serializer: BaseSerializer[Project]) -> None:
        project = serializer.save()
        project.memberships.create(user=self.request.user, role=Role.OWNER)
        serializer.instance = self.get_queryset().get(pk=project.pk)


class MembershipViewSet(viewsets.ModelViewSet):
    """Who is in a project, and as what."""

    queryset = Membership.objects.all()
    serializer_class = MembershipSerializer
    permission_classes = [IsAuthenticated, permissions.MembershipRights]
    pagination_class = None
    filterset_fields = ["role"]

    @cached_property
    def project(self) -> Project:
        slug = self.kwargs["project_slug"]
        return get_object_or_404(visible_projects(self.request.user), slug=slug)

    def get_queryset(self) -> QuerySet[Membership]:
        members = visible_members(self.request.user).select_related("user", "project")
        return members.filter(project__slug=self.kwargs["project_slug"])

    def perform_create(self, serializer: BaseSerializer[Membership]) -> None:
        if role_in(self.project, self.request.user) != Role.OWNER:
            raise PermissionDenied(permissions.MembershipRights.message)
        serializer.save(project=self.project)


class TaskViewSet(viewsets.ModelViewSet):
    """The tasks of your projects."""

    queryset = Task.objects.all()
    serializer_class = TaskSerializer
    permission_classes = [IsAuthenticated, permissions.TaskRights]
    filterset_class = TaskFilter
    search_fields = ["title", "description"]
    ordering_fields = ["priority", "due", "created_at", "updated_at", "title"]

    def get_queryset(self) -> QuerySet[Task]:
        return (
            visible_tasks(self.request.user)
            .select_related("project", "assignee", "created_by")
            .prefetch_related("labels")
            .annotate(comment_count=Count("comments", distinct=True))
            .order_by("-priority", F("due").asc(nulls_last=True), "id")
        )

    def perform_create(self, serializer: BaseSerializer[Task]) -> None:
        task = serializer.save(created_by=self.request.user)
        serializer.instance = self.get_queryset().get(pk=task.pk)


class CommentViewSet(viewsets.ModelViewSet):
    """What is said about a task: a flat list, in which replies name their `parent`."""

    queryset = Comment.objects.all()
    serializer_class = CommentSerializer
    permission_classes = [IsAuthenticated, permissions.CommentRights]
    pagination_class = None
    filter_backends = []

    @cached_property
    def task(self) -> Task:
        return get_object_or_404(visible_tasks(self.request.user), pk=self.kwargs["task_pk"])

    def get_queryset(self) -> QuerySet[Comment]:
        comments = visible_comments(self.request.user).select_related("author", "task__project")
        return comments.filter(task_id=self.kwargs["task_pk"])

    @transaction.atomic
    def perform_create(self, serializer: BaseSerializer[Comment]) -> None:
        if role_in(self.task.project, self.request.user) not in permissions.WORKERS:
            raise PermissionDenied("Guests of a project may read what is said, not join in.")
        serializer.save(task=self.task, author=self.request.user)
        self.task.touch()

    @transaction.atomic
    def perform_destroy(self, comment: Comment) -> None:
        comment.delete()
        comment.task.touch()


class LabelViewSet(viewsets.ModelViewSet):
    """The team's labels."""

    queryset = Label.objects.all()
    serializer_class = LabelSerializer
    permission_classes = [IsAuthenticated, permissions.LabelRights]
    pagination_class = None
    filter_backends = []


class UserViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """The people you share a project with."""

    queryset = User.objects.all()
    serializer_class = UserSerializer
    search_fields = ["username", "first_name", "last_name"]
    ordering_fields = ["username", "first_name"]

    def get_queryset(self) -> QuerySet[User]:
        return visible_people(self.request.user).order_by("first_name", "id")


def own_role(user: User) -> Combinable:
    """The user's role in each project of a query, like `role_in` for one."""
    if user.is_superuser:
        return Value(Role.OWNER, output_field=CharField())
    mine = Membership.objects.filter(project=OuterRef("pk"), user_id=user.pk)
    return Subquery(mine.values("role")[:1])
