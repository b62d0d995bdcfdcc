"""What a subscriber may not know: that rows exist which a GET would not show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client
from rest_framework import viewsets
from rest_framework.exceptions import NotFound

from drf_live_graphql import LiveRouter
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.testing import settled
from tests.project import models, serializers

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live.conftest import Connect
    from tests.oracle.wire import Operation, Socket

pytestmark = pytest.mark.usefixtures("live_db")

FORMS = {
    "everything": "snapshot {page} created {row} updated {row} deleted",
    "no snapshot": "created {row} updated {row} deleted",
    "departures": "deleted",
    "the query": "query {{ {root} {page} }}",
    "both": "created {row} updated {row} deleted query {{ {root} {page} }}",
}
LISTS = {
    # Of the user's own rows; of the user's projects; of those, by a filter; by search.
    "notes": "notes",
    "tasks": "tasks",
    "closed tasks": "tasks(status: CLOSED)",
    "found tasks": 'tasks(search: "mine")',
    # Not paginated, and read nested.
    "details": "taskDetails",
}


def _document(root: str, form: str) -> str:
    row = "{ id }"
    page = row if root.startswith("taskDetails") else "{ count results { id } }"
    return f"subscription {{ {root} {{ {FORMS[form].format(page=page, row=row, root=root)} }} }}"


def _people() -> tuple[Any, Any, Any]:
    users = get_user_model().objects
    ada, ben, cara = (users.get_or_create(username=name)[0] for name in ("ada", "ben", "cara"))
    return ada, ben, cara


def _own_rows() -> None:
    ada, _, _ = _people()
    project = models.Project.objects.create(name="hers", slug="hers")
    project.memberships.create(user=ada)
    models.Note.objects.create(owner=ada, text="mine")
    project.tasks.create(title="mine", status="closed")


def _writes_of_others() -> list[Callable[[], object]]:
    """Each creates, changes, moves or deletes what ada never sees."""
    _, ben, cara = _people()
    note = models.Note(owner=ben, text="secret")
    projects = [models.Project.objects.create(name=name, slug=name) for name in ("one", "two")]
    for project, user in zip(projects, (ben, cara), strict=True):
        project.memberships.create(user=user)
    task = models.Task(project=projects[0], title="secret", status="closed")

    def change(row: Any, **values: Any) -> Callable[[], None]:
        def write() -> None:
            for name, value in values.items():
                setattr(row, name, value)
            row.save()

        return write

    def at_once() -> None:
        with transaction.atomic():
            note.save()
            note.delete()

    return [
        note.save,
        change(note, text="changed"),
        change(note, owner=cara),
        lambda: note.delete(),
        at_once,
        task.save,
        change(task, title="changed"),
        change(task, project=projects[1]),
        lambda: task.delete(),
    ]


async def _write_all(writes: list[Callable[[], object]]) -> None:
    for write in writes:
        await sync_to_async(write)()
        await settled()


async def _begin(socket: Socket, document: str) -> Operation:
    """A subscription that is in effect, whether or not it says something at first."""
    operation = await socket.subscribe(document)
    await (await socket.subscribe("{ fences { id } }")).started()
    await settled()
    assert operation.errors is None, operation.errors
    return operation


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("root", LISTS)
async def test_rows_of_others_are_no_payload(connect: Connect, root: str, form: str) -> None:
    await sync_to_async(_own_rows)()
    operation = await _begin(await connect("ada"), _document(LISTS[root], form))
    first = list(operation.payloads)
    await _write_all(await sync_to_async(_writes_of_others)())
    assert operation.payloads == first


@pytest.mark.parametrize("root", LISTS)
async def test_nor_after_everything_was_read_anew(connect: Connect, root: str) -> None:
    await sync_to_async(_own_rows)()
    writes = await sync_to_async(_writes_of_others)()
    socket = await connect("ada")
    departures = await _begin(socket, _document(LISTS[root], "departures"))
    everything = await _begin(socket, _document(LISTS[root], "everything"))
    await _write_all(writes[:3])
    for query in get_hub().queries:
        query.resync()
    await settled()
    await _write_all(writes[3:])
    assert departures.payloads == []
    first, again = (payload["data"] for payload in everything.payloads)
    assert first == again


async def test_a_row_that_never_matched_is_no_payload(connect: Connect) -> None:
    """Her own row, which a GET with her filter does not show."""
    await sync_to_async(_own_rows)()
    socket = await connect("ada")
    lists = ("tasks(status: OPEN)", "tasks(priorityGte: 3)", 'tasks(titleIcontains: "x")')
    operations = [await _begin(socket, _document(root, form)) for root in lists for form in FORMS]
    first = [list(operation.payloads) for operation in operations]
    task = await models.Task.objects.aget()
    task.title = "changed"
    await task.asave()
    await settled()
    await task.adelete()
    await settled()
    assert [operation.payloads for operation in operations] == first


async def test_a_row_that_came_and_went_between_two_rounds_is_no_payload(
    connect: Connect,
) -> None:
    operation = await _begin(await connect("ada"), _document("notes", "no snapshot"))

    def come_and_go() -> None:
        ada, ben, _ = _people()
        with transaction.atomic():
            note = models.Note.objects.create(owner=ada, text="for a moment")
            note.owner = ben
            note.save()

    await sync_to_async(come_and_go)()
    await settled()
    assert operation.payloads == []


class Fleet(viewsets.ReadOnlyModelViewSet[models.Vehicle]):
    """Reads the header that decides once there is a vehicle."""

    serializer_class = serializers.VehicleSerializer
    queryset = models.Vehicle.objects.order_by("id")

    def get_queryset(self) -> Any:
        queryset = super().get_queryset()
        if not queryset.exists():
            return queryset
        return queryset.filter(name=self.request.headers["X-Fleet"])


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no HTTP here")


async def test_who_is_parted_from_others_learns_nothing_of_their_rows(connect: Connect) -> None:
    """The round in which the header is first read is made with the first one's."""
    router = LiveRouter()
    router.register("vehicles", Fleet)
    application = router.asgi(_nowhere)
    document = "subscription { vehicles { created { id } updated { id } deleted } }"
    operations = []
    for name in ("red", "blue"):
        socket = await connect(application=application, headers={"x-fleet": name})
        operations.append(await socket.subscribe(document))
        await (await socket.subscribe("{ __typename }")).started()
    await settled()
    assert len(get_hub().queries) == 1
    vehicle = await models.Vehicle.objects.acreate(name="red")
    await settled()
    assert len(get_hub().queries) == 2
    assert [payload["data"]["vehicles"] for payload in operations[0].payloads] == [
        {"created": [{"id": str(vehicle.pk)}], "updated": [], "deleted": []}
    ]
    assert operations[1].payloads == []


