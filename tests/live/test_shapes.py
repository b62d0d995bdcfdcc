"""Every shape of a view, as a query and as a subscription, beside a GET of the same URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db.models import Count, F, Value
from django.shortcuts import get_object_or_404
from django.urls import include, path, re_path
from rest_framework import (
    filters,
    generics,
    mixins,
    pagination,
    serializers,
    versioning,
    viewsets,
)
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter, SimpleRouter
from rest_framework_nested.routers import NestedSimpleRouter

from drf_live_graphql import LiveRouter
from drf_live_graphql.testing import settled
from tests.live.shapes import Site, mount
from tests.project import models
from tests.project.serializers import FenceSerializer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")

ROW = "{ id number }"


class Fences(viewsets.ModelViewSet[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = FenceSerializer


class Both(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = FenceSerializer


class FenceList(generics.ListAPIView[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = FenceSerializer


class FenceRow(generics.RetrieveUpdateDestroyAPIView[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = FenceSerializer


@pytest.fixture
def site(connect: Connect, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Site]:
    """A site of URL patterns below `/api/`, all of which are live."""

    def make(*patterns: Any, **options: Any) -> Site:
        mount([path("api/", include(list(patterns)))], settings, monkeypatch)
        live = LiveRouter()
        live.include(list(patterns), **options)
        return Site(live, connect)

    return make


def _routed(view: type[Any], prefix: str = "fences", **attributes: Any) -> Any:
    router = SimpleRouter()
    router.register(prefix, type(view.__name__, (view,), attributes), basename="fence")
    return path("", include(router.urls))


def _add(number: int) -> Any:
    return lambda: models.Fence.objects.acreate(number=number)


def _set(old: int, new: int) -> Any:
    async def change() -> None:
        async for fence in models.Fence.objects.filter(number=old):
            fence.number = new
            await fence.asave()

    return change


def _remove(number: int) -> Any:
    return lambda: models.Fence.objects.filter(number=number).adelete()


CHANGES = [_add(1), _add(2), _set(1, 3), _remove(2)]


async def _row_keeps_up(site: Site, url: str, root: str, fence: models.Fence) -> None:
    """One row's subscription and query beside the GET, until the row is deleted."""
    operation = await site.subscribe(f"subscription {{ {root} {{ action instance {ROW} }} }}")
    name = root.partition("(")[0]
    for number in (10, 11):
        fence.number = number
        await fence.asave()
        await settled()
        expected = await site.get(url)
        assert operation.payloads[-1]["data"][name]["instance"] == expected
        assert (await site.query(f"{{ {root} {ROW} }}"))[name] == expected
    await fence.adelete()
    await settled()
    actions = [payload["data"][name]["action"] for payload in operation.payloads]
    assert actions == ["SNAPSHOT", "UPDATED", "UPDATED", "DELETED"]


# Classes of views.


@pytest.mark.parametrize("view", [Fences, Both, viewsets.ReadOnlyModelViewSet])
async def test_viewsets(site: Callable[..., Site], view: type[Any]) -> None:
    own = {"queryset": models.Fence.objects.order_by("id"), "serializer_class": FenceSerializer}
    one = site(_routed(view, **own))
    await one.keep_up("/api/fences/", "fences", ROW, CHANGES)
    fence = await models.Fence.objects.acreate()
    await _row_keeps_up(one, f"/api/fences/{fence.pk}/", f'fence(id: "{fence.pk}")', fence)


@pytest.mark.parametrize("converter", ["<int:pk>", "<pk>"])
async def test_generic_views_on_paths(site: Callable[..., Site], converter: str) -> None:
    one = site(
        path("fences/", FenceList.as_view(), name="fence-list"),
        path(f"fences/{converter}/", FenceRow.as_view(), name="fence-detail"),
        path("fences/new/", generics.CreateAPIView.as_view(), name="fence-new"),
    )
    await one.keep_up("/api/fences/", "fences", ROW, CHANGES)
    fence = await models.Fence.objects.acreate()
    await _row_keeps_up(one, f"/api/fences/{fence.pk}/", f'fence(id: "{fence.pk}")', fence)


