"""Access that ends while nothing is written: who is told, and how the connection ends."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.utils import timezone
from rest_framework import permissions, viewsets
from rest_framework.authentication import BaseAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.exceptions import APIException

from drf_live_graphql import LiveRouter
from drf_live_graphql.exceptions import ENDED_MESSAGE
from drf_live_graphql.live import query as query_module
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.testing import settled
from tests.project import models, serializers

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect
    from tests.oracle.wire import Operation, Socket

pytestmark = pytest.mark.usefixtures("live_db")

NOTES = "subscription { notes { snapshot { count } created { id } updated { id } deleted } }"
FENCES = "subscription { fences { snapshot { id } created { id } updated { id } deleted } }"
LIVE_FENCES = "subscription { fences { query { fences { id } } } }"
ENDED = [{"message": ENDED_MESSAGE, "extensions": {"code": "NOT_AUTHENTICATED"}}]


@pytest.fixture
def soon(settings: SettingsWrapper) -> None:
    """Access is asked anew so often that a test can wait for it."""
    settings.DRF_LIVE_GRAPHQL = {"AUTH_MAX_AGE": 0.2}


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no HTTP here")


def _application(view: type[viewsets.GenericViewSet[Any]]) -> Any:
    router = LiveRouter()
    router.register("fences", view)
    return router.asgi(_nowhere)


async def _user(name: str) -> Any:
    return await get_user_model().objects.aget(username=name)


async def _started(socket: Socket, *documents: str) -> list[Operation]:
    operations = [await socket.subscribe(document) for document in documents]
    for operation in operations:
        await operation.started()
        assert operation.errors is None, operation.errors
    return operations


def _store(socket: Socket) -> Any:
    cookie = dict(socket.wire.scope["headers"])[b"cookie"].decode()  # type: ignore[attr-defined]
    engine = import_module(django_settings.SESSION_ENGINE)
    return engine.SessionStore(cookie.removeprefix("sessionid="))


async def _closed(socket: Socket, *operations: Operation) -> None:
    """Wait for the close; each operation got the error and, after its snapshot, nothing else."""
    await operations[0].until(lambda: socket.close_code is not None)
    assert socket.close_code == 4403
    for operation in operations:
        assert operation.errors == ENDED
        assert len(operation.payloads) == 1


async def _ask_all() -> None:
    for query in get_hub().queries:
        query.reauthorise()
    await settled()


# Credentials that end.


def _log_out(socket: Socket, user: Any) -> None:
    _store(socket).delete()


def _expire(socket: Socket, user: Any) -> None:
    key = _store(socket).session_key
    Session.objects.filter(session_key=key).update(expire_date=timezone.now())


def _rotate(socket: Socket, user: Any) -> None:
    """Logging in again somewhere else in the same browser gives the session another key."""
    _store(socket).cycle_key()


def _switch_user(socket: Socket, user: Any) -> None:
    other = get_user_model().objects.create(username="somebody else")
    store = _store(socket)
    store["_auth_user_id"] = str(other.pk)
    store["_auth_user_hash"] = other.get_session_auth_hash()
    store.save()


def _deactivate(socket: Socket, user: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)


def _delete(socket: Socket, user: Any) -> None:
    user.delete()


def _change_password(socket: Socket, user: Any) -> None:
    user.set_password("another")
    user.save()


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(
    "end", [_log_out, _expire, _rotate, _switch_user, _deactivate, _delete, _change_password]
)
async def test_a_session_that_no_longer_stands_for_its_user_closes_the_connection(
    connect: Connect, end: Callable[[Socket, Any], None]
) -> None:
    socket, other = await connect("ada"), await connect("ben")
    notes, fences = await _started(socket, NOTES, FENCES)
    (of_ben,) = await _started(other, NOTES)
    await sync_to_async(end)(socket, await _user("ada"))
    await _closed(socket, notes, fences)
    assert not of_ben.ended
    assert other.close_code is None


@pytest.mark.usefixtures("soon")
async def test_a_token_that_is_revoked_closes_the_connection(connect: Connect) -> None:
    user = await get_user_model().objects.acreate(username="ada")
    token = await Token.objects.acreate(user=user)
    socket = await connect(Authorization=f"Token {token.key}")
    (readings,) = await _started(
        socket, "subscription { readings { snapshot { count } created { sensor } } }"
    )
    await token.adelete()
    await _closed(socket, readings)


async def test_one_ended_operation_ends_all_of_its_connection_at_once(connect: Connect) -> None:
    """Also those that are not asked yet, and those that have no live query."""
    socket = await connect("ada")
    notes, fences = await _started(socket, NOTES, FENCES)
    await sync_to_async(_store(socket).delete)()
    (query,) = [query for query in get_hub().queries if query.key.root.name == "notes"]
    query.reauthorise()
    await _closed(socket, notes, fences)
    assert get_hub().queries == ()


async def test_a_change_after_the_end_is_not_sent(connect: Connect) -> None:
    socket = await connect("ada")
    notes, fences = await _started(socket, NOTES, FENCES)
    await sync_to_async(_store(socket).delete)()
    await models.Note.objects.acreate(owner=await _user("ada"), text="secret")
    await models.Fence.objects.acreate()
    await _closed(socket, notes, fences)


async def test_nobody_in_particular_has_no_credential_that_could_end(connect: Connect) -> None:
    socket = await connect()
    fences, again = await _started(socket, FENCES, LIVE_FENCES)
    await _ask_all()
    assert socket.close_code is None
    assert not fences.ended
    assert len(fences.payloads) == len(again.payloads) == 1


class LateToken(BaseAuthentication):
    """Knows a name only once a user has it; nobody is refused."""

    def authenticate(self, request: Any) -> Any:
        name = request.headers["Authorization"]
        user = get_user_model().objects.filter(username=name).first()
        return user and (user, None)


class Named(viewsets.ReadOnlyModelViewSet[models.Fence]):
    serializer_class = serializers.FenceSerializer
    authentication_classes = [LateToken]
    queryset = models.Fence.objects.order_by("id")

    def get_queryset(self) -> Any:
        return super().get_queryset() if self.request.user.pk else models.Fence.objects.none()


async def test_somebody_who_is_known_only_later_is_admitted_anew(connect: Connect) -> None:
    await models.Fence.objects.acreate()
    socket = await connect(application=_application(Named), authorization="ada")
    (fences,) = await _started(socket, FENCES)
    await get_user_model().objects.acreate(username="ada")
    await _ask_all()
    assert socket.close_code is None
    shown = [payload["data"]["fences"]["snapshot"] for payload in fences.payloads]
    assert [len(rows) for rows in shown] == [0, 1]


async def test_a_new_secret_key_ends_no_session(
    connect: Connect, settings: SettingsWrapper
) -> None:
    """The hash in the session is of the old key, which still counts; nobody tells the browser."""
    socket = await connect("ada")
    await _started(socket, NOTES)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-" * 10
    for _ in range(2):
        await _ask_all()
    assert socket.close_code is None
    assert await Session.objects.filter(session_key=_store(socket).session_key).aexists()


# Rights that end.


@pytest.mark.usefixtures("soon")
async def test_a_view_that_refuses_ends_the_operation_alone(connect: Connect) -> None:
    await connect("root")
    await get_user_model().objects.aupdate(is_staff=True)
    socket = await connect("root")
    document = "subscription { announcements { snapshot { id } created { id } } }"
    announcements, fences = await _started(socket, document, FENCES)
    await get_user_model().objects.aupdate(is_staff=False)
    await announcements.until(lambda: announcements.ended)
    assert announcements.errors is not None
    assert announcements.errors[0]["extensions"] == {"code": "PERMISSION_DENIED"}
    await models.Fence.objects.acreate()
    await fences.until(lambda: len(fences.payloads) == 2)
    assert socket.close_code is None


class Opinion:
    """What decides in these views, and what nothing tells of when it changes."""

    hidden: set[int] = set()
    refused = False
    down = False
    asked = 0


class Permitted(permissions.BasePermission):
    message = "Not this one."

    def has_permission(self, request: Any, view: Any) -> bool:
        Opinion.asked += 1
        if Opinion.down:
            raise RuntimeError("nobody can be asked")
        return True

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return not Opinion.refused


class Moody(viewsets.ReadOnlyModelViewSet[models.Fence]):
    serializer_class = serializers.FenceSerializer
    permission_classes = [Permitted]
    queryset = models.Fence.objects.order_by("id")

    def get_queryset(self) -> Any:
        return super().get_queryset().exclude(pk__in=Opinion.hidden)


class Slice(Moody):
    """Rows that can't be asked for one by one."""

    def get_queryset(self) -> Any:
        return super().get_queryset()[:3]


