"""The other side of the comparison: what a GET by the same user answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from django.test import Client

from tests.oracle.client import HeldList, HeldRow
from tests.oracle.targets import Row, camel

if TYPE_CHECKING:
    from tests.oracle.client import Held

__all__ = ["View", "Visitor", "canonical"]


def canonical(row: Row) -> str:
    return json.dumps(row, sort_keys=True)


@dataclass(frozen=True)
class View:
    """What a user may see of one list or one row, at one moment."""

    status: int
    rows: dict[str, Row]
    """Of all pages, in the words of GraphQL."""
    page: Any = None
    """The very page that was asked for; `None` for a single row."""

    def shows(self, name: str, row: Row) -> bool:
        return name in self.rows and canonical(self.rows[name]) == canonical(row)


class Visitor:
    """A logged-in user of the REST API; the same session opens sockets."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.client = Client()
        self.client.force_login(user)
        self.cookie = f"sessionid={self.client.cookies['sessionid'].value}"

    def view(self, held: Held) -> View:
        """Ask REST what `held` asked GraphQL."""
        if isinstance(held, HeldRow):
            return self._row(held)
        return self._list(held)

    def _get(self, path: str, parameters: dict[str, str]) -> tuple[int, Any]:
        response = self.client.get(f"/api/{path}", parameters)
        return response.status_code, response.json()

    def _row(self, held: HeldRow) -> View:
        status, answer = self._get(held.path, {})
        if status != 200:
            return View(status, {})
        row = held.target.shape.row(answer)
        assert row is not None
        return View(status, {row[camel(held.target.shape.key)]: row})

    def _list(self, held: HeldList) -> View:
        target = held.target
        parameters = dict(parse_qsl(held.query.rest))
        status, answer = self._get(held.path, parameters)
        if status != 200:
            return View(status, {})
        page = every = target.page(answer)
        if target.paginated:
            _, whole = self._get(held.path, {**parameters, target.paginated: "100"})
            assert whole["next"] is None, "the world outgrew one page: make it smaller"
            every = target.page(whole)
        return View(status, target.by_key(target.rows_of_page(every)), page)
