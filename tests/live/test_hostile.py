"""Clients that ask for too much, and views that fail or take for ever: the others don't notice."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from rest_framework import permissions, viewsets
from rest_framework.serializers import ModelSerializer, SerializerMethodField

from drf_live_graphql import LiveRouter, conf
from drf_live_graphql.changes.control import CONTROL
from drf_live_graphql.live import executor
from drf_live_graphql.live import query as query_module
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.testing import settled
from tests.project import models, views
from tests.project.asgi import application as project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect
    from tests.oracle.wire import Operation, Socket

pytestmark = pytest.mark.usefixtures("live_db")

FENCES = "subscription { fences { snapshot { id } created { id } deleted } }"
FENCE_TYPE = "Fence"
PATIENCE = 30.0


async def _nowhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no HTTP here")


async def _works(socket: Socket) -> bool:
    operation = await socket.subscribe("{ fences { id } }")
    await operation.started()
    return operation.errors is None and "data" in operation.payloads[0]


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  # Of a state, not of an event.
            await asyncio.sleep(0.01)


def _problem(operation: Operation) -> dict[str, Any]:
    """The one error of an operation that was refused or failed."""
    errors = operation.errors or operation.payloads[0]["errors"]
    error: dict[str, Any] = errors[0]
    return error


# Many, and large.


async def test_ten_thousand_rows_in_one_transaction(connect: Connect) -> None:
    socket = await connect()
    fences = await socket.subscribe(FENCES)
    deltas = await socket.subscribe("subscription { fences { created { id } } }")
    await fences.started()
    await settled()

    def write() -> list[str]:
        with transaction.atomic():
            return [str(models.Fence.objects.create().pk) for _ in range(10_000)]

    rows = await sync_to_async(write)()
    await settled()
    assert [row["id"] for row in fences.payloads[-1]["data"]["fences"]["snapshot"]] == rows
    assert {row["id"] for row in deltas.payloads[-1]["data"]["fences"]["created"]} == set(rows)
    assert len(fences.payloads) == 2
    assert len(deltas.payloads) == 1


async def test_sockets_that_are_opened_and_dropped_leave_nothing_behind(
    connect: Connect, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"RESUME_WINDOW": 0}  # What is kept for who comes back is bounded.
    quiet = await connect()
    assert await _works(quiet)
    before = len(asyncio.all_tasks())
    for _ in range(20):
        sockets = [await connect() for _ in range(25)]
        for socket in sockets:
            await socket.subscribe(FENCES)
        for socket in sockets:
            await socket.wire.close()
    await settled()
    assert len(asyncio.all_tasks()) <= before + len(get_hub()._ear._tasks)
    assert get_hub().queries == ()
    assert get_hub()._by_label == {}
    assert get_hub()._ear.joined.keys() == {CONTROL}
    assert await _works(quiet)


async def test_a_thousand_operations_on_one_socket(connect: Connect) -> None:
    socket = await connect()
    operations = [await socket.subscribe(FENCES) for _ in range(1_000)]
    for operation in operations:
        await operation.started()
    refused = [operation for operation in operations if operation.errors]
    assert len(refused) == 900
    assert {_problem(one)["extensions"]["code"] for one in refused} == {"TOO_MANY_OPERATIONS"}
    await settled()
    fence = await models.Fence.objects.acreate()
    await settled()
    for operation in operations[:100]:
        assert operation.payloads[-1]["data"]["fences"]["created"] == [{"id": str(fence.pk)}]
    await socket.complete(operations[0])
    assert await _works(socket)


async def test_a_reader_that_reads_nothing_and_answers_no_ping_is_evaluated_for_no_more(
    connect: Connect, settings: SettingsWrapper
) -> None:
    """The server can't even send the close: its ``send`` waits until the reader has read."""
    settings.DRF_LIVE_GRAPHQL = {"KEEP_ALIVE": 0.5, "RESUME_WINDOW": 0}
    reads = asyncio.Event()
    reads.set()

    async def held_up(scope: Any, receive: Any, send: Any) -> None:
        async def send_when_read(event: dict[str, Any]) -> None:
            await reads.wait()
            await send(event)

        await project(scope, receive, send_when_read)

    socket = await connect(application=held_up)
    fences = await socket.subscribe(FENCES)
    await fences.started()
    reads.clear()
    await _until(lambda: not get_hub().queries and not get_hub().lines)
    reads.set()
    await fences.until(lambda: socket.close_code is not None)
    assert socket.close_code == 4503