@pytest.fixture
def opinion(monkeypatch: pytest.MonkeyPatch) -> type[Opinion]:
    for name, value in (("hidden", set()), ("refused", False), ("down", False), ("asked", 0)):
        monkeypatch.setattr(Opinion, name, value)
    return Opinion


@pytest.mark.usefixtures("soon")
async def test_an_object_permission_that_ends_is_the_views_refusal(
    connect: Connect, opinion: type[Opinion]
) -> None:
    fence = await models.Fence.objects.acreate()
    socket = await connect(application=_application(Moody))
    document = f"subscription {{ fence(id: {fence.pk}) {{ action }} }}"
    one, all_ = await _started(socket, document, FENCES)
    opinion.refused = True
    await one.until(lambda: one.ended)
    assert one.errors is not None
    # Nobody is logged in, so DRF says 401 for what would be 403.
    assert one.errors[0]["extensions"] == {"code": "NOT_AUTHENTICATED"}
    assert not all_.ended
    assert socket.close_code is None


@pytest.mark.parametrize("view", [Moody, Slice])
async def test_rows_that_left_or_entered_unheard_are_told(
    connect: Connect, opinion: type[Opinion], view: type[Moody]
) -> None:
    first, second = [await models.Fence.objects.acreate() for _ in range(2)]
    opinion.hidden = {second.pk}
    socket = await connect(application=_application(view))
    (fences,) = await _started(socket, FENCES)
    opinion.hidden = {first.pk}
    await _ask_all()
    assert [payload["data"]["fences"] for payload in fences.payloads[1:]] == [
        {
            "snapshot": None,
            "created": [{"id": str(second.pk)}],
            "updated": [],
            "deleted": [str(first.pk)],
        }
    ]


