"""The settings dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ImproperlyConfigured

from drf_live_graphql.conf import DEFAULTS, check, settings

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper


def test_a_default_holds_until_it_is_set(settings_: SettingsWrapper) -> None:
    assert DEFAULTS["KEEP_ALIVE"] == settings.KEEP_ALIVE
    settings_.DRF_LIVE_GRAPHQL = {"KEEP_ALIVE": 3}
    assert settings.KEEP_ALIVE == 3
    assert DEFAULTS["QUERY_DEPTH"] == settings.QUERY_DEPTH
    settings_.DRF_LIVE_GRAPHQL = {"QUERY_DEPTH": 2}
    assert DEFAULTS["KEEP_ALIVE"] == settings.KEEP_ALIVE


def test_a_value_of_none_is_a_value(settings_: SettingsWrapper) -> None:
    settings_.DRF_LIVE_GRAPHQL = {"ALLOWED_ORIGINS": None}
    assert settings.ALLOWED_ORIGINS is None


def test_a_name_that_is_none_of_ours_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no setting 'KEEPALIVE'"):
        _ = settings.KEEPALIVE


def test_an_unknown_key_is_told_with_the_known_ones(settings_: SettingsWrapper) -> None:
    settings_.DRF_LIVE_GRAPHQL = {"KEEP_ALIVE": 3, "KEEPALIVE": 3}
    with pytest.raises(ImproperlyConfigured, match=r"unknown keys \['KEEPALIVE'\].*'KEEP_ALIVE'"):
        check()


def test_known_keys_pass(settings_: SettingsWrapper) -> None:
    settings_.DRF_LIVE_GRAPHQL = dict(DEFAULTS)
    check()
    del settings_.DRF_LIVE_GRAPHQL
    check()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["MAX_OPERATIONS"], "expected a dictionary"),
        ({"MAX_OPERATIONS": "5"}, r"MAX_OPERATIONS\"\] expected a number; '5' came"),
        ({"MAX_OPERATIONS": True}, "expected a number; True came"),
        ({"MAX_OPERATIONS": None}, "expected a number; None came"),
        ({"JOURNAL": "no"}, "expected True or False; 'no' came"),
        ({"RELEASE": 4}, "expected a text; 4 came"),
        ({"CONNECTION_HEADERS": "Authorization"}, "expected a list of texts; 'Authorization' came"),
        ({"UNWATCHED": [1]}, r"expected a list of texts; \[1\] came"),
        ({"ALLOWED_ORIGINS": "https://app.example.com"}, "expected a list of texts"),
        ({"ALLOWED_ORIGINS": ["app.example.com"]}, "ALLOWED_ORIGINS.*scheme, host"),
        ({"ALLOWED_ORIGINS": ["https://app.example.com/page"]}, "ALLOWED_ORIGINS.*without a path"),
    ],
)
def test_a_value_of_another_kind_is_told(
    settings_: SettingsWrapper, given: object, words: str
) -> None:
    settings_.DRF_LIVE_GRAPHQL = given
    with pytest.raises(ImproperlyConfigured, match=words):
        check()


def test_other_values_of_the_same_kind_pass(settings_: SettingsWrapper) -> None:
    settings_.DRF_LIVE_GRAPHQL = {
        "ALLOWED_ORIGINS": {"https://app.example.com", "http://localhost:5173/", "*"},
        "AUTH_MAX_AGE": None,
        "KEEP_ALIVE": 3,
        "MAX_OPERATIONS": 1e3,
        "UNWATCHED": [],
    }
    check()


@pytest.fixture(name="settings_")
def _settings(settings: SettingsWrapper) -> SettingsWrapper:
    """Django's, under a name that ours leaves free."""
    return settings
