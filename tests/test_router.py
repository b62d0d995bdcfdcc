"""`LiveRouter`: which views go live, under which names, and what it says where they can't."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from unittest.mock import AsyncMock

import pytest
import rest_framework.serializers
import strawberry
from channels.testing import WebsocketCommunicator
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from django.urls import path
from rest_framework import generics, mixins, routers, views, viewsets
from rest_framework.response import Response
from rest_framework.serializers import CharField, Serializer
from rest_framework_nested.routers import NestedSimpleRouter
from strawberry.tools import merge_types

import drf_live_graphql
from drf_live_graphql import LiveError, LiveRouter
from drf_live_graphql import router as router_module
from drf_live_graphql.router import routers as all_routers
from drf_live_graphql.transport.websocket import LiveConsumer
from schema_gen import ModelUnknownError, SchemaError, SchemaWarning
from tests import servers
from tests.project import models, serializers
from tests.project import views as project

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from schema_gen import RootDescription


class FenceViewSet(viewsets.ModelViewSet[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = serializers.FenceSerializer


class FenceList(generics.ListAPIView[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = serializers.FenceSerializer


class FenceRow(generics.RetrieveUpdateAPIView[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = serializers.FenceSerializer


class RowsOnly(mixins.RetrieveModelMixin, viewsets.GenericViewSet[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = serializers.FenceSerializer


def _roots(live: LiveRouter) -> dict[str, RootDescription]:
    return {root.name: root for view in live.views for root in view.roots}


# What is registered.


def test_a_viewset_has_a_list_and_a_row() -> None:
    live = LiveRouter()
    live.register("fences", FenceViewSet)
    roots = _roots(live)
    assert {name: root.action for name, root in roots.items()} == {
        "fences": "list",
        "fence": "retrieve",
    }
    assert roots["fence"].initkwargs["basename"] == "fence"
    assert roots["fences"].model is models.Fence


def test_names_can_be_given() -> None:
    live = LiveRouter()
    live.register(
        "fences", FenceViewSet, list_name="allFences", retrieve_name="oneFence", type_name="Zaun"
    )
    assert {name: root.row.name for name, root in _roots(live).items()} == {
        "allFences": "Zaun",
        "oneFence": "Zaun",
    }


def test_the_basename_is_the_third_argument_as_with_drf() -> None:
    live = LiveRouter()
    live.register("notes", project.NoteViewSet, "memo")
    assert _roots(live)["notes"].initkwargs["basename"] == "memo"


@pytest.mark.parametrize(
    "prefix",
    [
        "gardens/{garden_pk}/fences",
        "gardens/(?P<garden_pk>[^/.]+)/fences",
        "/gardens/{garden_pk}/fences/",
    ],
)
def test_keywords_of_the_prefix_are_arguments(prefix: str) -> None:
    live = LiveRouter()
    live.register(prefix, FenceViewSet, list_name="fences", retrieve_name="fence")
    assert {
        name: [argument.name for argument in root.arguments] for name, root in _roots(live).items()
    } == {"fences": ["gardenPk"], "fence": ["gardenPk", "id"]}


@pytest.mark.parametrize(
    ("view", "names"), [(FenceList, ["fences"]), (FenceRow, ["fence"]), (RowsOnly, ["fence"])]
)
def test_a_view_with_one_of_the_two(view: type[Any], names: list[str]) -> None:
    live = LiveRouter()
    live.register("fences", view, basename="fence")
    assert list(_roots(live)) == names


@pytest.mark.parametrize("view", [FenceViewSet, FenceList])
def test_only_the_actions_that_are_asked_for(view: type[Any]) -> None:
    live = LiveRouter()
    live.register("fences", view, "fence", actions=["list"])
    assert list(_roots(live)) == ["fences"]


def test_fields_arguments_and_enums_by_registration() -> None:
    live = LiveRouter()
    live.register(
        "tasks",
        project.TaskViewSet,
        "task",
        exclude_fields=["estimate"],
        exclude_arguments=["search", "title__icontains"],
        enum_names={"status": "TaskState"},
    )
    sdl = live.schema.as_str()
    assert "estimate" not in sdl
    assert "search:" not in sdl
    assert "status: TaskState" in sdl
    names = {argument.name for argument in _roots(live)["tasks"].arguments}
    assert {"status", "priorityGte"} <= names
    assert not {"search", "titleIcontains"} & names


# A DRF router as a whole.


@pytest.mark.parametrize("use_regex_path", [True, False])
@pytest.mark.parametrize("router_class", [routers.SimpleRouter, routers.DefaultRouter])
def test_everything_that_a_router_holds(router_class: Any, use_regex_path: bool) -> None:
    class Status(viewsets.ViewSet):
        """Without a model: it stays out."""

        def list(self, request: Any) -> Response:
            return Response({})

    router = router_class(use_regex_path=use_regex_path)
    router.register("fences", FenceViewSet)
    router.register("rows", RowsOnly, basename="row")

    class Writing(mixins.CreateModelMixin, viewsets.GenericViewSet[models.Fence]):
        queryset = models.Fence.objects.order_by("id")
        serializer_class = serializers.FenceSerializer

    router.register("status", Status, basename="status")
    router.register("writing", Writing, basename="writing")
    live = LiveRouter()
    live.include(router)
    assert live.left_out == {
        Status: "It is no GenericAPIView, so it has no model.",
        Writing: "It has neither list() nor retrieve().",
    }
    assert {root.prefix for root in _roots(live).values()} == {"fences", "rows"}
    assert sorted(_roots(live)) == ["fence", "fences", "row"]


def test_a_nested_router_keeps_its_keywords() -> None:
    outer = routers.SimpleRouter()
    outer.register("projects", project.ProjectViewSet, basename="project")
    inner = NestedSimpleRouter(outer, "projects", lookup="project")
    inner.register("tasks", project.ProjectTaskViewSet, basename="project-task")
    live = LiveRouter()
    live.include(outer)
    live.include(inner)
    names = [argument.name for argument in _roots(live)["projectTask"].arguments]
    assert names == ["projectPk", "id"]


def test_a_view_registered_twice_under_one_basename_of_two_routers() -> None:
    live = LiveRouter()
    live.register("fences", FenceViewSet)
    live.register("gates", FenceViewSet, "gate", list_name="gates", retrieve_name="gate")
    assert sorted(_roots(live)) == ["fence", "fences", "gate", "gates"]


def test_a_view_of_no_known_model_is_left_out_of_what_is_included() -> None:
    class Sums(viewsets.GenericViewSet[Any]):
        serializer_class = rest_framework.serializers.Serializer

        def list(self, request: Any) -> Response:
            return Response([{"sum": 1}])

    router = routers.SimpleRouter()
    router.register("fences", FenceViewSet)
    router.register("sums", Sums, basename="sum")
    live = LiveRouter()
    live.include(router)
    with pytest.warns(SchemaWarning, match=r"The model of .*Sums can't be found.* It is left out"):
        assert sorted(_roots(live)) == ["fence", "fences"]
    assert live.schema is live.schema
    alone = LiveRouter()
    alone.register("sums", Sums, "sum")
    with pytest.raises(SchemaError, match="Sums can't be found"):
        _ = alone.schema


# What can't be live.


def test_a_prefix_that_is_taken() -> None:
    live = LiveRouter()
    live.register("fences", FenceViewSet)
    with pytest.raises(LiveError, match=r"'fences' is registered twice: .*FenceViewSet.*RowsOnly"):
        live.register("fences", RowsOnly)
    router = routers.SimpleRouter()
    router.register("fences", RowsOnly, basename="fence")
    with pytest.raises(LiveError, match="Give one of them another prefix"):
        live.include(router)


@pytest.mark.parametrize("first", [False, True])
def test_a_registration_with_options_goes_before_the_router_that_holds_the_view(
    first: bool,
) -> None:
    router = routers.SimpleRouter()
    router.register("fences", FenceViewSet)
    router.register("others", FenceViewSet, basename="other")
    live = LiveRouter()
    if first:
        live.include(router)
    options: Any = {"exclude_fields": ["number"], "type_name": "Short"}
    live.register("fences", FenceViewSet, actions=["list"], **options)
    if not first:
        live.include(router)
    assert sorted(_roots(live)) == ["fences", "other", "others"]
    shown = {view.prefix: {f.key for f in view.roots[0].row.fields} for view in live.views}
    assert "number" in shown["others"]
    assert "number" not in shown["fences"]


def test_slashes_make_no_other_prefix() -> None:
    live = LiveRouter()
    live.register("fences", FenceViewSet)
    for view in (FenceViewSet, FenceList):
        with pytest.raises(LiveError, match="registered twice"):
            live.register("/fences/", view)


def test_a_list_and_a_row_of_two_classes_share_a_prefix() -> None:
    live = LiveRouter()
    live.register("fences", FenceList)
    live.register("fences", FenceRow)
    assert {name: root.view_class for name, root in _roots(live).items()} == {
        "fences": FenceList,
        "fence": FenceRow,
    }
    with pytest.raises(LiveError, match="FenceRow and for FenceRow"):
        live.register("fences", FenceRow)


@pytest.mark.parametrize("view", [views.APIView, viewsets.ViewSet, FenceViewSet(), "fences", None])
def test_what_is_no_view_with_a_model(view: Any) -> None:
    with pytest.raises(LiveError, match="Expected a ViewSet or a generic view class"):
        LiveRouter().register("fences", view)


def test_a_view_that_can_only_write() -> None:
    with pytest.raises(LiveError, match=r"CreateAPIView has neither list\(\) nor retrieve\(\)"):
        LiveRouter().register("fences", generics.CreateAPIView)


def test_a_view_without_a_basename() -> None:
    with pytest.raises(LiveError, match=r"register\('notes', NoteViewSet, basename=\.\.\.\)"):
        LiveRouter().register("notes", project.NoteViewSet)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"actions": ["list", "create"]}, r"'create', which FenceViewSet can't.*\['list', 'retri"),
        ({"actions": "list"}, r'expected a list such as \["list"\].*\'list\' came'),
        ({"actions": []}, r"expected a list such as"),
        ({"exclude_fields": "number"}, r"exclude_fields= expected a list of names.*'number' came"),
        ({"exclude_arguments": 3}, r"exclude_arguments= expected a list of names.*3 came"),
        ({"exclude_fields": [None]}, r"exclude_fields= expected a list of names"),
        ({"enum_names": ["status"]}, r"enum_names= expected a mapping"),
        ({"enum_names": {"status": "a b"}}, r"enum_names\['status'\]= expected a GraphQL name"),
        ({"enum_names": {"status": None}}, r"enum_names\['status'\]= expected a GraphQL name"),
        ({"type_name": "a b"}, r"type_name= expected a GraphQL name.*'a b' came"),
        ({"list_name": "__fences"}, r"list_name= expected a GraphQL name"),
        ({"retrieve_name": "1st"}, r"retrieve_name= expected a GraphQL name"),
    ],
)
def test_an_option_that_can_t_be(options: Any, message: str) -> None:
    live = LiveRouter()
    with pytest.raises(LiveError, match=message):
        live.register("fences", FenceViewSet, **options)
    assert live.views == ()


def test_an_action_that_the_view_has_not() -> None:
    with pytest.raises(LiveError, match=r"names 'retrieve', which FenceList can't.*\['list'\]"):
        LiveRouter().register("fences", FenceList, actions=["list", "retrieve"])


def test_a_field_that_the_serializer_has_not() -> None:
    live = LiveRouter()
    live.register("fences", FenceViewSet, exclude_fields=["nubmer"])
    with pytest.raises(SchemaError, match=r"'nubmer', which is no field of .*\['id', 'number'\]"):
        _ = live.schema


def test_what_is_no_router() -> None:
    with pytest.raises(LiveError, match=r"include\(\) expected a DRF router.*FenceViewSet"):
        LiveRouter().include(FenceViewSet)  # type: ignore[arg-type]


def test_a_router_that_holds_nothing() -> None:
    with pytest.raises(LiveError, match="found no ViewSet with a list or retrieve action"):
        LiveRouter().include(routers.DefaultRouter())


def test_a_schema_of_nothing() -> None:
    with pytest.raises(LiveError, match="This LiveRouter has no views"):
        _ = LiveRouter().schema


@pytest.mark.parametrize("build", ["schema", "query_type", "subscription_type", "config"])
def test_what_comes_after_the_schema_is_refused(build: str) -> None:
    live = LiveRouter()
    live.register("fences", FenceViewSet)
    getattr(live, build)
    with pytest.raises(LiveError, match="FenceList was registered after the schema was built"):
        live.register("gates", FenceList)
    assert list(_roots(live)) == ["fences", "fence"]


def test_a_refused_schema_can_be_mended() -> None:
    live = LiveRouter()
    with pytest.raises(LiveError):
        _ = live.schema
    live.register("fences", FenceViewSet)
    assert "fences" in live.schema.as_str()


# What is made of it.


def test_describing_does_not_end_the_registering() -> None:
    live = LiveRouter()
    live.register("fences", FenceViewSet)
    assert [view.prefix for view in live.describe()] == ["fences"]
    live.register("gates", FenceList)
    assert [view.prefix for view in live.describe()] == ["fences", "gates"]
    assert live.views == live.describe()


def test_the_schema_is_built_once() -> None:
    live = LiveRouter()
    live.register("fences", FenceViewSet)
    assert live.schema is live.schema
    assert live.query_type is live.query_type


@pytest.mark.usefixtures("live_db")
async def test_types_of_a_router_merge_into_a_schema_of_one_s_own() -> None:
    live = LiveRouter()
    live.register("fences", FenceViewSet)

    @strawberry.type
    class Mine:
        @strawberry.field
        def hello(self) -> str:
            return "there"

    schema = strawberry.Schema(
        query=merge_types("Query", (live.query_type, Mine)),
        subscription=live.subscription_type,
        config=live.config,
    )
    await models.Fence.objects.acreate(number=3)
    request = RequestFactory().post("/graphql/")
    result = await schema.execute("{ hello fences { number } }", context_value={"request": request})
    assert result.errors is None
    assert result.data == {"hello": "there", "fences": [{"number": 3}]}


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.usefixtures("live_db")
async def test_the_view_and_the_consumer_are_of_the_schema(merged: bool) -> None:
    live = LiveRouter()
    live.register("fences", FenceViewSet)

    @strawberry.type
    class Query:
        hello: str = "there"

    schema = strawberry.Schema(query=Query) if merged else None
    request = RequestFactory().post(
        "/graphql/",
        json.dumps({"query": "{ __schema { queryType { fields { name } } } }"}),
        content_type="application/json",
    )
    response: Any = live.as_view(schema=schema)(request)
    content = json.loads((await response).content)
    names = [field["name"] for field in content["data"]["__schema"]["queryType"]["fields"]]
    assert names == (["hello"] if merged else ["fences", "fence"])
    consumer: Any = live.as_consumer(schema=schema)
    assert consumer.consumer_class is LiveConsumer
    assert consumer.consumer_initkwargs["schema"] is (schema or live.schema)


def test_the_view_goes_into_the_urls() -> None:
    live = LiveRouter()
    live.register("fences", FenceViewSet)
    assert path("graphql/", live.as_view()).callback is not None


async def test_asgi_hands_http_to_the_project_as_it_was() -> None:
    live = LiveRouter()
    live.register("fences", FenceViewSet)
    calls: list[Any] = []

    async def http(scope: Any, receive: Any, send: Any) -> None:
        calls.append((scope, receive, send))

    application: Any = live.asgi(http)
    given = ({"type": "http", "path": "/graphql/"}, object(), object())
    await application(*given)
    assert calls == [given]


async def test_a_socket_to_another_path_is_refused_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    live = LiveRouter()
    live.register("fences", FenceViewSet)
    communicator = WebsocketCommunicator(live.asgi(AsyncMock(), path="/graphql/"), "/graphql")
    accepted, _ = await communicator.connect()
    assert not accepted
    await communicator.wait()
    assert "No WebSocket at '/graphql': it is at '/graphql/'." in caplog.text


def test_without_its_app_installed_nothing_is_served(settings: SettingsWrapper) -> None:
    live = LiveRouter()
    live.register("fences", FenceViewSet)
    settings.INSTALLED_APPS = [
        name for name in settings.INSTALLED_APPS if name != "drf_live_graphql"
    ]
    for serve in (live.as_view, live.as_consumer, lambda: live.asgi(AsyncMock())):
        with pytest.raises(ImproperlyConfigured, match="INSTALLED_APPS lacks 'drf_live_graphql'"):
            serve()


# Capturing.


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The models that are asked to be watched, without being so for the rest of the run."""
    models_: list[Any] = []
    monkeypatch.setattr(router_module, "watch", models_.append)
    return models_


