"""The HTTP view behind a real server: what only a connection can show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.servers import AsgiServer

if TYPE_CHECKING:
    from collections.abc import Iterator

APPLICATION = "tests.transport.http_app:application"
STREAM = {"Accept": "text/event-stream"}


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def server(request: pytest.FixtureRequest, django_db_setup: None) -> Iterator[AsgiServer]:
    with AsgiServer(APPLICATION, program=request.param) as server:
        yield server


@pytest.fixture
def client(server: AsgiServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.http, timeout=60) as client:
        yield client


def history(client: httpx.Client) -> list[str]:
    answer = client.post("/graphql/", json={"query": "{ history }"}).json()
    return answer["data"]["history"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("operation", ["endless", "flood"])
def test_a_client_that_disconnects_closes_the_subscription(
    client: httpx.Client, operation: str
) -> None:
    """Whether the stream is silent, or stuck in writing to a reader that doesn't read."""
    before = history(client)
    body = {"query": f"subscription {{ {operation} }}"}
    with client.stream("POST", "/graphql/", json=body, headers=STREAM) as response:
        lines = response.iter_lines()
        assert "event: next" in (next(lines), next(lines), next(lines))
        assert history(client) == [*before, "open"]
    closed = [*before, "open", "closed"]
    wait = f"subscription {{ historyOf(length: {len(closed)}) }}"
    with client.stream("POST", "/graphql/", json={"query": wait}, headers=STREAM) as response:
        response.read()
    assert history(client) == closed


def test_a_chunked_body_is_read(client: httpx.Client) -> None:
    body = json.dumps({"query": "{ hello }"}).encode()
    answer = client.post(
        "/graphql/",
        content=(body[at : at + 5] for at in range(0, len(body), 5)),
        headers={"Content-Type": "application/json"},
    )
    assert answer.json() == {"data": {"hello": "Hello world"}}


def test_a_chunked_body_over_the_limit_is_refused(client: httpx.Client) -> None:
    answer = client.post(
        "/graphql/",
        content=(b" " * 65_536 for _ in range(32)),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 413
