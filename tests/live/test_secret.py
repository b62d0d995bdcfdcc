"""What clients carry for us and are not to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from drf_live_graphql.live.secret import NONCE, hide, key, reveal

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper


@given(st.binary(max_size=300))
def test_what_was_hidden_is_revealed(data: bytes) -> None:
    assert reveal(hide(data)) == data


@given(st.binary(min_size=16, max_size=300))
def test_nothing_of_it_is_seen_and_it_is_another_text_each_time(data: bytes) -> None:
    one, other = hide(data), hide(data)
    assert one != other
    assert len(one) == len(data) + NONCE
    assert data not in one


def test_with_another_key_it_is_nonsense(settings: SettingsWrapper) -> None:
    hidden = hide(b"a" * 64)
    settings.SECRET_KEY = "other" * 10
    assert reveal(hidden) != b"a" * 64


def test_what_is_no_hidden_text_reveals_something_else() -> None:
    assert reveal(b"") == b""
    assert len(reveal(b"x" * (NONCE + 3))) == 3


def test_each_purpose_has_a_key_of_its_own(settings: SettingsWrapper) -> None:
    keys = {key("one"), key("other")}
    settings.SECRET_KEY = b"bytes" * 10  # type: ignore[assignment]
    keys |= {key("one"), key("other")}
    assert len(keys) == 4
    assert {len(one) for one in keys} == {32}
