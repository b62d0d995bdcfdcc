"""What a registration excludes is neither shown nor evaluated, in queries and in subscriptions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.test import AsyncRequestFactory
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import permissions, serializers, viewsets
from rest_framework.filters import OrderingFilter

from drf_live_graphql import LiveRouter
from drf_live_graphql.testing import settled
from tests.project import models

if TYPE_CHECKING:
    from tests.live.conftest import Connect
    from tests.oracle.wire import Operation, Socket

pytestmark = pytest.mark.usefixtures("live_db")

evaluated: list[str] = []


class NoteSerializer(serializers.ModelSerializer[models.Note]):
    """Notes each time that its secret is made."""

    secret = serializers.SerializerMethodField()

    class Meta:
        model = models.Note
        fields = ["id", "text", "secret"]

    def get_secret(self, note: models.Note) -> str:
        evaluated.append(note.text)
        return f"secret of {note.text}"


class RewritingSerializer(NoteSerializer):
    """Its author's own `to_representation`, for which no field is left out unselected."""

    def to_representation(self, note: models.Note) -> Any:
        return {**super().to_representation(note), "secret": "replaced"}


class NoteViewSet(viewsets.ReadOnlyModelViewSet[models.Note]):
    queryset = models.Note.objects.order_by("id")
    serializer_class = NoteSerializer
    permission_classes = [permissions.AllowAny]
    filter_backends = [DjangoFilterBackend, OrderingFilter]
    filterset_fields = ["pinned", "text"]
    ordering_fields = ["id", "text"]


class RewritingViewSet(NoteViewSet):
    serializer_class = RewritingSerializer


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no HTTP here")


def _router(view: type[Any], **options: Any) -> LiveRouter:
    live = LiveRouter()
    with_warning = issubclass(view, RewritingViewSet)
    live.register("notes", view, **options)
    if with_warning:
        with pytest.warns(UserWarning, match="to_representation"):
            assert live.schema
    return live


@pytest.fixture
def note() -> models.Note:
    evaluated.clear()
    owner = get_user_model().objects.create_user("ada")
    return models.Note.objects.create(owner=owner, text="first")


async def _post(live: LiveRouter, document: str, **variables: Any) -> dict[str, Any]:
    request = AsyncRequestFactory().post(
        "/graphql/",
        json.dumps({"query": document, "variables": variables}),
        content_type="application/json",
    )
    response: Any = await live.as_view()(request)  # type: ignore[misc]
    answer: dict[str, Any] = json.loads(response.content)
    return answer


async def _subscribe(socket: Socket, document: str) -> Operation:
    operation = await socket.subscribe(document)
    await (await socket.subscribe("{ __typename }")).started()
    await settled()
    return operation


@pytest.mark.parametrize("view", [NoteViewSet, RewritingViewSet])
async def test_an_excluded_field_is_never_evaluated(
    connect: Connect, note: models.Note, view: type[Any]
) -> None:
    live = _router(view, exclude_fields=["secret"])
    row = {"id": str(note.pk), "text": "first"}
    answer = await _post(live, "{ notes { id text } }")
    assert answer == {"data": {"notes": [row]}}
    answer = await _post(live, f"{{ note(id: {note.pk}) {{ id text }} }}")
    assert answer == {"data": {"note": row}}
    socket = await connect(application=live.asgi(_nowhere))
    rows = await _subscribe(
        socket,
        "subscription { notes { snapshot { id text } created { id text } updated { id text }"
        " deleted query { notes { id text } } } }",
    )
    single = await _subscribe(
        socket, f"subscription {{ note(id: {note.pk}) {{ action instance {{ id text }} }} }}"
    )
    note.text = "second"
    await note.asave()
    await settled()
    row["text"] = "second"
    assert rows.payloads[-1]["data"]["notes"]["updated"] == [row]
    assert rows.payloads[-1]["data"]["notes"]["query"] == {"notes": [row]}
    assert single.payloads[-1]["data"]["note"] == {"action": "UPDATED", "instance": row}
    assert evaluated == []


