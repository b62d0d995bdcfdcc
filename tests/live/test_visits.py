"""Who is refused by a view's own dispatch(), setup() or finalize_response(), and who is not.

Each is asked three ways: by a real GET, by a query and by a subscription.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_page
from django.views.decorators.vary import vary_on_cookie
from rest_framework import generics, viewsets
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.throttling import BaseThrottle

from drf_live_graphql import LiveError, LiveRouter
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.live.read_only import READ_ONLY_MESSAGE
from drf_live_graphql.testing import settled
from schema_gen import SchemaWarning
from tests.live.conftest import session_cookie
from tests.live.shapes import mount, nowhere, plain
from tests.project import models
from tests.project.serializers import FenceSerializer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live.conftest import Connect
    from tests.oracle.wire import Operation, Socket

pytestmark = pytest.mark.usefixtures("live_db")

ROW = "{ id number }"
KEY = {"x-key": "ada"}


class Fences(viewsets.ReadOnlyModelViewSet[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = FenceSerializer


class FenceList(generics.ListAPIView[models.Fence]):
    queryset = models.Fence.objects.order_by("id")
    serializer_class = FenceSerializer


class ByKey(BaseAuthentication):
    def authenticate(self, request: Any) -> Any:
        name = request.META.get("HTTP_X_KEY")
        user = get_user_model().objects.filter(username=name).first()
        return None if user is None else (user, "key")


class ForStaff(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.META.get("HTTP_X_KEY") == "ada")


class Browser(Client):
    """A client that has no cookies sends no header for them; Django's sends an empty one."""

    def _base_environ(self, **request: Any) -> dict[str, Any]:
        environ: dict[str, Any] = super()._base_environ(**request)
        if not environ["HTTP_COOKIE"]:
            del environ["HTTP_COOKIE"]
        return environ


class Visitors:
    """One view behind its URL and in a router, and the clients of both."""

    def __init__(self, live: LiveRouter, connect: Connect) -> None:
        self.live, self._connect = live, connect

    async def get(self, user: str = "", **headers: str) -> tuple[int, Any]:
        client = Browser()
        if user:
            client.cookies["sessionid"] = await self.session(user)
        response = await sync_to_async(client.get)("/api/fences/", headers=headers)
        if response.status_code != 200:
            return response.status_code, None
        return 200, plain(json.loads(response.content))

    async def session(self, user: str) -> str:
        return (await sync_to_async(session_cookie)(user)).partition("=")[2]

    async def connect(self, user: str = "", **headers: str) -> Socket:
        return await self._connect(user, application=self.live.asgi(nowhere), headers=headers)

    async def subscribe(
        self, user: str = "", selection: str = f"snapshot {ROW}", **headers: str
    ) -> Operation:
        socket = await self.connect(user, **headers)
        operation = await socket.subscribe(f"subscription {{ fences {{ {selection} }} }}")
        await operation.started()
        return operation

    async def query(self, user: str = "", **headers: str) -> Any:
        socket = await self.connect(user, **headers)
        operation = await socket.subscribe(f"{{ fences {ROW} }}")
        await operation.started()
        return operation

    async def agree(self, user: str = "", code: str = "", **headers: str) -> int:
        """Compare all three; the status of the GET. ``code`` is that of a refusal."""
        status, rows = await self.get(user, **headers)
        asked = await self.query(user, **headers)
        told = await self.subscribe(user, **headers)
        if status == 200:
            assert asked.payloads[0].get("errors") is None, asked.payloads
            assert asked.payloads[0]["data"]["fences"] == rows
            assert told.errors is None, told.errors
            assert told.payloads[0]["data"]["fences"]["snapshot"] == rows
        else:
            errors = asked.errors or asked.payloads[0]["errors"]
            assert [error["extensions"]["code"] for error in errors] == [code]
            assert told.payloads == []
            assert told.errors is not None
            assert told.errors[0]["extensions"]["code"] == code
        return status


