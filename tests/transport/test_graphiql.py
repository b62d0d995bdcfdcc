"""GraphiQL's page: when it is served, what it may load, what it says when files are missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import strawberry
from django.contrib.staticfiles import finders
from django.test import AsyncClient, RequestFactory
from graphql import build_schema, parse, validate

from drf_live_graphql.transport import graphiql, graphiql_assets
from drf_live_graphql.transport.graphiql_welcome import welcome
from tests.transport import http_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.urls("tests.transport.http_urls")

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the vendor's files were there, whether or not they are."""
    monkeypatch.setattr(graphiql, "missing", list)


async def get(url: str = "/graphql/", accept: str = BROWSER, **query: str) -> Any:
    return await AsyncClient().get(url, query, headers={"Accept": accept})


@pytest.mark.usefixtures("built")
async def test_a_browser_gets_the_page() -> None:
    response = await get()
    assert response.status_code == 200
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert 'id="graphiql"' in response.content.decode()


@pytest.mark.usefixtures("built")
async def test_a_browser_with_a_query_in_the_url_gets_the_page_too() -> None:
    """GraphiQL takes the query from the URL: an address that shows an operation to somebody."""
    response = await get(query="{ hello }")
    assert 'id="graphiql"' in response.content.decode()


async def test_a_client_that_wants_json_first_gets_json() -> None:
    response = await get(accept="application/json, text/html", query="{ hello }")
    assert response.json() == {"data": {"hello": "Hello world"}}


async def test_the_setting_turns_the_page_off(settings: SettingsWrapper) -> None:
    settings.DRF_LIVE_GRAPHQL = {"GRAPHIQL": False}
    response = await get(query="{ hello }")
    assert response.json() == {"data": {"hello": "Hello world"}}


async def test_the_view_turns_the_page_off() -> None:
    assert (await get("/plain/")).status_code == 400


@pytest.mark.usefixtures("built")
async def test_everything_on_the_page_is_a_file_of_the_site() -> None:
    """What `default-src 'self'` demands: no inline code, no inline style, no other host."""
    page = (await get()).content.decode()
    assert not re.search(r"\bon\w+=|\bstyle=|<style|javascript:", page)
    scripts = re.findall(r"<script\b([^>]*)>", page)
    assert all("src=" in script or "application/json" in script for script in scripts)
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert links
    assert all(link.startswith("/static/drf_live_graphql/graphiql/") for link in links)
    own = [link.removeprefix("/static/") for link in links if "/vendor/" not in link]
    assert all(finders.find(path) for path in own)
    vendor = {link.rpartition("/")[2] for link in links if "/vendor/" in link}
    assert vendor == set(graphiql_assets.FILES)


@pytest.mark.usefixtures("built")
async def test_the_page_sets_a_strict_policy() -> None:
    policy = (await get())["Content-Security-Policy"]
    assert "default-src 'self';" in policy
    assert "connect-src 'self' ws://testserver wss://testserver;" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("static_url", "sources"),
    [
        ("https://files.example/s/", "default-src 'self' https://files.example;"),
        ("//files.example/s/", "default-src 'self' files.example;"),
        ("/static/", "default-src 'self';"),
    ],
)
def test_the_policy_names_the_host_of_static_files(
    settings: SettingsWrapper, static_url: str, sources: str
) -> None:
    settings.STATIC_URL = static_url
    settings.STORAGES = {
        "staticfiles": {
            "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
            "OPTIONS": {"base_url": static_url},
        }
    }
    assert sources in graphiql.content_security_policy("testserver")


def test_files_that_were_not_built_are_named_with_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent() -> Sequence[str]:
        return ["react.js"]

    monkeypatch.setattr(graphiql, "missing", absent)
    response = graphiql.page(RequestFactory().get("/graphql/"))
    page = response.content.decode()
    assert response.status_code == 501
    assert "react.js" in page
    assert graphiql_assets.COMMAND in page
    assert "<script" not in page


# The first tab


def valid(document: str, schema: Any) -> bool:
    return not validate(schema, parse(document))


def test_the_first_tab_holds_a_subscription_that_runs() -> None:
    schema = http_schema.schema._schema
    document = welcome(schema)
    assert "subscription Count {\n  count\n}" in document
    assert valid(document, schema)


def test_the_first_tab_selects_rows_and_never_the_root_again() -> None:
    schema = build_schema(
        """
        type Query { tasks: [Task!]! }
        type Subscription { task(id: ID!): Change!  tasks(page: Int): Change! }
        type Change { snapshot: Page deleted: [ID!]! query: Query! }
        type Page { count: Int! results: [Task!]! any: Any }
        type Task { id: ID! title: String! parent: Task project: Project secret(key: ID!): ID }
        type Project { id: ID! owner: Owner }
        type Owner { id: ID! }
        union Any = Task | Project
        """
    )
    document = welcome(schema)
    assert valid(document, schema)
    selected = set(re.findall(r"^ +(\w+)", document, re.MULTILINE))
    assert selected == {
        "tasks",
        "snapshot",
        "count",
        "results",
        "id",
        "title",
        "any",
        "__typename",
        "deleted",
    }


def test_the_first_tab_falls_back_to_a_query_and_to_words() -> None:
    query = build_schema("type Query { needs(id: ID!): ID  hello: String }")
    assert "query Hello {\n  hello\n}" in welcome(query)
    fruitless = build_schema(
        "type Query { hello: String } type Subscription { a: A } type A { b(id: ID!): ID }"
    )
    assert "query Hello {\n  hello\n}" in welcome(fruitless)
    words = welcome(build_schema("type Query { needs(id: ID!): ID }"))
    assert all(line.startswith("#") for line in words.split("\n") if line)


def test_a_schema_without_subscriptions_starts_with_a_query() -> None:
    schema = strawberry.Schema(query=http_schema.Query)
    assert "hello" in welcome(schema._schema)
