"""What is read of URL patterns: views, actions, routes, and who stands around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import include, path, re_path
from django.views.decorators.cache import cache_page, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.vary import vary_on_cookie
from rest_framework import generics, versioning, viewsets
from rest_framework.decorators import action
from rest_framework.routers import DefaultRouter

from drf_live_graphql import LiveError, LiveRouter
from drf_live_graphql.mounts import Mount, mounts
from schema_gen import SchemaError, SchemaWarning
from tests.project import models, serializers

if TYPE_CHECKING:
    from rest_framework.response import Response


class Fences(viewsets.ModelViewSet[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = serializers.FenceSerializer

    @action(detail=False)
    def recent(self, request: Any) -> Response:
        raise AssertionError

    @action(detail=False, methods=["post"])
    def clear(self, request: Any) -> Response:
        raise AssertionError

    @action(detail=True)
    def near(self, request: Any, pk: Any) -> Response:
        raise AssertionError


class FenceList(generics.ListCreateAPIView[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = serializers.FenceSerializer


class FenceRow(generics.RetrieveAPIView[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = serializers.FenceSerializer


class Both(FenceRow, FenceList):
    """Which `get()` it has is a matter of the order of its bases."""


def _told(*patterns: Any) -> list[tuple[Any, ...]]:
    return [(m.view_class, m.action, m.route, m.basename) for m in mounts(patterns)]


def test_a_router_s_patterns_are_its_actions_once_each() -> None:
    router = DefaultRouter()
    router.register("fences", Fences, basename="fence")
    row = r"fences/(?P<pk>[^/.]+)"
    assert sorted(mount[1:3] for mount in _told(*router.urls)) == [
        ("list", "fences"),
        ("near", f"{row}/near"),
        ("recent", "fences/recent"),
        ("retrieve", row),
    ]


def test_patterns_are_read_with_what_includes_them() -> None:
    below = [
        path("fences/", FenceList.as_view(), {"b": 2}, name="fence-list"),
        re_path(r"^fences/(?P<pk>\d+)/$", FenceRow.as_view(), name="gate-detail"),
        path("fences/new/", generics.CreateAPIView.as_view()),
        path("plain/", lambda request: HttpResponse()),
    ]
    found = list(mounts([path("<slug:site>/", include(below), {"a": 1})]))
    assert [(mount.route, mount.action, mount.basename, mount.given) for mount in found] == [
        ("<slug:site>/fences", "list", "fence", {"a": 1, "b": 2}),
        (r"<slug:site>/fences/(?P<pk>\d+)", "retrieve", "gate", {"a": 1}),
    ]
    assert [mount.picks for mount in found] == [False, True]


def test_a_language_in_front_has_no_name() -> None:
    assert _told(*i18n_patterns(path("fences/", FenceList.as_view()))) == [
        (FenceList, "list", "fences", None)
    ]


def test_a_view_of_both_is_what_its_get_names_or_what_the_url_picks() -> None:
    class Either(Both):
        def get(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            return self.list(request) if not kwargs else self.retrieve(request, **kwargs)

    assert [told[1] for told in _told(path("x/", Both.as_view()))] == ["retrieve"]
    patterns = [path("x/", Either.as_view()), path("x/<int:pk>/", Either.as_view())]
    assert [told[1] for told in _told(*patterns)] == ["list", "retrieve"]


def test_the_lookup_may_be_as_view_s() -> None:
    patterns = [path("x/<name>/", FenceRow.as_view(lookup_field="number", lookup_url_kwarg="name"))]
    assert [mount.picks for mount in mounts(patterns)] == [True]


def test_a_namespace_is_the_version_of_a_scheme_that_reads_it() -> None:
    class Known(versioning.NamespaceVersioning):
        allowed_versions = ("v1",)

    def versions(scheme: Any) -> list[str | None]:
        inner = [path("x/", FenceList.as_view(versioning_class=scheme))]
        outer = [path("v1/", include((inner, "v1")))]
        return [mount.version for mount in mounts([path("", include((outer, "api")))])]

    assert versions(Known) == ["v1"]
    assert versions(None) == versions(versioning.URLPathVersioning) == [None]


def _of_the_projects_own(view: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    wrapper.cls = view.cls  # type: ignore[attr-defined]
    return wrapper


@pytest.mark.parametrize("decorator", [login_required, cache_page(60), _of_the_projects_own])
def test_a_view_behind_a_decorator_is_left_out_with_a_warning(decorator: Any) -> None:
    """A GET passes the decorator, and an evaluation of the view would not."""
    patterns = [path("x/", decorator(FenceList.as_view())), path("y/", FenceList.as_view())]
    with pytest.warns(SchemaWarning, match=r"FenceList at 'x' is wrapped in .*dispatch\(\)"):
        assert [told[2] for told in _told(*patterns)] == ["y"]


@pytest.mark.parametrize("decorator", [never_cache, vary_on_cookie, csrf_exempt])
def test_a_decorator_that_only_speaks_of_caching_does_no_harm(decorator: Any) -> None:
    assert len(_told(path("x/", decorator(FenceList.as_view())))) == 1


# By a router of ours.


def _names(live: LiveRouter) -> list[str]:
    return [root.name for view in live.views for root in view.roots]


def test_actions_of_a_row_and_of_a_list_are_one_view() -> None:
    live = LiveRouter()
    live.include([path("", include(_router(("fences", Fences, "fence")).urls))])
    assert _names(live) == ["fences", "fence"]
    assert len(live.views) == 1


def _router(*registrations: tuple[str, Any, str]) -> DefaultRouter:
    router = DefaultRouter()
    for registration in registrations:
        router.register(*registration)
    return router


def test_extra_actions_are_left_out_unless_they_are_asked_for() -> None:
    live = LiveRouter()
    live.register("fences", Fences, extra_actions=["recent"])
    assert _names(live) == ["fences", "fence", "fencesRecent"]
    envelope = live.schema.as_str().split("type FencesRecentListChange {")[1].split("}")[0]
    assert "snapshot: [Fence!]" in envelope
    assert "created" not in envelope


@pytest.mark.parametrize("name", ["clear", "near", "list", "nothing"])
def test_an_extra_action_that_is_no_list_is_refused(name: str) -> None:
    with pytest.raises(LiveError, match=rf"'{name}' came, and it has recent\."):
        LiveRouter().register("fences", Fences, extra_actions=[name])
    with pytest.raises(LiveError, match=rf"'{name}' came, and it has recent\."):
        LiveRouter().include(_router(("fences", Fences, "fence")), extra_actions={Fences: [name]})


def test_generic_views_have_no_extra_actions() -> None:
    with pytest.raises(LiveError, match="'recent' came, and it has none"):
        LiveRouter().register("fences", FenceList, extra_actions=["recent"])


@pytest.mark.parametrize("given", ["urls", [Fences], Mount, None])
def test_what_are_no_patterns(given: Any) -> None:
    with pytest.raises(LiveError, match=r"expected a DRF router.*or a list of URL patterns"):
        LiveRouter().include(given)


def test_patterns_without_a_view() -> None:
    with pytest.raises(LiveError, match="found no ViewSet"):
        LiveRouter().include([path("x/", lambda request: HttpResponse())])


def test_a_version_needs_a_scheme_that_knows_it() -> None:
    class Known(versioning.AcceptHeaderVersioning):
        allowed_versions = ("1", "2")

    class Versioned(FenceList):
        versioning_class = Known

    for view, message in (
        (FenceList, "has no versioning_class"),
        (Versioned, "Known expects one of '1', '2'"),
    ):
        live = LiveRouter()
        live.register("fences", view, version="3")
        with pytest.raises(SchemaError, match=message):
            _ = live.views


def test_one_route_may_have_several_versions() -> None:
    class Versioned(FenceList):
        versioning_class = versioning.URLPathVersioning

    live = LiveRouter()
    for version in ("v1", "v2"):
        live.include([path("<version>/fences/", Versioned.as_view())], version=version)
    assert _names(live) == ["v1Fences", "v2Fences"]
    with pytest.raises(LiveError, match="registered twice"):
        live.include([path("<version>/fences/", Versioned.as_view())], version="v2")
