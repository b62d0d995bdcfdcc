"""The two processes of these tests: one that writes, one that serves sockets."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Self

import httpx

from tests import servers

if TYPE_CHECKING:
    from subprocess import Popen

__all__ = ["CommandWriter", "WsgiWriter", "layer_environment"]


def layer_environment(redis: servers.RedisServer, layer: servers.Layer) -> dict[str, str]:
    """What tells a process of the test project which channel layer to use."""
    return {"TEST_CHANNEL_LAYER": layer, "REDIS_URL": redis.url}


class Process:
    """A subprocess that answers by lines."""

    command: str

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.process: Popen[str] = servers.django_process(self.command, **environment)

    async def line(self) -> str:
        assert self.process.stdout is not None
        line = await asyncio.to_thread(self.process.stdout.readline)
        if not line:
            raise AssertionError(f"{self.command} ended with {self.process.wait()}")
        return line

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.communicate()


class CommandWriter(Process):
    """A management command: no web server, no event loop."""

    command = "work"

    async def end(self) -> None:
        """Have the process end by itself, with all that it has published."""
        await asyncio.to_thread(self.process.communicate)
        assert self.process.returncode == 0

    def kill(self) -> None:
        """End the process the hard way (SIGKILL)."""
        self.process.kill()
        self.process.communicate()

    async def work(self, model: str, **task: Any) -> dict[str, Any]:
        """Have a row saved; returns its `pk` and the seconds that the `slowest` save took."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"model": model, **task}) + "\n")
        self.process.stdin.flush()
        line = await self.line()
        try:
            answer: dict[str, Any] = json.loads(line)
        except json.JSONDecodeError:
            rest = await asyncio.to_thread(self.process.communicate)
            raise AssertionError(f"the writer failed: {line}{rest[0]}") from None
        return answer


class WsgiWriter(Process):
    """A WSGI server to which REST requests are sent."""

    command = "wsgi"

    async def post(self, path: str, cookie: str, data: dict[str, Any]) -> dict[str, Any]:
        if not hasattr(self, "port"):
            self.port = int(await self.line())
        origin = f"http://127.0.0.1:{self.port}"
        token = "x" * 32
        async with httpx.AsyncClient(trust_env=False) as client:
            response = await client.post(
                f"{origin}/api/{path}",
                json=data,
                headers={
                    "Cookie": f"{cookie}; csrftoken={token}",
                    "X-CSRFToken": token,
                    "Origin": origin,
                },
            )
        assert response.status_code == 201, response.text
        answer: dict[str, Any] = response.json()
        return answer
