"""Answers that were shared between clients that a GET would have told apart."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from rest_framework import permissions, viewsets
from rest_framework.authentication import BaseAuthentication
from rest_framework.serializers import ModelSerializer, SerializerMethodField

from drf_live_graphql import LiveRouter
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.testing import settled
from tests.project import models

if TYPE_CHECKING:
    from tests.live.conftest import Connect
    from tests.oracle.wire import Operation

pytestmark = pytest.mark.usefixtures("live_db")

VEHICLES = "subscription { vehicles { snapshot { name } created { name } } }"


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no HTTP here")


class Open(viewsets.ReadOnlyModelViewSet):
    """Open to everyone; the serializer asks the view what a row's name is to be."""

    permission_classes = [permissions.AllowAny]
    authentication_classes: list[Any] = []
    queryset = models.Vehicle.objects.order_by("id")

    class serializer_class(ModelSerializer[models.Vehicle]):  # noqa: N801
        name = SerializerMethodField()

        class Meta:
            model = models.Vehicle
            fields = ("id", "name")

        def get_name(self, vehicle: models.Vehicle) -> str:
            return f"{vehicle.name} of {self.context['view'].reader()}"

    def reader(self) -> object:
        raise NotImplementedError


class ByHeader(Open):
    def reader(self) -> object:
        return self.request.META["HTTP_X"]


class BySession(Open):
    def reader(self) -> object:
        session = getattr(self.request._request, "session", None)
        return "nobody" if session is None else session.session_key


class ByNumberOfCookies(Open):
    def reader(self) -> object:
        return len(self.request.COOKIES) or "nobody"


class ServiceAuthentication(BaseAuthentication):
    """A program: somebody, but no row of a user table."""

    def authenticate(self, request: Any) -> Any:
        return SimpleNamespace(is_authenticated=True, name=request.headers["X-Key"]), None


class ForPrograms(Open):
    authentication_classes = [ServiceAuthentication]

    def reader(self) -> object:
        return self.request.user.name


def _application(view: type[viewsets.GenericViewSet[Any]]) -> Any:
    router = LiveRouter()
    router.register("vehicles", view)
    return router.asgi(_nowhere)


def _shown(operation: Operation) -> list[str]:
    names = []
    for payload in operation.payloads:
        part = payload["data"]["vehicles"]
        names += [row["name"] for row in [*(part["snapshot"] or ()), *part["created"]]]
    return names


async def test_those_who_stay_are_like_the_one_who_was_asked_with(connect: Connect) -> None:
    """The one asked with is the first of the first credential, not the first who came."""
    application = _application(ByHeader)
    sockets, operations = [], []
    for value, token in (("first", "A"), ("second", "B"), ("third", "A")):
        socket = await connect(
            application=application, headers={"x": value, "authorization": token}
        )
        sockets.append(socket)
        operations.append(await socket.subscribe(VEHICLES))
        await operations[-1].started()
    assert len(get_hub().queries) == 1
    await sockets[0].complete(operations[0])
    await settled()

    await models.Vehicle.objects.acreate(name="van")
    await settled()

    assert set(_shown(operations[1])) == {"van of second"}
    assert set(_shown(operations[2])) == {"van of third"}


async def test_a_fact_learned_elsewhere_during_a_round_counts_for_it(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another query of the root learns of the header while this one's round is under way."""
    from drf_live_graphql.live import query as module

    application = _application(ByHeader)
    sockets, operations = [], []
    for value in ("first", "second"):
        socket = await connect(application=application, headers={"x": value})
        sockets.append(socket)
        operations.append(await socket.subscribe(VEHICLES))
        await operations[-1].started()
    (query,) = get_hub().queries
    run, held, go = module.executor.run, asyncio.Event(), asyncio.Event()

    async def holding(function: Any, owner: Any = None) -> Any:
        result = await run(function)
        held.set()
        await go.wait()
        return result

    monkeypatch.setattr(module, "executor", SimpleNamespace(run=holding))
    await models.Vehicle.objects.acreate(name="van")
    await held.wait()
    await sockets[0].complete(operations[0])
    await (await sockets[0].subscribe("{ __typename }")).started()
    get_hub()._learn(query.key.root, {"META:HTTP_X"})
    go.set()
    await settled()

    assert set(_shown(operations[1])) == {"van of second"}


@pytest.mark.parametrize(("view", "answers"), [(BySession, 3), (ByNumberOfCookies, 2)])
async def test_what_one_client_lacks_and_another_has_tells_them_apart(
    connect: Connect, view: type[Open], answers: int
) -> None:
    application = _application(view)
    await models.Vehicle.objects.acreate(name="van")
    operations = []
    for user in ("", "ada", "ben"):
        socket = await connect(user, application=application)
        operations.append(await socket.subscribe(VEHICLES))
        await operations[-1].started()
    assert len({name for operation in operations for name in _shown(operation)}) == answers


async def test_an_authenticated_program_without_a_key_is_somebody(connect: Connect) -> None:
    application = _application(ForPrograms)
    operations = []
    for key in ("robot", "robot", "crawler"):
        socket = await connect(application=application, headers={"x-key": key})
        operations.append(await socket.subscribe(VEHICLES))
        await operations[-1].until(lambda: bool(operations[-1].payloads), patience=3.0)
    await models.Vehicle.objects.acreate(name="van")
    await settled()
    expected = [["van of robot"], ["van of robot"], ["van of crawler"]]
    assert [_shown(operation) for operation in operations] == expected