class LabelSerializer(serializers.LabelSerializer):
    pass


class ByQueryset(viewsets.ReadOnlyModelViewSet[models.Label]):
    queryset = models.Label.objects.all()

    def get_serializer_class(self) -> Any:
        return LabelSerializer


class BySerializer(viewsets.ReadOnlyModelViewSet[models.Label]):
    serializer_class = LabelSerializer

    def get_queryset(self) -> Any:
        return models.Label.objects.all()


class ByMethods(viewsets.ReadOnlyModelViewSet[models.Label]):
    """Nothing but its methods knows what it shows."""

    def get_queryset(self) -> Any:
        return models.Label.objects.filter(tasks__assignee=self.request.user.pk)

    def get_serializer_class(self) -> Any:
        return LabelSerializer


@pytest.mark.parametrize("view", [ByQueryset, BySerializer, ByMethods])
def test_a_model_is_watched_before_there_is_a_schema(watching: list[Any], view: Any) -> None:
    live = LiveRouter()
    live.register("labels", view, "label")
    assert watching == [models.Label]
    # At the start of a process the registrations come before the models are ready.
    live.watch()
    assert watching == [models.Label] * 2
    assert live in all_routers()


def test_a_router_that_is_made_late_has_every_model_watched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In `urls.py`, say, which is imported after the app has looked for routers."""
    calls: list[bool] = []
    monkeypatch.setattr(router_module, "watch_all", lambda: calls.append(True))
    LiveRouter()
    assert calls == [True]


def test_a_view_without_a_model_is_refused_by_its_schema_alone(watching: list[Any]) -> None:
    """The schema says what is wrong; a management command has other things to do."""

    class Broken(viewsets.ReadOnlyModelViewSet[models.Label]):
        def get_queryset(self) -> Any:
            raise RuntimeError("no rows today")

        def get_serializer_class(self) -> Any:
            raise RuntimeError("no fields today")

    live = LiveRouter()
    live.register("labels", Broken, "label")
    live.watch()
    assert watching == []
    with pytest.raises(SchemaError, match="no rows today"):
        _ = live.schema


WRITER = """
import django; django.setup()
from drf_live_graphql.changes import watched
print(sorted(watched()))
"""


@pytest.mark.usefixtures("db")
def test_a_process_that_only_writes_watches_every_model_where_a_live_module_is() -> None:
    """A management command, say: nobody imports `live.py` there but the app itself."""
    done = subprocess.run(
        [sys.executable, "-c", WRITER],
        env=servers.environment(),
        cwd=servers.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    labels = done.stdout
    # One view has a queryset, one a serializer class, one chooses its serializer when asked; and
    # what they read besides is known to nobody here.
    for label in ("project.fence", "project.note", "project.task", "project.vehicle"):
        assert f"'{label}'" in labels
    for label in ("project.membership", "project.task_labels", "auth.user"):
        assert f"'{label}'" in labels
    assert "sessions.session" not in labels


# The package.


def test_public_names_are_imported_on_use() -> None:
    assert drf_live_graphql.LiveRouter is LiveRouter
    assert issubclass(drf_live_graphql.LiveError, Exception)
    with pytest.raises(AttributeError, match="'LiveRooter'"):
        _ = drf_live_graphql.LiveRooter  # type: ignore[attr-defined]
    for name in drf_live_graphql.__all__:
        assert getattr(drf_live_graphql, name)


# A site's whole API.


class PlainSerializer(Serializer[Any]):
    name = CharField()


class Elsewhere(viewsets.ModelViewSet[Any]):
    """Its rows are of no table."""

    queryset = ("a", "b")  # type: ignore[assignment]
    serializer_class = PlainSerializer


def test_a_view_whose_rows_are_of_no_model_is_left_out_of_what_is_included() -> None:
    router = routers.SimpleRouter()
    router.register("fences", FenceViewSet)
    router.register("elsewhere", Elsewhere, basename="elsewhere")
    live = LiveRouter()
    live.include(router)
    with pytest.warns(SchemaWarning, match=r"The model of .*Elsewhere can't be found.*left out"):
        assert sorted(_roots(live)) == ["fence", "fences"]
    assert "fences" in live.schema.as_str()


def test_a_view_whose_rows_are_of_no_model_can_t_be_registered_by_name() -> None:
    live = LiveRouter()
    live.register("elsewhere", Elsewhere, basename="elsewhere")
    with pytest.raises(ModelUnknownError, match="The model of"):
        _ = live.schema


def test_two_views_of_one_name_can_be_included() -> None:
    class Gates(FenceViewSet):
        pass

    live = LiveRouter()
    live.include(
        [
            path("a/fences/", FenceViewSet.as_view({"get": "list"})),
            path("a/fences/<int:pk>/", FenceViewSet.as_view({"get": "retrieve"})),
            path("b/fences/", Gates.as_view({"get": "list"})),
            path("b/fences/<int:pk>/", Gates.as_view({"get": "retrieve"})),
        ]
    )
    with pytest.warns(SchemaWarning, match="its roots are 'bFences' and 'bFence'"):
        assert sorted(_roots(live)) == ["aFences", "bFence", "bFences", "fence"]
    assert "bFence(" in live.schema.as_str()


def test_two_views_may_pick_rows_below_one_route() -> None:
    class ByNumber(generics.RetrieveAPIView[models.Fence]):
        queryset = models.Fence.objects.order_by("id")
        serializer_class = serializers.FenceSerializer
        lookup_field = "number"

    live = LiveRouter()
    live.include(
        [
            path("fences/", FenceViewSet.as_view({"get": "list"})),
            path("fences/<uuid:pk>/", FenceViewSet.as_view({"get": "retrieve"})),
            path("fences/<int:number>/", ByNumber.as_view()),
        ]
    )
    with pytest.warns(SchemaWarning, match="another view of the schema has the names"):
        roots = _roots(live)
    assert {root.view_class for root in roots.values()} == {FenceViewSet, ByNumber}
    assert len(roots) == 3