@pytest.mark.parametrize("view", [NoteViewSet, RewritingViewSet])
async def test_the_same_field_is_evaluated_where_it_is_not_excluded(
    note: models.Note, view: type[Any]
) -> None:
    """What the test above would see, if the exclusion did nothing."""
    answer = await _post(_router(view), "{ notes { secret } }")
    assert answer["data"]["notes"] != [{"secret": None}]
    assert evaluated == [note.text]


@pytest.mark.parametrize(
    "document",
    [
        "{ notes { secret } }",
        "{ note(id: 1) { secret } }",
        "subscription { notes { snapshot { secret } } }",
        "subscription { notes { updated { ...f } } } fragment f on Note { secret }",
        "subscription { note(id: 1) { instance { secret } } }",
        "subscription { notes { query { notes { secret } } } }",
    ],
)
async def test_an_excluded_field_can_t_be_selected(
    connect: Connect, note: models.Note, document: str
) -> None:
    live = _router(NoteViewSet, exclude_fields=["secret"])
    socket = await connect(application=live.asgi(_nowhere))
    operation = await _subscribe(socket, document)
    assert operation.errors is not None
    assert "Cannot query field 'secret' on type 'Note'." in str(operation.errors)
    assert operation.payloads == []
    assert evaluated == []


@pytest.mark.parametrize(
    "document",
    [
        '{ notes(text: "first") { id } }',
        'subscription { notes(text: "first") { snapshot { id } } }',
        'subscription { notes { query { notes(text: "first") { id } } } }',
    ],
)
async def test_an_excluded_argument_can_t_be_passed(
    connect: Connect, note: models.Note, document: str
) -> None:
    live = _router(NoteViewSet, exclude_arguments=["text"])
    socket = await connect(application=live.asgi(_nowhere))
    operation = await _subscribe(socket, document)
    assert "Unknown argument 'text' on field" in str(operation.errors)
    assert operation.payloads == []


async def test_other_arguments_go_on_as_they_did(connect: Connect, note: models.Note) -> None:
    live = _router(NoteViewSet, exclude_arguments=["text"])
    socket = await connect(application=live.asgi(_nowhere))
    operation = await _subscribe(
        socket, "subscription { notes(pinned: true) { snapshot { id } created { id } } }"
    )
    note.pinned = True
    await note.asave()
    await settled()
    assert [payload["data"]["notes"] for payload in operation.payloads] == [
        {"snapshot": [], "created": []},
        {"snapshot": None, "created": [{"id": str(note.pk)}]},
    ]


async def test_an_action_that_is_not_wanted_has_no_root(connect: Connect) -> None:
    live = _router(NoteViewSet, actions=["list"])
    socket = await connect(application=live.asgi(_nowhere))
    for document in ("{ note(id: 1) { id } }", "subscription { note(id: 1) { objectId } }"):
        operation = await _subscribe(socket, document)
        assert "Cannot query field 'note'" in str(operation.errors)


async def test_where_the_id_is_excluded_rows_leave_by_the_lookup_field(connect: Connect) -> None:
    class ArticleSerializer(serializers.ModelSerializer[models.Article]):
        class Meta:
            model = models.Article
            fields = ["id", "title"]

    class ArticleViewSet(viewsets.ReadOnlyModelViewSet[models.Article]):
        queryset = models.Article.objects.order_by("id")
        serializer_class = ArticleSerializer
        permission_classes = [permissions.AllowAny]
        lookup_field = "slug"

    def article() -> models.Article:
        author = get_user_model().objects.create_user("ada")
        return models.Article.objects.create(slug="boats", title="Boats", author=author)

    live = LiveRouter()
    live.register("articles", ArticleViewSet, exclude_fields=["id"])
    row = await sync_to_async(article)()
    socket = await connect(application=live.asgi(_nowhere))
    operation = await _subscribe(socket, "subscription { articles { deleted } }")
    await row.adelete()
    await settled()
    assert [payload["data"]["articles"] for payload in operation.payloads] == [
        {"deleted": ["boats"]}
    ]
