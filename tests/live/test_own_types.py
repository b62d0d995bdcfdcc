"""A strawberry type of the project's own, live, against a real GET of the same view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import strawberry
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from rest_framework import permissions, serializers, viewsets
from rest_framework.test import APIRequestFactory

import schema_gen
from drf_live_graphql import LiveRouter
from drf_live_graphql.testing import settled
from schema_gen import registry
from tests.project import models

if TYPE_CHECKING:
    from tests.live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")


class PersonSerializer(serializers.ModelSerializer[Any]):
    class Meta:
        model = get_user_model()
        fields = ["id", "username"]


class NoteSerializer(serializers.ModelSerializer[models.Note]):
    owner = PersonSerializer(read_only=True)

    class Meta:
        model = models.Note
        fields = ["id", "text", "owner"]


class NoteViewSet(viewsets.ReadOnlyModelViewSet[models.Note]):
    queryset = models.Note.objects.select_related("owner").order_by("id")
    serializer_class = NoteSerializer
    permission_classes = [permissions.AllowAny]


@strawberry.type
class Owner:
    id: strawberry.ID
    username: str


@strawberry.type
class Memo:
    id: strawberry.ID
    text: str
    owner: Owner

    @strawberry.field
    def by(self) -> str:
        return f"{self.text} ({self.owner.username})"


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no HTTP here")


def _get() -> Any:
    response = NoteViewSet.as_view({"get": "list"})(APIRequestFactory().get("/"))
    return [
        {
            "id": str(row["id"]),
            "text": row["text"],
            "owner": {"username": row["owner"]["username"]},
            "by": f"{row['text']} ({row['owner']['username']})",
        }
        for row in response.data
    ]


def _note() -> models.Note:
    owner = get_user_model().objects.create_user("ada")
    return models.Note.objects.create(owner=owner, text="first")


async def test_every_part_of_a_payload_is_made_of_it(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_serializers", {})
    schema_gen.register_serializer(NoteSerializer)(Memo)
    schema_gen.register_serializer(PersonSerializer)(Owner)
    live = LiveRouter()
    live.register("notes", NoteViewSet)
    note = await sync_to_async(_note)()
    row = "{ id text owner { username } by }"
    socket = await connect(application=live.asgi(_nowhere))
    rows = await socket.subscribe(
        f"subscription {{ notes {{ snapshot {row} created {row} updated {row} deleted"
        f" query {{ notes {row} note(id: {note.pk}) {row} }} }} }}"
    )
    single = await socket.subscribe(
        f"subscription {{ note(id: {note.pk}) {{ action instance {row} }} }}"
    )
    await rows.started()
    await single.started()
    before = await sync_to_async(_get)()
    assert rows.payloads[0]["data"]["notes"]["snapshot"] == before
    # The text of the row itself, then that of the row which it nests.
    note.text = "second"
    await note.asave()
    await settled()
    user = await get_user_model().objects.aget()
    user.username = "eve"
    await user.asave()
    await settled()
    after = await sync_to_async(_get)()
    assert after[0]["by"] == "second (eve)"
    for payload in (rows.payloads[-1], single.payloads[-1]):
        assert "errors" not in payload
    told = rows.payloads[-1]["data"]["notes"]
    assert told["updated"] == after
    assert told["query"] == {"notes": after, "note": after[0]}
    assert single.payloads[-1]["data"]["note"] == {"action": "UPDATED", "instance": after[0]}
