"""What a view's own response says, beside what a GET is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.urls import include, path
from rest_framework import viewsets
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from drf_live_graphql import LiveRouter
from drf_live_graphql.live.response import error_of
from tests.live.shapes import Site, mount
from tests.project import models
from tests.project.serializers import FenceSerializer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")


@pytest.fixture
def answering(
    connect: Connect, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Site]:
    """A site whose one view answers a response that is given, to whatever is asked."""

    def make(*args: Any, **kwargs: Any) -> Site:
        class Own(viewsets.ReadOnlyModelViewSet[models.Fence]):
            queryset = models.Fence.objects.order_by("id")
            serializer_class = FenceSerializer

            def list(self, request: Any, *_: Any, **__: Any) -> Response:
                return Response(*args, **kwargs)

            def retrieve(self, request: Any, *_: Any, **__: Any) -> Response:
                return Response(*args, **kwargs)

        router = SimpleRouter()
        router.register("fences", Own, basename="fence")
        mount([path("api/", include(router.urls))], settings, monkeypatch)
        live = LiveRouter()
        live.register("fences", Own, basename="fence")
        return Site(live, connect)

    return make


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "INVALID"),
        (401, "NOT_AUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (405, "INVALID"),
        (429, "THROTTLED"),
    ],
)
async def test_an_error_is_one_of_its_status(
    answering: Callable[..., Site], status: int, code: str
) -> None:
    site = answering({"detail": "No."}, status=status, headers={"Retry-After": "5"})
    response = await sync_to_async(site.rest.get)("/api/fences/")
    assert response.status_code == status
    [error] = (await site.result("{ fences { id } }")).errors
    assert (error.message, error.extensions["code"]) == ("No.", code)
    assert error.extensions.get("wait") == (5 if status == 429 else None)
    operation = await site.subscribe("subscription { fences { snapshot { id } } }")
    assert operation.errors is not None
    assert operation.errors[0]["extensions"]["code"] == code


async def test_no_content_is_no_row(answering: Callable[..., Site]) -> None:
    site = answering(status=204)
    response = await sync_to_async(site.rest.get)("/api/fences/")
    assert (response.status_code, response.content) == (204, b"")
    assert await site.query("{ fences { id } }") == {"fences": []}
    [error] = (await site.result('{ fence(id: "1") { id } }')).errors
    assert error.extensions["code"] == "NOT_FOUND"
    operation = await site.subscribe("subscription { fences { snapshot { id } } }")
    assert operation.payloads[0]["data"]["fences"]["snapshot"] == []


def test_a_cause_speaks_in_the_words_of_its_response() -> None:
    cause = PermissionDenied("For members.")
    assert error_of(Response(status=403), cause) is cause
    assert str(cause.detail) == "For members."
    assert error_of(Response({"detail": "Members only."}, status=403), cause) is cause
    assert str(cause.detail) == "Members only."
    assert error_of(Response({"detail": "Who?"}, status=404), cause).status_code == 404
