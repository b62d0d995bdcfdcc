"""What is remembered of rounds, and how it is told again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drf_live_graphql.live import history
from drf_live_graphql.live.gap import Gap, fingerprint
from drf_live_graphql.live.history import ABSENT, Found, History, shape_of

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

S = shape_of((("id", None),))
OTHER = shape_of((("id", None), ("name", None)))


@pytest.fixture
def rounds() -> History:
    """Known since round 3; row 1 entered in round 4 and left in 6, row 2 changed in 5."""
    known = History()
    known.record(3, None)
    known.record(4, Found({1: ABSENT}))
    known.record(5, Found({2: None}))
    known.record(6, Found({1: None}))
    return known


def test_a_row_is_told_as_it_was_before_it_was_touched_first(rounds: History) -> None:
    assert rounds.since(3, S) == {1: ABSENT, 2: None}
    assert rounds.since(4, S) == {2: None, 1: None}
    assert rounds.since(6, S) == {}


def test_what_was_before_the_beginning_is_unknown(rounds: History) -> None:
    assert rounds.since(2, S) is None
    assert History().since(1, S) is None


def test_anything_may_have_changed_begins_it_anew(rounds: History) -> None:
    rounds.record(7, None)
    assert rounds.since(6, S) is None
    assert rounds.since(7, S) == {}


def test_rows_that_were_not_compared_in_that_shape_are_unknown(rounds: History) -> None:
    rounds.record(7, Found({}, frozenset({S})))
    assert rounds.since(6, S) == {}
    assert rounds.since(6, OTHER) is None
    assert rounds.since(7, OTHER) == {}
    # Who sees no rows that changed has nothing to compare.
    assert rounds.since(6, shape_of(None)) == {}


def test_the_oldest_rounds_go_with_the_window(
    rounds: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = history.clock()
    monkeypatch.setattr(history, "clock", lambda: now + 100)
    rounds.record(7, Found({3: None}))
    monkeypatch.setattr(history, "clock", lambda: now + 121)
    rounds.prune()
    assert rounds.since(5, S) is None
    assert rounds.since(6, S) == {3: None}


def test_the_oldest_rounds_go_where_rows_are_too_many(
    rounds: History, settings: SettingsWrapper
) -> None:
    settings.DRF_LIVE_GRAPHQL = {"RESUME_ROWS": 5}
    rounds.record(7, Found({3: None, 4: None}))
    assert rounds.since(4, S) is None
    assert rounds.since(5, S) == {1: None, 3: None, 4: None}


def test_nothing_is_remembered_where_it_is_off(settings: SettingsWrapper) -> None:
    settings.DRF_LIVE_GRAPHQL = {"RESUME_WINDOW": 0}
    known = History()
    known.record(1, None)
    assert not known.usable


def test_a_gap_is_what_was_known_first() -> None:
    gap = Gap(touched={1: "a"}, own={1: "b", 2: ABSENT})
    assert gap.until({2: "c", 3: None}) == {1: "a", 2: ABSENT, 3: None}


def test_a_fingerprint_is_of_rows_in_any_order() -> None:
    rows: list[tuple[int, str | None]] = [(1, None), (2, "b"), (3, None)]
    assert fingerprint(rows) == fingerprint(reversed(rows))
    assert fingerprint(rows) != fingerprint(rows[:2])
    assert fingerprint(rows) != fingerprint([(1, None), (2, "c"), (3, None)])
    # Twice the same row is not none of it.
    assert fingerprint([*rows, *rows]) != fingerprint([])
