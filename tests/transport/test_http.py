"""The HTTP view: methods, media types, status codes, streams, and words for what is refused."""

from __future__ import annotations

import asyncio
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
import strawberry
from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.test import AsyncClient, AsyncRequestFactory, Client
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from drf_live_graphql.transport.http import LiveGraphQLView
from tests.transport import http_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http import HttpRequest, HttpResponse
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.urls("tests.transport.http_urls")

RESPONSE = "application/graphql-response+json"
STREAM = "text/event-stream"


async def post(
    body: object, *, url: str = "/graphql/", accept: str | None = None, kind: str = ""
) -> Any:
    """POST ``body`` as JSON; bytes go as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Accept": accept} if accept else {}
    return await AsyncClient().post(
        url, data, content_type=kind or "application/json", headers=headers
    )


async def get(url: str = "/graphql/", *, accept: str = "*/*", **query: str) -> Any:
    client = AsyncClient()
    return await client.get(url, query, headers={"Accept": accept})


def message(response: Any) -> str:
    (error,) = json.loads(response.content)["errors"]
    assert isinstance(error["message"], str)
    return error["message"]


async def events(response: Any) -> list[tuple[str, Any]]:
    """The events of a stream that ends by itself; comments left out."""
    content = b"".join([part async for part in response.streaming_content]).decode()
    blocks = [block.split("\n") for block in content.split("\n\n") if block.startswith("event")]
    return [
        (name.removeprefix("event: "), json.loads(data.removeprefix("data: ") or "null"))
        for name, data in blocks
    ]


# Results


async def test_post_answers_with_data() -> None:
    response = await post(
        {"query": "query ($n: String!) { hello(name: $n) }", "variables": {"n": "é"}}
    )
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(response.content) == {"data": {"hello": "Hello é"}}


async def test_get_answers_queries_and_reads_variables_as_json() -> None:
    response = await get(query="query A($n: String!) { hello(name: $n) }", variables='{"n": "you"}')
    assert json.loads(response.content) == {"data": {"hello": "Hello you"}}


async def test_answers_are_not_kept_by_caches_and_depend_on_accept() -> None:
    response = await get(query="{ hello }")
    assert response["Cache-Control"] == "no-store"
    assert response["Vary"] == "Accept"


async def test_the_extensions_of_a_request_reach_the_operation() -> None:
    response = await post({"query": "{ extensions }", "extensions": {"live": {"after": "1"}}})
    assert json.loads(response.content)["data"] == {"extensions": "{'live': {'after': '1'}}"}


async def test_the_operation_that_is_named_runs() -> None:
    document = 'query A { hello } query B { hello(name: "B") }'
    response = await post({"query": document, "operationName": "B"})
    assert json.loads(response.content)["data"] == {"hello": "Hello B"}


@pytest.mark.parametrize("accept", [RESPONSE, "application/json"])
async def test_a_failed_field_is_an_answer(accept: str) -> None:
    response = await post({"query": "{ hello fails }"}, accept=accept)
    answer = json.loads(response.content)
    assert response.status_code == 200
    assert answer["data"] == {"hello": "Hello world", "fails": None}
    assert answer["errors"][0]["path"] == ["fails"]


async def test_a_failed_field_that_takes_all_data_with_it_keeps_the_entry() -> None:
    response = await post({"query": "{ mustNotFail }"}, accept=RESPONSE)
    assert response.status_code == 200
    assert json.loads(response.content)["data"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{"},
        {"query": "{ nothing }"},
        {"query": "query ($n: String!) { hello(name: $n) }", "variables": {"n": None}},
        {"query": "query A { hello }", "operationName": "B"},
        {"query": "fragment F on Query { hello }"},
        {"query": "{a" * 5_000},
    ],
    ids=["syntax", "validation", "variables", "unknown name", "no operation", "too deep"],
)
async def test_what_never_ran_is_400_only_where_the_media_type_says_so(
    body: dict[str, object],
) -> None:
    new, old = await post(body, accept=RESPONSE), await post(body, accept="application/json")
    assert (new.status_code, old.status_code) == (400, 200)
    assert new["Content-Type"] == f"{RESPONSE}; charset=utf-8"
    assert json.loads(new.content) == json.loads(old.content)
    assert json.loads(new.content).keys() == {"errors"}


async def test_an_unknown_operation_is_named() -> None:
    response = await post({"query": "query A { hello }", "operationName": "B"})
    assert "'B'" in message(response)


async def test_of_several_operations_one_must_be_named() -> None:
    response = await post({"query": "query A { hello } query B { hello }"}, accept=RESPONSE)
    assert response.status_code == 400
    assert "['A', 'B']" in message(response)


@pytest.mark.parametrize("accept", [RESPONSE, STREAM])
async def test_the_limits_of_documents_hold(settings: SettingsWrapper, accept: str) -> None:
    settings.DRF_LIVE_GRAPHQL = {"QUERY_FIELDS": 2}
    response = await post({"query": "{ a: hello b: hello c: hello }"}, accept=accept)
    content = b"".join([part async for part in response]) if response.streaming else b""
    assert b"QUERY_FIELDS is 2" in (content or response.content)


class Persisted(SchemaExtension):
    """A document that the server knows by heart, as with persisted queries."""

    def on_operation(self) -> Iterator[None]:
        self.execution_context.query = "subscription { count(to: 1) }"
        yield


@pytest.mark.parametrize(
    ("accept", "status", "content"),
    [(STREAM, 200, b'{"data":{"count":1}}'), ("*/*", 405, b"can't be run by POST")],
)
async def test_an_extension_may_know_the_document(accept: str, status: int, content: bytes) -> None:
    schema = strawberry.Schema(
        query=http_schema.Query, subscription=http_schema.Subscription, extensions=[Persisted]
    )
    view: Any = LiveGraphQLView.as_view(schema=schema)
    factory = AsyncRequestFactory()
    headers = {"Accept": accept}
    response = await view(factory.post("/", {}, "application/json", headers=headers))
    sent = b"".join([part async for part in response]) if response.streaming else b""
    assert response.status_code == status
    assert content in (sent or response.content)


async def test_resolvers_set_status_headers_and_cookies() -> None:
    response = await post({"query": "{ teapot }"})
    assert response.status_code == 418
    assert response["X-Pot"] == "short and stout"
    assert response["Content-Type"] == "application/json; charset=utf-8"
    assert response.cookies["pot"].value == "tea"


# What is refused


@pytest.mark.parametrize("method", ["put", "delete", "patch", "head", "options"])
async def test_other_methods_are_405(method: str) -> None:
    response = await getattr(AsyncClient(), method)("/graphql/")
    assert response.status_code == 405
    assert response["Allow"] == "GET, POST"
    assert method == "head" or method.upper() in message(response)


async def test_a_mutation_needs_a_post() -> None:
    response = await get(query="mutation { double(number: 2) }")
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    posted = await post({"query": "mutation { double(number: 2) }"})
    assert json.loads(posted.content) == {"data": {"double": 4}}


async def test_queries_by_get_can_be_turned_off() -> None:
    response = await get("/post-only/", query="{ hello }")
    assert response.status_code == 405
    assert "query" in message(response)


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("text/plain", "text/plain"),
        ("application/x-www-form-urlencoded", "urlencoded"),
        ("multipart/form-data; boundary=x", "multipart"),
        ("text/plain; application/json", "text/plain"),
        ("application/json; charset=latin-1", "latin-1"),
    ],
)
async def test_only_json_is_read(kind: str, named: str) -> None:
    response = await post(b'{"query": "{ hello }"}', kind=kind)
    assert response.status_code == 415
    assert named in message(response)
    assert json.loads(response.content)["errors"][0]["extensions"] == {
        "code": "UNSUPPORTED_MEDIA_TYPE"
    }


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"  ", "empty"),
        (b"{", "Expected JSON"),
        (b'{"query": NaN}', "NaN"),
        (b'{"query": "\xff"}', "utf-8"),
        (b"[" * 100_000, "deep"),
        (b'{"query": ' + b"1" * 5_000 + b"}", "Expected JSON"),
        (b"null", "it is null"),
        (b'"text"', "it is a string"),
        (b"[]", "batching_config"),
        (b"{}", "`query`; it is missing"),
        (b'{"query": 1}', "`query`; it is a number"),
        (b'{"query": "{hello}", "variables": []}', "`variables`; it is an array"),
        (b'{"query": "{hello}", "operationName": true}', "`operationName`; it is a boolean"),
        (b'{"query": "{hello}", "extensions": 1.5}', "`extensions`; it is a number"),
    ],
)
async def test_a_malformed_body_is_400_and_told_why(body: bytes, words: str) -> None:
    response = await post(body)
    assert response.status_code == 400
    assert words in message(response)


async def test_an_empty_body_is_400() -> None:
    headers = {"Content-Type": "application/json"}
    response = await AsyncClient().generic("POST", "/graphql/", b"", headers=headers)
    assert response.status_code == 400
    assert "empty" in message(response)


async def test_malformed_variables_in_the_url_are_400() -> None:
    response = await get(query="{ hello }", variables="{")
    assert response.status_code == 400
    assert "the URL's `variables`" in message(response)


async def test_get_without_a_query_says_what_is_missing() -> None:
    response = await get()
    assert response.status_code == 400
    assert "`query`; it is missing" in message(response)


async def test_a_body_over_the_limit_is_413(settings: SettingsWrapper) -> None:
    settings.DRF_LIVE_GRAPHQL = {"MAX_BODY_BYTES": 100}
    response = await post({"query": "{ hello }" + " " * 100})
    assert response.status_code == 413
    assert "at most 100 bytes" in message(response)
    assert (await post({"query": "{ hello }"})).status_code == 200


async def test_a_body_of_unknown_length_is_measured(settings: SettingsWrapper) -> None:
    settings.DRF_LIVE_GRAPHQL = {"MAX_BODY_BYTES": 10}
    request = AsyncRequestFactory().post("/graphql/", {"query": "{ hello }"}, "application/json")
    del request.META["CONTENT_LENGTH"]
    view: Any = LiveGraphQLView.as_view(schema=http_schema.schema)
    assert (await view(request)).status_code == 413


class BrokenBody(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError("the client went away")


async def test_a_body_that_breaks_off_is_400() -> None:
    request = AsyncRequestFactory().post("/graphql/", {}, "application/json")
    request._stream = BrokenBody()
    view: Any = LiveGraphQLView.as_view(schema=http_schema.schema)
    response = await view(request)
    assert response.status_code == 400
    assert "complete" in message(response)


async def test_djangos_own_limit_is_413_as_well(settings: SettingsWrapper) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 50
    response = await post({"query": "{ hello }" + " " * 100})
    assert response.status_code == 413


async def test_an_accept_header_with_nothing_of_ours_is_406() -> None:
    response = await post({"query": "{ hello }"}, accept="text/plain")
    assert response.status_code == 406
    assert STREAM in message(response)


def test_a_view_without_a_schema_is_refused_when_it_is_made() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"as_view\(schema=...\)"):
        LiveGraphQLView.as_view()


# Other sites and cookies


async def test_json_needs_no_csrf_token() -> None:
    client = AsyncClient(enforce_csrf_checks=True)
    response = await client.post("/graphql/", {"query": "{ hello }"}, "application/json")
    assert response.status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
async def test_what_a_form_can_send_never_runs(kind: str) -> None:
    body = b'{"query": "mutation { double(number: 2) }"}'
    assert (await post(body, kind=kind)).status_code == 415


def upload(query: str) -> dict[str, str]:
    return {"operations": json.dumps({"query": query}), "map": "{}"}


async def test_uploads_need_djangos_csrf_token() -> None:
    client = AsyncClient(enforce_csrf_checks=True)
    response = await client.post("/uploads/", upload("{ hello }"))
    assert response.status_code == 403
    assert "CSRF" in message(response)

    token = "a" * 32
    client.cookies["csrftoken"] = token
    response = await client.post("/uploads/", upload("{ hello }"), headers={"X-CSRFToken": token})
    assert json.loads(response.content) == {"data": {"hello": "Hello world"}}


# Batches


async def test_a_batch_is_answered_in_order() -> None:
    batch = [{"query": "{ hello }"}, {"query": "{ nothing }"}]
    response = await post(batch, url="/batch/")
    first, second = json.loads(response.content)
    assert first == {"data": {"hello": "Hello world"}}
    assert second.keys() == {"errors"}


@pytest.mark.parametrize(
    ("batch", "accept", "status"),
    [
        ([{"query": "{ hello }"}] * 3, "*/*", 400),
        ([{"query": "{ hello }"}], STREAM, 400),
        ([{"query": "subscription { count }"}], "*/*", 405),
        ([{"query": "mutation { double(number: 1) }"}], "*/*", 200),
        ([1], "*/*", 400),
    ],
)
async def test_a_batch_has_its_limits(batch: list[object], accept: str, status: int) -> None:
    assert (await post(batch, url="/batch/", accept=accept)).status_code == status


# Streams


@pytest.mark.parametrize("accept", [STREAM, f"application/json, {STREAM}"])
async def test_a_subscription_is_streamed(accept: str) -> None:
    response = await post({"query": "subscription { count(to: 2) }"}, accept=accept)
    assert response.status_code == 200
    assert response["Content-Type"].startswith(STREAM)
    assert response["Cache-Control"] == "no-cache, no-transform"
    assert response["X-Accel-Buffering"] == "no"
    assert await events(response) == [
        ("next", {"data": {"count": 1}}),
        ("next", {"data": {"count": 2}}),
        ("complete", None),
    ]


async def test_a_subscription_by_get_serves_an_event_source() -> None:
    response = await get(query="subscription { count(to: 1) }", accept=STREAM)
    assert await events(response) == [("next", {"data": {"count": 1}}), ("complete", None)]


async def test_a_query_is_streamed_where_a_stream_is_wanted_first() -> None:
    response = await post({"query": "{ hello }"}, accept=f"{STREAM}, application/json")
    assert await events(response) == [
        ("next", {"data": {"hello": "Hello world"}}),
        ("complete", None),
    ]


async def test_a_query_is_one_answer_where_a_stream_is_merely_taken() -> None:
    response = await post({"query": "{ hello }"}, accept=f"{RESPONSE}, {STREAM}")
    assert response["Content-Type"].startswith(RESPONSE)


async def test_a_subscription_without_a_stream_is_told_what_to_do() -> None:
    response = await post({"query": "subscription { count }"})
    assert response.status_code == 406
    assert STREAM in message(response)
    assert "graphql-transport-ws" in message(response)


async def test_a_proxy_that_asks_for_an_upgrade_each_time_gets_its_answers() -> None:
    response: Any = await AsyncClient().post(
        "/graphql/",
        {"query": "{ hello }"},
        content_type="application/json",
        headers={"Upgrade": "websocket"},
    )
    assert response.status_code == 200
    assert response.json() == {"data": {"hello": "Hello world"}}


@pytest.mark.parametrize("asynchronous", [True, False])
async def test_a_socket_that_came_as_a_request_is_told_what_the_server_lacks(
    caplog: pytest.LogCaptureFixture, asynchronous: bool
) -> None:
    headers = {"Connection": "Upgrade", "Upgrade": "WebSocket", "Accept": "*/*"}
    if asynchronous:
        response: Any = await AsyncClient().get("/graphql/", headers=headers)
    else:
        response = await sync_to_async(Client().get)("/graphql/", headers=headers)
    assert response.status_code == 501
    assert response.json()["errors"][0]["extensions"] == {"code": "NOT_SUPPORTED"}
    assert "uvicorn[standard]" in message(response)
    assert message(response) in caplog.text


@pytest.mark.parametrize(
    "query", ["subscription { nothing }", "subscription {", "subscription { a: count b: count }"]
)
async def test_an_operation_that_is_wrong_is_a_result_of_its_stream(query: str) -> None:
    response = await post({"query": query}, accept=STREAM)
    assert response.status_code == 200
    (name, payload), end = await events(response)
    assert name == "next"
    assert payload.keys() == {"errors"}
    assert end == ("complete", None)


async def test_a_mutation_does_not_run_in_a_stream_by_get() -> None:
    response = await get(query="mutation { double(number: 2) }", accept=STREAM)
    (_, payload), _ = await events(response)
    assert "mutations are not allowed" in payload["errors"][0]["message"]


async def test_a_stream_that_breaks_says_so_and_ends() -> None:
    response = await post({"query": "subscription { breaks }"}, accept=STREAM)
    first, second, end = await events(response)
    assert first == ("next", {"data": {"breaks": 1}})
    assert second[1]["errors"][0]["message"] == "this stream always breaks"
    assert end == ("complete", None)


async def test_a_result_that_is_no_json_ends_its_stream() -> None:
    response = await post({"query": "subscription { unspeakable }"}, accept=STREAM)
    (name, payload), end = await events(response)
    assert (name, payload.keys()) == ("next", {"errors"})
    assert end == ("complete", None)


async def test_a_reader_that_goes_away_closes_its_subscription() -> None:
    http_schema.history.clear()
    response: Any = await post({"query": "subscription { endless }"}, accept=STREAM)
    stream = aiter(response)
    opened, first = await anext(stream), await anext(stream)
    assert (opened, first.split(b"\n")[0]) == (b":\n\n", b"event: next")
    reader = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert http_schema.history == ["open", "closed"]


@pytest.mark.parametrize("accept", [RESPONSE, STREAM])
async def test_results_in_parts_are_not_offered(accept: str) -> None:
    schema = strawberry.Schema(
        query=http_schema.Query,
        config=StrawberryConfig(enable_experimental_incremental_execution=True),
    )
    view: Any = LiveGraphQLView.as_view(schema=schema)
    body = {"query": "{ ... @defer { hello } }"}
    factory = AsyncRequestFactory()
    response = await view(factory.post("/", body, "application/json", headers={"Accept": accept}))
    streamed = response.streaming and b"".join([part async for part in response])
    assert b"`@defer`" in (streamed or response.content)


def sync_only(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """A middleware from before Django was asynchronous."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    return middleware


@pytest.mark.parametrize(
    "middleware",
    ["django.middleware.gzip.GZipMiddleware", "tests.transport.test_http.sync_only"],
)
async def test_a_stream_passes_middleware_as_it_is(
    settings: SettingsWrapper, middleware: str
) -> None:
    settings.MIDDLEWARE = [middleware, *settings.MIDDLEWARE]
    response = await AsyncClient().post(
        "/graphql/",
        {"query": "subscription { count(to: 1) }"},
        "application/json",
        headers={"Accept": STREAM, "Accept-Encoding": "gzip"},
    )
    assert await events(response) == [("next", {"data": {"count": 1}}), ("complete", None)]


# WSGI


def test_queries_work_under_wsgi() -> None:
    response = Client().post("/graphql/", {"query": "{ hello }"}, content_type="application/json")
    assert response.json() == {"data": {"hello": "Hello world"}}


def test_a_stream_under_wsgi_is_refused_with_the_mend() -> None:
    response = Client().post(
        "/graphql/",
        {"query": "subscription { count }"},
        content_type="application/json",
        headers={"Accept": STREAM},
    )
    assert response.status_code == 501
    assert "ASGI" in response.json()["errors"][0]["message"]
