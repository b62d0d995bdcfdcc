"""graphql-transport-ws, message by message, on a real server.

Source: graphql-ws' PROTOCOL.md, and what its default client makes of each close code: it comes
back after 1012, 1013, 4403 and 4408 and gives up after the other codes of the 4000s, so a code
has to be right.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.servers import AsgiServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

APPLICATION = "tests.transport.http_app:application"
PROTOCOL = "graphql-transport-ws"
# Seconds; a server that starts on a busy machine takes some.
PATIENCE = 60

# What graphql-ws' default client comes back after, with a backoff.
COMES_BACK = {1001, 1005, 1006, 1012, 1013, 4403, 4408, 4503}

COUNT = "subscription ($to: Int!) { count(to: $to) }"


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def server(request: pytest.FixtureRequest, django_db_setup: None) -> Iterator[AsgiServer]:
    with AsgiServer(APPLICATION, program=request.param) as server:
        yield server


class Socket:
    """A client that says exactly what it is told to."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, message: object) -> None:
        text = message if isinstance(message, str | bytes) else json.dumps(message)
        await self.connection.send(text)

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            message: dict[str, Any] = json.loads(await self.connection.recv())
        return message

    async def receive_until(self, id_: str, type_: str) -> list[dict[str, Any]]:
        """The messages of one operation, up to the one of that type."""
        messages: list[dict[str, Any]] = []
        while not messages or messages[-1]["type"] != type_:
            message = await self.receive()
            if message.get("id") == id_:
                messages.append(message)
        return messages

    async def init(self, **message: object) -> Socket:
        await self.send({"type": "connection_init", **message})
        assert (await self.receive())["type"] == "connection_ack"
        return self

    async def subscribe(self, id_: str, query: str, **payload: object) -> None:
        await self.send({"id": id_, "type": "subscribe", "payload": {"query": query, **payload}})

    async def close_code(self) -> int | None:
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionClosed):
                async for _ in self.connection:
                    pass
        return self.connection.close_code

    async def works(self) -> bool:
        """Whether the socket still serves operations."""
        await self.subscribe("works", "{ hello }")
        first, _ = await self.receive_until("works", "complete")
        return bool(first["payload"] == {"data": {"hello": "Hello world"}})


@asynccontextmanager
async def socket(
    server: AsgiServer, *, subprotocol: str = PROTOCOL, origin: str | None = None
) -> AsyncIterator[Socket]:
    protocols: Any = [subprotocol] if subprotocol else None
    url = f"{server.ws}/graphql/"
    extra = {"Origin": origin} if origin else {}
    async with connect(
        url, subprotocols=protocols, additional_headers=extra, open_timeout=PATIENCE
    ) as connection:
        yield Socket(connection)


# Handshake


async def test_the_subprotocol_is_chosen(server: AsgiServer) -> None:
    async with socket(server) as client:
        assert client.connection.subprotocol == PROTOCOL
        await client.init()


@pytest.mark.parametrize("subprotocol", ["graphql-ws", "unheard-of", ""])
async def test_another_subprotocol_is_4406(server: AsgiServer, subprotocol: str) -> None:
    async with socket(server, subprotocol=subprotocol) as client:
        assert await client.close_code() == 4406


async def test_a_foreign_origin_is_refused_in_the_handshake(server: AsgiServer) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with socket(server, origin="https://stranger.example"):
            pass
    assert refusal.value.response.status_code == 403


@pytest.mark.parametrize("own", [True, False])
async def test_the_own_origin_and_an_allowed_one_are_let_in(server: AsgiServer, own: bool) -> None:
    async with socket(server, origin=server.http if own else "https://friend.example") as client:
        await client.init()


@pytest.mark.parametrize("payload", [{}, {"payload": {}}, {"payload": None}, {"payload": {"a": 1}}])
async def test_an_init_is_acknowledged(server: AsgiServer, payload: dict[str, object]) -> None:
    async with socket(server) as client:
        await client.init(**payload)
        assert await client.works()


