"""Cursors as texts."""

from __future__ import annotations

import base64
import string
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.core import signing

from drf_live_graphql.live import standing as standing_module
from drf_live_graphql.live.cursor import LONGEST, SALT, Cursor, after_of, decode
from drf_live_graphql.live.reads import Purpose
from drf_live_graphql.live.standing import Standing

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

CURSOR = Cursor("specific.layer!abc", 7, 12)
STANDING = Standing(
    whose="ab" * 32,
    names=("META:HTTP_ACCEPT_LANGUAGE",),
    positions=(("default", "12:15:13"),),
    at=1_800_000_000,
    age=3_420,
    reads=(("auth.user", Purpose.SELF | Purpose.WHO),),
    seal=2**511 + 5,
    asker=None,
)


def test_a_cursor_comes_back_as_it_went() -> None:
    assert decode(CURSOR.encode()) == CURSOR


def test_a_standing_goes_along() -> None:
    for standing in (STANDING, replace(STANDING, seal=0, asker="cd" * 16, reads=())):
        cursor = replace(CURSOR, standing=standing)
        assert decode(cursor.encode()) == cursor


def test_a_standing_that_is_too_long_stays_behind() -> None:
    """As of a database with very many transactions under way."""
    positions = (("default", "1:2:" + ",".join(str(7 * n * n) for n in range(2_000))),)
    assert (
        decode(replace(CURSOR, standing=replace(STANDING, positions=positions)).encode()) == CURSOR
    )


def test_a_standing_gives_nothing_away() -> None:
    """Neither what a view reads, nor how much is written, nor what the user's row is."""
    texts = {replace(CURSOR, standing=STANDING).encode() for _ in range(2)}
    assert len(texts) == 2
    for text in texts:
        *_, hidden = signing.Signer(salt=SALT).unsign_object(text)
        data = base64.b85decode(hidden)
        assert not any(word in data for word in (b"auth", b"default", b"12:15:13", b"HTTP_ACCEPT"))


def test_a_standing_hidden_with_another_key_is_none(settings: SettingsWrapper) -> None:
    text = replace(CURSOR, standing=STANDING).encode()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "other" * 10, [settings.SECRET_KEY]
    assert decode(text) == CURSOR


@pytest.mark.parametrize("content", [[], ["x"], [1, 2, 3, 4, 5, 6, 7], "x", None, "0" * 40])
def test_a_standing_of_another_version_is_none(content: Any) -> None:
    text = signing.Signer(salt=SALT).sign_object(["specific.layer!abc", 7, 12, content])
    assert decode(text) == CURSOR


def test_a_standing_that_depends_on_a_model_that_is_gone_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = replace(CURSOR, standing=STANDING).encode()
    monkeypatch.setattr(standing_module.apps, "get_model", {}.__getitem__)
    assert decode(text) == CURSOR


def test_its_text_is_safe_in_urls() -> None:
    assert set(replace(CURSOR, standing=STANDING).encode()) <= {
        *string.ascii_letters,
        *string.digits,
        *"-_:=",
    }
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
