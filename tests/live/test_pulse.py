"""The pulse: lost pings, and queues that were full."""

from __future__ import annotations

import asyncio

from drf_live_graphql.live.pulse import PATIENCE, Pulse


def _beat(pulse: Pulse, messages: int = 0, label: str = "a") -> int:
    """A ping is sent and the messages before it in the queue are received."""
    number = pulse.send(label)
    for _ in range(messages):
        pulse.received()
    return number


async def _regular(pulse: Pulse) -> None:
    assert await pulse.next(0.0)


def test_pings_that_come_back_in_turn_raise_no_doubt() -> None:
    pulse = Pulse()
    for _ in range(3):
        assert pulse.echo(_beat(pulse)) is None
        assert pulse.answered


def test_a_ping_that_is_missing_in_between_was_lost() -> None:
    pulse = Pulse()
    _beat(pulse)
    assert pulse.echo(_beat(pulse)) == "a ping was lost"
    assert pulse.echo(_beat(pulse)) is None


def test_an_echo_that_nobody_waits_for_says_nothing() -> None:
    pulse = Pulse()
    late = _beat(pulse)
    pulse.forget()
    assert pulse.echo(late) is None
    assert pulse.answered


async def test_a_ping_is_overdue_after_so_many_regular_ones() -> None:
    pulse = Pulse()
    for _ in range(PATIENCE + 1):
        assert not pulse.overdue
        _beat(pulse)
        await _regular(pulse)
    assert pulse.overdue
    assert not pulse.answered


async def test_a_ping_that_was_not_sent_is_not_expected() -> None:
    pulse = Pulse()
    pulse.withdraw(_beat(pulse))
    for _ in range(PATIENCE + 1):
        await _regular(pulse)
    assert not pulse.overdue
    assert pulse.echo(_beat(pulse)) is None


def test_a_ping_through_a_group_that_was_left_is_not_expected() -> None:
    pulse = Pulse()
    _beat(pulse, label="left")
    pulse.leave("left")
    assert pulse.echo(_beat(pulse)) is None


def test_a_queue_that_was_as_long_as_the_layer_holds_may_have_been_cut() -> None:
    pulse = Pulse()
    pulse.limit(8)
    assert pulse.echo(_beat(pulse)) is None
    for _ in range(3):
        pulse.received()
    assert pulse.echo(_beat(pulse, 5)) == "the channel layer was full"


def test_many_messages_that_never_waited_together_raise_no_doubt() -> None:
    pulse = Pulse()
    pulse.limit(8)
    for _ in range(20):
        for _ in range(2):
            pulse.received()
        assert pulse.echo(_beat(pulse, 2)) is None


def test_a_layer_that_holds_any_number_is_never_full() -> None:
    pulse = Pulse()
    assert pulse.echo(_beat(pulse, 10_000)) is None


async def test_pings_come_sooner_where_many_messages_do() -> None:
    pulse = Pulse()
    pulse.limit(8)
    pulse.received()
    await _regular(pulse)
    pulse.received()
    assert not await pulse.next(30.0)


async def test_many_messages_do_not_put_off_the_regular_ping() -> None:
    pulse = Pulse()
    pulse.limit(4)
    async with asyncio.timeout(30.0):
        while not await pulse.next(0.05):
            _beat(pulse, 1)
            await asyncio.sleep(0)
