"""Views of the test project: ordinary DRF, one shape each. None imports anything of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import filters, pagination, permissions, viewsets
from rest_framework.authentication import TokenAuthentication

from tests.project import models, serializers

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.serializers import BaseSerializer

__all__ = [
    "AnnouncementViewSet",
    "ArticleViewSet",
    "DocumentViewSet",
    "FenceViewSet",
    "MemoViewSet",
    "NoteViewSet",
    "ProjectTaskViewSet",
    "ProjectViewSet",
    "ReadingViewSet",
    "ServiceVehicleViewSet",
    "TaskDetailViewSet",
    "TaskViewSet",
    "TruckViewSet",
    "VehicleViewSet",
]


class SmallPages(pagination.PageNumberPagination):
    page_size = 3
    page_size_query_param = "page_size"
    max_page_size = 100


class SmallSlices(pagination.LimitOffsetPagination):
    default_limit = 2


class IsOwnerOfConfidential(permissions.BasePermission):
    message = "This document is confidential."

    def has_object_permission(self, request: Request, view: Any, obj: models.Document) -> bool:
        return not obj.confidential or obj.owner_id == request.user.pk


class IsEditor(permissions.BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return request.user.groups.filter(name="editors").exists()


class ProjectViewSet(viewsets.ModelViewSet):
    """Filtered by membership, not paginated, unordered."""

    serializer_class = serializers.ProjectSerializer
    permission_classes = [permissions.IsAuthenticated]

    def get_queryset(self) -> QuerySet[models.Project]:
        return models.Project.objects.filter(members=self.request.user)


class TaskViewSet(viewsets.ModelViewSet):
    """Filtered by membership in the project; filters, search, ordering and page numbers."""

    serializer_class = serializers.TaskSerializer
    permission_classes = [permissions.IsAuthenticated]
    pagination_class = SmallPages
    filter_backends = [DjangoFilterBackend, filters.SearchFilter, filters.OrderingFilter]
    filterset_fields = {
        "status": ["exact"],
        "project": ["exact"],
        "assignee": ["exact", "isnull"],
        "priority": ["exact", "gte", "in"],
        "title": ["icontains"],
    }
    search_fields = ["title"]
    ordering_fields = ["id", "title", "priority"]
    ordering = ["id"]

    def get_queryset(self) -> QuerySet[models.Task]:
        return models.Task.objects.filter(project__memberships__user=self.request.user)


class TaskDetailViewSet(viewsets.ReadOnlyModelViewSet):
    """The same rows nested, not paginated; another serializer for the list by `self.action`."""

    permission_classes = [permissions.IsAuthenticated]

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        if self.action in {"list", "retrieve"}:
            return serializers.TaskDetailSerializer
        return serializers.TaskSerializer

    def get_queryset(self) -> QuerySet[models.Task]:
        return (
            models.Task.objects.filter(project__memberships__user=self.request.user)
            .select_related("project", "assignee")
            .prefetch_related("labels", "comments__author")
            .order_by("-id")
        )


class ProjectTaskViewSet(viewsets.ReadOnlyModelViewSet):
    """A nested route: the project comes from the URL."""

    serializer_class = serializers.TaskSerializer
    permission_classes = [permissions.IsAuthenticated]

    def get_queryset(self) -> QuerySet[models.Task]:
        return models.Task.objects.filter(
            project_id=self.kwargs["project_pk"], project__memberships__user=self.request.user
        ).order_by("id")


class NoteViewSet(viewsets.ModelViewSet):
    """Filtered by owner; pinned notes first, so that an update moves a row between pages."""

    serializer_class = serializers.NoteSerializer
    permission_classes = [permissions.IsAuthenticated]
    pagination_class = SmallPages

    def get_queryset(self) -> QuerySet[models.Note]:
        return models.Note.objects.filter(owner=self.request.user).order_by("-pinned", "id")

    def perform_create(self, serializer: BaseSerializer[models.Note]) -> None:
        serializer.save(owner=self.request.user)


class ArticleViewSet(viewsets.ModelViewSet):
    """By slug; anyone reads what is published, authors read their own drafts as well."""

    serializer_class = serializers.ArticleSerializer
    permission_classes = [permissions.IsAuthenticatedOrReadOnly]
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[models.Article]:
        articles = models.Article.objects.select_related("author").order_by("slug")
        mine = articles.filter(author_id=self.request.user.pk or 0)
        return articles.filter(published=True) | mine


class DocumentViewSet(viewsets.ModelViewSet):
    """UUID keys; listed to everyone logged in, retrieved by object permission."""

    serializer_class = serializers.DocumentSerializer
    permission_classes = [permissions.IsAuthenticated, IsOwnerOfConfidential]
    queryset = models.Document.objects.order_by("name", "id")


class AnnouncementViewSet(viewsets.ModelViewSet):
    """The view itself refuses all but staff."""

    serializer_class = serializers.AnnouncementSerializer
    permission_classes = [permissions.IsAdminUser]
    queryset = models.Announcement.objects.order_by("id")


class MemoViewSet(viewsets.ModelViewSet):
    """Softly erased rows, generic relations; refused to all who are not in a group."""

    serializer_class = serializers.MemoSerializer
    permission_classes = [permissions.IsAuthenticated, IsEditor]

    def get_queryset(self) -> QuerySet[models.Memo]:
        return models.Memo.objects.prefetch_related("remarks").order_by("id")


class ReadingViewSet(viewsets.ModelViewSet):
    """Token authentication of its own; limit and offset."""

    serializer_class = serializers.ReadingSerializer
    authentication_classes = [TokenAuthentication]
    permission_classes = [permissions.IsAuthenticated]
    pagination_class = SmallSlices
    queryset = models.Reading.objects.order_by("id")


class VehicleViewSet(viewsets.ModelViewSet):
    """The parent of a multi-table child and of a proxy; open to everyone."""

    serializer_class = serializers.VehicleSerializer
    queryset = models.Vehicle.objects.order_by("id")


class TruckViewSet(viewsets.ModelViewSet):
    """The multi-table child."""

    serializer_class = serializers.TruckSerializer
    queryset = models.Truck.objects.order_by("id")


class ServiceVehicleViewSet(viewsets.ModelViewSet):
    """The proxy, with a class attribute `queryset` that filters."""

    serializer_class = serializers.ServiceVehicleSerializer
    queryset = models.ServiceVehicle.objects.filter(in_service=True).order_by("id")


class FenceViewSet(viewsets.ModelViewSet):
    """What a test waits at."""

    serializer_class = serializers.FenceSerializer
    queryset = models.Fence.objects.order_by("id")