@pytest.fixture
async def visitors(
    connect: Connect, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Visitors]:
    """A site of one view, at `/api/fences/`, with a row; ada and bob are known to it."""
    for name in ("ada", "bob"):
        await get_user_model().objects.acreate(username=name)
    await models.Fence.objects.acreate(number=1)

    def make(view: type[Any]) -> Visitors:
        live = LiveRouter()
        if issubclass(view, viewsets.ViewSetMixin):
            router = SimpleRouter()
            router.register("fences", view, basename="fence")
            mount([path("api/", include(router.urls))], settings, monkeypatch)
        else:
            mount([path("api/fences/", view.as_view())], settings, monkeypatch)
        live.register("fences", view, basename="fence")
        return Visitors(live, connect)

    return make


# A dispatch() sees the request before DRF does.


async def test_who_is_known_to_drf_alone_does_not_pass_a_guard_that_asks_django(
    visitors: Callable[..., Visitors],
) -> None:
    class Members(LoginRequiredMixin, Fences):
        authentication_classes = [ByKey, SessionAuthentication]

    site = visitors(Members)
    assert await site.agree(code="NOT_AUTHENTICATED", **KEY) == 302
    assert await site.agree("ada") == 200
    assert await site.agree("bob", **KEY) == 200


async def test_who_is_known_to_django_alone_passes_it(visitors: Callable[..., Visitors]) -> None:
    class Members(LoginRequiredMixin, Fences):
        authentication_classes: list[Any] = []

    site = visitors(Members)
    assert await site.agree(code="NOT_AUTHENTICATED") == 302
    assert await site.agree("ada") == 200


async def test_users_whom_drf_does_not_tell_apart_share_nothing(
    visitors: Callable[..., Visitors],
) -> None:
    class Own(Fences):
        authentication_classes: list[Any] = []

        def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            self.viewer = request.user.get_username()
            return super().dispatch(request, *args, **kwargs)

        def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            return Response([{"id": self.viewer, "number": models.Fence.objects.count()}])

    site = visitors(Own)
    sockets = [await site.subscribe(user) for user in ("ada", "bob", "ada", "")]
    await models.Fence.objects.acreate(number=2)
    await settled()
    assert len(get_hub().queries) == 3
    for user, operation in zip(("ada", "bob", "ada", ""), sockets, strict=True):
        _, rows = await site.get(user)
        assert rows == [{"id": user, "number": 2}]
        assert [p["data"]["fences"]["snapshot"][0]["number"] for p in operation.payloads] == [1, 2]
        assert operation.payloads[-1]["data"]["fences"]["snapshot"] == rows
        assert await site.agree(user) == 200


@pytest.mark.parametrize("authenticators", [[], [SessionAuthentication]])
async def test_a_session_that_ends_ends_what_a_guard_let_in(
    visitors: Callable[..., Visitors], authenticators: list[Any]
) -> None:
    class Members(LoginRequiredMixin, Fences):
        authentication_classes = authenticators

    site = visitors(Members)
    first_socket = await site.connect("ada")
    first = await first_socket.subscribe(f"subscription {{ fences {{ snapshot {ROW} }} }}")
    await first.started()
    second = await site.subscribe("ada")
    assert len(get_hub().queries) == 1
    key = dict(first_socket.wire.scope["headers"])[b"cookie"].decode().removeprefix("sessionid=")
    await Session.objects.filter(pk=key).adelete()
    await models.Fence.objects.acreate(number=2)
    await settled()
    assert len(first.payloads) == 1
    assert first.errors is not None
    assert first.errors[0]["extensions"]["code"] == "NOT_AUTHENTICATED"
    assert not second.ended
    assert len(second.payloads[-1]["data"]["fences"]["snapshot"]) == 2


async def test_whom_a_guard_let_in_is_known_though_drf_knows_somebody_else(
    visitors: Callable[..., Visitors],
) -> None:
    class Members(LoginRequiredMixin, Fences):
        authentication_classes = [ByKey]

    site = visitors(Members)
    operation = await site.subscribe("bob", **KEY)
    assert operation.errors is None
    bob = await get_user_model().objects.aget(username="bob")
    bob.is_active = False
    await bob.asave()
    await operation.until(lambda: operation.ended)
    assert operation.errors is not None
    assert operation.errors[0]["extensions"]["code"] == "NOT_AUTHENTICATED"
    assert await site.agree("bob", code="NOT_AUTHENTICATED", **KEY) == 302


