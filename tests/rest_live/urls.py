"""Views with the mixin as a project mounts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import include, path
from rest_framework import generics, viewsets
from rest_framework.routers import SimpleRouter

from drf_live_graphql.rest_live import RealtimeMixin
from tests.project import models, serializers

if TYPE_CHECKING:
    from django.db.models import QuerySet

__all__ = ["Lists", "Shelf", "Single", "urlpatterns"]


class Shelf(RealtimeMixin, viewsets.ModelViewSet[models.Vehicle]):
    """Below a number that the URL converts; a row by a kwarg of another name than its field."""

    queryset = models.Vehicle.objects.none()
    serializer_class = serializers.VehicleSerializer
    lookup_field = "name"
    lookup_url_kwarg = "plate"
    lookup_value_regex = "[a-z]+"

    def get_queryset(self) -> QuerySet[models.Vehicle]:
        shelf: object = self.kwargs["shelf"]
        # The type that the URL's converter gives it, as a GET has it.
        assert isinstance(shelf, int)
        return models.Vehicle.objects.filter(pk__gte=shelf).order_by("id")


class Single(generics.RetrieveAPIView[models.Fence], RealtimeMixin):
    """Rows one by one; there is no list of them."""

    queryset = models.Fence.objects.all()
    serializer_class = serializers.FenceSerializer


class Lists(generics.ListAPIView[models.Note], RealtimeMixin):
    """A list; its rows have no URLs of their own."""

    queryset = models.Note.objects.all()
    serializer_class = serializers.NoteSerializer


router = SimpleRouter()
router.register("vehicles", Shelf)
urlpatterns = [
    path("shelves/<int:shelf>/", include(router.urls)),
    path("fences/<int:pk>/", Single.as_view(), name="fence"),
    path("notes/", Lists.as_view(queryset=models.Note.objects.filter(pinned=True)), name="notes"),
]
