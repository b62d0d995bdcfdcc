"""The test project's views with the mixin, as a user of django-rest-live has them."""

from __future__ import annotations

from drf_live_graphql.rest_live import RealtimeMixin
from tests.project import models, views

__all__ = ["EVERY_VIEW"]


class Projects(views.ProjectViewSet, RealtimeMixin):
    queryset = models.Project.objects.none()


class Tasks(views.TaskViewSet, RealtimeMixin):
    queryset = models.Task.objects.none()


class Notes(views.NoteViewSet, RealtimeMixin):
    queryset = models.Note.objects.none()


class Articles(views.ArticleViewSet, RealtimeMixin):
    queryset = models.Article.objects.none()


class Documents(views.DocumentViewSet, RealtimeMixin):
    pass


class Announcements(views.AnnouncementViewSet, RealtimeMixin):
    pass


class Readings(views.ReadingViewSet, RealtimeMixin):
    pass


class Vehicles(views.VehicleViewSet, RealtimeMixin):
    pass


class Trucks(views.TruckViewSet, RealtimeMixin):
    pass


class ServiceVehicles(views.ServiceVehicleViewSet, RealtimeMixin):
    pass


class Fences(views.FenceViewSet, RealtimeMixin):
    pass


EVERY_VIEW = (
    Projects,
    Tasks,
    Notes,
    Articles,
    Documents,
    Announcements,
    Readings,
    Vehicles,
    Trucks,
    ServiceVehicles,
    Fences,
)
