from __future__ import annotations

from django.urls import include, path

from tests.project.api import router
from tests.project.live import live

urlpatterns = [
    path("api/", include(router.urls)),
    path("graphql/", live.as_view()),
]
