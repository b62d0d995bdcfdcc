"""For the tests of projects: a client in the process, its credentials, life before and after."""

from __future__ import annotations

import functools
import json
from http.cookies import SimpleCookie
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_backends, login
from django.http import HttpRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

Headers = list[tuple[bytes, bytes]]


class APICommunicator(ApplicationCommunicator):
    """A websocket client of an ASGI application, without a server.

    Timeouts are in seconds; ``asyncio.TimeoutError`` is raised where nothing comes in time.
    """

    scope: dict[str, Any]

    def __init__(
        self,
        application: Any,
        path: str,
        headers: Headers | None = None,
        subprotocols: Iterable[str] | None = None,
        **extra: Any,
    ) -> None:
        """``path`` may have a query string; ``extra`` goes into the scope as it is."""
        parts = urlsplit(path)
        super().__init__(  # type: ignore[no-untyped-call]
            application,
            {
                "type": "websocket",
                "asgi": {"version": "3.0"},
                "http_version": "1.1",
                "scheme": "ws",
                "client": ["127.0.0.1", 0],
                "server": ("testserver", "80"),
                "path": unquote(parts.path),
                "query_string": parts.query.encode(),
                "headers": headers or [],
                "subprotocols": list(subprotocols or ()),
                **extra,
            },
        )

    async def connect(self, timeout: float = 1) -> tuple[bool, Any]:  # noqa: ASYNC109
        """Open the socket: ``(True, subprotocol)``, or ``(False, close code)`` where refused."""
        await self._put({"type": "websocket.connect"})
        event = await self._take(timeout)
        if event["type"] == "websocket.close":
            return False, event.get("code", 1000)
        return True, event.get("subprotocol")

    async def send_to(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Send a frame, either of text or of bytes."""
        if (text_data is None) == (bytes_data is None):
            raise TypeError("Expected either text_data or bytes_data.")
        frame = {"text": text_data} if bytes_data is None else {"bytes": bytes_data}
        await self._put({"type": "websocket.receive", **frame})

    async def send_json_to(self, data: Any) -> None:
        """Send ``data`` as JSON in a text frame."""
        await self.send_to(text_data=json.dumps(data))

    async def receive_from(self, timeout: float = 1) -> str | bytes:  # noqa: ASYNC109
        """The next frame; an ``AssertionError`` where the socket is closed instead."""
        event = await self._take(timeout)
        if event["type"] != "websocket.send":
            raise AssertionError(f"Expected a frame; {event!r} came.")
        frame: str | bytes = event["text"] if event.get("text") is not None else event["bytes"]
        return frame

    async def receive_json_from(self, timeout: float = 1) -> Any:  # noqa: ASYNC109
        """The next frame, decoded."""
        frame = await self.receive_from(timeout)
        if not isinstance(frame, str):
            raise AssertionError(f"Expected a text frame; {frame!r} came.")  # noqa: TRY004
        return json.loads(frame)

    async def disconnect(self, code: int = 1000, timeout: float = 1) -> None:  # noqa: ASYNC109
        """Close the socket, and wait until the application is done with it."""
        await self._put({"type": "websocket.disconnect", "code": code})
        await self.wait(timeout)  # type: ignore[no-untyped-call]

    async def _put(self, event: dict[str, Any]) -> None:
        await self.send_input(event)  # type: ignore[no-untyped-call]

    async def _take(self, timeout: float) -> dict[str, Any]:  # noqa: ASYNC109
        event: dict[str, Any] = await self.receive_output(timeout)  # type: ignore[no-untyped-call]
        return event


def async_test(fun: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Run a test method between its case's ``asyncSetUp()`` and ``asyncTearDown()``, if any.

    What was set up is torn down when the test fails, too.
    """

    @functools.wraps(fun)
    async def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        if hasattr(self, "asyncSetUp"):
            await self.asyncSetUp()
        try:
            return await fun(self, *args, **kwargs)
        finally:
            if hasattr(self, "asyncTearDown"):
                await self.asyncTearDown()

    return wrapped


async def get_headers_for_user(user: Any) -> Headers:
    """The headers of a handshake by ``user``, who is logged in by a session made for it."""
    cookies = await force_login(user)
    return [(b"cookie", cookies.output(header="", sep="; ").encode())]


async def force_login(user: Any, backend: str | None = None) -> SimpleCookie:
    """Log ``user`` in without a password; the cookie of the session.

    ``backend`` is the dotted path of an authentication backend; by default the first that knows
    users.
    """
    cookies: SimpleCookie = await database_sync_to_async(_log_in)(user, backend or _backend())
    return cookies


def _log_in(user: Any, backend: str) -> SimpleCookie:
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore()
    login(request, user, backend)
    request.session.save()
    cookies: SimpleCookie = SimpleCookie()
    cookies[settings.SESSION_COOKIE_NAME] = str(request.session.session_key)
    return cookies


def _backend() -> str:
    backends = (type(each) for each in get_backends() if hasattr(each, "get_user"))
    cls = next(backends)
    return f"{cls.__module__}.{cls.__qualname__}"


__all__ = ["APICommunicator", "Headers", "async_test", "force_login", "get_headers_for_user"]
