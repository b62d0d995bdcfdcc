"""Chromium from pytest, by way of playwright-core: a browser with a page for each visitor."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Self

import pytest

from tests.example.site import EXAMPLE

__all__ = ["Browser", "Page", "require_browser"]

FRONTEND = EXAMPLE / "frontend"
BUILD = EXAMPLE / "board" / "static" / "board" / "build" / "board.js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def require_browser() -> str:
    """The command that starts a browser. Without one, or without the built page, the test is
    skipped; on a CI machine (`CI=true`) it fails, for there nothing may be missing."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    needed = {
        "Node.js (the command `node`)": shutil.which("node"),
        "Chromium (one of the commands " + ", ".join(BROWSERS) + ")": browser,
        "playwright-core (`npm ci` in example/frontend)": (
            FRONTEND / "node_modules" / "playwright-core"
        ).is_dir(),
        "the page (`npm run build` in example/frontend)": BUILD.is_file(),
    }
    missing = ", ".join(name for name, found in needed.items() if not found)
    if missing and os.environ.get("CI"):
        pytest.fail(f"missing: {missing}; CI=true asks for every test")
    if missing:
        pytest.skip(f"missing: {missing}")
    assert browser is not None
    return browser


class Page:
    """One visitor's page. The methods are Playwright's; each waits until it can be done."""

    def __init__(self, browser: Browser, name: str) -> None:
        self._browser = browser
        self._name = name

    def call(self, call: str, *args: Any, locator: str | None = None) -> Any:
        return self._browser.order(page=self._name, call=call, args=args, locator=locator)

    def click(self, selector: str) -> None:
        self.call("click", selector)

    def choose(self, selector: str, option: str) -> None:
        self.call("selectOption", selector, {"label": option})

    def press(self, selector: str, key: str) -> None:
        self.call("press", selector, key)

    def fill(self, selector: str, text: str) -> None:
        self.call("fill", selector, text)

    def sees(self, selector: str) -> None:
        """Wait until it is there; fails after Playwright's 30 seconds."""
        self.call("waitForSelector", selector)

    def misses(self, selector: str) -> None:
        """Wait until it is gone."""
        self.call("waitForSelector", selector, {"state": "detached"})

    def texts(self, selector: str) -> list[str]:
        texts = self.call("allInnerTexts", locator=selector)
        assert isinstance(texts, list)
        return texts

    def objections(self) -> list[str]:
        """What the browser objected to since the last call: errors, warnings, violations."""
        noted = self.call("objections")
        assert isinstance(noted, list)
        return noted


class Browser:
    """A headless browser that runs as long as the `with` block."""

    def __init__(self, command: str) -> None:
        script = Path(__file__).parent / "browser.mjs"
        self._process = subprocess.Popen(
            ["node", str(script), str(FRONTEND), command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def order(self, **command: Any) -> Any:
        """Have one command carried out; raises AssertionError with Playwright's words."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"The browser ended with {self._process.wait()}."
        reply = json.loads(line)
        assert "error" not in reply, f"{command}: {reply['error']}"
        return reply["answer"]

    def open(self, name: str, url: str, **context: Any) -> Page:
        """A page in a context (cookies, storage) of its own."""
        self.order(page=name, call="open", args=[url, context])
        return Page(self, name)

    def close_pages(self) -> None:
        self.order(call="closePages", args=[])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
