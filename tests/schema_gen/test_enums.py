from __future__ import annotations

import enum
from typing import Any

import pytest
from django.db import models
from django.utils.translation import gettext_lazy as _

from schema_gen.enums import enum_from_choices, flatten


class Size(models.TextChoices):
    SMALL = "s", _("Small")
    LARGE = "l", _("Large")


class Level(enum.IntEnum):
    LOW = 1


def names(choices: Any) -> dict[str, Any]:
    found = enum_from_choices("E", choices)
    assert found is not None
    return {value.name: value.value for value in found.values}


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ([("in-progress", "In progress")], {"IN_PROGRESS": "in-progress"}),
        (Size.choices, {"S": "s", "L": "l"}),
        ([(Size.SMALL, "Small")], {"S": "s"}),
        ([(Level.LOW, "Low")], {"LOW": 1}),
        ([(1, "Low"), (2, "High up")], {"LOW": 1, "HIGH_UP": 2}),
        (
            [(1, "1"), (-2, "-2"), (1.5, "1.5")],
            {"VALUE_1": 1, "VALUE_MINUS_2": -2, "VALUE_1_5": 1.5},
        ),
        ([(1, "低"), (2, "高")], {"VALUE_1": 1, "VALUE_2": 2}),
        ([(1, "Same"), (2, "same")], {"SAME": 1, "SAME_2": 2}),
        ([("a-b", ""), ("a_b", ""), ("a b", "")], {"A_B": "a-b", "A_B_2": "a_b", "A_B_3": "a b"}),
        ([("", "None"), (None, "Null"), ("x", "X")], {"X": "x"}),
        ([("x", "X"), ("x", "Again")], {"X": "x"}),
        ([(True, "Yes"), (False, "No")], {"TRUE": True, "FALSE": False}),
        (["a", "b"], {"A": "a", "B": "b"}),
        ({"a": "A", "Group": {"b": "B"}}, {"A": "a", "B": "b"}),
        ([("Group", [("a", "A"), ("b", "B")]), ("c", "C")], {"A": "a", "B": "b", "C": "c"}),
        ([("2xl", "Huge")], {"VALUE_2XL": "2xl"}),
    ],
)
def test_choices_become_members(choices: Any, expected: dict[str, Any]) -> None:
    assert names(choices) == expected


@pytest.mark.parametrize("choices", [[], [("", "Blank")], {None: "None"}])
def test_choices_without_a_member_are_no_enum(choices: Any) -> None:
    assert enum_from_choices("E", choices) is None


def test_a_label_is_a_description_only_where_it_says_more() -> None:
    found = enum_from_choices("E", [("todo", "Todo"), ("wip", "In progress"), ("x", "")], "About")
    assert found is not None
    assert [value.description for value in found.values] == [None, "In progress", None]
    assert (found.name, found.description) == ("E", "About")


def test_one_and_true_are_two_signatures() -> None:
    first, second = (enum_from_choices("E", [(value, "Yes")]) for value in (1, True))
    assert first is not None
    assert second is not None
    assert first.signature != second.signature


def test_flatten_reads_labels() -> None:
    assert flatten([(1, _("One"))]) == [(1, "One")]
