"""What was published, as one list of commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from drf_live_graphql.changes import capture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drf_live_graphql.changes import Changes

Commit = dict[str, dict[Any, str]]


class Recorder:
    """Stands where the publisher stands."""

    def __init__(self) -> None:
        self.commits: list[Commit] = []

    def publish(self, commit: Sequence[Changes]) -> None:
        self.commits.append({part.label: dict(part.kinds) for part in commit})


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[Commit]:
    """Every commit that is published, by model label, primary key and kind."""
    recorder = Recorder()
    monkeypatch.setattr(capture, "publisher", recorder)
    return recorder.commits