async def test_a_pair_of_generic_views_by_register(
    connect: Connect, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    patterns = [
        path("api/fences/", FenceList.as_view()),
        path("api/fences/<int:pk>/", FenceRow.as_view()),
    ]
    mount(patterns, settings, monkeypatch)
    live = LiveRouter()
    live.register("fences", FenceList)
    live.register("fences", FenceRow)
    one = Site(live, connect)
    await one.keep_up("/api/fences/", "fences", ROW, CHANGES)
    fence = await models.Fence.objects.acreate()
    await _row_keeps_up(one, f"/api/fences/{fence.pk}/", f'fence(id: "{fence.pk}")', fence)


async def test_one_generic_view_of_both(site: Callable[..., Site]) -> None:
    class ListAndRow(mixins.ListModelMixin, mixins.RetrieveModelMixin, generics.GenericAPIView):  # type: ignore[type-arg]
        queryset = models.Fence.objects.order_by("id")
        serializer_class = FenceSerializer

        def get(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            if "pk" in kwargs:
                return self.retrieve(request, *args, **kwargs)
            return self.list(request, *args, **kwargs)

    one = site(path("fences/", ListAndRow.as_view()), path("fences/<pk>/", ListAndRow.as_view()))
    await one.follow("/api/fences/", "fences", ROW, CHANGES)
    fence = await models.Fence.objects.acreate()
    await _row_keeps_up(one, f"/api/fences/{fence.pk}/", f'fence(id: "{fence.pk}")', fence)


async def test_what_as_view_was_told_is_as_in_a_get(site: Callable[..., Site]) -> None:
    low = models.Fence.objects.filter(number__lt=2)
    one = site(
        path("low/", FenceList.as_view(queryset=low), name="low-list"),
        path("all/", Fences.as_view({"get": "list"}, filter_backends=[filters.OrderingFilter])),
    )
    await one.keep_up("/api/low/", "lowList", ROW, CHANGES)
    await one.keep_up("/api/all/?ordering=-number", "all(ordering: [NUMBER_DESC])", ROW, [_add(9)])


async def test_arguments_that_a_pattern_gives(site: Callable[..., Site]) -> None:
    class Above(FenceList):
        def get_queryset(self) -> Any:
            return super().get_queryset().filter(number__gt=self.kwargs["least"])

    one = site(
        path("above/", include([path("one/", Above.as_view(), {"least": 1})])),
        path("high/", Above.as_view(), {"least": 2}, name="high-list"),
    )
    await one.keep_up("/api/above/one/", "aboveOne", ROW, CHANGES)
    await one.keep_up("/api/high/", "highList", ROW, [_add(2), _add(3)])


@pytest.mark.parametrize("routed", [True, False])
async def test_a_row_that_no_url_picks(site: Callable[..., Site], routed: bool) -> None:
    class Newest(mixins.RetrieveModelMixin, viewsets.GenericViewSet[models.Fence]):
        queryset = models.Fence.objects.order_by("id")
        serializer_class = FenceSerializer

        def get_object(self) -> Any:
            return get_object_or_404(self.get_queryset().order_by("-id")[:1])

    class NewestRow(FenceRow):
        get_object = Newest.get_object

    view = Newest.as_view({"get": "retrieve"}) if routed else NewestRow.as_view()
    one = site(_routed(Fences), path("the-newest/", view))
    first = await models.Fence.objects.acreate()
    await _row_keeps_up(one, "/api/the-newest/", "theNewest", first)
    await models.Fence.objects.acreate(number=1)
    operation = await one.subscribe(f"subscription {{ theNewest {{ instance {ROW} }} }}")
    await models.Fence.objects.acreate(number=2)
    await settled()
    told = operation.payloads[-1]["data"]["theNewest"]["instance"]
    assert told == await one.get("/api/the-newest/")


async def test_one_view_and_one_model_several_times(site: Callable[..., Site]) -> None:
    router = SimpleRouter()
    router.register("fences", Fences, basename="fence")
    router.register("gates", Fences, basename="gate")
    one = site(path("", include(router.urls)))
    await one.keep_up("/api/fences/", "fences", ROW, [_add(1)])
    await one.keep_up("/api/gates/", "gates", ROW, [_add(2)])


# Hooks that look at what is asked.


async def test_dynamic_hooks_are_those_of_the_get(site: Callable[..., Site]) -> None:
    class Doubled(FenceSerializer):
        number = serializers.SerializerMethodField()  # type: ignore[assignment]

        def get_number(self, fence: models.Fence) -> int:
            return fence.number * int(self.context["factor"])

    class Allowed(BasePermission):
        def has_permission(self, request: Any, view: Any) -> bool:
            return view.detail is False or "retrieve" in view.action

    class Dynamic(Fences):
        def get_permissions(self) -> Any:
            return [Allowed()]

        def get_queryset(self) -> Any:
            assert self.action in {"list", "retrieve"}
            return models.Fence.objects.filter(number__gte=0).order_by("id")

        def get_serializer_class(self) -> Any:
            return Doubled if self.action == "list" else FenceSerializer

        def get_serializer_context(self) -> Any:
            return {**super().get_serializer_context(), "factor": 2}

    one = site(_routed(Dynamic))
    await one.keep_up("/api/fences/", "fences", ROW, [*CHANGES, _add(-1)])
    fence = await models.Fence.objects.acreate(number=4)
    root = f'fence(id: "{fence.pk}")'
    assert (await one.query(f"{{ {root} {{ number }} }}")) == {"fence": {"number": 4}}


async def test_annotations(site: Callable[..., Site]) -> None:
    class Annotated(serializers.ModelSerializer[models.Label]):
        tasks_count = serializers.ReadOnlyField()
        kind = serializers.CharField(read_only=True)

        class Meta:
            model = models.Label
            fields = ["id", "tasks_count", "kind"]

    class Labels(viewsets.ReadOnlyModelViewSet[models.Label]):
        queryset = models.Label.objects.annotate(tasks_count=Count("tasks"), kind=Value("label"))
        serializer_class = Annotated

    async def attach() -> None:
        project = await models.Project.objects.acreate(name="x", slug="x")
        task = await models.Task.objects.acreate(project=project, title="x")
        await task.labels.aadd(await models.Label.objects.afirst())

    router = SimpleRouter()
    router.register("labels", Labels)
    one = site(path("", include(router.urls)))
    await one.keep_up(
        "/api/labels/",
        "labels",
        "{ id tasks_count: tasksCount kind }",
        [lambda: models.Label.objects.acreate(name="x"), attach],
    )


class ByManager(Fences):
    """Without `all()`: DRF's serializers of many take managers as well."""

    queryset = models.Fence.objects  # type: ignore[assignment]


class ByRelatedManager(Fences):
    def get_queryset(self) -> Any:
        return models.Project.objects.get(name="ship").tasks

    class serializer_class(serializers.ModelSerializer[models.Task]):  # noqa: N801
        class Meta:
            model = models.Task
            fields = ["id", "title"]


async def test_a_manager_in_the_place_of_a_queryset(site: Callable[..., Site]) -> None:
    await (one := site(_routed(ByManager))).keep_up("/api/fences/", "fences", ROW, CHANGES)
    fence = await models.Fence.objects.acreate(number=9)
    await _row_keeps_up(one, f"/api/fences/{fence.pk}/", f"fence(id: {fence.pk})", fence)


async def test_a_related_manager_in_the_place_of_a_queryset(site: Callable[..., Site]) -> None:
    ship, shore = [
        await models.Project.objects.acreate(name=name, slug=name) for name in ("ship", "shore")
    ]
    task = await models.Task.objects.acreate(project=shore, title="Caulk")

    async def move() -> None:
        task.project = ship
        await task.asave()

    changes = [move, lambda: ship.tasks.acreate(title="Paint"), task.adelete]
    one = site(_routed(ByRelatedManager, "tasks"))
    await one.keep_up("/api/tasks/", "tasks", "{ id title }", changes)


async def test_serializers_without_a_model(site: Callable[..., Site]) -> None:
    class Plain(serializers.Serializer[Any]):
        id = serializers.IntegerField()
        number = serializers.IntegerField()
        twice = serializers.SerializerMethodField()

        def get_twice(self, fence: models.Fence) -> int:
            return 2 * fence.number

    one = site(_routed(Fences, serializer_class=Plain))
    await one.keep_up("/api/fences/", "fences", "{ id number twice }", CHANGES)


# Routes.


async def test_nested_routers(site: Callable[..., Site]) -> None:
    class Tasks(viewsets.ReadOnlyModelViewSet[models.Task]):
        class serializer_class(serializers.ModelSerializer[models.Task]):  # noqa: N801
            class Meta:
                model = models.Task
                ref_name = "Task"
                fields = ["id", "title"]

        def get_queryset(self) -> Any:
            return models.Task.objects.filter(project=self.kwargs["project_pk"]).order_by("id")

    class Projects(viewsets.ReadOnlyModelViewSet[models.Project]):
        queryset = models.Project.objects.order_by("id")

        class serializer_class(serializers.ModelSerializer[models.Project]):  # noqa: N801
            class Meta:
                model = models.Project
                ref_name = "Project"
                fields = ["id", "name"]

    outer = DefaultRouter()
    outer.register("projects", Projects)
    inner = NestedSimpleRouter(outer, "projects", lookup="project")
    inner.register("tasks", Tasks, basename="project-task")
    project = await models.Project.objects.acreate(name="x", slug="x")
    other = await models.Project.objects.acreate(name="y", slug="y")

    def add(to: models.Project) -> Any:
        return lambda: models.Task.objects.acreate(project=to, title="z")

    one = site(path("", include(outer.urls)), path("", include(inner.urls)))
    await one.keep_up(
        f"/api/projects/{project.pk}/tasks/",
        f'projectTasks(projectPk: "{project.pk}")',
        "{ id title }",
        [add(project), add(other), add(project)],
    )


async def test_regex_routes_take_what_the_url_takes(site: Callable[..., Site]) -> None:
    class Numbered(FenceList):
        def get_queryset(self) -> Any:
            return super().get_queryset().filter(number=self.kwargs["number"])

    one = site(re_path(r"^numbers/(?P<number>[0-9]{1,2})/$", Numbered.as_view()))
    await one.keep_up("/api/numbers/3/", "numberFenceList(number: 3)", ROW, CHANGES)
    [error] = (await one.result("{ numberFenceList(number: 300) { id } }")).errors
    assert error.extensions["code"] == "NOT_FOUND"


async def test_lookups_with_a_regex_of_their_own(site: Callable[..., Site]) -> None:
    one = site(_routed(Fences, lookup_field="number", lookup_value_regex="[0-9]"))
    await models.Fence.objects.acreate(number=7)
    assert await one.query("{ fence(number: 7) { number } }") == {"fence": {"number": 7}}
    [error] = (await one.result("{ fence(number: 77) { number } }")).errors
    assert error.extensions["code"] == "NOT_FOUND"


# Versions.


class InPath(versioning.URLPathVersioning):
    allowed_versions = ("v1", "v2")


class InNamespace(versioning.NamespaceVersioning):
    allowed_versions = ("v1", "v2")


class InQuery(versioning.QueryParameterVersioning):
    allowed_versions = ("v1", "v2")
    default_version = "v1"


class InHeader(versioning.AcceptHeaderVersioning):
    allowed_versions = ("v1", "v2")
    default_version = "v1"


class Negated(FenceSerializer):
    """The second version shows every number with the other sign."""

    number = serializers.SerializerMethodField()  # type: ignore[assignment]

    class Meta(FenceSerializer.Meta):
        ref_name = "Negated"

    def get_number(self, fence: models.Fence) -> int:
        return -fence.number


class Linked(FenceSerializer):
    url = serializers.HyperlinkedIdentityField(view_name="fence-detail")

    class Meta(FenceSerializer.Meta):
        fields = ["id", "number", "url"]


class Versioned(Fences):
    def get_serializer_class(self) -> Any:
        assert self.request.version in {"v1", "v2"}
        return Negated if self.request.version == "v2" else FenceSerializer


LINK = "{ id number url }"


async def test_a_version_in_the_path_is_an_argument(site: Callable[..., Site]) -> None:
    router = SimpleRouter()
    router.register(
        "fences",
        type("V", (Fences,), {"serializer_class": Linked, "versioning_class": InPath}),
        basename="fence",
    )
    one = site(path("<version>/", include(router.urls)))
    for name in ("v1", "v2"):
        root = f"versionFences(version: {name.upper()})"
        await one.keep_up(f"/api/{name}/fences/", root, LINK, CHANGES)
    assert "enum VersionFenceVersionEnum" in one.live.schema.as_str()


async def test_a_version_in_the_path_can_be_given(site: Callable[..., Site]) -> None:
    router = SimpleRouter()
    router.register("fences", type("V", (Versioned,), {"versioning_class": InPath}), "fence")
    one = site(path("<version>/", include(router.urls)), version="v2")
    await one.keep_up("/api/v2/fences/", "v2Fences", ROW, CHANGES)
    fence = await models.Fence.objects.acreate()
    await models.Fence.objects.filter(pk=fence.pk).aupdate(number=3)
    assert await one.query(f'{{ v2Fence(id: "{fence.pk}") {{ number }} }}') == {
        "v2Fence": {"number": -3}
    }


async def test_a_version_that_is_a_namespace(site: Callable[..., Site]) -> None:
    class View(Versioned):
        versioning_class = InNamespace

    router = SimpleRouter()
    router.register("fences", View, "fence")
    one = site(
        path("v1/", include((router.urls, "v1"))),
        path("v2/", include((router.urls, "v2"))),
    )
    assert one.live.schema.as_str().count("v2Fence") > 0
    await one.keep_up("/api/v1/fences/", "v1Fences", ROW, CHANGES)
    await one.keep_up("/api/v2/fences/", "v2Fences", ROW, [_add(5), _set(5, 6)])
    fence = await models.Fence.objects.acreate()
    await _row_keeps_up(one, f"/api/v2/fences/{fence.pk}/", f'v2Fence(id: "{fence.pk}")', fence)


async def test_links_stay_in_the_namespace(site: Callable[..., Site]) -> None:
    class View(Fences):
        serializer_class = Linked
        versioning_class = InNamespace

    router = SimpleRouter()
    router.register("fences", View, "fence")
    one = site(
        path("v1/", include((router.urls, "v1"))),
        path("v2/", include((router.urls, "v2"))),
    )
    await models.Fence.objects.acreate()
    for name in ("v1", "v2"):
        expected = await one.get(f"/api/{name}/fences/")
        assert (await one.query(f"{{ {name}Fences {LINK} }}"))[f"{name}Fences"] == expected
        assert f"/api/{name}/fences/" in expected[0]["url"]


async def test_a_version_in_the_query_is_an_argument(site: Callable[..., Site]) -> None:
    one = site(_routed(Fences, serializer_class=Linked, versioning_class=InQuery))
    await one.keep_up("/api/fences/", "fences", LINK, CHANGES)
    await one.keep_up("/api/fences/?version=v2", "fences(version: V2)", LINK, [_add(1)])


@pytest.mark.filterwarnings("ignore:.*depends on the request:schema_gen.SchemaWarning")
async def test_a_version_in_a_header_can_be_given(
    connect: Connect, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class View(Versioned):
        versioning_class = InHeader

    router = SimpleRouter()
    router.register("fences", View, "fence")
    mount([path("api/", include(router.urls))], settings, monkeypatch)
    await models.Fence.objects.acreate(number=3)
    for name in (None, "v1", "v2"):
        live = LiveRouter()
        live.register("fences", View, "fence", version=name)
        one = Site(live, connect)
        expected = await one.get("/api/fences/", accept=f"application/json; version={name or 'v1'}")
        assert (await one.query(f"{{ fences {ROW} }}"))["fences"] == expected
        operation = await one.subscribe(f"subscription {{ fences {{ snapshot {ROW} }} }}")
        assert operation.payloads[0]["data"]["fences"]["snapshot"] == expected


# Extra actions.


class Recents(Fences):
    @action(detail=False, url_path="top-most")
    def top(self, request: Any) -> Response:
        queryset = self.filter_queryset(self.get_queryset()).order_by("-number")[:2]
        return Response(self.get_serializer(queryset, many=True).data)

    @action(detail=False, pagination_class=pagination.LimitOffsetPagination)
    def paged(self, request: Any) -> Response:
        assert self.action == "paged"
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @action(detail=False, methods=["post"])
    def clear(self, request: Any) -> Response:
        raise AssertionError

    @action(detail=True)
    def near(self, request: Any, pk: Any) -> Response:
        raise AssertionError


async def test_an_extra_action_is_a_list_where_it_is_asked_for(site: Callable[..., Site]) -> None:
    router = SimpleRouter()
    router.register("fences", Recents, "fence")
    one = site(path("", include(router.urls)), extra_actions={Recents: ["top"]})
    snapshots = await one.follow(
        "/api/fences/top-most/", "fencesTopMost", ROW, [_add(1), _add(2), _add(3), _add(0)]
    )
    assert [[row["number"] for row in rows] for rows in snapshots] == [[], [1], [2, 1], [3, 2]]
    await one.keep_up("/api/fences/", "fences", ROW, [_add(4)])
    assert "paged" not in one.live.schema.as_str().lower()


async def test_an_extra_action_has_what_its_decorator_says(
    connect: Connect, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagination.LimitOffsetPagination, "default_limit", 2)
    router = SimpleRouter()
    router.register("fences", Recents, "fence")
    mount([path("api/", include(router.urls))], settings, monkeypatch)
    live = LiveRouter()
    live.register("fences", Recents, "fence", extra_actions=["paged"])
    await Site(live, connect).follow(
        "/api/fences/paged/?offset=1",
        "fencesPaged(offset: 1)",
        f"{{ count next previous results {ROW} }}",
        [_add(1), _add(2), _remove(1)],
    )


# Serializers that depend on who asks.


class FenceOfStaff(FenceSerializer):
    secret = serializers.SerializerMethodField()

    class Meta(FenceSerializer.Meta):
        fields = ["id", "number", "secret"]

    def get_secret(self, fence: models.Fence) -> str:
        return f"number {fence.number}"


class ByAsker(Fences):
    def get_serializer_class(self) -> Any:
        return FenceOfStaff if self.request.user.is_authenticated else FenceSerializer


@pytest.mark.filterwarnings("ignore:.*depends on the request:schema_gen.SchemaWarning")
async def test_a_field_that_the_asker_s_serializer_lacks_is_null(
    site: Callable[..., Site],
) -> None:
    one = site(_routed(ByAsker))
    await models.Fence.objects.acreate(number=1)
    [shown] = await one.get("/api/fences/")
    assert "secret" not in shown
    [asked] = (await one.query("{ fences { id number secret } }"))["fences"]
    assert asked == {"id": shown["id"], "number": 1, "secret": None}
    operation = await one.subscribe("subscription { fences { snapshot { id secret } } }")
    told = operation.payloads[0]["data"]["fences"]["snapshot"]
    assert told == [{"id": shown["id"], "secret": None}]


# Pages.


class Numbers(pagination.PageNumberPagination):
    page_size = 2
    page_size_query_param = "size"


class Slices(pagination.LimitOffsetPagination):
    default_limit = 2


class Cursors(pagination.CursorPagination):
    page_size = 2
    ordering = "id"


class Custom(Numbers):
    def get_paginated_response(self, data: Any) -> Response:
        return Response({"total": self.page.paginator.count, "rows": data})


class Headed(Numbers):
    def get_paginated_response(self, data: Any) -> Response:
        return Response(data, headers={"X-Total": str(self.page.paginator.count)})


PAGED = "count next previous"


@pytest.mark.parametrize(
    ("paginator", "every", "fields", "key"),
    [
        (Numbers, "size: 100", f"{PAGED} results {ROW}", "results"),
        (Slices, "limit: 100", f"{PAGED} results {ROW}", "results"),
        (Cursors, None, f"next previous results {ROW}", "results"),
        (Custom, "size: 100", f"total rows {ROW}", "rows"),
    ],
)
async def test_paginators(
    site: Callable[..., Site], paginator: Any, every: str | None, fields: str, key: str
) -> None:
    one = site(_routed(Fences, pagination_class=paginator))
    for number in range(5):
        await models.Fence.objects.acreate(number=number)
    first = await one.get("/api/fences/")
    assert (await one.query(f"{{ fences {{ {fields} }} }}"))["fences"] == first
    operation = await one.subscribe(f"subscription {{ fences {{ snapshot {{ {fields} }} }} }}")
    assert operation.payloads[0]["data"]["fences"]["snapshot"] == first
    if every is not None:
        query = every.replace(": ", "=")
        await one.keep_up(f"/api/fences/?{query}", f"fences({every})", ROW, CHANGES, key=key)
        return
    following = first["next"].split("cursor=")[1].replace("%3D", "=")
    second = await one.get(first["next"].removeprefix("http://testserver"))
    asked = await one.query(f'{{ fences(cursor: "{following}") {{ {fields} }} }}')
    assert asked["fences"] == second


async def test_a_page_whose_count_and_links_are_headers_is_a_list(
    site: Callable[..., Site],
) -> None:
    one = site(_routed(Fences, pagination_class=Headed))
    for number in range(5):
        await models.Fence.objects.acreate(number=number)
    second = await one.get("/api/fences/?page=2")
    assert (await one.query(f"{{ fences(page: 2) {ROW} }}"))["fences"] == second
    operation = await one.subscribe(f"subscription {{ fences(page: 2) {{ snapshot {ROW} }} }}")
    assert operation.payloads[0]["data"]["fences"]["snapshot"] == second
    await one.keep_up("/api/fences/?size=100", "fences(size: 100)", ROW, CHANGES)


# Filters of the project's own.


class Parity(filters.BaseFilterBackend):
    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        wanted = request.query_params.get("parity")
        if wanted not in {None, "odd", "even"}:
            raise ValidationError({"parity": ["odd or even"]})
        if wanted is None:
            return queryset
        return queryset.alias(rest=F("number") % 2).filter(rest=int(wanted == "odd"))

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [{"name": "parity", "schema": {"type": "string"}}]


async def test_filter_backends_of_the_projects_own(site: Callable[..., Site]) -> None:
    one = site(_routed(Fences, filter_backends=[Parity]))
    await one.keep_up("/api/fences/?parity=odd", 'fences(parity: "odd")', ROW, CHANGES)
    [error] = (await one.result('{ fences(parity: "both") { id } }')).errors
    said = await one.subscribe('subscription { fences(parity: "both") { snapshot { id } } }')
    assert said.errors is not None
    for extensions in (error.extensions, said.errors[0]["extensions"]):
        assert extensions["code"] == "INVALID"
        assert extensions["arguments"] == {"parity": ["odd or even"]}
