"""The settings dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ImproperlyConfigured

from drf_live_graphql.conf import DEFAULTS, check_names, settings

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
        check_names()


def test_known_keys_pass(settings_: SettingsWrapper) -> None:
    settings_.DRF_LIVE_GRAPHQL = dict(DEFAULTS)
    check_names()
    del settings_.DRF_LIVE_GRAPHQL
    check_names()


@pytest.fixture(name="settings_")
def _settings(settings: SettingsWrapper) -> SettingsWrapper:
    """Django's, under a name that ours leaves free."""
    return settings
