"""Questions that two processes can compare."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from drf_live_graphql.live import identity
from drf_live_graphql.live.identity import digest, is_private
from drf_live_graphql.live.release import UnknownReleaseError
from drf_live_graphql.live.trace import Key
from drf_live_graphql.requests import ABSENT, Connection
from schema_gen import ViewCall
from tests.project.live import live

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

ROOT, OTHER = live.views[0].roots[0], live.views[1].roots[0]
KEY = Key(
    root=ROOT,
    call=ViewCall(query=(("search", "x"),)),
    identity=("User", 7),
    host="live.example",
    scheme="https",
    script_name="",
    facts=("de",),
)
NAMES = ("META:HTTP_ACCEPT_LANGUAGE",)


def of(key: Key) -> str | None:
    return digest(key, NAMES, key.facts)


def test_equal_questions_have_one_digest() -> None:
    assert of(KEY) == of(replace(KEY)) is not None


@pytest.mark.parametrize(
    "other",
    [
        {"root": OTHER},
        {"call": ViewCall(query=(("search", "y"),))},
        {"call": ViewCall(kwargs=(("search", "x"),))},
        {"identity": ("User", 8)},
        {"identity": ("User", "7")},
        {"identity": ("User", uuid.UUID(int=7))},
        {"identity": ("Robot", 7)},
        {"identity": None},
        {"host": "other.example"},
        {"scheme": "http"},
        {"script_name": "/below"},
        {"facts": ("en",)},
        {"facts": (ABSENT,)},
        {"facts": (None,)},
        {"facts": ((("a", "b"),),)},
    ],
)
def test_other_questions_have_another(other: dict[str, Any]) -> None:
    assert of(replace(KEY, **other)) not in {of(KEY), None}


def test_another_release_is_another_question(settings: SettingsWrapper) -> None:
    before = of(KEY)
    settings.DRF_LIVE_GRAPHQL = {"RELEASE": "4f2a"}
    assert of(KEY) not in {before, None}


def test_a_release_that_nobody_knows_is_comparable_with_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown() -> str:
        raise UnknownReleaseError

    monkeypatch.setattr(identity, "release", unknown)
    assert of(KEY) is None


@pytest.mark.parametrize("fact", [7, object(), b"x", (("a", object()),)])
def test_what_means_nothing_elsewhere_has_none(fact: Any) -> None:
    assert of(replace(KEY, facts=(fact,))) is None


def test_a_key_by_the_address_of_a_connection_is_private() -> None:
    connection = Connection(meta={}, cookies={}, scheme="http")
    assert not is_private(KEY, connection)
    assert not is_private(replace(KEY, identity=None), connection)
    assert is_private(replace(KEY, identity=("Program", id(connection))), connection)
    assert is_private(replace(KEY, facts=(id(connection),)), connection)
