"""Event streams: their frames, their keep-alive, and that their source is always closed."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from typing import TYPE_CHECKING

import pytest

from drf_live_graphql.exceptions import INTERNAL_MESSAGE
from drf_live_graphql.transport.sse import COMMENT, EventStream, event, events

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

LONG = 60.0


class Source:
    """A generator of bytes that says when it was opened and closed, and waits when it is told."""

    def __init__(self, *items: bytes, endless: bool = True) -> None:
        self.items = items
        self.endless = endless
        self.taken = 0
        self.closed = asyncio.Event()

    async def __call__(self) -> AsyncGenerator[bytes, None]:
        try:
            for item in self.items:
                self.taken += 1
                yield item
            if self.endless:
                await asyncio.Event().wait()
        finally:
            self.closed.set()


async def encode(number: int) -> str:
    return json.dumps(1 / number)


async def numbers(*values: int) -> AsyncGenerator[int, None]:
    for value in values:
        yield value


async def test_every_result_is_a_next_and_the_last_event_is_complete() -> None:
    sent = [item async for item in events(numbers(1, 2), encode)]
    assert sent == [event("next", "1.0"), event("next", "0.5"), event("complete")]


def test_an_event_without_data_has_an_empty_data_field() -> None:
    assert event("complete") == b"event: complete\ndata: \n\n"


async def test_what_fails_on_the_way_is_logged_and_ends_the_stream_with_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        sent = [item async for item in events(numbers(1, 0), encode)]
    assert sent[0] == event("next", "1.0")
    assert INTERNAL_MESSAGE.encode() in sent[1]
    assert json.loads(sent[1].split(b"data: ")[1])["errors"]
    assert sent[2:] == [event("complete")]
    assert "ZeroDivisionError" in caplog.text


async def test_a_stream_opens_with_a_comment_and_ends_with_its_source() -> None:
    source = Source(b"1", b"2", endless=False)
    assert [item async for item in EventStream(source(), LONG)] == [COMMENT, b"1", b"2"]
    assert source.closed.is_set()


async def test_comments_keep_a_silent_connection_alive_and_lose_nothing() -> None:
    gate = asyncio.Event()

    async def silent() -> AsyncGenerator[bytes, None]:
        await gate.wait()
        yield b"late"

    stream = EventStream(silent(), 0.01)
    assert [await anext(stream) for _ in range(3)] == [COMMENT] * 3
    gate.set()
    assert [item async for item in stream if item != COMMENT] == [b"late"]


async def test_a_slow_reader_slows_its_source_down() -> None:
    source = Source(*(b"%d" % number for number in range(100)))
    stream = EventStream(source(), LONG)
    assert [await anext(stream) for _ in range(2)] == [COMMENT, b"0"]
    for _ in range(10):
        await asyncio.sleep(0)
    assert source.taken <= 3
    await stream.aclose()


async def test_a_cancelled_reader_leaves_the_source_closed_behind() -> None:
    source = Source(b"1")
    stream = EventStream(source(), LONG)
    assert [await anext(stream) for _ in range(2)] == [COMMENT, b"1"]
    reader = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert source.closed.is_set()


async def test_close_stops_the_source_from_another_thread() -> None:
    source = Source(b"1", b"2", b"3")
    stream = EventStream(source(), LONG)
    assert await anext(stream) == COMMENT
    await asyncio.to_thread(stream.close)
    await asyncio.wait_for(source.closed.wait(), 5)


async def test_a_stream_that_nobody_holds_closes_its_source() -> None:
    source = Source(b"1", b"2", b"3")
    stream = EventStream(source(), LONG)
    assert [await anext(stream) for _ in range(2)] == [COMMENT, b"1"]
    del stream
    gc.collect()
    await asyncio.wait_for(source.closed.wait(), 5)


async def test_a_stream_that_was_never_read_closes_without_a_task() -> None:
    source = Source(b"1")
    stream = EventStream(source(), LONG)
    stream.close()
    await stream.aclose()
    assert source.taken == 0


def test_close_after_its_loop_has_ended_is_no_error() -> None:
    async def start() -> EventStream:
        stream = EventStream(Source(b"1", endless=False)(), LONG)
        assert [item async for item in stream] == [COMMENT, b"1"]
        return stream

    asyncio.run(start()).close()
