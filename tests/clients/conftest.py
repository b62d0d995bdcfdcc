"""A site that runs, a visitor of it, and REST as that visitor sees it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from django.contrib.auth import get_user_model

from tests.clients.driver import Script, require_node
from tests.servers import AsgiServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Visitor:
    """Somebody with an account: the same credentials for REST and for the clients."""

    site: AsgiServer
    authorization: str
    rest: httpx.Client

    def start(self, script: str, **config: object) -> Script:
        """Start a client with this visitor's credentials."""
        return Script(
            script,
            http=f"{self.site.http}/graphql/",
            ws=f"{self.site.ws}/graphql/",
            authorization=self.authorization,
            **config,
        )

    def notes(self) -> dict[str, Any]:
        """What a GET answers, with ids as GraphQL writes them."""
        page = self.rest.get("/api/notes/", params={"page_size": 100}).raise_for_status().json()
        results = [
            {"id": str(row["id"]), "text": row["text"], "pinned": row["pinned"]}
            for row in page["results"]
        ]
        return {"count": page["count"], "results": results}

    def write(self, method: str, path: str, **body: object) -> Any:
        response = self.rest.request(method, f"/api/{path}", json=body or None)
        response.raise_for_status()
        return response.json() if response.content else None


@pytest.fixture
def site(live_db: None) -> Iterator[AsgiServer]:
    require_node()
    with AsgiServer("tests.clients.app:application") as server:
        yield server


@pytest.fixture
def visitor(site: AsgiServer) -> Iterator[Visitor]:
    """A visitor with two notes."""
    user = get_user_model().objects.create_user("vera", password="open sesame")
    user.notes.create(text="first")
    user.notes.create(text="second")
    credentials = base64.b64encode(b"vera:open sesame").decode()
    authorization = f"Basic {credentials}"
    with httpx.Client(
        base_url=site.http, headers={"Authorization": authorization}, timeout=20
    ) as rest:
        yield Visitor(site, authorization, rest)
