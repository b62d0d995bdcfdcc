"""The router: what it takes, what it refuses, and that every process tells of its changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ImproperlyConfigured
from rest_framework.views import APIView

from drf_live_graphql.apps import DrfLiveGraphQLConfig
from drf_live_graphql.changes import watched
from drf_live_graphql.changes.ledger import labels
from drf_live_graphql.rest_live import RealtimeMixin, RealtimeRouter
from drf_live_graphql.rest_live.routers import realtime_routers
from tests.project import views
from tests.rest_live.views import Fences, Vehicles

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper


def test_arguments_go_by_position_as_in_django_rest_live() -> None:
    router = RealtimeRouter(False, "staff")
    assert (router.public, router.uid) == (False, "staff")
    assert (RealtimeRouter().public, RealtimeRouter().uid) == (True, "default")


def test_views_are_known_by_their_models() -> None:
    router = RealtimeRouter()
    router.register_all([Fences, Vehicles])
    assert router.registry == {"project.Fence": Fences, "project.Vehicle": Vehicles}


def test_a_view_without_the_mixin_is_a_runtime_error() -> None:
    with pytest.raises(RuntimeError, match="RealtimeMixin"):
        RealtimeRouter().register(views.FenceViewSet)


def test_a_second_view_of_a_model_is_a_runtime_warning() -> None:
    class Again(Fences):
        pass

    router = RealtimeRouter()
    router.register(Fences)
    with pytest.raises(RuntimeWarning, match=r"Fences; Again came"):
        router.register(Again)
    assert router.registry == {"project.Fence": Fences}
    RealtimeRouter().register(Again)


def test_a_view_without_a_queryset_is_an_assertion_error() -> None:
    class View(APIView, RealtimeMixin):
        pass

    with pytest.raises(AssertionError, match="queryset"):
        RealtimeRouter().register(View)


def test_the_consumer_is_an_asgi_application_with_and_without_as_asgi() -> None:
    consumer = RealtimeRouter().as_consumer()
    assert consumer.as_asgi() is consumer


def test_without_its_app_installed_nothing_is_served(settings: SettingsWrapper) -> None:
    router = RealtimeRouter()
    settings.INSTALLED_APPS = [
        name for name in settings.INSTALLED_APPS if name != "drf_live_graphql"
    ]
    with pytest.raises(ImproperlyConfigured, match="INSTALLED_APPS lacks 'drf_live_graphql'"):
        router.as_consumer()


def test_a_model_that_is_otherwise_unwatched_is_captured() -> None:
    router = RealtimeRouter()
    labels.discard("project.fence")
    router.register(Fences)
    assert "project.fence" in watched()


def test_the_app_captures_what_routers_made_before_it_was_ready() -> None:
    router = RealtimeRouter()
    router.registry["project.Fence"] = Fences
    assert router in realtime_routers()
    labels.discard("project.fence")
    router.watch()
    assert "project.fence" in watched()
    labels.discard("project.fence")
    DrfLiveGraphQLConfig.create("drf_live_graphql").ready()
    assert "project.fence" in watched()