EXPLODING = "{ fences { ...f0 } } " + " ".join(
    f"fragment f{level} on {FENCE_TYPE} {{ ...f{level + 1} a{level}: id ...f{level + 1} }}"
    for level in range(40)
)
CHAIN = " ".join(f"fragment f{n} on {FENCE_TYPE} {{ ...f{n + 1} b }}" for n in range(299))
HOSTILE = {
    "deep": "{" + "query {" * 30 + "a" + "}" * 31,
    "deeper than a parser goes": "{a" * 20_000,
    "wide": "{ fences { " + " ".join(f"a{n}: id" for n in range(3_000)) + " } }",
    "explosive": f"{EXPLODING} fragment f40 on {FENCE_TYPE} {{ id }}",
    "circular": f"{{ fences {{ ...f }} }} fragment f on {FENCE_TYPE} {{ ...f }}",
    "a chain of fragments": f"{{ fences {{ ...f0 }} }} {CHAIN}",
    "a thousand fragments": "{ fences { ...f0 } } "
    + " ".join(f"fragment f{n} on {FENCE_TYPE} {{ id }}" for n in range(1_000)),
    "aliases of a root": "{ " + " ".join(f"a{n}: fences {{ id }}" for n in range(1_000)) + " }",
    "aliases of a subscription": "subscription { "
    + " ".join(f"a{n}: fences {{ deleted }}" for n in range(1_000))
    + " }",
    "no GraphQL": "}{" * 1_000,
    "a variable that is missing": "query ($id: ID!) { vehicle(id: $id) { id } }",
}


