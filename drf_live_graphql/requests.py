"""The request that a view is asked with: what a GET by the same client would carry.

A socket's handshake, or the HTTP request that brought a GraphQL document, becomes a
``Connection``. Each evaluation makes a fresh ``LiveRequest`` of it, with session and user read
anew, and that request notes which of the connection's facts the view read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from types import MethodType
from typing import TYPE_CHECKING, Any, Self, cast

from django.conf import settings as django_settings
from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, QueryDict, parse_cookie
from django.http.request import HttpHeaders
from django.utils.functional import SimpleLazyObject

from .conf import settings
from .users import user_key

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.sessions.backends.base import SessionBase
    from django.urls import ResolverMatch

    from .users import UserKey

# Of the transport, not of the client's question: a GET would not carry them, or not these.
_TRANSPORT = frozenset(
    {
        "CONTENT_LENGTH",
        "CONTENT_TYPE",
        "HTTP_ACCEPT",
        "HTTP_CONNECTION",
        "HTTP_CONTENT_LENGTH",
        "HTTP_CONTENT_TYPE",
        "HTTP_COOKIE",
        "HTTP_SEC_WEBSOCKET_EXTENSIONS",
        "HTTP_SEC_WEBSOCKET_KEY",
        "HTTP_SEC_WEBSOCKET_PROTOCOL",
        "HTTP_SEC_WEBSOCKET_VERSION",
        "HTTP_UPGRADE",
        "PATH_INFO",
        "QUERY_STRING",
        "REMOTE_PORT",
        "REQUEST_METHOD",
        "SCRIPT_NAME",
    }
)
# Questions that a connection is known to have asked.
REMEMBERED = 1_000
# Set by each evaluation itself, so equal for all who ask the same.
_OF_THE_CALL = frozenset(
    {"HTTP_ACCEPT", "PATH_INFO", "QUERY_STRING", "REQUEST_METHOD", "SCRIPT_NAME"}
)
_EVERYTHING = "*"
# The value of a fact that a connection does not have.
ABSENT = object()
# The fact that is the user of the request as Django has it, whom DRF need not have asked.
USER = "USER:"
# JSON where a view has it, else its first renderer.
_ACCEPT = "application/json, */*"


class Connection:
    """The facts of one client's connection; makes the requests that views are asked with."""

    def __init__(
        self,
        *,
        meta: Mapping[str, Any],
        cookies: Mapping[str, str],
        scheme: str,
        script_name: str = "",
        session: SessionBase | None = None,
        user: AbstractBaseUser | AnonymousUser | None = None,
        extras: Mapping[str, Any] | None = None,
    ) -> None:
        """``meta`` are WSGI-style facts, ``extras`` what the project's middleware added.

        ``script_name`` is the path below which the project is served.
        """
        self.meta = {name: value for name, value in meta.items() if name not in _TRANSPORT}
        # The token of the CSRF cookie differs from browser to browser and decides no GET.
        self.cookies = {
            name: value
            for name, value in cookies.items()
            if name != django_settings.CSRF_COOKIE_NAME
        }
        if self.cookies:
            # Caches tell visitors apart by it.
            pairs = (f"{name}={value}" for name, value in self.cookies.items())
            self.meta["HTTP_COOKIE"] = "; ".join(pairs)
        self.scheme = scheme
        self._asked: set[Hashable] = set()
        self.script_name = script_name.rstrip("/")
        self.extras = dict(extras or {})
        authenticated = user is not None and user.is_authenticated
        self.has_session = session is not None
        # After the user: Django may give the session another key as it looks at them.
        self.session_key = session.session_key if session is not None else None
        by_session = session is not None and session.get(SESSION_KEY) is not None
        self.session_user = bool(authenticated and by_session)
        self.user = user if authenticated and not by_session else None
        # Whom it stands for: the session's user, and whomever views found by their own means.
        self.users: frozenset[UserKey] = frozenset()
        self._visitor: Hashable = ABSENT
        if authenticated:
            self.stands_for(user_key(user))
            self._visitor = user_key(user) or id(self)
        # What the client proves its identity by; two equal ones stand for the same user.
        self.credential: Hashable = (
            self.meta.get("HTTP_AUTHORIZATION"),
            self.session_key if self.session_user else None,
            self.user.pk if self.user is not None else None,
        )

    @classmethod
    def from_scope(
        cls, scope: Mapping[str, Any], parameters: Mapping[str, Any] | None = None
    ) -> Self:
        """The connection of an ASGI websocket or HTTP ``scope``.

        ``parameters`` is the payload of ``connection_init``: those that the setting
        ``CONNECTION_HEADERS`` names become the request's headers.
        """
        meta, cookies = _meta_of(scope)
        allowed = {name.lower() for name in settings.CONNECTION_HEADERS}
        for name, value in (parameters or {}).items():
            if name.lower() in allowed and isinstance(value, str):
                meta[_meta_name(name)] = value
        return cls(
            meta=meta,
            cookies=cookies,
            scheme="https" if scope.get("scheme") in ("https", "wss") else "http",
            script_name=django_settings.FORCE_SCRIPT_NAME or scope.get("root_path") or "",
            session=scope.get("session"),
            user=scope.get("user"),
        )

    @classmethod
    def from_request(cls, request: HttpRequest) -> Connection:
        """The connection behind a Django request, with what middleware put on it."""
        known = {*vars(HttpRequest()), "session", "user", "auser", "environ", "scope"}
        known.add("csrf_processing_done")  # Of the POST that carried the document.
        return cls(
            meta={
                name: value
                for name, value in request.META.items()
                if name.isupper() and isinstance(value, str)
            },
            cookies=request.COOKIES,
            scheme=request.scheme or "http",
            script_name=request.META.get("SCRIPT_NAME", ""),
            session=getattr(request, "session", None),
            user=getattr(request, "user", None),
            extras={
                name: value
                for name, value in vars(request).items()
                if name not in known and not name.startswith("_") and type(value) is not MethodType
            },
        )

    def stands_for(self, user: UserKey | None) -> None:
        """Note that the connection is ``user``'s; ``None`` is nobody."""
        if user is not None and user not in self.users:
            self.users |= {user}

    def is_first(self, *question: Hashable) -> bool:
        """Whether ``question`` was not asked before on this connection.

        Only so many are remembered; those that come later are asked for the first time each time.
        """
        if question in self._asked:
            return False
        if len(self._asked) < REMEMBERED:
            self._asked.add(question)
        return True

    @cached_property
    def fingerprint(self) -> Hashable:
        """Everything there is to know of the connection; equal ones are told equal things."""
        names = ("META:*", "COOKIE:*", "EXTRA:*", "SESSION:", USER)
        return (*self.facts(names), self.credential, self.scheme, self.script_name)

    def fact(self, name: str) -> Hashable:
        """The value of a fact that ``LiveRequest.reads`` named, for comparison."""
        kind, _, key = name.partition(":")
        if kind == "SESSION":
            return self.session_key if self.has_session else ABSENT
        if kind == "USER":
            return self._visitor
        source: Mapping[str, Any] = {
            "META": self.meta,
            "COOKIE": self.cookies,
            "EXTRA": self.extras,
        }[kind]
        value = tuple(sorted(source.items())) if key == _EVERYTHING else source.get(key, ABSENT)
        try:
            hash(value)
        except TypeError:
            return id(self)  # Not comparable, so nobody else's.
        return cast("Hashable", value)

    def facts(self, names: Sequence[str]) -> tuple[Hashable, ...]:
        """The values of several facts."""
        return tuple(self.fact(name) for name in names)

    def request(
        self, path: str, query: Sequence[tuple[str, str]], match: ResolverMatch | None = None
    ) -> LiveRequest:
        """A GET of ``path`` by this client, session and user to be read anew.

        ``path`` is the one below the script name, as Django's URLs have it.
        """
        return LiveRequest(self, path, query, match)


