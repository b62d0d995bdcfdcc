"""Cursors as texts."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

import pytest

from drf_live_graphql.live.cursor import LONGEST, Cursor, after_of, decode

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

CURSOR = Cursor("specific.layer!abc", 7, 12)


def test_a_cursor_comes_back_as_it_went() -> None:
    assert decode(CURSOR.encode()) == CURSOR


def test_its_text_is_safe_in_urls() -> None:
    assert set(CURSOR.encode()) <= {*string.ascii_letters, *string.digits, *"-_:="}


def test_every_character_is_signed() -> None:
    text = CURSOR.encode()
    for at, character in enumerate(text):
        other = "A" if character != "A" else "B"
        changed = decode(text[:at] + other + text[at + 1 :])
        # The last character of base64 has bits that stand for nothing.
        assert changed is None or (at == len(text) - 1 and changed == CURSOR)


def test_another_secret_key_is_another_site(settings: SettingsWrapper) -> None:
    text = CURSOR.encode()
    settings.SECRET_KEY = "other" * 10
    assert decode(text) is None
    settings.SECRET_KEY_FALLBACKS = ["tests-" * 10]
    assert decode(text) == CURSOR


@pytest.mark.parametrize("value", [None, 7, "", "x", "x:y", "a" * (LONGEST + 1), ["x"], b"x"])
def test_what_is_none_is_none(value: object) -> None:
    assert decode(value) is None


@pytest.mark.parametrize("extensions", [None, {}, [], {"live": None}, {"live": {}}, {"live": "x"}])
def test_extensions_without_a_cursor(extensions: Any) -> None:
    assert after_of(extensions) is None


def test_extensions_with_a_cursor() -> None:
    assert after_of({"live": {"after": CURSOR.encode()}}) == CURSOR
