"""A project made of one test's views: its REST URLs, and the same views over GraphQL."""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory

from drf_live_graphql.testing import settled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest
    from pytest_django.fixtures import SettingsWrapper

    from drf_live_graphql import LiveRouter
    from tests.live.conftest import Connect
    from tests.oracle.wire import Operation

__all__ = ["Site", "mount", "nowhere", "plain"]


async def nowhere(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("no HTTP here")


def mount(
    patterns: Sequence[Any], settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Make URL patterns those of the project, for one test."""
    module = ModuleType(f"urls_of_a_test_{uuid4().hex}")
    module.__dict__["urlpatterns"] = list(patterns)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    settings.ROOT_URLCONF = module.__name__


def plain(value: Any) -> Any:
    """What REST answers in the words of GraphQL, as far as these tests need it: ids are texts."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: str(item) if key == "id" else plain(item) for key, item in value.items()}
    return value


class Site:
    """The two sides that are compared: a real GET, and what a router's schema answers."""

    def __init__(self, live: LiveRouter, connect: Connect) -> None:
        self.live = live
        self.connect = connect
        self.rest = Client()

    async def get(self, path: str, **headers: str) -> Any:
        """The body of a GET that succeeds."""
        response = await sync_to_async(self.rest.get)(path, headers=headers)
        assert response.status_code == 200, (response.status_code, response.content)
        return plain(json.loads(response.content))

    async def result(self, document: str, **meta: str) -> Any:
        """What a query comes to, errors included."""
        request = RequestFactory().post("/graphql/", **meta)
        request.user = AnonymousUser()
        return await self.live.schema.execute(document, context_value={"request": request})

    async def query(self, document: str) -> dict[str, Any]:
        """The data of a query without errors."""
        result = await self.result(document)
        assert result.errors is None, result.errors
        data: dict[str, Any] = result.data
        return data

    async def subscribe(self, document: str) -> Operation:
        """A subscription that has begun."""
        socket = await self.connect(application=self.live.asgi(nowhere))
        operation = await socket.subscribe(document)
        await operation.started()
        return operation

    async def keep_up(
        self, path: str, root: str, selection: str, changes: Any, *, key: str = "", id_: str = "id"
    ) -> None:
        """Subscribe to a list row by row and compare what is held with a GET after each change.

        `key` is that of the rows in the page, where there are pages: then `path` shows them all
        on one. The snapshot and the query are compared as they come, so for the same page.
        """
        rows = f"{{ {key} {selection} }}" if key else selection
        operation = await self.subscribe(
            f"subscription {{ {root} {{ snapshot {rows} created {selection} updated {selection}"
            " deleted } }"
        )
        assert operation.errors is None, operation.errors
        name, held, seen = root.partition("(")[0], {}, 0
        for change in (None, *changes):
            if change is not None:
                await change()
                await settled()
            for payload in operation.payloads[seen:]:
                told = payload["data"][name]
                if (snapshot := told["snapshot"]) is not None:
                    held = {row[id_]: row for row in (snapshot[key] if key else snapshot)}
                held |= {row[id_]: row for row in (*told["created"], *told["updated"])}
                for gone in told["deleted"]:
                    del held[gone]
            seen = len(operation.payloads)
            body = await self.get(path)
            expected = body[key] if key else body
            assert held == {row[id_]: row for row in expected}
            asked = (await self.query(f"{{ {root} {rows} }}"))[name]
            assert (asked[key] if key else asked) == expected

    async def follow(self, path: str, root: str, selection: str, changes: Any) -> list[Any]:
        """Subscribe to a list as a whole and compare with a GET after each of ``changes``.

        Returns the snapshots that came; as a query the same is answered at each moment.
        """
        operation = await self.subscribe(f"subscription {{ {root} {{ snapshot {selection} }} }}")
        name = root.partition("(")[0]
        for change in (None, *changes):
            if change is not None:
                await change()
                await settled()
            expected = await self.get(path)
            assert operation.payloads[-1]["data"][name]["snapshot"] == expected
            assert (await self.query(f"{{ {root} {selection} }}"))[name] == expected
        return [payload["data"][name]["snapshot"] for payload in operation.payloads]
