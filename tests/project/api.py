"""The REST router of the test project."""

from __future__ import annotations

from rest_framework.routers import DefaultRouter

from tests.project import views

__all__ = ["router"]

router = DefaultRouter()
router.register("projects", views.ProjectViewSet, basename="project")
router.register("tasks", views.TaskViewSet, basename="task")
router.register("task-details", views.TaskDetailViewSet, basename="task-detail-row")
router.register(
    r"projects/(?P<project_pk>[^/.]+)/tasks", views.ProjectTaskViewSet, basename="project-task"
)
router.register("notes", views.NoteViewSet, basename="note")
router.register("articles", views.ArticleViewSet, basename="article")
router.register("documents", views.DocumentViewSet)
router.register("announcements", views.AnnouncementViewSet)
router.register("memos", views.MemoViewSet, basename="memo")
router.register("readings", views.ReadingViewSet)
router.register("vehicles", views.VehicleViewSet)
router.register("trucks", views.TruckViewSet)
router.register("service-vehicles", views.ServiceVehicleViewSet)
router.register("fences", views.FenceViewSet)
