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


def _journaled(
    sequence: Sequence,
    number: int,
    journals: dict[str, int],
    journal: str = "",
    *,
    alive: bool = False,
    at: float = 0.0,
) -> bool:
    """Whether a message was missed that the journal of `default` does not tell."""
    stamp = Stamp("publisher", number, at, journals=journals)
    return sequence.missed(
        "app.model", stamp, JOINED, alive=alive, journal=journal, followed={"default"}
    )


def test_what_a_journal_tells_is_not_missed() -> None:
    sequence = Sequence()
    assert not _journaled(sequence, 1, {"default": 1}, "default")
    assert not _journaled(sequence, 4, {"default": 4}, "default")
    assert not _journaled(sequence, 6, {"default": 6}, "default", alive=True)
    assert not _journaled(sequence, 8, {"default": 7})


def test_one_among_the_missed_that_no_journal_tells_is_missed() -> None:
    sequence = Sequence()
    assert not _journaled(sequence, 1, {"default": 1}, "default")
    assert _journaled(sequence, 4, {"default": 3}, "default")
    assert _journaled(sequence, 6, {"default": 4}, alive=True)
    assert not _journaled(sequence, 6, {"default": 4}, alive=True)
    assert _journaled(sequence, 8, {"default": 5}, "default")


def test_a_journal_that_is_not_followed_tells_nothing() -> None:
    sequence = Sequence()
    assert not _journaled(sequence, 1, {"other": 1}, "other")
    assert _journaled(sequence, 3, {"other": 3}, "other")
    assert _journaled(sequence, 5, {"other": 4, "default": 1}, "default")


def test_a_publisher_that_counts_no_journals_may_be_missed() -> None:
    """It runs an older version."""
    sequence = Sequence()
    assert not _journaled(sequence, 1, {})
    assert _journaled(sequence, 3, {})


def test_a_new_publisher_all_of_whose_messages_are_in_a_journal_is_not_missed() -> None:
    assert not _journaled(Sequence(), 5, {"default": 5}, "default", at=JOINED + 0.1)
    assert _journaled(Sequence(), 5, {"default": 4}, "default", at=JOINED + 0.1)
    assert _journaled(Sequence(), 5, {"default": 4}, "default", alive=True, at=JOINED + 0.1)


def test_a_message_that_comes_again_hides_no_gap_after_it() -> None:
    sequence = Sequence()
    assert [_journaled(sequence, number, {}) for number in (1, 2, 1, 2, 4)] == [False] * 4 + [True]