async def test_a_dispatch_prepares_what_permissions_look_at(
    visitors: Callable[..., Visitors],
) -> None:
    class OfProject(BasePermission):
        def has_permission(self, request: Any, view: Any) -> bool:
            return bool(view.project == "open")

    class Prepared(FenceList):
        permission_classes = [OfProject]

        def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            self.project = request.META.get("HTTP_X_PROJECT")
            if self.project is None:
                raise Http404("No such project.")
            return super().dispatch(request, *args, **kwargs)

    site = visitors(Prepared)
    assert await site.agree(**{"x-project": "open"}) == 200
    assert await site.agree("ada", code="PERMISSION_DENIED", **{"x-project": "closed"}) == 403
    assert await site.agree("ada", code="NOT_FOUND") == 404


async def test_a_dispatch_may_decide_who_is_asking(visitors: Callable[..., Visitors]) -> None:
    class Keyed(Fences):
        authentication_classes = [SessionAuthentication]
        permission_classes = [IsAuthenticated]

        def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            name = request.META.get("HTTP_X_KEY")
            if name is not None:
                request.user = get_user_model().objects.get(username=name)
            return super().dispatch(request, *args, **kwargs)

        def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            return Response([{"id": request.user.get_username(), "number": 1}])

    site = visitors(Keyed)
    for name in ("ada", "bob"):
        assert await site.agree(**{"x-key": name}) == 200
    assert await site.agree("ada", **{"x-key": "bob"}) == 200
    assert await site.agree(code="NOT_AUTHENTICATED") == 403


async def test_a_dispatch_runs_once_and_its_throttles_charge_once(
    visitors: Callable[..., Visitors],
) -> None:
    runs: list[str] = []

    class Counted(BaseThrottle):
        def allow_request(self, request: Any, view: Any) -> bool:
            runs.append("charged")
            return True

    class Slow(Fences):
        throttle_classes = [Counted]

        def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            runs.append("dispatched")
            return super().dispatch(request, *args, **kwargs)

    site = visitors(Slow)
    await site.query()
    assert runs == ["dispatched", "charged"]
    runs.clear()
    await site.subscribe()
    await models.Fence.objects.acreate(number=2)
    await settled()
    assert runs.count("charged") == 1


async def test_a_throttle_s_refusal_is_one(visitors: Callable[..., Visitors]) -> None:
    class Never(BaseThrottle):
        def allow_request(self, request: Any, view: Any) -> bool:
            return False

        def wait(self) -> float:
            return 7

    class Own(Fences):
        throttle_classes = [Never]

        def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            return super().dispatch(request, *args, **kwargs)

    site = visitors(Own)
    assert await site.agree(code="THROTTLED") == 429
    [error] = (await site.query()).payloads[0]["errors"]
    assert error["extensions"]["wait"] == 7


# Other methods around DRF's dispatch().


async def test_a_setup_of_the_views_own_may_refuse(visitors: Callable[..., Visitors]) -> None:
    class SetUp(FenceList):
        def setup(self, request: Any, *args: Any, **kwargs: Any) -> None:
            super().setup(request, *args, **kwargs)
            if request.META.get("HTTP_X_KEY") != "ada":
                raise PermissionDenied

    site = visitors(SetUp)
    with pytest.warns(SchemaWarning, match=r"its own setup\(\) may change or refuse any answer"):
        assert site.live.schema
    assert await site.agree(code="PERMISSION_DENIED") == 403
    assert await site.agree(**KEY) == 200


@pytest.mark.parametrize("base", [Fences, FenceList])
async def test_what_finalize_response_makes_of_an_answer_is_the_answer(
    visitors: Callable[..., Visitors], base: type[Any]
) -> None:
    class Final(base):  # type: ignore[misc]
        def finalize_response(
            self, request: Any, response: Any, *args: Any, **kwargs: Any
        ) -> Response:
            if request.META.get("HTTP_X_KEY") is None:
                response = Response({"detail": "Not for you."}, status=403)
            else:
                response.data = [{**row, "number": 7} for row in response.data]
            done: Response = super().finalize_response(request, response, *args, **kwargs)
            return done

    site = visitors(Final)
    with pytest.warns(SchemaWarning, match=r"its own finalize_response\(\) may change or refuse"):
        assert site.live.schema
    assert await site.agree(code="PERMISSION_DENIED") == 403
    assert await site.agree(**KEY) == 200


