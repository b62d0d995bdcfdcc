from __future__ import annotations

from django.urls import include, path

from tests.project.api import router

urlpatterns = [
    path("api/", include(router.urls)),
]
