"""Sites that run, each with a visitor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clients import sites
from tests.clients.driver import require_node

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def visitor(live_db: None) -> Iterator[sites.Visitor]:
    """A visitor of the test project who has two notes."""
    require_node()
    with sites.project() as visitor:
        yield visitor


@pytest.fixture(scope="session")
def example_visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sites.Visitor]:
    """Ada, who owns a project of the example."""
    require_node()
    with sites.example(tmp_path_factory.mktemp("example")) as visitor:
        yield visitor