@pytest.mark.parametrize("base", [Fences, FenceList])
async def test_what_as_view_is_wrapped_in_is_refused_at_registration(
    visitors: Callable[..., Visitors], base: type[Any]
) -> None:
    class Members(base):  # type: ignore[misc]
        @classmethod
        def as_view(cls, *args: Any, **kwargs: Any) -> Any:
            return login_required(super().as_view(*args, **kwargs))

    with pytest.raises(
        LiveError, match=r"Members\.as_view\(\) wraps the view in a function of dja"
    ):
        visitors(Members)
    response = await sync_to_async(Client().get)("/api/fences/")
    assert response.status_code == 302


async def test_what_as_view_gives_to_a_view_is_as_in_a_get(
    visitors: Callable[..., Visitors],
) -> None:
    class Strict(FenceList):
        @classmethod
        def as_view(cls, **kwargs: Any) -> Any:
            return super().as_view(permission_classes=[ForStaff], **kwargs)

    site = visitors(Strict)
    assert await site.agree("bob", code="PERMISSION_DENIED") == 403
    assert await site.agree(**KEY) == 200


async def test_a_view_that_has_to_be_given_something_is_included_instead() -> None:
    class Given(FenceList):
        @classmethod
        def as_view(cls, permission: Any, **kwargs: Any) -> Any:  # type: ignore[override]
            return super().as_view(permission_classes=[permission], **kwargs)

    live = LiveRouter()
    with pytest.raises(LiveError, match=r"Given.as_view\(\) can't be called without arguments"):
        live.register("fences", Given)
    live.include([path("fences/", Given.as_view(ForStaff))])
    assert [view.initkwargs for view in live.views] == [{"permission_classes": [ForStaff]}]


async def test_a_view_without_a_get_is_refused(visitors: Callable[..., Visitors]) -> None:
    class Searched(ListModelMixin, generics.GenericAPIView[models.Fence]):
        queryset = models.Fence.objects.order_by("id")
        serializer_class = FenceSerializer

        def post(self, request: Any) -> Response:
            return self.list(request)

    with pytest.raises(
        LiveError, match=r"Searched has no get\(\), so a GET of it is refused \(405\)"
    ):
        visitors(Searched)
    response = await sync_to_async(Client().get)("/api/fences/")
    assert response.status_code == 405


class Hidden:
    """Turns every refusal into a 404."""

    def handle_exception(self, exc: Exception) -> Response:
        super().handle_exception(exc)  # type: ignore[misc]
        return Response({"detail": "Nothing here."}, status=404)


async def _is_hidden(site: Visitors) -> None:
    assert await site.agree(code="NOT_FOUND") == 404
    assert await site.agree("bob", code="NOT_FOUND") == 404
    [error] = (await site.query()).payloads[0]["errors"]
    assert error["message"] == "Nothing here."
    assert await site.agree(**KEY) == 200


async def test_an_own_handle_exception_is_asked_what_a_refusal_is(
    visitors: Callable[..., Visitors],
) -> None:
    class Plain(Hidden, Fences):  # type: ignore[misc]
        permission_classes = [ForStaff]

    site = visitors(Plain)
    assert "created" in site.live.schema.as_str()  # It is told row by row all the same.
    await _is_hidden(site)


async def test_so_it_is_with_a_dispatch_of_its_own(visitors: Callable[..., Visitors]) -> None:
    class Guarded(Hidden, Fences):  # type: ignore[misc]
        permission_classes = [ForStaff]

        def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            return super().dispatch(request, *args, **kwargs)

    await _is_hidden(visitors(Guarded))


# What is asked where only something else is selected.


