"""The task board as visitors meet it: `manage.py demo` in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Self

import httpx

from tests.servers import ROOT

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["EXAMPLE", "PASSWORD", "Site", "manage", "visitor"]

EXAMPLE = ROOT / "example"
PASSWORD = "northlight"
STARTUP_SECONDS = 60


def environment(**extra: str) -> dict[str, str]:
    """The environment of the board's processes: none of the suite's own settings."""
    ours = {"DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL"}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return {**inherited, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **extra}


def manage(*arguments: str, **env: str) -> str:
    """Run one of the board's management commands and return what it said."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLE / "manage.py"), *arguments],
        env=environment(**env),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Site:
    """A served board. It may be killed and started again on the port that it had."""

    def __init__(self, log: Path, **env: str) -> None:
        self._log = log
        self._env = env
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def output(self) -> str:
        return self._log.read_text()

    def start(self) -> None:
        """Serve, and return when the first request is answered."""
        command = [sys.executable, str(EXAMPLE / "manage.py"), "demo", "--port", str(self.port)]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                command, env=environment(**self._env), stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + STARTUP_SECONDS
        while not self._answers():
            assert self._process.poll() is None, self.output()
            assert time.monotonic() < deadline, self.output()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/session/", timeout=STARTUP_SECONDS).is_success
        except httpx.TransportError:
            time.sleep(0.05)
            return False

    def kill(self) -> None:
        """End the process without a goodbye to anybody."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class Visitor(httpx.Client):
    """A REST client of one account, by token."""

    def task(self, title: str) -> dict[str, Any]:
        """The one visible task with this title."""
        tasks = self.get("/api/tasks/", params={"search": title}).json()["results"]
        assert len(tasks) == 1, tasks
        return dict(tasks[0])

    def titles(self, **filters: Any) -> list[str]:
        """The titles of the task list under some filters, in its order."""
        answer = self.get("/api/tasks/", params=filters)
        assert answer.is_success, answer.text
        return [task["title"] for task in answer.json()["results"]]


def visitor(site: Site, username: str) -> Visitor:
    """Enter the board by token as one of the seeded people."""
    login = {"username": username, "password": PASSWORD}
    answer = httpx.post(f"{site.url}/api/token/", json=login)
    assert answer.is_success, answer.text
    token = answer.json()["token"]
    return Visitor(base_url=site.url, headers={"Authorization": f"Token {token}"}, timeout=30)
