"""What was published, as one list of commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections

from drf_live_graphql.changes import bulk, ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from drf_live_graphql.changes import Changes
    from drf_live_graphql.changes.message import Links

Commit = dict[str, dict[Any, str]]

EVERYTHING = {"*": "changed"}
"""Stands in a commit for a model of which too much changed to name it."""


class Recorder:
    """Stands where the publisher stands."""

    def __init__(self) -> None:
        self.commits: list[Commit] = []
        self.links: list[dict[str, Links | None]] = []
        self.journaled: list[bool] = []

    def publish(self, commit: Sequence[Changes]) -> None:
        self.commits.append(
            {part.label: EVERYTHING if part.everything else dict(part.kinds) for part in commit}
        )
        self.links.append({part.label: part.links for part in commit})
        self.journaled.append(all(part.journaled for part in commit))

    def clear(self) -> None:
        self.commits.clear()
        self.links.clear()


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """Every commit that is published, and which rows it links to."""
    made = Recorder()
    monkeypatch.setattr(ledger, "publisher", made)
    return made


@pytest.fixture
def published(recorder: Recorder) -> list[Commit]:
    """Every commit that is published, by model label, primary key and kind."""
    return recorder.commits


@pytest.fixture
def capture_bulk() -> Iterator[None]:
    """The setting CAPTURE_BULK, as it is from the start of a process."""
    bulk.install()
    yield
    bulk.uninstall()


@pytest.fixture
def no_wrappers_left() -> Iterator[None]:
    """Nothing of ours waits on the connection for the next statement."""
    yield
    assert connections["default"].execute_wrappers == []