async def test_a_row_that_left_or_came_back_unheard_is_told(
    connect: Connect, opinion: type[Opinion]
) -> None:
    fence = await models.Fence.objects.acreate()
    socket = await connect(application=_application(Moody))
    (one,) = await _started(socket, f"subscription {{ fence(id: {fence.pk}) {{ action }} }}")
    for hidden in ({fence.pk}, {fence.pk}, set(), set()):
        opinion.hidden = hidden
        await _ask_all()
    actions = [payload["data"]["fence"]["action"] for payload in one.payloads]
    assert actions == ["SNAPSHOT", "DELETED", "CREATED"]


@pytest.mark.parametrize("view", [Moody, Slice])
async def test_asking_that_finds_everything_as_before_sends_nothing(
    connect: Connect, opinion: type[Opinion], view: type[Moody]
) -> None:
    fence = await models.Fence.objects.acreate()
    parts = "action instance { id } query { __typename }"
    row = f"subscription {{ fence(id: {fence.pk}) {{ {parts} }} }}"
    page = "subscription { fences { snapshot { id } } }"
    both = "subscription { fences { snapshot { id } updated { id } query { fences { id } } } }"
    rows = (row,) if view is Moody else ()
    socket = await connect(application=_application(view))
    operations = await _started(socket, FENCES, LIVE_FENCES, page, both, *rows)
    asked = opinion.asked
    await _ask_all()
    assert opinion.asked == asked + len(get_hub().queries)
    assert [len(operation.payloads) for operation in operations] == [1] * len(operations)


@pytest.mark.parametrize("view", [Moody, Slice])
async def test_somebody_who_joins_is_no_news_to_the_others(
    connect: Connect, opinion: type[Opinion], view: type[Moody]
) -> None:
    fence = await models.Fence.objects.acreate()
    row = f"subscription {{ fence(id: {fence.pk}) {{ action }} }}"
    documents = (FENCES, row) if view is Moody else (FENCES,)
    application = _application(view)
    first = await _started(await connect(application=application), *documents)
    await _started(await connect(application=application), *documents)
    await settled()
    assert [len(operation.payloads) for operation in first] == [1] * len(first)


async def test_a_view_that_can_not_be_asked_ends_nothing(
    connect: Connect, opinion: type[Opinion], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr(query_module, "FIRST_RETRY", 0.001)
    socket = await connect(application=_application(Moody))
    (fences,) = await _started(socket, FENCES)
    opinion.down = True
    await _ask_all()
    assert "asked again when it is due" in caplog.text
    assert not fences.ended
    opinion.down = False
    await models.Fence.objects.acreate()
    await settled()
    assert len(fences.payloads) == 2


class Unreachable(APIException):
    status_code = 503


class Remote(BaseAuthentication):
    """Asks a service that may be down."""

    def authenticate(self, request: Any) -> Any:
        if Opinion.down:
            raise Unreachable
        return get_user_model().objects.get(username="ada"), None


class ByRemote(Moody):
    authentication_classes = [Remote]


async def test_a_service_that_is_down_proves_nothing(
    connect: Connect, opinion: type[Opinion], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query_module, "FIRST_RETRY", 0.001)
    await get_user_model().objects.acreate(username="ada")
    socket = await connect(application=_application(ByRemote))
    (fences,) = await _started(socket, FENCES)
    opinion.down = True
    await _ask_all()
    assert not fences.ended
    assert socket.close_code is None


async def test_without_an_age_nobody_is_asked(connect: Connect, settings: SettingsWrapper) -> None:
    settings.DRF_LIVE_GRAPHQL = {"AUTH_MAX_AGE": None}
    await _started(await connect("ada"), NOTES)
    assert get_hub()._timetable._timer is None
