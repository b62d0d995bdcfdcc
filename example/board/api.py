"""The REST API's addresses."""

from __future__ import annotations

from django.urls import include, path
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework_nested.routers import DefaultRouter, NestedDefaultRouter

from board import views
from board.session import SessionView

__all__ = ["api_router", "project_router", "task_router"]

api_router = DefaultRouter()
api_router.register("projects", views.ProjectViewSet)
api_router.register("tasks", views.TaskViewSet)
api_router.register("labels", views.LabelViewSet)
api_router.register("users", views.UserViewSet)

project_router = NestedDefaultRouter(api_router, "projects", lookup="project")
project_router.register("members", views.MembershipViewSet, basename="member")

task_router = NestedDefaultRouter(api_router, "tasks", lookup="task")
task_router.register("comments", views.CommentViewSet)

urlpatterns = [
    path("session/", SessionView.as_view(), name="session"),
    path("token/", obtain_auth_token, name="token"),
    path("", include(api_router.urls)),
    path("", include(project_router.urls)),
    path("", include(task_router.urls)),
]
