"""The threads of evaluations."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, wait
from queue import Queue

import pytest
from django.db import connections

from drf_live_graphql.live.executor import MOST, Pool

PATIENCE = 10.0


def until_idle(pool: Pool, threads: int) -> None:
    """A thread tells what it found before it says that it has nothing to do."""
    end = time.monotonic() + PATIENCE
    while len(pool._idle) < threads:
        assert time.monotonic() < end
        time.sleep(0.001)


def test_the_thread_that_was_last_at_work_works_first() -> None:
    pool, gate = Pool(4), threading.Barrier(3)
    wait([pool.submit(lambda: gate.wait(PATIENCE)) for _ in range(3)], PATIENCE)
    until_idle(pool, 3)
    go = threading.Event()
    names = [
        pool.submit(lambda: go.wait(PATIENCE) and threading.current_thread().name),
        pool.submit(lambda: threading.current_thread().name),
    ]
    last = names[1].result(PATIENCE)
    go.set()
    first = names[0].result(PATIENCE)
    assert first != last
    until_idle(pool, 3)
    for _ in range(3):
        assert pool.submit(lambda: threading.current_thread().name).result(PATIENCE) == first
        until_idle(pool, 3)


def test_no_more_threads_than_allowed_and_all_work_is_done() -> None:
    pool, gate = Pool(2), threading.Barrier(3)
    busy = [pool.submit(lambda: gate.wait(PATIENCE)) for _ in range(2)]
    late: list[Future[str]] = [
        pool.submit(lambda: threading.current_thread().name) for _ in range(20)
    ]
    assert not any(future.done() for future in late)
    gate.wait(PATIENCE)
    assert len({future.result(PATIENCE) for future in [*late]}) <= 2
    wait(busy, PATIENCE)


def test_what_a_function_raises_is_raised_where_it_is_awaited_and_nowhere_else() -> None:
    pool = Pool(1)
    with pytest.raises(ZeroDivisionError):
        pool.submit(lambda: 1 / 0).result(PATIENCE)
    assert pool.submit(lambda: 7).result(PATIENCE) == 7


def test_work_that_is_cancelled_while_it_waits_is_not_done() -> None:
    pool, go, done = Pool(1), threading.Event(), []
    busy = pool.submit(lambda: go.wait(PATIENCE))
    cancelled = pool.submit(lambda: done.append("cancelled"))
    last = pool.submit(lambda: done.append("last"))
    assert cancelled.cancel()
    go.set()
    last.result(PATIENCE)
    assert busy.done()
    assert done == ["last"]


def test_work_that_is_cancelled_while_it_waits_takes_no_room() -> None:
    pool, go = Pool(1), threading.Event()
    busy = pool.submit(lambda: go.wait(PATIENCE), "slow")
    kept = pool.submit(lambda: 7, "slow")
    for owner in ("slow", "others"):
        assert all(pool.submit(lambda: 8, owner).cancel() for _ in range(3))
    assert {owner: len(jobs) for owner, jobs in pool._waiting.items()} == {"slow": 1}
    go.set()
    assert kept.result(PATIENCE) == 7
    assert busy.result(PATIENCE)
    assert pool._waiting == {}


def test_one_owner_never_has_the_last_thread() -> None:
    pool, go = Pool(3), threading.Event()
    slow = [pool.submit(lambda: go.wait(PATIENCE), "slow") for _ in range(10)]
    assert pool.submit(lambda: 7, "quick").result(PATIENCE) == 7
    assert not any(future.done() for future in slow)
    go.set()
    assert all(future.result(PATIENCE) for future in slow)


def test_owners_take_turns() -> None:
    pool, go = Pool(1), threading.Event()
    order: list[str] = []
    busy = pool.submit(lambda: go.wait(PATIENCE))
    work = [pool.submit(lambda: order.append("many"), "many") for _ in range(3)]
    work += [pool.submit(lambda: order.append("few"), "few")]
    go.set()
    wait([busy, *work], PATIENCE)
    assert order == ["many", "few", "many", "many"]


def test_views_that_are_slow_at_once_hold_up_nobody_else() -> None:
    pool, go = Pool(2, slow=0.01), threading.Event()
    slow = [pool.submit(lambda: go.wait(PATIENCE), owner) for owner in "abcdef"]
    assert pool.submit(lambda: 7, "quick").result(PATIENCE) == 7
    assert not any(future.done() for future in slow)
    go.set()
    assert all(future.result(PATIENCE) for future in slow)


def test_threads_that_stood_in_are_limited_and_end_with_their_connections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed = Queue[threading.Thread]()
    monkeypatch.setattr(connections, "close_all", lambda: closed.put(threading.current_thread()))
    pool, go, threads = Pool(2, slow=0.0), threading.Event(), set[threading.Thread]()

    def work() -> None:
        threads.add(threading.current_thread())
        go.wait(PATIENCE)

    everything = [pool.submit(work, owner) for owner in range(20)]
    go.set()
    wait(everything, PATIENCE)
    assert 2 < len(threads) <= 2 * MOST
    ended = {closed.get(timeout=PATIENCE) for _ in range(len(threads) - 2)}
    for thread in ended:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in ended)
    assert pool.submit(threading.current_thread).result(PATIENCE) in threads - ended