@pytest.mark.parametrize("selection", ["cursor", "query { fences { id } }"])
async def test_a_body_that_refuses_is_asked_though_nothing_of_it_is_selected(
    visitors: Callable[..., Visitors], selection: str
) -> None:
    class Own(Fences):
        def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            if not models.Label.objects.filter(name=request.META.get("HTTP_X_KEY")).exists():
                raise PermissionDenied
            return super().list(request, *args, **kwargs)

    site = visitors(Own)
    assert (await site.get(**KEY))[0] == 403
    refused = await site.subscribe(selection=selection, **KEY)
    assert refused.payloads == []
    assert refused.errors is not None
    assert refused.errors[0]["extensions"]["code"] == "PERMISSION_DENIED"
    label = await models.Label.objects.acreate(name="ada")
    assert (await site.get(**KEY))[0] == 200
    socket = await site.connect(**KEY)
    operation = await socket.subscribe(f"subscription {{ fences {{ {selection} }} }}")
    await settled()
    assert operation.errors is None
    await label.adelete()
    await operation.until(lambda: operation.ended)
    assert operation.errors is not None
    assert operation.errors[0]["extensions"]["code"] == "PERMISSION_DENIED"


# What an answer is made of.


async def test_querysets_in_an_answer_are_what_rest_writes_of_them(
    visitors: Callable[..., Visitors],
) -> None:
    class Values(Fences):
        def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            return Response(models.Fence.objects.order_by("id").values("id", "number"))

    site = visitors(Values)
    operation = await site.subscribe()
    for number in range(30):
        await models.Fence.objects.acreate(number=number)
    await settled()
    last = await models.Fence.objects.alast()
    assert last is not None
    last.number = 99
    await last.asave()
    await settled()
    assert operation.payloads[-1]["data"]["fences"]["snapshot"] == (await site.get())[1]
    assert await site.agree() == 200


async def test_rows_that_lack_what_is_promised_are_refused_with_the_reason_in_the_log(
    visitors: Callable[..., Visitors], caplog: pytest.LogCaptureFixture
) -> None:
    class Short(Fences):
        def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            return Response([{"number": 1}])

        def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            return Response({"number": 1})

    site = visitors(Short)
    told = await site.subscribe()
    row = await (await site.connect()).subscribe(
        'subscription { fence(id: "1") { instance { id } } }'
    )
    await row.started()
    for errors in (told.errors, row.errors, (await site.query()).payloads[0]["errors"]):
        assert errors is not None
        assert errors[0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert "Short.list() answered rows without id, which are never null" in caplog.text
    assert "Short.retrieve() answered rows without id" in caplog.text
    told = await site.subscribe(selection="snapshot { number }")
    assert told.payloads[0]["data"]["fences"]["snapshot"] == (await site.get())[1]


async def test_authentication_may_write_and_a_body_may_not(
    visitors: Callable[..., Visitors],
) -> None:
    class Extending(BaseAuthentication):
        def authenticate(self, request: Any) -> Any:
            label, _ = models.Label.objects.get_or_create(name="token")
            models.Label.objects.filter(pk=label.pk).update(name="token")
            return get_user_model().objects.get(username="ada"), None

    class Members(LoginRequiredMixin, Fences):
        authentication_classes = [Extending]

    assert await visitors(Members).agree("ada") == 200

    class Writing(Members):
        def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            models.Fence.objects.update(number=2)
            return super().list(request, *args, **kwargs)

    site = visitors(Writing)
    assert (await site.query("ada")).payloads[0]["data"]["fences"][0]["number"] == 2
    told = await site.subscribe("ada")
    assert told.errors is not None
    assert told.errors[0]["message"] == READ_ONLY_MESSAGE


@pytest.mark.parametrize("name", ["list", "dispatch"])
async def test_a_cache_that_tells_visitors_apart_by_cookie_does(
    visitors: Callable[..., Visitors], name: str
) -> None:
    class Own(Fences):
        authentication_classes = [SessionAuthentication]
        renderer_classes = [JSONRenderer]  # Of one alone, so that no answer varies with Accept.

        def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            return Response([{"id": request.user.get_username(), "number": 1}])

    def decorator(view: Any) -> Any:
        return cache_page(60)(vary_on_cookie(view))

    cache.clear()
    cached = method_decorator(decorator, name=name)(type("Cached", (Own,), {}))
    site = visitors(cached)
    for user in ("", "ada", "bob"):
        assert await site.agree(user) == 200
    cache.clear()
