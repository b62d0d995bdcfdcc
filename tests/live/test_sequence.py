"""Numbers tell what was missed, and only that."""

from __future__ import annotations

from drf_live_graphql.changes.message import Stamp
from drf_live_graphql.live import sequence as module
from drf_live_graphql.live.sequence import CLOCK_SKEW, Sequence

JOINED = 1000.0


def _missed(
    sequence: Sequence, number: int, at: float = 0.0, *, alive: bool = False, host: str = ""
) -> bool:
    stamp = Stamp("publisher", number, at, host or module.HOST)
    return sequence.missed("app.model", stamp, JOINED, alive=alive)


def test_consecutive_numbers_miss_nothing() -> None:
    sequence = Sequence()
    assert [_missed(sequence, number) for number in (1, 2, 3)] == [False] * 3


def test_a_gap_is_noticed_once() -> None:
    sequence = Sequence()
    assert [_missed(sequence, number) for number in (1, 3, 4)] == [False, True, False]


def test_a_repeated_number_is_no_gap() -> None:
    sequence = Sequence()
    assert [_missed(sequence, number) for number in (1, 2, 2, 3)] == [False] * 4


def test_the_last_message_is_missed_by_its_announcement() -> None:
    sequence = Sequence()
    assert not _missed(sequence, 1)
    assert not _missed(sequence, 1, alive=True)
    assert _missed(sequence, 2, alive=True)
    assert not _missed(sequence, 3)


def test_what_a_new_publisher_sent_before_the_group_was_joined_is_not_missed() -> None:
    assert not _missed(Sequence(), 5, JOINED - 0.1)
    assert not _missed(Sequence(), 5, JOINED - 0.1, alive=True)


def test_what_it_sent_since_is_missed() -> None:
    assert _missed(Sequence(), 5, JOINED + 0.1)
    assert _missed(Sequence(), 5, JOINED + 0.1, alive=True)


def test_the_clock_of_another_machine_may_be_slow() -> None:
    assert _missed(Sequence(), 5, JOINED - CLOCK_SKEW / 2, host="another")
    assert not _missed(Sequence(), 5, JOINED - CLOCK_SKEW * 2, host="another")


def test_memory_is_bounded() -> None:
    sequence = Sequence()
    for number in range(module.MEMORY + 10):
        stamp = Stamp(f"publisher {number}", 1, 0.0)
        assert not sequence.missed("app.model", stamp, JOINED, alive=False)
    assert len(sequence._last) == module.MEMORY


def test_a_group_that_was_left_starts_afresh_when_it_is_joined_again() -> None:
    sequence = Sequence()
    _missed(sequence, 1)
    sequence.forget("app.model")
    assert not _missed(sequence, 7)


def test_a_clear_memory_starts_afresh() -> None:
    sequence = Sequence()
    _missed(sequence, 1)
    sequence.clear()
    assert not _missed(sequence, 7)