# Single rows.


def _get(path: str, user: Any) -> str:
    client = Client()
    client.force_login(user)
    response = client.get(f"/api/{path}/")
    assert response.status_code >= 400
    return str(response.json()["detail"])


async def _refused(socket: Socket, document: str) -> dict[str, Any]:
    operation = await socket.subscribe(document)
    await operation.started()
    assert operation.errors is not None
    assert operation.payloads == []
    (error,) = operation.errors
    return error


@pytest.mark.parametrize(
    ("root", "path", "model"), [("note", "notes", models.Note), ("task", "tasks", models.Task)]
)
async def test_a_missing_row_and_a_hidden_one_are_answered_alike_and_as_by_get(
    connect: Connect, root: str, path: str, model: type[Any]
) -> None:
    await sync_to_async(_own_rows)()
    writes = await sync_to_async(_writes_of_others)()
    await sync_to_async(writes[0])()
    await sync_to_async(writes[5])()
    hidden = await model.objects.alatest("pk")
    ada, _, _ = await sync_to_async(_people)()
    socket = await connect("ada")
    answers = [
        await _refused(socket, f"subscription {{ {root}(id: {pk}) {{ action }} }}")
        for pk in (hidden.pk, hidden.pk + 1000)
    ]
    assert answers[0] == answers[1]
    assert answers[0]["extensions"] == {"code": "NOT_FOUND"}
    assert answers[0]["message"] == await sync_to_async(_get)(f"{path}/{hidden.pk}", ada)


async def test_an_object_permission_that_refuses_answers_as_get_does(connect: Connect) -> None:
    ada, ben, _ = await sync_to_async(_people)()
    document = await models.Document.objects.acreate(owner=ben, name="plan", confidential=True)
    answer = await _refused(
        await connect("ada"), f'subscription {{ document(id: "{document.pk}") {{ action }} }}'
    )
    assert answer["extensions"] == {"code": "PERMISSION_DENIED"}
    assert answer["message"] == await sync_to_async(_get)(f"documents/{document.pk}", ada)


async def test_a_row_that_goes_out_of_sight_is_deleted_by_the_id_that_was_known(
    connect: Connect,
) -> None:
    _, ben, _ = await sync_to_async(_people)()
    article = await models.Article.objects.acreate(slug="news", published=True, author=ben)
    socket = await connect("ada")
    one = await _begin(
        socket, 'subscription { article(slug: "news") { action objectId instance { title } } }'
    )
    everything = await _begin(socket, "subscription { articles { deleted } }")
    # It goes by another id from now on, which she is not to know.
    article.published, article.slug, article.title = False, "draft", "secret"
    await article.asave()
    await settled()
    assert one.payloads[-1]["data"]["article"] == {
        "action": "DELETED",
        "objectId": "news",
        "instance": None,
    }
    assert [payload["data"] for payload in everything.payloads] == [
        {"articles": {"deleted": ["news"]}}
    ]
    article.title = "still secret"
    await article.asave()
    await settled()
    await article.adelete()
    await settled()
    assert (len(one.payloads), len(everything.payloads)) == (2, 1)


class OwnWords(viewsets.ReadOnlyModelViewSet[models.Fence]):
    """Says by itself that there is nothing."""

    serializer_class = serializers.FenceSerializer
    queryset = models.Fence.objects.all()

    def get_object(self) -> models.Fence:
        fence: models.Fence = super().get_object()
        if fence.number:
            raise NotFound("There is no such fence.")
        return fence


async def test_a_view_that_says_404_in_its_own_words(connect: Connect) -> None:
    router = LiveRouter()
    router.register("fences", OwnWords)
    socket = await connect(application=router.asgi(_nowhere))
    fence = await models.Fence.objects.acreate()
    document = f"subscription {{ fence(id: {fence.pk}) {{ action objectId }} }}"
    operation = await _begin(socket, document)
    fence.number = 1
    await fence.asave()
    await settled()
    assert operation.payloads[-1]["data"]["fence"] == {
        "action": "DELETED",
        "objectId": str(fence.pk),
    }
    answer = await _refused(socket, document)
    assert answer["message"] == "There is no such fence."
