"""The outbox: at once where the server takes it, bounded where it does not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from drf_live_graphql.transport.outbox import Outbox, step

if TYPE_CHECKING:
    from collections.abc import Mapping


class Server:
    """Takes frames at once, or once the gate is open; can be gone."""

    def __init__(self) -> None:
        self.frames: list[str] = []
        self.gate: asyncio.Event | None = None
        self.gone = False
        self.drained = 0

    async def send(self, event: Mapping[str, Any]) -> None:
        if self.gone:
            raise ConnectionError("gone")
        if self.gate is not None:
            await self.gate.wait()
        if self.gone:
            raise ConnectionError("gone")
        assert event["type"] == "websocket.send"
        self.frames.append(event["text"])

    def on_drained(self) -> None:
        self.drained += 1

    def outbox(self, limit: int = 100) -> Outbox:
        return Outbox(self.send, limit=limit, drained=self.on_drained, ping=lambda: "ping")


async def test_a_frame_goes_out_in_the_call_that_offers_it() -> None:
    server = Server()
    outbox = server.outbox()
    assert outbox.offer("one")
    assert outbox.offer("two")
    assert server.frames == ["one", "two"]


async def test_what_comes_while_the_server_blocks_waits_in_order() -> None:
    server = Server()
    server.gate = asyncio.Event()
    outbox = server.outbox()
    for frame in ("one", "two", "three"):
        assert outbox.offer(frame)
    assert server.frames == []
    task: Any = outbox._task
    server.gate.set()
    await task
    assert server.frames == ["one", "two", "three"]


async def test_more_than_the_limit_is_refused_until_the_reader_reads() -> None:
    server = Server()
    server.gate = asyncio.Event()
    outbox = server.outbox(limit=100)
    assert outbox.offer("x" * 120)
    assert not outbox.offer("y")
    assert not outbox.offer("z")
    task: Any = outbox._task
    server.gate.set()
    await task
    assert server.drained == 0  # Handed to the server, but not known to be read.
    while outbox.silence:
        outbox.answered()
    assert server.drained == 1
    assert outbox.offer("again")
    assert "y" not in server.frames
    assert server.frames[-1] != "y"


async def test_a_server_that_takes_everything_does_not_hide_a_reader_that_reads_nothing() -> None:
    """As daphne does: without the pings its memory would hold what nobody reads."""
    server = Server()
    outbox = server.outbox(limit=1000)
    taken = 0
    while outbox.offer("x" * 100):
        taken += 1
        assert taken < 100
    assert taken == pytest.approx(10, abs=1)
    assert "ping" in server.frames
    while not server.drained:
        outbox.answered()
    assert outbox.offer("again")


async def test_without_pings_what_the_server_took_counts_as_read() -> None:
    server = Server()
    outbox = Outbox(server.send, limit=100, drained=server.on_drained, ping=None)
    for _ in range(20):
        assert outbox.offer("x" * 60)
    assert (outbox.waiting, outbox.silence) == (0, 0.0)
    server.gate = asyncio.Event()
    assert outbox.offer("y" * 120)
    assert not outbox.offer("z")
    outbox.put("answer")
    task: Any = outbox._task
    server.gate.set()
    await task
    assert server.frames[-2:] == ["y" * 120, "answer"]
    assert (outbox.waiting, server.drained) == (0, 1)
    assert outbox.offer("again")


async def test_an_answer_to_no_ping_counts_for_nothing() -> None:
    server = Server()
    outbox = server.outbox()
    outbox.offer("x" * 20)
    waiting = outbox.waiting
    outbox.answered()
    assert outbox.waiting == waiting


async def test_answers_that_were_asked_for_go_out_over_the_limit() -> None:
    server = Server()
    outbox = server.outbox(limit=100)
    outbox.offer("x" * 120)
    assert not outbox.offer("live")
    outbox.put("answer")
    assert "answer" in server.frames


async def test_a_socket_that_is_gone_takes_nobody_with_it() -> None:
    server = Server()
    outbox = server.outbox()
    server.gone = True
    assert outbox.offer("one")
    outbox.put("two")
    assert server.frames == []


async def test_a_socket_that_goes_while_a_frame_waits_lets_go_of_the_rest() -> None:
    server = Server()
    server.gate = asyncio.Event()
    outbox = server.outbox()
    outbox.offer("one")
    outbox.offer("two")
    server.gone = True
    task: Any = outbox._task
    server.gate.set()
    await task
    assert outbox.offer("three")
    assert server.frames == []


async def test_a_closed_outbox_sends_nothing_more() -> None:
    server = Server()
    server.gate = asyncio.Event()
    outbox = server.outbox()
    outbox.offer("one")
    outbox.offer("two")
    task: Any = outbox._task
    outbox.close()
    outbox.put("three")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert server.frames == []


async def test_silence_is_how_long_a_ping_has_waited() -> None:
    outbox = Server().outbox()
    assert outbox.silence == 0
    outbox.ping()
    await asyncio.sleep(0)
    assert outbox.silence >= 0
    outbox.answered()
    assert outbox.silence == 0


async def test_stepping_raises_what_happens_before_the_first_wait() -> None:
    async def fails() -> None:
        raise KeyError("at once")

    with pytest.raises(KeyError):
        step(fails())


async def test_the_rest_of_a_step_can_wait_often_and_be_cancelled() -> None:
    waits = 0
    ended = False

    often = asyncio.Event()

    async def long() -> None:
        nonlocal waits, ended
        try:
            while True:
                waits += 1
                if waits == 4:
                    often.set()
                await asyncio.sleep(0)
        finally:
            ended = True

    rest = step(long())
    assert rest is not None
    assert waits == 1
    task = asyncio.ensure_future(rest)
    await often.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended


async def test_what_is_dropped_makes_room_for_the_last_words() -> None:
    server = Server()
    server.gate = asyncio.Event()
    outbox = server.outbox()
    for frame in ("on its way", "waits", "waits too"):
        outbox.offer(frame)
    outbox.drop()
    outbox.put("last")
    flushed = asyncio.ensure_future(outbox.flush(30))
    server.gate.set()
    await flushed
    assert server.frames == ["on its way", "last"]


async def test_a_server_that_takes_nothing_is_not_waited_for_for_ever() -> None:
    server = Server()
    server.gate = asyncio.Event()
    outbox = server.outbox()
    await outbox.flush(30)
    outbox.put("one")
    await outbox.flush(0.01)
    assert server.frames == []
    outbox.close()
