"""Real clients: each subscribes, REST writes happen, and it holds what a GET answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.clients.sites import Visitor

# Clients of the changes hold rows as they came; those with a cache hold the page as it is.
OF_CHANGES = ("graphql-ws.mjs", "graphql-sse.mjs")
WITH_CACHE = ("apollo.mjs", "urql.mjs", "urql-sse.mjs")


def in_any_order(rows: Any) -> Any:
    return sorted(rows, key=lambda row: int(row["id"]))


def follow(visitor: Visitor, script: str) -> None:
    """Let a client watch a list through a create, an update, a move and a delete."""
    watched = visitor.watched
    with visitor.start(script) as client:

        def agrees(when: str) -> None:
            page = visitor.page()
            expected = in_any_order(page["results"]) if script in OF_CHANGES else page

            def held(state: Any) -> bool:
                return bool((in_any_order(state) if script in OF_CHANGES else state) == expected)

            client.until(held, f"{expected} {when}")

        agrees("at the start")
        first, second = (row["id"] for row in visitor.page()["results"][:2])
        created = visitor.write(
            "POST", watched.path, {**watched.create, watched.title: f"new for {script}"}
        )
        agrees("after a create")
        visitor.write("PATCH", f"{watched.path}{first}/", {watched.title: f"changed for {script}"})
        agrees("after an update")
        visitor.write("PATCH", f"{watched.path}{second}/", watched.move)
        agrees("after an update that moves a row")
        visitor.write("DELETE", f"{watched.path}{created['id']}/")
        agrees("after a delete")


@pytest.mark.parametrize("script", [*OF_CHANGES, *WITH_CACHE])
def test_a_client_holds_what_rest_answers(visitor: Visitor, script: str) -> None:
    follow(visitor, script)


@pytest.mark.parametrize("script", [*OF_CHANGES, *WITH_CACHE])
def test_a_client_of_the_example_holds_what_rest_answers(
    example_visitor: Visitor, script: str
) -> None:
    follow(example_visitor, script)


def test_a_client_that_comes_back_is_told_exactly_what_it_missed(visitor: Visitor) -> None:
    with visitor.start("resume.mjs") as client:

        def agrees(when: str) -> None:
            expected = in_any_order(visitor.page()["results"])
            client.until(lambda state: in_any_order(state) == expected, f"{expected} {when}")

        agrees("at the start")
        client.say("drop")
        assert client.next() == "closed"
        first, second = (row["id"] for row in visitor.page()["results"])
        visitor.write("POST", "/api/notes/", {"text": "written while away"})
        visitor.write("PATCH", f"/api/notes/{first}/", {"text": "changed while away"})
        visitor.write("DELETE", f"/api/notes/{second}/")
        client.say("return")
        agrees("on its return")
        visitor.write("POST", "/api/notes/", {"text": "back again"})
        agrees("after a create")


def test_all_audits_of_graphql_over_http_pass(visitor: Visitor) -> None:
    with visitor.start("graphql-http.mjs") as client:
        audits = client.rest()
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == 61
