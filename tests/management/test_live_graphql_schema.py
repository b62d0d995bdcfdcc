"""`manage.py live_graphql_schema`: what it prints and writes, and when it fails."""

from __future__ import annotations

import subprocess
import sys
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
import strawberry
from django.core.management import CommandError, call_command
from graphql import build_schema
from rest_framework import serializers, viewsets
from strawberry.tools import merge_types

from drf_live_graphql import LiveRouter
from drf_live_graphql.management import arguments
from tests import servers
from tests.project import models
from tests.project.live import live as project
from tests.project.views import FenceViewSet

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = "tests.project.live.live"

fences = LiveRouter()
fences.register("fences", FenceViewSet)

empty = LiveRouter()


@strawberry.type
class Mine:
    hello: str = "there"


merged = strawberry.Schema(
    query=merge_types("Query", (fences.query_type, Mine)), config=fences.config
)


class Clashing(serializers.ModelSerializer[models.Note]):
    class Meta:
        model = models.Note
        fields = ["text"]
        ref_name = "Fence"


class ClashingViewSet(viewsets.ReadOnlyModelViewSet[models.Note]):
    queryset = models.Note.objects.all()
    serializer_class = Clashing


clashing = LiveRouter()
clashing.register("fences", FenceViewSet)
clashing.register("notes", ClashingViewSet)


def run(*args: Any, **options: Any) -> str:
    out = StringIO()
    call_command("live_graphql_schema", *args, stdout=out, **options)
    return out.getvalue()


def name(router: str) -> str:
    return f"{__name__}.{router}"


def test_it_prints_the_sdl() -> None:
    printed = run(PROJECT)
    assert printed == f"{project.schema.as_str()}\n"
    # What a code generator does with it.
    built = build_schema(printed)
    assert built.query_type is not None
    assert built.subscription_type is not None
    assert set(built.subscription_type.fields) == set(built.query_type.fields)


def test_a_schema_that_the_types_are_merged_into() -> None:
    printed = run(name("merged"))
    assert "hello: String!" in printed
    assert "fences: [Fence!]!" in printed


def test_a_file_is_written_and_found_up_to_date(tmp_path: Path) -> None:
    file = tmp_path / "schema.graphql"
    assert run(PROJECT, out=file, no_color=True) == f"The schema is in {file}.\n"
    assert file.read_text(encoding="utf-8") == run(PROJECT)
    before = file.stat().st_mtime_ns
    checked = run(PROJECT, "--check", f"--out={file}", no_color=True)
    assert checked == f"{file} is up to date.\n"
    assert file.stat().st_mtime_ns == before


def test_a_file_that_has_drifted_fails_and_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "schema.graphql"
    run(name("fences"), out=file)
    changed = file.read_text(encoding="utf-8").replace("number: Int", "height: Int")
    file.write_text(changed, encoding="utf-8")
    out = StringIO()
    with pytest.raises(CommandError, match=r"is not the schema of the API any more\. Write it ane"):
        call_command(
            "live_graphql_schema", name("fences"), check=True, out=file, stdout=out, no_color=True
        )
    lines = out.getvalue().splitlines()
    assert "-  height: Int" in lines
    assert "+  number: Int" in lines
    assert file.read_text(encoding="utf-8") == changed


def test_drift_is_in_colour(tmp_path: Path) -> None:
    file = tmp_path / "schema.graphql"
    file.write_text("type Query\n", encoding="utf-8")
    out = StringIO()
    with pytest.raises(CommandError):
        call_command(
            "live_graphql_schema", PROJECT, check=True, out=file, stdout=out, force_color=True
        )
    assert "\x1b[" in out.getvalue()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([PROJECT, "--check"], "--check compares with a file"),
        (["nowhere.live"], r"'nowhere\.live' can't be imported"),
        (["tests.project.live.missing"], r"missing' can't be imported"),
        (["tests.project.live.router"], "Expected a LiveRouter or a strawberry.Schema"),
        ([PROJECT, "--check", "--out=/nowhere/x.graphql"], r"/nowhere/x\.graphql can't be read"),
        ([PROJECT, "--out=/nowhere/x.graphql"], r"can't be written to /nowhere/x\.graphql"),
        ([name("empty")], "This LiveRouter has no views"),
        (
            [name("clashing")],
            r"Two different types are called 'Fence': .*FenceSerializer.*Clashing",
        ),
    ],
)
def test_what_can_t_be(args: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(*args)


def test_the_only_router_need_not_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arguments, "named_routers", lambda: {PROJECT: project})
    assert run() == run(PROJECT)


def test_one_of_several_routers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arguments, "named_routers", lambda: {"a.live": project, "b.live": fences})
    with pytest.raises(CommandError, match=r"has 2 routers: a\.live, b\.live\. Name the one"):
        run()


def test_a_project_without_a_router(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arguments, "named_routers", dict)
    with pytest.raises(CommandError, match=r"has no LiveRouter in any live\.py"):
        run()


def _manage(*args: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of the example's own."""
    folder = servers.ROOT / "example"
    return subprocess.run(
        [sys.executable, str(folder / "manage.py"), *args],
        cwd=folder,
        env=servers.environment(
            DJANGO_SETTINGS_MODULE="config.settings", PYTHONPATH=str(servers.ROOT)
        ),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.usefixtures("db")
def test_the_example_s_schema_by_its_own_manage_py(tmp_path: Path) -> None:
    file = tmp_path / "schema.graphql"
    printed = _manage("live_graphql_schema")
    assert printed.returncode == 0, printed.stderr
    assert "type TaskListChange" in printed.stdout
    written = _manage("live_graphql_schema", "--out", str(file))
    assert written.returncode == 0, written.stderr
    assert file.read_text(encoding="utf-8") == printed.stdout
    assert _manage("live_graphql_schema", "--out", str(file), "--check").returncode == 0
    with file.open("a", encoding="utf-8") as opened:
        opened.write("scalar Old\n")
    drifted = _manage("live_graphql_schema", "--out", str(file), "--check")
    assert drifted.returncode == 1
    assert "-scalar Old" in drifted.stdout
    assert "is not the schema of the API any more" in drifted.stderr


@pytest.mark.usefixtures("db")
def test_the_example_s_views_by_its_own_manage_py() -> None:
    done = _manage("live_graphql_views")
    assert done.returncode == 0, done.stderr
    assert "board.views.TaskViewSet at tasks" in done.stdout
    assert "permissions     IsAuthenticated, TaskRights" in done.stdout


def test_a_file_of_another_encoding_is_not_up_to_date(tmp_path: Path) -> None:
    file = tmp_path / "schema.graphql"
    file.write_bytes("type Straße".encode("latin-1"))
    with pytest.raises(CommandError, match=r"schema\.graphql can't be read: 'utf-8'.* Write it"):
        call_command("live_graphql_schema", PROJECT, check=True, out=file)
