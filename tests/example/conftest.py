"""A board for the tests: SQLite in a file of its own, seeded, served by one process."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.example.site import Site, Visitor, visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Site]:
    """A freshly seeded board, for tests that change it."""
    with Site(tmp_path / "log", DATABASE_URL=f"sqlite:///{tmp_path}/board.sqlite3") as site:
        yield site


@pytest.fixture(scope="module")
def shared_board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One board for a module's tests, which clean up after themselves."""
    folder = tmp_path_factory.mktemp("board")
    with Site(folder / "log", DATABASE_URL=f"sqlite:///{folder}/board.sqlite3") as site:
        yield site


@pytest.fixture
def enter(shared_board: Site) -> Iterator[Callable[[str], Visitor]]:
    """Enters the shared board as one of the seeded people."""
    with ExitStack() as stack:
        yield lambda username: stack.enter_context(visitor(shared_board, username))