async def test_a_client_that_does_not_introduce_itself_is_4408(django_db_setup: None) -> None:
    with AsgiServer(APPLICATION, TEST_INIT_TIMEOUT="0.2") as server:
        async with socket(server) as client:
            assert await client.close_code() == 4408


# Close codes


async def test_a_second_init_is_4429(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.init()
        await client.send({"type": "connection_init"})
        assert await client.close_code() == 4429


async def test_a_second_init_before_the_ack_is_4429(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.send({"type": "connection_init"})
        await client.send({"type": "connection_init"})
        assert await client.close_code() == 4429


async def test_a_subscribe_before_the_ack_is_4401(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.subscribe("1", "{ hello }")
        assert await client.close_code() == 4401


async def test_an_id_in_use_is_4409(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.init()
        await client.subscribe("1", "subscription { endless }")
        await client.subscribe("1", "subscription { endless }")
        assert await client.close_code() == 4409


@pytest.mark.parametrize(
    "message",
    [
        "{",
        "",
        "[]",
        "null",
        "1",
        '"subscribe"',
        b"\x00\x01",
        {},
        {"type": 1},
        {"type": None},
        {"type": "unheard-of"},
        {"type": "connection_ack"},
        {"type": "next", "id": "1"},
        {"type": "subscribe"},
        {"type": "subscribe", "payload": {"query": "{ hello }"}},
        {"type": "subscribe", "id": None, "payload": {"query": "{ hello }"}},
        {"type": "subscribe", "id": 1, "payload": {"query": "{ hello }"}},
        {"type": "subscribe", "id": "1"},
        {"type": "subscribe", "id": "1", "payload": None},
        {"type": "subscribe", "id": "1", "payload": []},
        {"type": "subscribe", "id": "1", "payload": {}},
        {"type": "subscribe", "id": "1", "payload": {"query": 1}},
        {"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": []}},
        {"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "operationName": 1}},
        {"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "extensions": "x"}},
        {"type": "complete"},
        {"type": "complete", "id": 1},
    ],
    ids=str,
)
async def test_a_malformed_message_is_4400(server: AsgiServer, message: object) -> None:
    async with socket(server) as client:
        await client.init()
        await client.send(message)
        assert await client.close_code() == 4400


@pytest.mark.parametrize("message", ["{", "[]", {"type": "unheard-of"}, {"payload": {}}], ids=str)
async def test_a_malformed_message_before_the_init_is_4400(
    server: AsgiServer, message: object
) -> None:
    async with socket(server) as client:
        await client.send(message)
        assert await client.close_code() == 4400


# Operations


async def test_a_query_has_one_result(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.init()
        await client.subscribe("q", "query ($n: String!) { hello(name: $n) }", variables={"n": "é"})
        assert await client.receive_until("q", "complete") == [
            {"id": "q", "type": "next", "payload": {"data": {"hello": "Hello é"}}},
            {"id": "q", "type": "complete"},
        ]


async def test_a_mutation_runs(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.init()
        await client.subscribe("m", "mutation { double(number: 4) }")
        first, _ = await client.receive_until("m", "complete")
        assert first["payload"] == {"data": {"double": 8}}


async def test_a_subscription_has_its_results_in_order(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.init()
        await client.subscribe("s", COUNT, variables={"to": 5})
        *results, end = await client.receive_until("s", "complete")
        assert [result["payload"]["data"]["count"] for result in results] == [1, 2, 3, 4, 5]
        assert end == {"id": "s", "type": "complete"}


async def test_a_failed_field_is_a_result(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.init()
        await client.subscribe("f", "{ fails hello }")
        first, _ = await client.receive_until("f", "complete")
        assert first["payload"]["data"] == {"fails": None, "hello": "Hello world"}
        assert first["payload"]["errors"][0]["path"] == ["fails"]


async def test_null_parameters_are_as_absent_ones(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.init()
        await client.subscribe(
            "n", "{ hello }", variables=None, operationName=None, extensions=None
        )
        first, _ = await client.receive_until("n", "complete")
        assert first["payload"] == {"data": {"hello": "Hello world"}}


async def test_the_operation_that_is_named_runs(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.init()
        document = 'query A { hello } query B { hello(name: "B") }'
        await client.subscribe("o", document, operationName="B")
        first, _ = await client.receive_until("o", "complete")
        assert first["payload"] == {"data": {"hello": "Hello B"}}


async def test_extensions_reach_the_operation(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.init()
        await client.subscribe("e", "{ extensions }", extensions={"live": {"after": "7"}})
        first, _ = await client.receive_until("e", "complete")
        assert first["payload"] == {"data": {"extensions": "{'live': {'after': '7'}}"}}


@pytest.mark.parametrize(
    ("query", "payload"),
    [
        ("{", {}),
        ("", {}),
        ("{ nothing }", {}),
        ("subscription { nothing }", {}),
        ("subscription { a: count b: count }", {}),
        ("query A { hello }", {"operationName": "B"}),
        ("query A { hello } query B { hello }", {}),
        ("fragment F on Query { hello }", {}),
        (COUNT, {"variables": {"to": "many"}}),
        ("subscription { count(to: $missing) }", {}),
        ("{a" * 5_000, {}),
    ],
)
async def test_an_operation_that_is_wrong_is_an_error_and_its_siblings_live_on(
    server: AsgiServer, query: str, payload: dict[str, object]
) -> None:
    async with socket(server) as client:
        await client.init()
        await client.subscribe("sibling", "subscription { endless }")
        assert (await client.receive())["payload"] == {"data": {"endless": 1}}
        await client.subscribe("wrong", query, **payload)
        message = await client.receive()
        assert (message["id"], message["type"]) == ("wrong", "error")
        assert isinstance(message["payload"], list)
        assert all(isinstance(error["message"], str) for error in message["payload"])
        assert await client.works()


async def test_refused_variables_are_told_and_the_siblings_live_on(server: AsgiServer) -> None:
    """In an error or in a result, as graphql-js has it: they are found when execution starts."""
    async with socket(server) as client:
        await client.init()
        document = "query ($n: String!) { hello(name: $n) }"
        await client.subscribe("wrong", document, variables={"n": None})
        message = await client.receive()
        assert message["type"] in {"error", "next"}
        assert "$n" in json.dumps(message)
        assert await client.works()


async def test_a_subscription_that_breaks_says_so_and_its_siblings_live_on(
    server: AsgiServer,
) -> None:
    async with socket(server) as client:
        await client.init()
        await client.subscribe("b", "subscription { breaks }")
        assert (await client.receive())["payload"] == {"data": {"breaks": 1}}
        message = await client.receive()
        assert message["id"] == "b"
        assert message["type"] in {"error", "next"}
        assert "this stream always breaks" in json.dumps(message)
        assert await client.works()


async def test_a_result_that_is_no_json_is_an_error_of_its_operation(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.init()
        await client.subscribe("u", "subscription { unspeakable }")
        message = await client.receive()
        assert message["id"] == "u"
        assert "errors" in message["payload"] or message["type"] == "error"
        assert await client.works()


async def test_complete_ends_an_operation_and_frees_its_id(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.init()
        for _ in range(3):
            await client.subscribe("1", "subscription { endless }")
            assert (await client.receive())["payload"] == {"data": {"endless": 1}}
            await client.send({"id": "1", "type": "complete"})
        assert await client.works()


async def test_an_id_is_free_after_completion(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.init()
        for _ in range(3):
            await client.subscribe("1", COUNT, variables={"to": 1})
            assert len(await client.receive_until("1", "complete")) == 2


async def test_complete_of_an_unknown_id_is_ignored(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.init()
        await client.send({"id": "never seen", "type": "complete"})
        assert await client.works()


async def test_operations_run_side_by_side(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.init()
        await client.subscribe("endless", "subscription { endless }")
        await client.subscribe("count", COUNT, variables={"to": 2})
        assert len(await client.receive_until("count", "complete")) == 3


async def test_closing_the_socket_closes_its_operations(server: AsgiServer) -> None:
    async with socket(server) as watcher:
        await watcher.init()
        await watcher.subscribe("h", "{ history }")
        first, _ = await watcher.receive_until("h", "complete")
        before = len(first["payload"]["data"]["history"])
        async with socket(server) as client:
            await client.init()
            await client.subscribe("1", "subscription { endless }")
            await client.receive()
        query = "subscription ($length: Int!) { historyOf(length: $length) }"
        await watcher.subscribe("w", query, variables={"length": before + 2})
        result, _ = await watcher.receive_until("w", "complete")
        assert result["payload"] == {"data": {"historyOf": before + 2}}


# Ping and pong


@pytest.mark.parametrize("init", [True, False])
async def test_a_ping_is_answered_with_a_pong(server: AsgiServer, init: bool) -> None:
    async with socket(server) as client:
        if init:
            await client.init()
        await client.send({"type": "ping"})
        assert (await client.receive())["type"] == "pong"
        await client.send({"type": "ping", "payload": {"at": 1}})
        assert (await client.receive())["type"] == "pong"


async def test_a_pong_is_taken_at_any_time(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.init()
        await client.send({"type": "pong"})
        await client.send({"type": "pong", "payload": {"at": 1}})
        assert await client.works()


async def test_the_server_pings_and_lives_with_who_answers(django_db_setup: None) -> None:
    with AsgiServer(APPLICATION, TEST_KEEP_ALIVE="0.2") as server:
        async with socket(server) as client:
            await client.init()
            for _ in range(5):
                assert (await client.receive())["type"] == "ping"
                await client.send({"type": "pong"})
            assert await client.works()


@pytest.mark.parametrize("program", ["uvicorn", "daphne"])
async def test_a_client_that_answers_no_ping_is_told_to_come_again(
    django_db_setup: None, program: Literal["uvicorn", "daphne"]
) -> None:
    with AsgiServer(APPLICATION, program=program, TEST_KEEP_ALIVE="0.2") as server:
        async with socket(server) as client:
            await client.init()
            assert await client.close_code() in COMES_BACK


# Limits


async def test_a_message_over_the_limit_closes_the_socket_for_good(server: AsgiServer) -> None:
    """With a code that every server can send and that a client does not retry after."""
    async with socket(server) as client:
        await client.init()
        await client.subscribe("big", "{ hello }" + " " * 200_000)
        assert await client.close_code() == 4400


async def test_one_operation_too_many_is_refused_alone(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.init()
        for number in range(100):
            await client.subscribe(str(number), "subscription { endless }")
        for _ in range(100):
            assert (await client.receive())["type"] == "next"
        await client.subscribe("100", "subscription { endless }")
        message = await client.receive()
        assert (message["id"], message["type"]) == ("100", "error")
        await client.send({"id": "0", "type": "complete"})
        assert await client.works()


async def test_a_document_over_the_limit_is_refused_alone(server: AsgiServer) -> None:
    async with socket(server) as client:
        await client.init()
        fields = " ".join(f"a{number}: hello" for number in range(3_000))
        await client.subscribe("wide", f"{{ {fields} }}")
        message = await client.receive()
        assert (message["id"], message["type"]) == ("wide", "error")
        assert await client.works()


# Deployments


async def test_a_server_that_stops_says_that_it_comes_back(django_db_setup: None) -> None:
    with AsgiServer(APPLICATION) as server:
        async with socket(server) as client:
            await client.init()
            await client.subscribe("1", "subscription { endless }")
            await client.receive()
            server.process.terminate()
            assert await client.close_code() == 1012
