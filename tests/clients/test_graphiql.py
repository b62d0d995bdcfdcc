"""GraphiQL in a real browser: it works under its own strict policy, and with no other host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from rest_framework.authtoken.models import Token

from drf_live_graphql.transport.graphiql_assets import COMMAND, missing
from tests.clients import sites
from tests.clients.driver import chromium, require, require_node

if TYPE_CHECKING:
    from tests.clients.driver import Script
    from tests.clients.sites import Visitor

NOTES = "subscription { notes { snapshot { results { text } } created { text } deleted } }"
READINGS = "{ readings { count } }"
LIVE_READINGS = "subscription { readings { snapshot { count } created { sensor } } }"


@pytest.fixture
def browser() -> str:
    require_node()
    require(not missing(), f"GraphiQL's files (run `{COMMAND}`)")
    return chromium()


@pytest.fixture
def cookies(visitor: Visitor) -> list[dict[str, str]]:
    """A session of the visitor, as logging in leaves it in the browser."""
    client = Client()
    client.force_login(get_user_model().objects.get(username="vera"))
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    return [{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": visitor.http}]


@pytest.fixture
def token(visitor: Visitor) -> str:
    user = get_user_model().objects.get(username="vera")
    return str(Token.objects.create(user=user).key)


def result(client: Script) -> Any:
    return client.until(lambda line: "result" in line, "a result")["result"]


def objections(client: Script) -> list[str]:
    """What the browser objected to: violated policies, other hosts, errors, missing files."""
    client.say("objections")
    told = client.until(lambda line: "objections" in line, "objections")["objections"]
    assert isinstance(told, list)
    return told


def test_a_subscription_shows_each_change(
    visitor: Visitor, browser: str, cookies: list[dict[str, str]]
) -> None:
    with visitor.start("graphiql.mjs", chromium=browser, cookies=cookies, query=NOTES) as client:
        opened = client.next()
        assert "default-src 'self'" in opened["policy"]
        assert "unsafe" not in opened["policy"]
        first = result(client)["data"]["notes"]
        assert [row["text"] for row in first["snapshot"]["results"]] == ["first", "second"]
        visitor.write("POST", "/api/notes/", {"text": "seen at once"})
        second = result(client)["data"]["notes"]
        assert second == {"snapshot": None, "created": [{"text": "seen at once"}], "deleted": []}
        client.say("stop")
        client.until(lambda line: line == {"socket": "closed"}, "the end of the subscription")
        assert objections(client) == []


@pytest.mark.usefixtures("live_db")
def test_a_site_without_sockets_says_what_is_missing(browser: str) -> None:
    with (
        sites.project("--ws", "none") as visitor,
        visitor.start("graphiql.mjs", chromium=browser, query=NOTES) as client,
    ):
        (error,) = result(client)["errors"]
        assert error.keys() == {"message"}
        assert "live.asgi(" in error["message"]


def test_the_example_runs_the_subscription_that_its_demo_prints(
    example_visitor: Visitor, browser: str
) -> None:
    headers = {"Authorization": example_visitor.authorization}
    query = """subscription {
        tasks(project: "website", status: [TODO, DOING]) {
            snapshot { count results { id title status } }
            created { id title status }
            updated { id title status }
            deleted
        }
    }"""
    with example_visitor.start(
        "graphiql.mjs", chromium=browser, headers=headers, query=query
    ) as client:
        snapshot = result(client)["data"]["tasks"]["snapshot"]
        assert snapshot["count"] == example_visitor.page()["count"]
        body = {"project": "website", "title": "Seen in GraphiQL", "status": "todo"}
        created = example_visitor.write("POST", "/api/tasks/", body)
        (row,) = result(client)["data"]["tasks"]["created"]
        assert row == {"id": str(created["id"]), "title": "Seen in GraphiQL", "status": "TODO"}
        assert objections(client) == []


@pytest.mark.parametrize("operation", [READINGS, LIVE_READINGS])
def test_the_headers_tab_authenticates_queries_and_subscriptions(
    visitor: Visitor, browser: str, token: str, operation: str
) -> None:
    """The view reads tokens only, so neither a session nor Basic would do."""
    headers = {"Authorization": f"Token {token}"}
    with visitor.start(
        "graphiql.mjs", chromium=browser, headers=headers, query=operation
    ) as client:
        answer = result(client)
        assert "errors" not in answer, answer
        assert '"count": 0' in str(answer).replace("'", '"')
        assert objections(client) == []


def test_without_credentials_the_answer_is_the_views_own(visitor: Visitor, browser: str) -> None:
    with visitor.start("graphiql.mjs", chromium=browser, query=READINGS) as client:
        (error,) = result(client)["errors"]
        assert error["extensions"]["code"] == "NOT_AUTHENTICATED"
        assert objections(client) == []


def test_a_visitor_finds_a_subscription_that_runs_and_the_schema(
    visitor: Visitor, browser: str, cookies: list[dict[str, str]]
) -> None:
    with visitor.start("graphiql.mjs", chromium=browser, cookies=cookies) as client:
        assert "subscription Projects {" in client.next()["document"]
        assert result(client)["data"]
        client.say("explorer")
        explorer = client.until(lambda line: "explorer" in line, "the explorer")["explorer"]
        assert "notes" in explorer
        client.say("documentation")
        words = client.until(lambda line: "documentation" in line, "the documentation")
        assert "Subscription" in words["documentation"]
        assert objections(client) == []
