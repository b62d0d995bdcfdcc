"""What an entry says to a reader of another version than its writer."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.apps import apps

from drf_live_graphql.changes import Changes, entry
from tests.changes.models import Buoy
from tests.project.models import Fence

FENCE, TASK = "project.fence", "project.task"


@pytest.fixture(autouse=True)
def nobody_was_warned() -> None:
    entry._warn_of.cache_clear()


def test_what_was_written_is_read() -> None:
    commit = [
        Changes(FENCE, {1: "created", 2: "updated", 3: "deleted"}, links={}),
        Changes(TASK, everything=True, links={"project_id": {7}}),
        Changes(Buoy._meta.label_lower, {(1, 5): "updated"}),
    ]
    assert entry.decode(entry.encode(commit)) == commit


@pytest.mark.parametrize(
    "part",
    [
        {"label": FENCE, "changes": [["a word", "updated"]], "links": None},
        {"label": FENCE, "changes": [[[1, 2], "updated"]], "links": None},
        {"label": FENCE, "changes": [[{}, "updated"]], "links": None},
        {"label": FENCE, "changes": [[1, "renamed"]], "links": None},
        {"label": FENCE, "changes": [[1, []]], "links": None},
        {"label": FENCE, "changes": [1], "links": None},
        {"label": FENCE, "changes": {"created": [1]}},
        {"label": FENCE, "rows": [1]},
        {"label": "Project.Fence", "rows": [1]},
    ],
)
def test_of_a_part_that_makes_no_sense_any_row_may_have_changed(
    part: Any, caplog: pytest.LogCaptureFixture
) -> None:
    whole = [part, {"label": TASK, "changes": [[1, "created"]], "links": None}]
    assert entry.decode(json.dumps(whole)) == [
        Changes(FENCE, everything=True),
        Changes(TASK, {1: "created"}),
    ]
    (record,) = caplog.records
    assert FENCE in record.getMessage()
    assert record.levelno == logging.WARNING


def test_links_that_make_no_sense_are_no_reason_to_miss_the_change() -> None:
    part = {"label": TASK, "changes": [[1, "created"]], "links": {"project_id": ["a word"]}}
    assert entry.decode(json.dumps([part])) == [Changes(TASK, everything=True)]


def test_a_model_that_is_not_here_is_left_out_with_one_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gone = {"label": "gone.model", "changes": [[1, "updated"]], "links": None}
    nameless = {"label": "nodot", "changes": [], "links": None}
    here = {"label": FENCE, "changes": [[2, "updated"]], "links": None}
    content = json.dumps([gone, here, nameless])
    assert entry.decode(content) == entry.decode(content) == [Changes(FENCE, {2: "updated"})]
    assert ["'gone.model'" in r.getMessage() for r in caplog.records] == [True, False]


@pytest.mark.parametrize(
    "content", ["", "{", "7", "null", '{"version": 2}', "[7]", '[{"rows": 1}]']
)
def test_where_the_whole_makes_no_sense_any_row_of_any_model_may_have_changed(
    content: str, caplog: pytest.LogCaptureFixture
) -> None:
    commit = entry.decode(content)
    assert all(part == Changes(part.label, everything=True) for part in commit)
    labels = {part.label for part in commit}
    assert len(labels) == len(commit)
    assert labels == {
        (model._meta.concrete_model or model)._meta.label_lower
        for model in apps.get_models(include_auto_created=True)
    }
    assert {FENCE, Fence._meta.label_lower, "project.task_labels"} <= labels
    (record,) = caplog.records
    assert "makes no sense here" in record.getMessage()
