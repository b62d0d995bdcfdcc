from __future__ import annotations

from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import path

from tests.project.live import live
from tests.project.urls import urlpatterns as project

urlpatterns = [
    *project,
    path("graphql/", live.as_view()),
    *staticfiles_urlpatterns(),
]

__all__ = ["urlpatterns"]
