"""`docs/commands.md`: its commands run in the example, and answer what it shows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drf_live_graphql import checks
from tests import servers

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = (servers.ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
CHECKS = Path(checks.__file__).parent


def _commands() -> Iterator[tuple[str, list[str]]]:
    """Each command with the lines of its answer; `...` is lines that are not shown."""
    for block in re.findall(r"^```console\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ python manage\.py ", block, flags=re.MULTILINE)[1:]:
            command, _, answer = part.partition("\n")
            yield command, answer.splitlines()


@pytest.mark.usefixtures("db")
def test_each_command_answers_what_is_shown(tmp_path: Path) -> None:
    example = servers.ROOT / "example"
    commands = list(_commands())
    assert len(commands) == 4
    for command, expected in commands:
        done = subprocess.run(
            [sys.executable, str(example / "manage.py"), *command.split()],
            cwd=tmp_path,
            env=servers.environment(
                DJANGO_SETTINGS_MODULE="config.settings", PYTHONPATH=str(servers.ROOT)
            ),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        shown = [line for line in done.stdout.splitlines() if line]
        place = 0
        for line in filter(None, expected):
            if line == "...":
                continue
            assert line in shown[place:], (command, line, done.stdout)
            place = shown.index(line, place) + 1


def test_every_check_is_listed() -> None:
    code = "".join(file.read_text(encoding="utf-8") for file in sorted(CHECKS.glob("*.py")))
    ids = set(re.findall(r'drf_live_graphql\.([EWI]\d{3})"', code))
    ids |= set(re.findall(r'\("(W\d{3})", "', code))
    listed = re.findall(r"^\| `drf_live_graphql\.(\w+)` \|", TEXT, re.MULTILINE)
    assert sorted(listed) == sorted(ids)
    assert len(listed) == 14
