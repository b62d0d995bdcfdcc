"""Running the JavaScript clients from pytest: one process of Node for each."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent
PATIENCE = 30
_END = object()


def require(found: object, what: str) -> None:
    """Skip the test for want of ``what``; on a CI machine nothing may be missing, so fail."""
    if found:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI=true asks for every test")
    pytest.skip(f"{what} is missing")


def require_node() -> None:
    require(shutil.which("node"), "Node.js (the command `node`)")
    require((FOLDER / "node_modules").is_dir(), "tests/clients/node_modules (run `npm ci` there)")


def chromium() -> str:
    """The command that starts Chromium, or another browser of its kind."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    require(path, f"Chromium (one of the commands {', '.join(names)})")
    assert path is not None
    return path


class Script:
    """A client that runs: its configuration goes in as an argument, lines of JSON come out."""

    def __init__(self, name: str, **config: object) -> None:
        self._process = subprocess.Popen(
            ["node", str(FOLDER / name), json.dumps(config)],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.Queue[Any] = queue.Queue()
        self._errors: list[str] = []
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self._read, self._listen)
        ]
        for thread in self._threads:
            thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(_END)

    def _listen(self) -> None:
        assert self._process.stderr is not None
        self._errors.extend(self._process.stderr)

    def next(self) -> Any:
        """The next line; fails with what the script wrote to stderr if none comes."""
        try:
            line = self._lines.get(timeout=PATIENCE)
        except queue.Empty:
            line = _END
        if line is _END:
            self.close()
            pytest.fail(f"The client says nothing more. {''.join(self._errors)}")
        return line

    def until(self, meets: Callable[[Any], bool], what: str) -> Any:
        """The first line that ``meets`` accepts; fails with the lines that came instead."""
        seen: list[Any] = []
        while True:
            try:
                line = self.next()
            except pytest.fail.Exception as failure:
                raise AssertionError(f"Waited for {what}; came: {seen}. {failure}") from None
            if meets(line):
                return line
            seen.append(line)

    def say(self, word: str) -> None:
        """A line to the script."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def rest(self) -> list[Any]:
        """All lines up to the end of a script that ends by itself."""
        lines = list(iter(lambda: self._lines.get(timeout=PATIENCE), _END))
        assert self._process.wait() == 0, "".join(self._errors)
        return lines

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


__all__ = ["Script", "chromium", "require", "require_node"]
