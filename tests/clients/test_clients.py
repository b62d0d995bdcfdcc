"""Real clients: each subscribes, a REST write happens, and it holds what a GET answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.conftest import Visitor


def as_rows(page: dict[str, Any]) -> Any:
    """The rows of a page in any order: a client of the changes keeps them as they came."""
    return sorted(page["results"], key=lambda row: row["id"])


def by_id(state: Any) -> Any:
    return sorted(state, key=lambda row: row["id"])


def same(value: Any) -> Any:
    return value


@pytest.mark.parametrize(
    ("script", "state_of", "page_of"),
    [
        ("graphql-ws.mjs", by_id, as_rows),
        ("graphql-sse.mjs", by_id, as_rows),
        ("apollo.mjs", same, same),
        ("urql.mjs", same, same),
    ],
)
def test_a_client_holds_what_rest_answers(
    visitor: Visitor,
    script: str,
    state_of: Callable[[Any], Any],
    page_of: Callable[[Any], Any],
) -> None:
    with visitor.start(script) as client:

        def agrees(after: str) -> None:
            expected = page_of(visitor.notes())
            client.until(lambda state: state_of(state) == expected, f"{expected} {after}")

        agrees("at the start")
        first, second = (row["id"] for row in visitor.notes()["results"])
        created = visitor.write("POST", "notes/", text="third", pinned=True)
        agrees("after a create")
        visitor.write("PATCH", f"notes/{first}/", text="first, changed")
        agrees("after an update")
        visitor.write("PATCH", f"notes/{second}/", pinned=True)
        agrees("after an update that moves a row")
        visitor.write("DELETE", f"notes/{created['id']}/")
        agrees("after a delete")


def test_all_audits_of_graphql_over_http_pass(visitor: Visitor) -> None:
    with visitor.start("graphql-http.mjs") as client:
        audits = client.rest()
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == 61
