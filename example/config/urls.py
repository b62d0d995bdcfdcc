"""The addresses: the page, the REST API, GraphQL, the admin."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from board.live import live

urlpatterns = [
    path("", include("board.urls")),
    path("api/", include("board.api")),
    path("api-auth/", include("rest_framework.urls")),
    path("graphql/", live.as_view()),
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}board/mark.svg")),
]
