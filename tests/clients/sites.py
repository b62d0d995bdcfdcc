"""The sites that clients are tried on: the test project, and the example as `make demo` has it."""

from __future__ import annotations

import base64
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
from django.contrib.auth import get_user_model

from tests.clients.driver import Script
from tests.servers import ROOT, AsgiServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Fields = dict[str, "Fields | None"]
PATIENCE = 60


@dataclass(frozen=True)
class Watched:
    """A list that a client watches, and the writes that change it, each as REST has them."""

    root: str
    arguments: str
    fields: Fields
    keyless: tuple[str, ...]
    path: str
    params: Mapping[str, Any]
    title: str
    create: Mapping[str, Any]
    move: Mapping[str, Any]


@dataclass(frozen=True)
class Visitor:
    """Somebody with an account on a site: the same credentials for REST and for the clients."""

    http: str
    authorization: str
    rest: httpx.Client
    watched: Watched

    def start(self, script: str, **config: object) -> Script:
        """Start a client with this visitor's credentials."""
        return Script(
            script,
            http=f"{self.http}/graphql/",
            ws=f"{self.http.replace('http', 'ws', 1)}/graphql/",
            authorization=self.authorization,
            root=self.watched.root,
            arguments=self.watched.arguments,
            fields=selection(self.watched.fields),
            keyless=self.watched.keyless,
            **config,
        )

    def page(self) -> dict[str, Any]:
        """What a GET of the list answers, as far as the clients select it."""
        response = self.rest.get(self.watched.path, params=dict(self.watched.params))
        page = response.raise_for_status().json()
        results = [selected(row, self.watched.fields) for row in page["results"]]
        return {"count": page["count"], "results": results}

    def write(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        response = self.rest.request(method, path, json=body)
        response.raise_for_status()
        return response.json() if response.content else None


def selection(fields: Fields) -> str:
    """``fields`` as they stand in a GraphQL document."""
    return " ".join(
        f"{name} {{ {selection(below)} }}" if below else name for name, below in fields.items()
    )


def selected(row: Any, fields: Fields) -> Any:
    """``fields`` of a REST row under their GraphQL names, its ids as GraphQL writes them."""
    if row is None:
        return None
    if isinstance(row, list):
        return [selected(item, fields) for item in row]
    values = {}
    for name, below in fields.items():
        value = row[re.sub(r"(?=[A-Z])", "_", name).lower()]
        values[name] = selected(value, below) if below else str(value) if name == "id" else value
    return values


@contextmanager
def project(*options: str) -> Iterator[Visitor]:
    """The test project: a paginated list of the visitor's own notes, pinned ones first.

    ``options`` go to its server, uvicorn.
    """
    username, password = "vera", "open sesame"
    user = get_user_model().objects.create_user(username, password=password)
    user.notes.create(text="first")
    user.notes.create(text="second")
    watched = Watched(
        root="notes",
        arguments="pageSize: 100",
        fields=dict.fromkeys(["id", "text", "pinned"]),
        keyless=("NotePage", "NoteListChange"),
        path="/api/notes/",
        params={"page_size": 100},
        title="text",
        create={"pinned": True},
        move={"pinned": True},
    )
    credentials = base64.b64encode(f"{username}:{password}".encode()).decode()
    with AsgiServer("tests.clients.app:application", options=options) as server:
        yield from _visit(server.http, f"Basic {credentials}", watched)


@contextmanager
def example(folder: Path) -> Iterator[Visitor]:
    """The example, seeded: a filtered list of tasks with what is nested in them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "example" / "manage.py"), "demo", "--port", port],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": f"sqlite:///{folder / 'demo.sqlite3'}",
            "REDIS_URL": "",
            # Where the package is not installed, as on a machine that only has its tools.
            "PYTHONPATH": str(ROOT),
        },
        stdout=subprocess.DEVNULL,
    )
    watched = Watched(
        root="tasks",
        arguments='project: "website", status: [TODO, DOING], pageSize: 100',
        fields={
            "id": None,
            "title": None,
            "commentCount": None,
            "assignee": {"id": None, "name": None},
            "labels": {"id": None, "name": None},
        },
        keyless=("TaskPage", "TaskListChange"),
        path="/api/tasks/",
        params={"project": "website", "status": ["todo", "doing"], "page_size": 100},
        title="title",
        create={"project": "website", "status": "todo"},
        move={"status": "done"},
    )
    http = f"http://127.0.0.1:{port}"
    try:
        _wait_for(process, int(port))
        account = {"username": "ada", "password": "northlight"}
        answer = httpx.post(f"{http}/api/token/", json=account, timeout=20).raise_for_status()
        yield from _visit(http, f"Token {answer.json()['token']}", watched)
    finally:
        process.terminate()
        process.wait(15)


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    """Return when something listens on ``port``: the demo migrates and seeds before it does."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, "The demo ended by itself; its errors are above."
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"The demo does not listen after {PATIENCE} seconds.")


def _visit(http: str, authorization: str, watched: Watched) -> Iterator[Visitor]:
    headers = {"Authorization": authorization}
    with httpx.Client(base_url=http, headers=headers, timeout=20) as rest:
        yield Visitor(http, authorization, rest, watched)


__all__ = ["Visitor", "Watched", "example", "project"]
