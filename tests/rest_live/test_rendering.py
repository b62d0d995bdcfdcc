"""What is sent is what the view's own renderer makes of it, negotiated as a GET's is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.test import APIRequestFactory

from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.live.reading import shown_id
from drf_live_graphql.rest_live import RealtimeMixin, RealtimeRouter
from drf_live_graphql.transport.rest_live.broadcast import Broadcasts
from drf_live_graphql.transport.rest_live.messages import Message
from drf_live_graphql.transport.rest_live.roots import describe
from tests.project import models
from tests.project.views import FenceViewSet

if TYPE_CHECKING:
    from tests.rest_live.client import Client
    from tests.rest_live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")

FENCE = "project.Fence"


class Shouting(JSONRenderer):
    """Names in capitals, as a camel-case renderer has them in camel case."""

    media_type = "application/vnd.loud+json"
    format = "loud"
    rendered = 0

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        type(self).rendered += 1
        return super().render(_loud(data), *args, **kwargs)


def _loud(data: Any) -> Any:
    if isinstance(data, dict):
        return {name.upper(): _loud(value) for name, value in data.items()}
    return [_loud(item) for item in data] if isinstance(data, list) else data


class Packed(BaseRenderer):
    media_type = "application/x-packed"
    format = "packed"
    charset = None
    render_style = "binary"


class Fences(FenceViewSet, RealtimeMixin):
    renderer_classes = [JSONRenderer, Shouting, Packed]


class Loud(FenceViewSet, RealtimeMixin):
    renderer_classes = [Shouting]


def _router(view: type[Any]) -> RealtimeRouter:
    router = RealtimeRouter()
    router.register(view)
    return router


def _get(view: type[Any], pk: object, query: str = "", accept: str = "*/*") -> Any:
    request = APIRequestFactory().get(f"/?{query}", HTTP_ACCEPT=accept)
    response = view.as_view({"get": "retrieve"})(request, pk=pk).render()
    return json.loads(response.content)


async def _shown(client: Client) -> tuple[Any, Any]:
    fence = await models.Fence.objects.acreate(number=1)
    (frame,) = await client.quiet()
    return fence.pk, frame


async def test_a_renderer_of_the_views_own_writes_the_whole_frame(connect: Connect) -> None:
    client = await connect(router=_router(Loud))
    await client.subscribe(1, FENCE)
    pk, frame = await _shown(client)
    assert frame == {
        "TYPE": "broadcast",
        "ID": 1,
        "MODEL": FENCE,
        "ACTION": "CREATED",
        "INSTANCE": await sync_to_async(_get)(Loud, pk),
    }
    await models.Fence.objects.filter(pk=pk).adelete()
    (frame,) = await client.quiet()
    assert frame["INSTANCE"] == {"PK": pk, "ID": pk}


@pytest.mark.parametrize(
    ("accept", "query"), [("application/vnd.loud+json", {}), ("", {"format": "loud"})]
)
async def test_it_is_negotiated_as_that_of_a_get(
    connect: Connect, accept: str, query: dict[str, str]
) -> None:
    headers = {"accept": accept} if accept else {}
    client = await connect(router=_router(Fences), headers=headers)
    await client.subscribe(1, FENCE, query_params=query)
    pk, frame = await _shown(client)
    answer = await sync_to_async(_get)(
        Fences, pk, "&".join(f"{k}={v}" for k, v in query.items()), accept or "*/*"
    )
    assert frame["INSTANCE"] == answer == {"ID": pk, "NUMBER": 1}


async def test_a_renderer_that_needs_the_response_is_refused_and_harms_nobody(
    connect: Connect,
) -> None:
    class Needy(JSONRenderer):
        def render(self, data: Any, media_type: Any = None, renderer_context: Any = None) -> Any:
            assert renderer_context["response"].status_code == 200

    class View(FenceViewSet, RealtimeMixin):
        renderer_classes = [Needy]

    client = await connect(router=_router(View))
    (frame,) = await client.subscribe(1, FENCE)
    assert (frame["type"], frame["code"]) == ("error", 400)
    assert "renderer" in frame["message"]
    assert get_hub().queries == ()


@pytest.mark.parametrize(
    ("accept", "query", "code"),
    [
        ("text/unheard-of", {}, 400),
        ("application/x-packed", {}, 400),
        ("*/*", {"format": "unheard-of"}, 404),
    ],
)
async def test_what_cannot_be_negotiated_or_is_no_text_is_refused(
    connect: Connect, accept: str, query: dict[str, str], code: int
) -> None:
    client = await connect(router=_router(Fences), headers={"accept": accept})
    (frame,) = await client.subscribe(1, FENCE, query_params=query)
    assert (frame["type"], frame["code"]) == ("error", code)


async def test_a_change_is_rendered_once_for_all_who_use_the_same_id(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = _router(Loud)
    clients = [await connect(router=router) for _ in range(4)]
    for client, id_ in zip(clients, (1, 1, 1, 1.0), strict=True):
        await client.subscribe(id_, FENCE)
    monkeypatch.setattr(Shouting, "rendered", 0)
    await models.Fence.objects.acreate()
    frames = [(await client.quiet())[0] for client in clients]
    assert Shouting.rendered == 2
    assert all({**frame, "ID": 1} == {**frames[0], "ID": 1} for frame in frames)
    assert [str(frame["ID"]) for frame in frames] == ["1", "1", "1", "1.0"]


async def test_renderers_that_a_method_makes_are_not_shared(connect: Connect) -> None:
    class Marked(JSONRenderer):
        def __init__(self, name: str) -> None:
            self.name = name

        def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
            return super().render({**data, "for": self.name}, *args, **kwargs)

    class View(FenceViewSet, RealtimeMixin):
        def get_renderers(self) -> list[BaseRenderer]:
            return [Marked(self.request.META.get("HTTP_ACCEPT", ""))]

    router = _router(View)
    accepted = ["*/*", "application/json"]
    clients = [await connect(router=router, headers={"accept": accept}) for accept in accepted]
    for client in clients:
        await client.subscribe(1, FENCE)
    assert len(get_hub().queries) == 1
    await models.Fence.objects.acreate()
    frames = [frame for client in clients for frame in await client.quiet()]
    assert [frame["for"] for frame in frames] == accepted


async def test_a_view_that_fails_as_it_is_asked_is_500_and_logged(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    class View(FenceViewSet, RealtimeMixin):
        def get_renderers(self) -> list[BaseRenderer]:
            raise LookupError("a fault of the view's")

    client = await connect(router=_router(View))
    (frame,) = await client.subscribe(1, FENCE)
    assert (frame["type"], frame["code"]) == ("error", 500)
    assert "a fault of the view's" not in frame["message"]
    assert "a fault of the view's" in caplog.text


async def test_it_is_written_the_same_on_the_event_loop() -> None:
    root = describe(Loud, "list")
    message = Message(1, "1", {})
    broadcasts = Broadcasts(root, message, JSONRenderer(), "application/json", None)
    envelope = {"created": [{"id": 1}], "updated": [{"id": 2}], "deleted": [shown_id(3, None)]}
    frames = broadcasts.render(envelope)
    assert [json.loads(frame)["instance"]["id"] for frame in frames] == [3, 1, 2]
    assert await broadcasts.render_async(envelope) == frames


async def test_a_renderer_that_fails_ends_the_subscription(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await connect(router=_router(Loud))
    await client.subscribe(1, FENCE)

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise LookupError("the renderer fails")

    monkeypatch.setattr("drf_live_graphql.live.query.FIRST_RETRY", 0.001)
    monkeypatch.setattr(Shouting, "render", fail)
    await models.Fence.objects.acreate()
    (frame,) = await client.quiet()
    assert (frame["type"], frame["id"], frame["code"]) == ("error", 1, 500)