class LiveRequest(HttpRequest):
    """A GET that no client sent, and that knows what was read of it."""

    session: SessionBase
    user: Any

    def __init__(
        self,
        connection: Connection,
        path: str,
        query: Sequence[tuple[str, str]],
        match: ResolverMatch | None,
    ) -> None:
        """See ``Connection.request``."""
        super().__init__()
        self.reads: set[str] = set()
        self._connection = connection
        self.method = "GET"
        self.path, self.path_info = connection.script_name + path, path
        self.resolver_match = match
        self.GET: Any = _query_dict(query)
        own = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "SCRIPT_NAME": connection.script_name,
            "QUERY_STRING": self.GET.urlencode(),
            "HTTP_ACCEPT": _ACCEPT,
        }
        self.META = _Traced({**connection.meta, **own}, self.reads, "META", _OF_THE_CALL)
        self.COOKIES = _Traced(connection.cookies, self.reads, "COOKIE")
        self._read_started = False
        self._body = b""
        self._dont_enforce_csrf_checks = True
        self._fresh_session = _open_session(connection)
        # Whom it was found to come from, once somebody looked.
        self._visitor: Hashable = None
        self.user = SimpleLazyObject(self.read_user)

    @property
    def headers(self) -> HttpHeaders:
        """The headers; unlike Django's own, looking one up does not read them all."""
        return cast("HttpHeaders", _Headers(self.META))

    def _get_scheme(self) -> str:
        return self._connection.scheme

    def __getattr__(self, name: str) -> Any:
        """What is there only on some requests: the session, and what middleware added.

        To look for it in vain is to read it, too: the next client may have it.
        """
        if name == "session":
            self.reads.add("SESSION:")
            if (session := self.__dict__.get("_fresh_session")) is not None:
                return session
        elif not name.startswith("_"):
            self.reads.add(f"EXTRA:{name}")
            if name in self._connection.extras:
                return self._connection.extras[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def visitor(self) -> UserKey | None:
        """The user that it was found to come from, ``None`` where nobody looked or nobody is."""
        return cast("UserKey", self._visitor) if isinstance(self._visitor, tuple) else None

    @property
    def is_connections(self) -> bool:
        """Whether the user, if looked at, is the one that the connection was opened by.

        A session may have ended since.
        """
        known = self._connection.fact(USER)
        return self._visitor is None or self._visitor == known or isinstance(known, int)

    def read_user(self) -> AbstractBaseUser | AnonymousUser:
        """The user as Django's middleware would find it, read anew."""
        self.reads.add(USER)
        user = self._find_user()
        self._visitor = user_key(user) or ABSENT
        return user

    def _find_user(self) -> AbstractBaseUser | AnonymousUser:
        connection = self._connection
        if connection.session_user and self._fresh_session is not None:
            return get_user(_SessionOnly(self._fresh_session))  # type: ignore[arg-type]
        if connection.user is not None:
            model: Any = type(connection.user)
            user = model._default_manager.filter(pk=connection.user.pk).first()
            if user is not None and user.is_active:
                return cast("AbstractBaseUser", user)
        return AnonymousUser()


class _SessionOnly:
    """As much of a request as ``django.contrib.auth.get_user`` looks at."""

    def __init__(self, session: SessionBase) -> None:
        self.session = _KeptKey(session)


class _KeptKey:
    """A session that keeps its key: no response would tell the browser of another.

    Django gives it a new one where its hash was made with one of ``SECRET_KEY_FALLBACKS``.
    """

    def __init__(self, session: SessionBase) -> None:
        self._session = session
        self.get = session.get
        self.flush = session.flush

    def __getitem__(self, name: str) -> Any:
        return self._session[name]

    def __setitem__(self, name: str, value: object) -> None:
        """The new hash is for the next GET to note."""

    def cycle_key(self) -> None:
        """Likewise."""


class _Traced(dict[str, Any]):
    """A dictionary that notes which of its keys were asked for."""

    def __init__(
        self,
        values: Mapping[str, Any],
        reads: set[str],
        kind: str,
        exempt: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(values)
        self._reads = reads
        self._kind = kind
        self._exempt = exempt

    def _note(self, key: object) -> None:
        if key not in self._exempt:
            self._reads.add(f"{self._kind}:{key}")

    def __getitem__(self, key: str) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self._note(_EVERYTHING)
        return super().__iter__()

    def items(self) -> Any:
        self._note(_EVERYTHING)
        return super().items()

    def values(self) -> Any:
        self._note(_EVERYTHING)
        return super().values()

    def keys(self) -> Any:
        self._note(_EVERYTHING)
        return super().keys()

    def copy(self) -> dict[str, Any]:
        self._note(_EVERYTHING)
        return dict(super().items())

    def __or__(self, other: Any) -> Any:
        return self.copy() | other

    def __ror__(self, other: Any) -> Any:
        return other | self.copy()

    def pop(self, key: str, *default: Any) -> Any:
        self._note(key)
        return super().pop(key, *default)

    def setdefault(self, key: str, default: Any = None) -> Any:
        self._note(key)
        return super().setdefault(key, default)

    def __len__(self) -> int:
        self._note(_EVERYTHING)
        return super().__len__()


class _Headers(Mapping[str, str]):
    """Headers by their HTTP names, looked up in ``META`` one at a time."""

    def __init__(self, meta: Mapping[str, Any]) -> None:
        self._meta = meta

    def __getitem__(self, name: str) -> str:
        return cast("str", self._meta[_meta_name(name)])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _meta_name(name) in self._meta

    def __iter__(self) -> Iterator[str]:
        return iter(HttpHeaders(dict(self._meta.items())))

    def __len__(self) -> int:
        return len(list(iter(self)))


def _open_session(connection: Connection) -> SessionBase | None:
    """The session as it is now; an empty one for a client that has none yet, as in a GET."""
    if not connection.has_session:
        return None
    store = import_module(django_settings.SESSION_ENGINE).SessionStore
    return cast("SessionBase", store(connection.session_key))


def _query_dict(pairs: Sequence[tuple[str, str]]) -> QueryDict:
    query = QueryDict(mutable=True)
    for name, value in pairs:
        query.appendlist(name, value)
    query._mutable = False  # Django offers no other way.
    return query


def _meta_name(header: str) -> str:
    name = header.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


def _meta_of(scope: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """``META`` and cookies of an ASGI scope (ASGI specification, "Connection Scope")."""
    meta: dict[str, str] = {}
    for raw_name, raw_value in scope.get("headers", ()):
        name, value = raw_name.decode("latin1"), raw_value.decode("latin1")
        if "_" in name:
            continue  # It could pass for another header; Django drops these as well.
        key = _meta_name(name)
        joiner = "; " if key == "HTTP_COOKIE" else ","
        meta[key] = f"{meta[key]}{joiner}{value}" if key in meta else value
    if client := scope.get("client"):
        meta["REMOTE_ADDR"] = meta["REMOTE_HOST"] = str(client[0])
        meta["REMOTE_PORT"] = str(client[1])
    server = scope.get("server") or ("unknown", 0)
    meta["SERVER_NAME"], meta["SERVER_PORT"] = str(server[0]), str(server[1])
    cookies = scope.get("cookies")
    return meta, dict(cookies if cookies is not None else parse_cookie(meta.get("HTTP_COOKIE", "")))


__all__ = ["ABSENT", "USER", "Connection", "LiveRequest"]
