"""`docs/faults.md`: each test that it names is there."""

from __future__ import annotations

import re

from tests import servers

TESTS = servers.ROOT / "tests"
TEXT = (servers.ROOT / "docs" / "faults.md").read_text(encoding="utf-8")


def test_each_test_is_there() -> None:
    """`…` is the file that was named last, and the rest of a name that is long."""
    file = named = ""
    for file_, name in re.findall(r"`(\w+/\w+\.py|…)(?:::(\w+)…?)?`", TEXT):
        file = file if file_ == "…" else file_
        assert (TESTS / file).is_file(), file
        assert f"def {name}" in (TESTS / file).read_text(encoding="utf-8") or not name, (file, name)
        named += name
    assert "test_connections_are_killed" in named
