"""The request that a view is asked with: what a GET by the same client would carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject

from drf_live_graphql.requests import USER, Connection, LiveRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import SettingsWrapper


def _connection(**options: Any) -> Connection:
    return Connection(**{"meta": {}, "cookies": {}, "scheme": "http", **options})


def _request(path: str = "/api/", query: tuple[tuple[str, str], ...] = (), **o: Any) -> LiveRequest:
    return _connection(**o).request(path, query)


def _scope(*headers: tuple[str, str], **facts: Any) -> dict[str, Any]:
    encoded = [(name.encode(), value.encode()) for name, value in headers]
    return {"type": "websocket", "headers": encoded, **facts}


# What it is like.


def test_it_is_a_get_of_the_path() -> None:
    pairs = (("a", "1"), ("b", "x y"), ("a", "2"))
    request = _request("/api/tasks/", pairs, meta={"HTTP_HOST": "example.com"}, scheme="https")
    assert (request.method, request.path, request.body) == ("GET", "/api/tasks/", b"")
    assert request.GET.getlist("a") == ["1", "2"]
    assert request.META["QUERY_STRING"] == "a=1&a=2&b=x+y"
    assert (request.META["PATH_INFO"], request.META["REQUEST_METHOD"]) == ("/api/tasks/", "GET")
    assert request.build_absolute_uri() == "https://example.com/api/tasks/?a=1&a=2&b=x+y"
    assert request.is_secure()
    with pytest.raises(AttributeError, match="immutable"):
        request.GET["a"] = "3"


def test_a_script_name_is_before_the_path() -> None:
    request = _request("/api/", script_name="/app/")
    assert (request.path, request.path_info) == ("/app/api/", "/api/")
    assert request.META["SCRIPT_NAME"] == "/app"


def test_what_belongs_to_the_transport_is_not_carried_over() -> None:
    scope = _scope(
        ("upgrade", "websocket"),
        ("sec-websocket-key", "abc"),
        ("content-type", "application/json"),
        ("content-length", "7"),
        ("accept", "text/event-stream"),
        ("cookie", "a=1"),
        ("x-team", "7"),
    )
    connection = Connection.from_scope(scope)
    names = {name for name in connection.meta if not name.startswith("SERVER_")}
    assert names == {"HTTP_COOKIE", "HTTP_X_TEAM"}
    assert connection.cookies == {"a": "1"}


def test_it_asks_for_json_and_says_its_cookies_as_a_get_does(settings: SettingsWrapper) -> None:
    cookies = {"a": "1", settings.CSRF_COOKIE_NAME: "secret", "b": "2"}
    connection = _connection(cookies=cookies)
    request = connection.request("/", ())
    assert request.META["HTTP_ACCEPT"] == "application/json, */*"
    assert request.reads == set()
    assert request.headers["Cookie"] == "a=1; b=2"
    assert request.reads == {"META:HTTP_COOKIE"}
    other = _connection(cookies={"a": "2"})
    assert other.facts(["META:HTTP_COOKIE"]) != connection.facts(["META:HTTP_COOKIE"])


def test_headers_are_looked_up_one_at_a_time() -> None:
    request = _request(meta={"HTTP_X_TEAM": "7", "HTTP_HOST": "example.com"})
    assert request.headers["x-team"] == "7"
    assert request.headers.get("X-Other") is None
    assert "X-Team" in request.headers
    assert 7 not in request.headers
    assert request.reads == {"META:HTTP_X_TEAM", "META:HTTP_X_OTHER"}
    accept = {"Accept": "application/json, */*"}
    assert dict(request.headers) == {"X-Team": "7", "Host": "example.com", **accept}
    assert len(request.headers) == 3
    assert "META:*" in request.reads


# What of it was read.


@pytest.mark.parametrize(
    ("look", "noted"),
    [
        (lambda meta: meta["HTTP_X_TEAM"], "META:HTTP_X_TEAM"),
        (lambda meta: meta.get("HTTP_X_TEAM"), "META:HTTP_X_TEAM"),
        (lambda meta: meta.get("HTTP_X_OTHER", ""), "META:HTTP_X_OTHER"),
        (lambda meta: "HTTP_X_OTHER" in meta, "META:HTTP_X_OTHER"),
        (lambda meta: meta.pop("HTTP_X_TEAM"), "META:HTTP_X_TEAM"),
        (lambda meta: meta | {}, "META:*"),
        (lambda meta: {} | meta, "META:*"),
        (lambda meta: {**meta}, "META:*"),
        (lambda meta: meta.setdefault("HTTP_X_TEAM", ""), "META:HTTP_X_TEAM"),
        (list, "META:*"),
        (len, "META:*"),
        (dict, "META:*"),
        (lambda meta: meta.items(), "META:*"),
        (lambda meta: meta.values(), "META:*"),
        (lambda meta: meta.keys(), "META:*"),
        (lambda meta: meta.copy(), "META:*"),
    ],
)
def test_every_way_to_read_is_noted(look: Callable[[Any], object], noted: str) -> None:
    request = _request(meta={"HTTP_X_TEAM": "7"})
    assert request.reads == set()
    look(request.META)
    assert noted in request.reads


def test_what_is_the_same_for_all_who_ask_is_not_noted() -> None:
    request = _request()
    assert request.META["QUERY_STRING"] == ""
    assert request.META.get("PATH_INFO") == "/api/"
    assert request.reads == set()


def test_a_fact_that_is_not_there_is_read_as_well() -> None:
    request = _request(extras={"tenant": "blue"})
    assert request.tenant == "blue"
    assert not hasattr(request, "language_code")
    assert request.reads == {"EXTRA:tenant", "EXTRA:language_code"}
    with pytest.raises(AttributeError, match="no attribute '_hidden'"):
        _ = request._hidden
    assert "EXTRA:_hidden" not in request.reads


def test_cookies_are_noted_and_the_csrf_token_is_none(settings: SettingsWrapper) -> None:
    request = _request(cookies={"theme": "dark", settings.CSRF_COOKIE_NAME: "secret"})
    assert request.COOKIES.get("theme") == "dark"
    assert request.reads == {"COOKIE:theme"}
    assert dict(request.COOKIES.items()) == {"theme": "dark"}


# Facts compared.


def test_a_fact_that_is_missing_differs_from_every_value() -> None:
    empty = _connection(meta={"HTTP_X_TEAM": ""}, cookies={"a": ""}, extras={"tenant": None})
    missing = _connection()
    for name in ("META:HTTP_X_TEAM", "COOKIE:a", "EXTRA:tenant"):
        assert empty.fact(name) != missing.fact(name)
        assert missing.fact(name) == _connection().fact(name)


def test_all_facts_of_a_kind() -> None:
    one = _connection(meta={"HTTP_A": "1", "HTTP_B": "2"})
    same = _connection(meta={"HTTP_B": "2", "HTTP_A": "1"})
    other = _connection(meta={"HTTP_A": "1"})
    assert one.fact("META:*") == same.fact("META:*") != other.fact("META:*")
    assert one.fingerprint == same.fingerprint != other.fingerprint


def test_a_fact_that_cannot_be_compared_is_nobody_elses() -> None:
    one, two = (_connection(extras={"tenant": ["blue"]}) for _ in range(2))
    assert one.fact("EXTRA:tenant") == one.fact("EXTRA:tenant")
    assert one.fact("EXTRA:tenant") != two.fact("EXTRA:tenant")
    assert one.fingerprint != two.fingerprint


@pytest.mark.parametrize(
    "different",
    [
        {"cookies": {"a": "1"}},
        {"extras": {"tenant": "blue"}},
        {"scheme": "https"},
        {"script_name": "/app"},
        {"meta": {"HTTP_AUTHORIZATION": "Token abc"}},
    ],
)
def test_fingerprints_differ_with_any_fact(different: dict[str, Any]) -> None:
    assert _connection().fingerprint == _connection().fingerprint
    assert _connection().fingerprint != _connection(**different).fingerprint


# Of an ASGI scope.


def test_headers_of_a_scope_become_facts_as_django_has_them() -> None:
    scope = _scope(
        ("X-Team", "7"),
        ("x-team", "8"),
        ("x_team", "forged"),
        ("cookie", "a=1"),
        ("cookie", "b=2"),
        client=("10.0.0.1", 5000),
        server=("example.com", 8000),
        scheme="wss",
        root_path="/app",
    )
    connection = Connection.from_scope(scope)
    assert connection.meta == {
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_X_TEAM": "7,8",
        "REMOTE_ADDR": "10.0.0.1",
        "REMOTE_HOST": "10.0.0.1",
        "SERVER_NAME": "example.com",
        "SERVER_PORT": "8000",
    }
    assert connection.cookies == {"a": "1", "b": "2"}
    assert (connection.scheme, connection.script_name) == ("https", "/app")


def test_a_scope_of_nothing() -> None:
    connection = Connection.from_scope({})
    assert connection.meta == {"SERVER_NAME": "unknown", "SERVER_PORT": "0"}
    assert (connection.scheme, connection.cookies, connection.script_name) == ("http", {}, "")


def test_cookies_that_middleware_parsed_are_taken() -> None:
    connection = Connection.from_scope(_scope(("cookie", "a=1"), cookies={"b": "2"}))
    assert connection.cookies == {"b": "2"}


def test_a_forced_script_name(settings: SettingsWrapper) -> None:
    settings.FORCE_SCRIPT_NAME = "/forced"
    assert Connection.from_scope(_scope(root_path="/app")).script_name == "/forced"


def test_only_the_named_headers_come_with_connection_init(settings: SettingsWrapper) -> None:
    parameters = {"authorization": "Token abc", "X-Team": "7", "Content-Type": "a/b", "X-No": 3}
    meta = Connection.from_scope(_scope(("authorization", "Token old")), parameters).meta
    assert meta["HTTP_AUTHORIZATION"] == "Token abc"
    assert "HTTP_X_TEAM" not in meta
    settings.DRF_LIVE_GRAPHQL = {"CONNECTION_HEADERS": ("X-TEAM", "X-No")}
    meta = Connection.from_scope(_scope(), parameters).meta
    assert meta["HTTP_X_TEAM"] == "7"
    assert {"HTTP_AUTHORIZATION", "HTTP_X_NO", "CONTENT_TYPE"}.isdisjoint(meta)


# Of a Django request.


def test_what_middleware_put_on_a_request_comes_along() -> None:
    original = RequestFactory().post(
        "/graphql/?a=1", "{}", content_type="application/json", secure=True, SCRIPT_NAME="/app"
    )
    original.COOKIES["theme"] = "dark"
    original.user = AnonymousUser()
    original.tenant = "blue"  # type: ignore[attr-defined]
    original._private = "no"  # type: ignore[attr-defined]
    connection = Connection.from_request(original)
    assert connection.extras == {"tenant": "blue"}
    assert (connection.scheme, connection.script_name) == ("https", "/app")
    request = connection.request("/api/", ())
    assert request.COOKIES["theme"] == "dark"
    assert request.META["SERVER_NAME"] == "testserver"
    assert request.META["QUERY_STRING"] == ""
    assert "CONTENT_TYPE" not in request.META


def test_a_bare_request_is_enough() -> None:
    connection = Connection.from_request(HttpRequest())
    assert (connection.scheme, connection.meta, connection.extras) == ("http", {}, {})
    assert connection.credential == (None, None, None)
    assert connection.request("/", ()).user == AnonymousUser()
    with pytest.raises(AttributeError, match="session"):
        _ = connection.request("/", ()).session


# Session and user, read anew.


@pytest.fixture
def ada(live_db: None) -> Any:
    return get_user_model().objects.create_user("ada")


def _session(user: Any) -> SessionStore:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session


def test_a_session_and_its_user_are_read_anew(ada: Any) -> None:
    session = _session(ada)
    connection = _connection(session=session, user=ada)
    assert connection.session_user
    assert connection.credential == (None, session.session_key, None)
    assert connection.request("/", ()).user == ada
    other = SessionStore(session.session_key)
    other["seen"] = 1
    other.save()
    request = connection.request("/", ())
    assert request.session["seen"] == 1
    assert "SESSION:" in request.reads
    other.flush()
    assert connection.request("/", ()).user == AnonymousUser()


def test_who_the_user_is_is_a_fact_and_not_one_of_the_session(ada: Any) -> None:
    one, other = (_connection(session=_session(ada), user=ada) for _ in range(2))
    request = one.request("/", ())
    assert request.reads == set()
    assert request.user == ada
    assert request.reads == {USER}
    assert one.facts([USER]) == other.facts([USER]) != _connection().facts([USER])


@pytest.mark.parametrize("end", ["deactivated", "deleted"])
@pytest.mark.parametrize("by_session", [True, False])
def test_a_user_who_is_gone_is_nobody(ada: Any, end: str, by_session: bool) -> None:
    connection = _connection(session=_session(ada) if by_session else None, user=ada)
    assert connection.request("/", ()).user == ada
    if end == "deleted":
        get_user_model().objects.filter(pk=ada.pk).delete()
    else:
        get_user_model().objects.filter(pk=ada.pk).update(is_active=False)
    assert connection.request("/", ()).user == AnonymousUser()


def test_a_password_that_was_changed_ends_the_session(ada: Any) -> None:
    connection = _connection(session=_session(ada), user=ada)
    ada.set_password("new")
    ada.save()
    assert connection.request("/", ()).user == AnonymousUser()


def test_a_user_without_a_session_is_known_by_key(ada: Any) -> None:
    """A middleware of the project's own, say, that reads a header."""
    connection = _connection(user=ada)
    assert not connection.session_user
    assert connection.credential == (None, None, ada.pk)
    assert connection.request("/", ()).user == ada


def test_the_session_of_somebody_anonymous_proves_nothing(live_db: None) -> None:
    session = SessionStore()
    session["basket"] = 3
    session.save()
    connection = _connection(session=session, user=AnonymousUser())
    assert connection.credential == (None, None, None)
    request = connection.request("/", ())
    assert request.user == AnonymousUser()
    assert request.session["basket"] == 3


def test_sessions_are_told_apart_and_from_none(live_db: None) -> None:
    saved, fresh = SessionStore(), SessionStore()
    saved.create()
    facts = [_connection(session=session).fact("SESSION:") for session in (saved, fresh, None)]
    assert len(set(facts)) == 3
    assert dict(_connection(session=fresh).request("/", ()).session.items()) == {}


def test_what_middleware_would_look_up_is_not_looked_up_before_a_view_asks() -> None:
    def look_up() -> Any:
        raise AssertionError

    original = RequestFactory().get("/")
    original.basket = SimpleLazyObject(look_up)  # type: ignore[attr-defined]
    request = Connection.from_request(original).request("/api/", ())
    with pytest.raises(AssertionError):
        str(request.basket)  # type: ignore[attr-defined]
