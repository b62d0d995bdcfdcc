"""Where a view is mounted, so that links and routes in its answers are the real ones."""

from __future__ import annotations

import itertools
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from django.http import HttpResponse
from django.test.utils import override_script_prefix
from django.urls import include, path
from rest_framework import generics, viewsets
from rest_framework.routers import SimpleRouter

from drf_live_graphql import LiveRouter
from drf_live_graphql.location import Location, locate, mounted_as
from tests.project import models, serializers

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import SettingsWrapper

    from schema_gen import RootDescription

    Mount = Callable[..., None]

_numbers = itertools.count()


class FenceViewSet(viewsets.ReadOnlyModelViewSet[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = serializers.FenceSerializer


class FenceList(generics.ListAPIView[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = serializers.FenceSerializer


@pytest.fixture
def mount(settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch) -> Mount:
    """Makes URL patterns those of the project."""

    def use(*patterns: Any) -> None:
        name = f"urls_of_a_test_{next(_numbers)}"
        module = ModuleType(name)
        module.__dict__["urlpatterns"] = list(patterns)
        monkeypatch.setitem(sys.modules, name, module)
        settings.ROOT_URLCONF = name

    return use


def _roots(view: type[Any], prefix: str = "fences", **options: Any) -> dict[str, RootDescription]:
    live = LiveRouter()
    live.register(prefix, view, **options)
    [description] = live.views
    return {root.action: root for root in description.roots}


def _urls(*registrations: tuple[str, type[Any], str]) -> list[Any]:
    router = SimpleRouter()
    for prefix, view, basename in registrations:
        router.register(prefix, view, basename=basename)
    return list(router.urls)


def test_the_path_is_that_of_the_project(mount: Mount) -> None:
    mount(path("api/v2/", include(_urls(("zaun", FenceViewSet, "fence")))))
    roots = _roots(FenceViewSet)
    listed, row = locate(roots["list"], {}), locate(roots["retrieve"], {"pk": "7"})
    assert (listed.path, row.path) == ("/api/v2/zaun/", "/api/v2/zaun/7/")
    assert listed.match is not None
    assert (listed.match.view_name, listed.match.route) == ("fence-list", "api/v2/zaun/$")
    assert row.match is not None
    assert row.match.kwargs == {"pk": "7"}


def test_namespaces_are_followed(mount: Mount) -> None:
    inner = path("in/", include((_urls(("fences", FenceViewSet, "fence")), "app"), "inner"))
    mount(path("out/", include(([inner], "app"), "outer")))
    location = locate(_roots(FenceViewSet)["list"], {})
    assert location.path == "/out/in/fences/"
    assert location.match is not None
    assert location.match.namespaces == ["outer", "inner"]


def test_of_two_mounts_the_one_with_the_basename_counts(mount: Mount) -> None:
    mount(path("", include(_urls(("old", FenceViewSet, "old"), ("new", FenceViewSet, "fence")))))
    assert locate(_roots(FenceViewSet)["list"], {}).path == "/new/"
    assert locate(_roots(FenceViewSet, basename="old")["list"], {}).path == "/old/"


def test_of_two_mounts_the_one_that_takes_the_kwargs_counts(mount: Mount) -> None:
    nested = r"gardens/(?P<garden_pk>\d+)/fences"
    mount(
        path(
            "", include(_urls(("fences", FenceViewSet, "fence"), (nested, FenceViewSet, "nested")))
        )
    )
    root = _roots(FenceViewSet, "gardens/{garden_pk}/fences")["list"]
    assert locate(root, {"garden_pk": "3"}).path == "/gardens/3/fences/"


def test_a_generic_view(mount: Mount) -> None:
    mount(
        path("other/", lambda request: HttpResponse(), name="other"),
        path("nameless/", FenceList.as_view()),
        path("fences/", FenceList.as_view(), name="fences"),
    )
    assert locate(_roots(FenceList)["list"], {}).path == "/fences/"


def test_a_view_that_is_mounted_nowhere_has_its_prefix(mount: Mount) -> None:
    mount()
    roots = _roots(FenceViewSet)
    assert locate(roots["list"], {}) == Location("/fences/", None)
    assert locate(roots["retrieve"], {"pk": "7"}) == Location("/fences/7/", None)


def test_kwargs_that_fit_no_url_have_the_prefix(mount: Mount) -> None:
    mount(path("", include(_urls((r"a/(?P<other>\d+)/fences", FenceViewSet, "fence")))))
    assert locate(_roots(FenceViewSet)["list"], {}) == Location("/fences/", None)


def test_another_urlconf_is_another_location(mount: Mount) -> None:
    root = _roots(FenceViewSet)["list"]
    for prefix in ("one/", "two/"):
        mount(path(prefix, include(_urls(("fences", FenceViewSet, "fence")))))
        assert locate(root, {}).path == f"/{prefix}fences/"


def test_a_lookup_of_another_name_is_the_end_of_the_path(mount: Mount) -> None:
    class ByNumber(FenceViewSet):
        lookup_field = "number"
        lookup_url_kwarg = "no"

    mount()
    assert locate(_roots(ByNumber)["retrieve"], {"no": "3"}).path == "/fences/3/"


def test_a_prefix_of_the_thread_is_not_part_of_the_path(mount: Mount) -> None:
    mount(path("api/", include(_urls(("fences", FenceViewSet, "fence")))))
    with override_script_prefix("/app/"):
        location = locate(_roots(FenceViewSet)["list"], {})
    assert location.path == "/api/fences/"
    assert location.match is not None


def test_a_project_without_urls_has_views_that_are_mounted_nowhere(
    settings: SettingsWrapper,
) -> None:
    del settings.ROOT_URLCONF
    root = _roots(FenceList)["list"]
    assert locate(root, {}) == Location("/fences/", None)
    assert mounted_as(FenceList, "list") == ()