@pytest.mark.parametrize("document", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_document_is_refused_alone(connect: Connect, document: str) -> None:
    socket = await connect()
    sibling = await socket.subscribe(FENCES)
    await sibling.started()
    operation = await socket.subscribe(document)
    await operation.started()
    assert _problem(operation)["message"]
    assert await _works(socket)
    assert not sibling.ended


async def test_a_thousand_aliases_of_a_field_are_answered(connect: Connect) -> None:
    await models.Fence.objects.acreate(number=7)
    names = " ".join(f"a{n}: number" for n in range(1_000))
    socket = await connect()
    operation = await socket.subscribe(f"subscription {{ fences {{ snapshot {{ {names} }} }} }}")
    await operation.started()
    (row,) = operation.payloads[0]["data"]["fences"]["snapshot"]
    assert row == {f"a{n}": 7 for n in range(1_000)}


@pytest.mark.parametrize("value", [["a", "list"], {"an": "object"}, "x" * 100_000, 10**400, None])
async def test_a_variable_that_is_wrong_is_refused_alone(connect: Connect, value: object) -> None:
    socket = await connect()
    sibling = await socket.subscribe(FENCES)
    await sibling.started()
    operation = await socket.subscribe("{ __typename }")
    await operation.started()
    refused = socket.operations["wrong"] = type(operation)(lambda payload: None)
    payload = {
        "query": "subscription ($n: Int!) { vehicle(id: $n) { instance { id } } }",
        "variables": {"n": value},
    }
    await socket.wire.send(json.dumps({"id": "wrong", "type": "subscribe", "payload": payload}))
    await refused.started()
    assert _problem(refused)["message"]
    assert await _works(socket)
    assert not sibling.ended


async def test_a_megabyte_of_variables_closes_the_socket_it_came_on(connect: Connect) -> None:
    socket, other = await connect(), await connect()
    sibling = await other.subscribe(FENCES)
    await sibling.started()
    payload = {"query": "{ __typename }", "variables": {"n": "x" * 1_000_000}}
    closed = await socket.subscribe(FENCES)
    await socket.wire.send(json.dumps({"id": "big", "type": "subscribe", "payload": payload}))
    await closed.until(lambda: socket.close_code is not None)
    assert socket.close_code == 4400
    assert await _works(other)


# Views that fail.


class Fragile(viewsets.ReadOnlyModelViewSet):
    """Fails where it is told to."""

    queryset = models.Vehicle.objects.order_by("id")
    fails = ""

    class serializer_class(ModelSerializer[models.Vehicle]):  # noqa: N801
        shown = SerializerMethodField()

        class Meta:
            model = models.Vehicle
            fields = ("id", "name", "shown")

        def get_shown(self, vehicle: models.Vehicle) -> str:
            user = self.context["request"].user.get_username()
            if vehicle.name == "broken" or Fragile.fails == f"for {user}":
                raise RuntimeError("this can't be shown")
            return vehicle.name

    class permission(permissions.BasePermission):  # noqa: N801
        def has_permission(self, request: Any, view: Any) -> bool:
            if Fragile.fails == "permission":
                raise RuntimeError("nobody knows who may")
            return True

    permission_classes = [permission]

    def get_serializer_class(self) -> Any:
        if Fragile.fails == "serializer class":
            raise RuntimeError("no serializer")
        return super().get_serializer_class()


@pytest.fixture
def fragile(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(Fragile, "fails", "")
    monkeypatch.setattr(query_module, "FIRST_RETRY", 0.001)
    router = LiveRouter()
    router.register("vehicles", Fragile)
    router.register("fences", views.FenceViewSet)
    return router.asgi(_nowhere)


SHOWN = "subscription { vehicles { snapshot { id shown } created { id shown } } }"


async def _is_right(socket: Socket) -> bool:
    """Whether a new subscription shows what is in the table."""
    operation = await socket.subscribe(SHOWN)
    await operation.started()
    names = [name async for name in models.Vehicle.objects.order_by("id").values_list("name")]
    rows = operation.payloads[0]["data"]["vehicles"]["snapshot"]
    return [row["shown"] for row in rows] == [name for (name,) in names]


async def test_a_row_that_cannot_be_shown_ends_who_is_shown_it_until_it_is_mended(
    connect: Connect, fragile: Any
) -> None:
    socket = await connect("ada", application=fragile)
    failing, fences = await socket.subscribe(SHOWN), await socket.subscribe(FENCES)
    await failing.started()
    await fences.started()
    vehicle = await models.Vehicle.objects.acreate(name="broken")
    await settled()
    assert _problem(failing)["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    await models.Fence.objects.acreate()
    await settled()
    assert len(fences.payloads) == 2
    vehicle.name = "mended"
    await vehicle.asave()
    await settled()
    assert await _is_right(socket)


async def test_a_fault_for_one_user_is_none_for_another(connect: Connect, fragile: Any) -> None:
    ada = await connect("ada", application=fragile)
    ben = await connect("ben", application=fragile)
    hers, his = await ada.subscribe(SHOWN), await ben.subscribe(SHOWN)
    await hers.started()
    await his.started()
    Fragile.fails = "for ada"
    vehicle = await models.Vehicle.objects.acreate(name="van")
    await settled()
    assert _problem(hers)["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    row = {"id": str(vehicle.pk), "shown": "van"}
    assert his.payloads[-1]["data"]["vehicles"]["created"] == [row]
    Fragile.fails = ""
    assert await _is_right(ada)


@pytest.mark.parametrize("where", ["permission", "serializer class"])
async def test_a_view_that_fails_ends_its_operations_with_an_error(
    connect: Connect, fragile: Any, where: str
) -> None:
    socket = await connect("ada", application=fragile)
    running, fences = await socket.subscribe(SHOWN), await socket.subscribe(FENCES)
    await running.started()
    await fences.started()
    Fragile.fails = where
    await models.Vehicle.objects.acreate(name="van")
    await settled()
    late = await socket.subscribe(SHOWN)
    await late.started()
    for operation in (running, late):
        assert _problem(operation)["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert "RuntimeError" not in str(_problem(operation))
    assert not fences.ended
    Fragile.fails = ""
    assert await _is_right(socket)


# Views that take for ever.


ROOT = "afterVehicles"
# Further views of the kind, more than there are threads.
COPIES = [f"slow{n}" for n in range(8)]


class Slow(viewsets.ReadOnlyModelViewSet):
    """Takes until it is let go."""

    serializer_class = views.VehicleViewSet.serializer_class
    queryset = models.Vehicle.objects.order_by("id")
    go = threading.Event()
    asked = threading.Semaphore()

    def get_queryset(self) -> Any:
        Slow.asked.release()
        Slow.go.wait(PATIENCE)
        return super().get_queryset().filter(pk__gt=self.kwargs["after"])


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(Slow, "go", threading.Event())
    Slow.go.set()
    router = LiveRouter()
    router.register("after/(?P<after>[0-9]+)/vehicles", Slow, basename="vehicle")
    for name in COPIES:
        router.register(
            f"{name}/(?P<after>[0-9]+)/vehicles",
            type(name, (Slow,), {}),
            basename="vehicle",
            list_name=name,
            retrieve_name=f"{name}Row",
        )
    router.register("fences", views.FenceViewSet)
    application = router.asgi(_nowhere)
    # The generator has asked too.
    monkeypatch.setattr(Slow, "asked", threading.Semaphore(0))
    yield application
    Slow.go.set()


async def test_a_view_that_takes_long_holds_up_nobody_else(connect: Connect, slow: Any) -> None:
    """More questions of one view than there are threads leave one to the others."""
    Slow.go.clear()
    socket = await connect(application=slow)
    waiting = [
        await socket.subscribe(f'subscription {{ {ROOT}(after: "{n}") {{ snapshot {{ id }} }} }}')
        for n in range(2 * conf.settings.EVALUATION_THREADS)
    ]
    other = await connect(application=slow)
    fences = await other.subscribe(FENCES)
    await fences.started()
    fence = await models.Fence.objects.acreate()
    await fences.until(lambda: len(fences.payloads) == 2)
    assert fences.payloads[-1]["data"]["fences"]["created"] == [{"id": str(fence.pk)}]
    assert await _works(other)
    assert not any(operation.payloads or operation.ended for operation in waiting)
    Slow.go.set()
    for operation in waiting:
        await operation.started()
        assert operation.payloads[0]["data"][ROOT]["snapshot"] == []


async def test_views_that_take_long_at_once_hold_up_nobody_else(
    connect: Connect, slow: Any
) -> None:
    """There are more of them than threads."""
    Slow.go.clear()
    socket = await connect(application=slow)
    waiting = [
        await socket.subscribe(f'subscription {{ {name}(after: "0") {{ snapshot {{ id }} }} }}')
        for name in COPIES
    ]
    for _ in range(conf.settings.EVALUATION_THREADS):
        assert await asyncio.to_thread(Slow.asked.acquire, timeout=PATIENCE)
    other = await connect(application=slow)
    assert await _works(other)
    assert not any(operation.payloads or operation.ended for operation in waiting)
    Slow.go.set()
    for name, operation in zip(COPIES, waiting, strict=True):
        await operation.started()
        assert operation.payloads[0]["data"][name]["snapshot"] == []


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_module, "PATIENCE", 0.01)


BESIDE = f"""subscription {{ fences {{
  snapshot {{ id }} created {{ id }} deleted query {{ {ROOT}(after: "0") {{ name }} }} }} }}"""


@pytest.mark.usefixtures("impatient")
async def test_a_view_that_takes_long_below_query_holds_up_nobody_else_of_the_same_list(
    connect: Connect, slow: Any
) -> None:
    slowly = await (await connect(application=slow)).subscribe(BESIDE)
    fences = await (await connect(application=slow)).subscribe(FENCES)
    await slowly.started()
    await fences.started()
    await settled()
    Slow.go.clear()
    await models.Vehicle.objects.acreate(name="van")
    rows = []
    for number in range(3):
        rows.append({"id": str((await models.Fence.objects.acreate()).pk)})
        await fences.until(lambda number=number: len(fences.payloads) == number + 2)  # type: ignore[misc]
        assert fences.payloads[-1]["data"]["fences"]["created"] == rows[-1:]
    assert len(slowly.payloads) == 1
    Slow.go.set()
    await settled()
    # What it waited for, and then all that came meanwhile.
    await slowly.until(lambda: slowly.payloads[-1]["data"]["fences"]["snapshot"] == rows)
    assert slowly.payloads[-1]["data"]["fences"]["query"] == {ROOT: [{"name": "van"}]}
    await models.Fence.objects.all().adelete()
    await settled()
    last = slowly.payloads[-1]["data"]["fences"]
    assert (last["snapshot"], len(last["deleted"])) == (None, 3)


@pytest.mark.usefixtures("impatient")
async def test_what_waited_for_a_view_is_not_sent_where_rows_have_left_meanwhile(
    connect: Connect, slow: Any
) -> None:
    slowly = await (await connect(application=slow)).subscribe(BESIDE)
    fences = await (await connect(application=slow)).subscribe(FENCES)
    await slowly.started()
    await fences.started()
    await settled()
    Slow.go.clear()
    fence = await models.Fence.objects.acreate()
    await fences.until(lambda: len(fences.payloads) == 2)
    await fence.adelete()
    await fences.until(lambda: len(fences.payloads) == 3)
    Slow.go.set()
    await settled()
    created = [payload["data"]["fences"]["created"] for payload in slowly.payloads]
    assert created == [[], []]
    last = slowly.payloads[-1]["data"]["fences"]
    assert last["snapshot"] == []


@pytest.mark.usefixtures("impatient")
async def test_who_leaves_while_a_view_takes_long_below_query_leaves_nothing_behind(
    connect: Connect, slow: Any
) -> None:
    quick = await connect(application=slow)
    fences = await quick.subscribe(FENCES)
    await fences.started()
    await settled()
    (query,) = get_hub().queries
    Slow.go.clear()
    for _ in range(2 * conf.settings.EVALUATION_THREADS):
        socket = await connect(application=slow)
        await socket.subscribe(BESIDE)
        await _until(lambda: any(sub.held for sub in query.subscriptions))
        await socket.close()
        await _until(lambda: not query.renderings)
    assert executor._pool is not None
    assert not executor._pool._waiting
    await models.Fence.objects.acreate()
    await fences.until(lambda: len(fences.payloads) == 2)


async def test_what_gathers_during_a_long_round_is_bounded(
    connect: Connect, slow: Any, settings: Any
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"MAX_CHANGES_PER_MESSAGE": 5}
    socket = await connect(application=slow)
    document = (
        f'subscription {{ {ROOT}(after: "0") {{ created {{ id }} cursor snapshot {{ id }} }} }}'
    )
    operation = await socket.subscribe(document)
    await operation.started()
    await settled()
    Slow.go.clear()
    names = [str((await models.Vehicle.objects.acreate(name="van")).pk) for _ in range(20)]
    fences = await (await connect(application=slow)).subscribe(FENCES)
    await fences.started()  # Messages before it have arrived.
    (query,) = [query for query in get_hub().queries if query.key.root.name == ROOT]
    assert len(query._work.changed) <= 5
    assert query._work.whole
    Slow.go.set()
    await settled()
    last = operation.payloads[-1]["data"][ROOT]
    assert [row["id"] for row in last["snapshot"]] == names
