"""`README.md`: its steps make a project live that knew nothing of it; its first answers come."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from django.core import management
from websockets.asyncio.client import connect

from tests import servers

if TYPE_CHECKING:
    from collections.abc import Iterator

# Seconds; a server that starts on a busy machine takes some.
PATIENCE = 60

TEXT = (servers.ROOT / "README.md").read_text(encoding="utf-8")

MODELS = """
from django.db import models

class Task(models.Model):
    title = models.CharField(max_length=50)
    status = models.CharField(max_length=5, choices=[("todo", "To do"), ("doing", "Doing")])
"""

API = """
from rest_framework import permissions, routers, serializers, viewsets
from rest_framework.filters import OrderingFilter
from django_filters.rest_framework import DjangoFilterBackend
from .models import Task

class TaskSerializer(serializers.ModelSerializer):
    class Meta:
        model = Task
        fields = ["id", "title", "status"]

class TaskViewSet(viewsets.ModelViewSet):
    queryset = Task.objects.order_by("id")
    serializer_class = TaskSerializer
    permission_classes = [permissions.AllowAny]
    filter_backends = [DjangoFilterBackend, OrderingFilter]
    filterset_fields = ["status"]
    ordering_fields = ["title"]

api_router = routers.DefaultRouter()
api_router.register("tasks", TaskViewSet)
"""

SETTINGS = """
INSTALLED_APPS += ["rest_framework", "django_filters", "yourapp"]
REST_FRAMEWORK = {
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 10,
}
"""

URLS = """
from django.urls import include
from yourapp.api import api_router

urlpatterns += [path("api/", include(api_router.urls))]
"""

BEGIN = """
import django
django.setup()
from django.core.management import call_command
call_command("makemigrations", "yourapp")
call_command("migrate")
call_command("check", fail_level="WARNING")
from yourapp.models import Task
Task.objects.create(id=7, title="Paint the hull", status="doing")
Task.objects.create(id=9, title="Order the sails", status="todo")
"""


def _section(title: str) -> str:
    return re.split(r"^## ", TEXT.split(f"## {title}\n")[1], flags=re.MULTILINE)[0]


def _blocks(section: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.MULTILINE)


def _parts() -> dict[str, str]:
    """What the README puts into each file of a project, by the file's name."""
    (block,) = _blocks(_section("Add it to your project"), "python")
    _, *parts = re.split(r"^# (\w+\.py)\b.*\n", block, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.AsgiServer]:
    """Serves a project as Django starts one, with a REST API and with all that the README says."""
    project = tmp_path_factory.mktemp("project")
    own, app = project / "yourproject", project / "yourapp"
    app.mkdir()
    # From here: `python -m django` would look for settings, and there are none yet.
    management.call_command("startproject", "yourproject", str(project))
    management.call_command("startapp", "yourapp", str(app))
    parts = _parts()
    assert parts.keys() == {"settings.py", "live.py", "urls.py", "asgi.py"}
    (app / "models.py").write_text(MODELS)
    (app / "api.py").write_text(API)
    (app / "live.py").write_text(parts["live.py"])
    for name, text in (("settings.py", SETTINGS), ("urls.py", URLS)):
        with (own / name).open("a") as file:
            file.write(text + parts[name])
    asgi = own / "asgi.py"
    begun, own_line = asgi.read_text(), "application = get_asgi_application()"
    assert own_line in begun
    asgi.write_text(begun.replace(own_line, parts["asgi.py"]))
    env = {"DJANGO_SETTINGS_MODULE": "yourproject.settings", "PYTHONPATH": str(project)}
    begin = [sys.executable, "-c", BEGIN]
    done = subprocess.run(
        begin, env=servers.environment(**env), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    server = servers.AsgiServer("yourproject.asgi:application", **env)
    yield server
    server.close()


async def test_a_project_that_follows_it_is_live(server: servers.AsgiServer) -> None:
    subscription, *_ = _blocks(_section("A first subscription"), "graphql")
    first, second = (
        json.loads(block)["data"] for block in _blocks(_section("A first subscription"), "json")
    )
    async with connect(
        f"{server.ws}/graphql/",
        subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]
        open_timeout=PATIENCE,
    ) as socket:

        async def told() -> Any:
            message = json.loads(await socket.recv())
            assert message["type"] == "next", (message, server.output())
            return message["payload"]["data"]

        await socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        payload = {"query": subscription}
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        assert await told() == first
        async with httpx.AsyncClient(base_url=server.http, timeout=PATIENCE) as client:
            response = await client.patch("/api/tasks/9/", json={"status": "doing"})
            assert response.status_code == 200, response.text
            # The README has both rows in one commit.
            created = {**second["tasks"], "deleted": []}
            assert await told() == {"tasks": created}
            await client.patch("/api/tasks/7/", json={"status": "todo"})
            assert await told() == {"tasks": {**second["tasks"], "created": []}}


def test_graphiql_finds_its_files_there(server: servers.AsgiServer) -> None:
    page = httpx.get(f"{server.http}/graphql/", headers={"Accept": "text/html"}, timeout=PATIENCE)
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    assert files
    for file in files:
        assert httpx.get(server.http + file, timeout=PATIENCE).status_code == 200, file
