"""Seals of sets of rows, and which rows a set held."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from drf_live_graphql.live.seal import MOST_CANDIDATES, seal_of, sealed, unseal

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

rows = st.dictionaries(
    st.integers(0, 500), st.none() | st.sampled_from(["a", "b", "1"]), max_size=40
)


@given(rows, st.data())
def test_a_seal_tells_which_of_the_candidates_were_in_a_set(
    known: dict[int, str | None], data: st.DataObject
) -> None:
    held = {pk for pk in known if data.draw(st.booleans())}
    seal = sealed((pk, known[pk]) for pk in held)
    assert unseal(seal, {pk: seal_of(pk, id_) for pk, id_ in known.items()}) == held


@given(rows, st.integers(501, 600))
def test_a_set_with_a_row_that_is_no_candidate_is_not_told(
    known: dict[int, str | None], other: int
) -> None:
    seal = sealed([*known.items(), (other, None)])
    assert unseal(seal, {pk: seal_of(pk, id_) for pk, id_ in known.items()}) is None


def test_as_many_candidates_as_may_be_are_told_apart() -> None:
    seals = {pk: seal_of(pk, None) for pk in range(MOST_CANDIDATES)}
    held = set(range(0, MOST_CANDIDATES, 3))
    assert unseal(sealed((pk, None) for pk in held), seals) == held
    assert unseal(0, seals) == set()
    assert unseal(0, seals | {-1: seal_of(-1, None)}) is None


def test_two_candidates_with_one_seal_can_not_be_told_apart() -> None:
    assert unseal(seal_of(1, None), {"a": seal_of(1, None), "b": seal_of(1, "1")}) is None


def test_a_key_is_its_text() -> None:
    key: Any = uuid.UUID(int=7)
    assert seal_of(key, None) == seal_of(str(key), None) == seal_of(key, str(key))
    assert seal_of(key, "other") != seal_of(key, None)


def test_another_secret_key_is_another_seal(settings: SettingsWrapper) -> None:
    seal = seal_of(1, None)
    settings.SECRET_KEY = "other" * 10
    assert seal_of(1, None) != seal
    settings.SECRET_KEY = b"other" * 10  # type: ignore[assignment]
    assert seal_of(1, None) != seal
