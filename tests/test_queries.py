"""Queries go through the view as a GET would, whoever executes the schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.test import AsyncClient, Client, RequestFactory
from django.utils import translation
from rest_framework import exceptions, permissions, serializers, throttling, viewsets
from rest_framework.authtoken.models import Token

from drf_live_graphql import LiveRouter
from drf_live_graphql.exceptions import INTERNAL_MESSAGE
from tests.project import models

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.usefixtures("live_db")


def _post(
    query: str, client: Client | None = None, variables: dict[str, Any] | None = None, **extra: Any
) -> dict[str, Any]:
    body = json.dumps({"query": query, "variables": variables})
    sender = client or Client()
    response = sender.post("/graphql/", body, content_type="application/json", **extra)
    answer: dict[str, Any] = json.loads(response.content)
    return answer


def _data(answer: dict[str, Any]) -> dict[str, Any]:
    assert "errors" not in answer, answer
    data: dict[str, Any] = answer["data"]
    return data


def _error(answer: dict[str, Any]) -> dict[str, Any]:
    [error] = answer["errors"]
    return {"message": error["message"], **error["extensions"]}


def _login(name: str) -> tuple[Any, Client]:
    user = get_user_model().objects.create_user(name)
    client = Client()
    client.force_login(user)
    return user, client


def _router(view: type[Any], **attributes: Any) -> LiveRouter:
    """A router of its own for one view over the fences."""
    router = LiveRouter()
    router.register("fences", type(view.__name__, (view,), attributes))
    return router


async def _execute(router: LiveRouter, query: str, **meta: str) -> Any:
    request = RequestFactory().post("/graphql/", **meta)
    request.user = AnonymousUser()
    return await router.schema.execute(query, context_value={"request": request})


class FenceSerializer(serializers.ModelSerializer[models.Fence]):
    class Meta:
        model = models.Fence
        fields = ["id", "number"]


class FenceViewSet(viewsets.ReadOnlyModelViewSet[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = FenceSerializer


# Who asks.


def test_a_session_is_the_user_of_the_view() -> None:
    ada, client = _login("ada")
    bob, _ = _login("bob")
    mine = models.Note.objects.create(owner=ada, text="mine")
    models.Note.objects.create(owner=bob, text="not mine")
    answer = _post("{ notes { count results { id text } } }", client)
    assert _data(answer)["notes"] == {"count": 1, "results": [{"id": str(mine.pk), "text": "mine"}]}


def test_an_anonymous_client_is_told_what_a_get_tells_it() -> None:
    error = _error(_post("{ notes { count } }"))
    assert error == {
        "message": "Authentication credentials were not provided.",
        "code": "NOT_AUTHENTICATED",
    }
    assert Client().get("/api/notes/").json()["detail"] == error["message"]


def test_a_permission_that_is_missing() -> None:
    _, client = _login("ada")
    error = _error(_post("{ announcements { id } }", client))
    assert error == {
        "message": "You do not have permission to perform this action.",
        "code": "PERMISSION_DENIED",
    }


def test_a_token_in_the_header_is_the_user_of_a_view_that_takes_tokens() -> None:
    user, client = _login("sensor")
    models.Reading.objects.create(sensor="roof", value=1.5)
    query = "{ readings { results { sensor value } } }"
    assert _error(_post(query, client))["code"] == "NOT_AUTHENTICATED"
    token = Token.objects.create(user=user)
    answer = _post(query, HTTP_AUTHORIZATION=f"Token {token.key}")
    assert _data(answer)["readings"]["results"] == [{"sensor": "roof", "value": 1.5}]


def test_credentials_that_are_wrong_have_their_own_message() -> None:
    error = _error(_post("{ readings { count } }", HTTP_AUTHORIZATION="Token nonsense"))
    assert error == {"message": "Invalid token.", "code": "NOT_AUTHENTICATED"}


def test_a_deactivated_user_is_nobody() -> None:
    ada, client = _login("ada")
    query = "{ notes { count } }"
    assert _data(_post(query, client)) == {"notes": {"count": 0}}
    get_user_model().objects.filter(pk=ada.pk).update(is_active=False)
    assert _error(_post(query, client))["code"] == "NOT_AUTHENTICATED"


# One row.


def test_object_permissions_are_checked_on_retrieve() -> None:
    ada, hers = _login("ada")
    _, his = _login("bob")
    document = models.Document.objects.create(owner=ada, name="plan", confidential=True)
    query = "query ($id: ID!) { document(id: $id) { id name } }"
    variables = {"id": str(document.pk)}
    row = {"id": str(document.pk), "name": "plan"}
    assert _data(_post(query, hers, variables)) == {"document": row}
    assert _error(_post(query, his, variables)) == {
        "message": "This document is confidential.",
        "code": "PERMISSION_DENIED",
    }


def test_a_row_out_of_sight_is_not_found() -> None:
    ada, _ = _login("ada")
    models.Article.objects.create(author=ada, slug="draft", title="Draft")
    error = _error(_post('{ article(slug: "draft") { title } }'))
    assert error == {"message": "No Article matches the given query.", "code": "NOT_FOUND"}


def test_the_error_names_the_root_that_was_refused() -> None:
    models.Vehicle.objects.create(name="van")
    answer = _post("{ vehicles { name } no: announcements { id } }")
    assert [error["path"] for error in answer["errors"]] == [["no"]]


# What is asked.


def _tasks() -> tuple[Client, models.Project]:
    ada, client = _login("ada")
    project = models.Project.objects.create(name="Hull", slug="hull")
    models.Membership.objects.create(project=project, user=ada)
    for number in range(5):
        title = f"task {number}"
        models.Task.objects.create(project=project, title=title, priority=1 + number % 2)
    return client, project


def test_filters_search_ordering_and_pages_are_those_of_the_view() -> None:
    client, _ = _tasks()
    rest = client.get(
        "/api/tasks/?priority=1&search=task&ordering=-title&page_size=2&page=1"
    ).json()
    answer = _post(
        """{ tasks(priority: LOW, search: "task", ordering: [TITLE_DESC], pageSize: 2, page: 1) {
            count next previous results { title } } }""",
        client,
    )
    page = _data(answer)["tasks"]
    assert page["count"] == rest["count"] == 3
    assert page["next"] == rest["next"]
    assert page["previous"] is None
    assert [row["title"] for row in page["results"]] == ["task 4", "task 2"]
    assert [row["title"] for row in rest["results"]] == ["task 4", "task 2"]


def test_a_page_that_is_not_there_is_not_found() -> None:
    client, _ = _tasks()
    assert _error(_post("{ tasks(page: 9) { count } }", client)) == {
        "message": "Invalid page.",
        "code": "NOT_FOUND",
    }


def test_an_argument_that_the_filter_refuses_is_invalid() -> None:
    client, project = _tasks()
    missing = project.pk + 1000
    error = _error(_post(f'{{ tasks(project: "{missing}") {{ count }} }}', client))
    assert error["code"] == "INVALID"
    assert error["errors"] == client.get(f"/api/tasks/?project={missing}").json()


def test_a_refused_argument_is_named_as_the_schema_names_it() -> None:
    client, _ = _tasks()
    query = '{ tasks(assignee: "999", priorityIn: [1], titleIcontains: "x") { count } }'
    error = _error(_post(query, client))
    said = client.get("/api/tasks/?assignee=999&priority__in=1&title__icontains=x").json()
    assert error["errors"] == error["arguments"] == said
    assert list(said) == ["assignee"]


def test_a_keyword_of_the_url_is_an_argument() -> None:
    client, project = _tasks()
    other = models.Project.objects.create(name="Sail", slug="sail")
    query = "query ($p: ID!) { projectTasks(projectPk: $p) { title } }"
    assert len(_data(_post(query, client, {"p": str(project.pk)}))["projectTasks"]) == 5
    assert _data(_post(query, client, {"p": str(other.pk)}))["projectTasks"] == []


# How it is shown.


def test_the_serializer_has_the_context_of_a_get() -> None:
    seen: list[dict[str, Any]] = []

    class Serializer(FenceSerializer):
        link = serializers.HyperlinkedIdentityField(view_name="fence-detail")
        where = serializers.SerializerMethodField()

        class Meta(FenceSerializer.Meta):
            fields = ["id", "link", "where"]

        def get_where(self, fence: models.Fence) -> str:
            seen.append(dict(self.context))
            request = self.context["request"]
            return f"{request.method} {request.get_full_path()}"

    class ViewSet(FenceViewSet):
        serializer_class = Serializer

    fence = models.Fence.objects.create()
    router = _router(ViewSet)
    answer = _execute_sync(router, "{ fences { link where } }")
    [row] = answer["fences"]
    assert row["link"] == f"http://testserver/api/fences/{fence.pk}/"
    assert row["where"].startswith("GET /")
    assert {"request", "view", "format"} <= set(seen[0])
    assert seen[0]["view"].action == "list"


def _execute_sync(router: LiveRouter, query: str, **meta: str) -> dict[str, Any]:
    result = async_to_sync(_execute)(router, query, **meta)
    assert result.errors is None, result.errors
    data: dict[str, Any] = result.data
    return data


async def test_only_what_is_selected_is_serialised() -> None:
    class Nested(serializers.Serializer[Any]):
        cheap = serializers.CharField(source="number")
        costly = serializers.SerializerMethodField()

        def get_costly(self, fence: models.Fence) -> str:
            raise AssertionError("serialised without being selected")

    class CostlyFenceSerializer(FenceSerializer):
        costly = serializers.SerializerMethodField()
        itself = Nested(source="*")

        class Meta(FenceSerializer.Meta):
            fields = ["id", "number", "costly", "itself"]

        def get_costly(self, fence: models.Fence) -> str:
            raise AssertionError("serialised without being selected")

    fence = await models.Fence.objects.acreate(number=7)
    router = _router(FenceViewSet, serializer_class=CostlyFenceSerializer)
    for query, expected in (
        ("{ fences { number itself { cheap } } }", {"fences": [_ROW]}),
        (f'{{ fence(id: "{fence.pk}") {{ number itself {{ cheap }} }} }}', {"fence": _ROW}),
        (
            f'{{ fence(id: "{fence.pk}") {{ ...f }} }} fragment f on CostlyFence {{ number }}',
            _NUMBER,
        ),
    ):
        result = await _execute(router, query)
        assert result.errors is None
        assert result.data == expected
    # And the method really would have been called.
    result = await _execute(router, "{ fences { costly } }")
    assert result.errors is not None


_ROW = {"number": 7, "itself": {"cheap": "7"}}
_NUMBER = {"fence": {"number": 7}}


async def test_an_alias_and_a_directive_choose_what_is_shown() -> None:
    await models.Fence.objects.acreate(number=7)
    result = await _execute(
        _router(FenceViewSet),
        "{ a: fences { n: number id @skip(if: true) } b: fences { number @include(if: true) } }",
    )
    assert result.data == {"a": [{"n": 7}], "b": [{"number": 7}]}


# What goes wrong.


async def test_a_throttle_says_how_long_to_wait() -> None:
    cache.clear()

    class Once(throttling.AnonRateThrottle):
        rate = "1/hour"

    router = _router(FenceViewSet, throttle_classes=[Once])
    first = await _execute(router, "{ fences { id } }", REMOTE_ADDR="10.0.0.1")
    assert first.errors is None
    second = await _execute(router, "{ fences { id } }", REMOTE_ADDR="10.0.0.1")
    [error] = second.errors
    assert error.extensions["code"] == "THROTTLED"
    assert 0 < error.extensions["wait"] <= 3600
    assert error.message.startswith("Request was throttled.")
    # Another address pays for itself.
    other = await _execute(router, "{ fences { id } }", REMOTE_ADDR="10.0.0.2")
    assert other.errors is None
    cache.clear()


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (exceptions.PermissionDenied("Only on Mondays."), "PERMISSION_DENIED", "Only on Mondays."),
        (exceptions.ValidationError({"day": ["No."]}), "INVALID", "No."),
        (exceptions.MethodNotAllowed("GET"), "INVALID", 'Method "GET" not allowed.'),
        (RuntimeError("a password"), "INTERNAL_SERVER_ERROR", INTERNAL_MESSAGE),
        (exceptions.APIException("a secret"), "INTERNAL_SERVER_ERROR", INTERNAL_MESSAGE),
    ],
)
async def test_what_the_view_raises(raised: Exception, code: str, message: str) -> None:
    def get_queryset(self: Any) -> Any:
        # The generator has no request; a GET has.
        if getattr(self, "request", None) is None:
            return models.Fence.objects.all()
        raise raised

    router = _router(FenceViewSet, get_queryset=get_queryset)
    result = await _execute(router, "{ fences { id } }")
    [error] = result.errors
    assert (error.message, error.extensions["code"]) == (message, code)


async def test_permissions_that_look_at_the_view_see_what_a_get_shows_them() -> None:
    seen: list[tuple[str, str, str]] = []

    class Looks(permissions.BasePermission):
        def has_permission(self, request: Any, view: Any) -> bool:
            seen.append((request.method, view.action, view.basename))
            return request.method in permissions.SAFE_METHODS

    fence = await models.Fence.objects.acreate()
    router = _router(FenceViewSet, permission_classes=[Looks])
    query = f'{{ fences {{ id }} fence(id: "{fence.pk}") {{ id }} }}'
    assert (await _execute(router, query)).errors is None
    assert sorted(seen) == [("GET", "list", "fence"), ("GET", "retrieve", "fence")]


async def test_a_context_without_a_request_says_what_was_expected() -> None:
    result = await _router(FenceViewSet).schema.execute("{ fences { id } }", context_value={})
    assert result.errors is not None
    assert "carries no request" in result.errors[0].message


# Over HTTP.


async def test_an_asynchronous_client_is_answered_the_same() -> None:
    await models.Vehicle.objects.acreate(name="van")
    body = json.dumps({"query": "{ vehicles { name } }"})
    response = await AsyncClient().post("/graphql/", body, content_type="application/json")
    assert json.loads(response.content)["data"] == {"vehicles": [{"name": "van"}]}


def test_messages_are_in_the_language_of_the_client(settings: SettingsWrapper) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    with translation.override("de"):
        expected = str(exceptions.NotAuthenticated().detail)
    assert expected != "Authentication credentials were not provided."
    # The middleware leaves its language behind in the thread of the test.
    with translation.override("en"):
        error = _error(_post("{ notes { count } }", HTTP_ACCEPT_LANGUAGE="de"))
    assert error["message"] == expected


def test_links_are_below_the_path_that_the_project_is_served_under() -> None:
    class Serializer(FenceSerializer):
        link = serializers.HyperlinkedIdentityField(view_name="fence-detail")

        class Meta(FenceSerializer.Meta):
            fields = ["id", "link"]

    ada, client = _login("ada")
    for number in range(4):
        models.Note.objects.create(owner=ada, text=str(number))
    rest = client.get("/api/notes/", SCRIPT_NAME="/app").json()
    assert rest["next"] == "http://testserver/app/api/notes/?page=2"
    for query, expected in (
        ("{ notes { next } }", rest["next"]),
        ("{ notes(page: 2) { next } }", None),
    ):
        answer = _data(_post(query, client, SCRIPT_NAME="/app"))
        assert answer["notes"]["next"] == expected
    fence = models.Fence.objects.create()
    router = _router(FenceViewSet, serializer_class=Serializer)
    for prefix in ("/app", ""):
        [row] = _execute_sync(router, "{ fences { link } }", SCRIPT_NAME=prefix)["fences"]
        assert row["link"] == f"http://testserver{prefix}/api/fences/{fence.pk}/"
