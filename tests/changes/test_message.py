"""What travels: plain values there, the model's own Python values here."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import pytest

from drf_live_graphql.changes import Changes, group_of, label_of
from drf_live_graphql.changes import message as module
from drf_live_graphql.changes.message import (
    ALIVE,
    CHANGES,
    Stamp,
    decode,
    decode_stamp,
    encode,
    encode_alive,
    split,
)
from tests.project import models

STAMP = Stamp("abc", 7, 12.5, "host")


def _sent(message: dict[str, Any]) -> dict[str, Any]:
    """As any serialiser of a channel layer would carry it."""
    sent: dict[str, Any] = json.loads(json.dumps(message))
    return sent


def _changes(label: str, **kinds: Any) -> Changes:
    changes = Changes(label)
    for kind, pks in kinds.items():
        for pk in pks:
            changes.add(pk, kind)  # type: ignore[arg-type]
    return changes


@pytest.mark.parametrize(
    ("label", "pk"),
    [("project.fence", 7), ("project.fence", 2**63 - 1), ("project.document", uuid.uuid4())],
)
def test_primary_keys_arrive_as_what_they_are(label: str, pk: object) -> None:
    message = _sent(encode(_changes(label, created=[pk]), STAMP))
    assert message["type"] == CHANGES
    assert decode(message) == Changes(label, {pk: "created"})
    assert decode_stamp(message) == (label, STAMP)


def test_too_many_to_name_are_everything() -> None:
    message = _sent(encode(Changes("project.fence", everything=True), STAMP))
    assert decode(message) == Changes("project.fence", everything=True)


def test_a_sign_of_life_carries_the_last_number() -> None:
    message = _sent(encode_alive("project.fence", STAMP))
    assert message["type"] == ALIVE
    assert decode_stamp(message) == ("project.fence", STAMP)


def test_what_is_in_a_journal_is_known_to_be_and_how_many_were() -> None:
    stamp = Stamp("abc", 7, 12.5, journals={"default": 4, "other": 2})
    message = _sent(encode(Changes("project.fence", {1: "created"}, journal="other"), stamp))
    assert (decode(message).journal, decode(message).journaled) == ("other", True)
    assert decode_stamp(message)[1] == stamp
    assert _sent(encode_alive("project.fence", stamp))["journals"] == stamp.journals
    assert [stamp.journaled(names) for names in ([], ["default"], ["default", "other"])] == [
        0,
        4,
        6,
    ]


def test_an_older_version_knows_of_no_journal() -> None:
    message = _sent(encode(Changes("project.fence", {1: "created"}), STAMP))
    del message["journal"], message["journals"]
    assert not decode(message).journaled
    assert decode_stamp(message)[1].journals == {}


@pytest.mark.parametrize(
    ("kinds", "net"),
    [
        (["created", "updated"], "created"),
        (["created", "deleted"], "deleted"),
        (["updated", "updated"], "updated"),
        (["updated", "deleted"], "deleted"),
        (["deleted", "created"], "updated"),
        (["deleted", "created", "deleted"], "deleted"),
    ],
)
def test_the_net_result_of_one_commit(kinds: list[Any], net: str) -> None:
    at_once, in_parts = Changes("project.fence"), Changes("project.fence")
    for kind in kinds:
        at_once.add(1, kind)
        in_parts.merge(Changes("project.fence", {1: kind}))
    assert at_once.kinds == in_parts.kinds == {1: net}


def test_everything_stays_everything() -> None:
    changes = Changes("project.fence", {1: "created"})
    changes.merge(Changes("project.fence", everything=True))
    changes.merge(Changes("project.fence", {2: "created"}))
    assert changes.everything


def test_only_what_is_too_large_is_turned_into_everything() -> None:
    small = _changes("project.fence", created=[1, 2])
    large = _changes("project.task", created=[1, 2, 3])
    assert split([small, large], 2) == [small, Changes("project.task", everything=True)]


@pytest.mark.parametrize(
    "label", ["project.fence", "a" * 90 + ".b", "a" * 91, "a" * 200, "zäune.zaun"]
)
def test_a_group_has_a_name_that_channels_takes(label: str) -> None:
    name = group_of(label)
    assert re.fullmatch(r"[A-Za-z0-9_.\-]{1,99}", name)
    assert group_of(label) == name != group_of(label + "x")


def test_proxies_go_by_the_label_of_their_table() -> None:
    assert label_of(models.ServiceVehicle) == label_of(models.Vehicle) == "project.vehicle"
    assert label_of(models.Truck) == "project.truck"


def test_the_host_is_told_where_nobody_says_otherwise() -> None:
    assert Stamp("abc", 1, 0.0).host == module.HOST


def _linked(label: str, links: Any, **kinds: Any) -> Changes:
    changes = _changes(label, **kinds)
    changes.links = links
    return changes


def test_links_arrive_as_what_they_are() -> None:
    """By the type of what they point to, whatever a serialiser made of it."""
    links: Any = {"owner_id": {7, 2**70}}
    sent = _linked("project.document", links, updated=[uuid.uuid4()])
    assert decode(_sent(encode(sent, STAMP))) == sent
    shelf = uuid.uuid4()
    links = {"author_id": {1}, "translator_id": {"ada"}, "shelf_id": {shelf}, "editor_id": set()}
    sent = _linked("schema_gen_tests.book", links, created=[1])
    assert decode(_sent(encode(sent, STAMP))) == sent


def test_links_of_everything_arrive() -> None:
    sent = Changes("project.task_labels", everything=True, links={"task_id": {1}, "label_id": {2}})
    assert decode(_sent(encode(sent, STAMP))) == sent


def test_no_links_and_unknown_ones_are_told_apart() -> None:
    for links in ({}, None):
        sent = _linked("project.fence", links, updated=[1])
        assert decode(_sent(encode(sent, STAMP))).links == links


def test_links_that_this_version_of_the_model_does_not_have_are_unknown() -> None:
    message = _sent(encode(_linked("project.task", {"gone_id": {1}}, updated=[1]), STAMP))
    assert decode(message).links is None


def test_a_message_without_links_is_one_with_unknown_ones() -> None:
    message = _sent(encode(_linked("project.task", {"project_id": {1}}, updated=[1]), STAMP))
    del message["links"]
    assert decode(message) == _changes("project.task", updated=[1])


def test_a_key_of_two_columns_arrives() -> None:
    sent = _changes("changes_tests.buoy", updated=[(1, 2), (1, 3)])
    assert decode(_sent(encode(sent, STAMP))) == sent


def test_the_links_of_a_commit_are_those_of_its_parts() -> None:
    changes = Changes("project.task")
    part = _linked("project.task", {"project_id": {1}, "assignee_id": set()}, updated=[1])
    changes.merge(part)
    changes.merge(_linked("project.task", {"project_id": {2}}, updated=[2]))
    changes.merge(Changes("project.task", everything=True, links={"assignee_id": {3}}))
    assert changes.links == {"project_id": {1, 2}, "assignee_id": {3}}
    # The parts stay what they were.
    assert part.links == {"project_id": {1}, "assignee_id": set()}


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_unknown_part_makes_the_links_of_a_commit_unknown(place: int) -> None:
    parts = [_linked("project.task", {"project_id": {n}}, updated=[n]) for n in range(3)]
    parts[place].links = None
    changes = Changes("project.task")
    for part in parts:
        changes.merge(part)
    assert changes.links is None
    assert set(changes.kinds) == {0, 1, 2}


def test_a_part_with_no_change_in_it_says_nothing_of_links() -> None:
    changes = _linked("project.task", {"project_id": {1}}, updated=[1])
    changes.merge(Changes("project.task"))
    assert changes.links == {"project_id": {1}}
    empty = Changes("project.task")
    empty.merge(changes)
    assert empty == changes


def test_too_many_links_are_unknown() -> None:
    few = _linked("project.task", {"project_id": {1, 2}}, updated=[1])
    many = _linked("project.task", {"project_id": {1, 2, 3}, "assignee_id": {1}}, updated=[1])
    rows = _linked("project.task", {"project_id": {1, 2}}, updated=[1, 2, 3])
    assert split([few, many, rows], 2) == [
        few,
        _changes("project.task", updated=[1]),
        # Which rows, nobody says; but where they are.
        Changes("project.task", everything=True, links={"project_id": {1, 2}}),
    ]


def test_a_through_model_that_django_made_has_a_label() -> None:
    assert label_of(models.Task.labels.through) == "project.task_labels"
