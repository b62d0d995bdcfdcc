"""The example as a project: its views know nothing of us, its commands do what they say."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.example.site import EXAMPLE, environment, manage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

    from tests.example.site import Site


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_only_live_py_imports_us() -> None:
    knowing = {
        str(path.relative_to(EXAMPLE))
        for path in EXAMPLE.rglob("*.py")
        if "node_modules" not in path.parts
        for name in imports(path)
        if name.split(".")[0] in {"drf_live_graphql", "schema_gen"}
    }
    assert knowing == {"board/live.py"}


def test_seeding_twice_adds_nothing(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/board.sqlite3"
    manage("migrate", "--verbosity=0", DATABASE_URL=database)
    first = manage("seed", DATABASE_URL=database)
    assert first == "On the board: 3 projects, 24 tasks, 13 comments.\n"
    assert manage("seed", DATABASE_URL=database) == first
    assert manage("seed", "--reset", DATABASE_URL=database) == first


def test_no_migration_is_missing(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/board.sqlite3"
    manage("makemigrations", "--check", "--dry-run", DATABASE_URL=database)


def test_several_workers_ask_for_redis(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE / "manage.py"), "demo", "--workers", "2"],
        env=environment(DATABASE_URL=f"sqlite:///{tmp_path}/board.sqlite3"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "--workers 2 needs REDIS_URL=redis://" in done.stderr


def test_the_demo_prints_addresses_accounts_and_a_subscription(board: Site) -> None:
    printed = board.output()
    for path in ["/two/", "/", "/graphql/", "/api/", "/admin/"]:
        assert f"http://localhost:{board.port}{path}" in printed
    assert 'password "northlight"' in printed
    assert 'tasks(project: "website", status: [TODO, DOING])' in printed
    for username in ["ada", "ben", "cy", "root"]:
        assert f"\n    {username} " in printed


def test_a_page_that_was_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    # Without finders no static file is found, as on a machine where nothing was built.
    script = """
from django.test import Client, override_settings
with override_settings(STATICFILES_FINDERS=[], ALLOWED_HOSTS=["*"]):
    for path in ["/", "/two/"]:
        answer = Client().get(path)
        assert answer.status_code == 503, answer.status_code
        assert b"cd example/frontend &amp;&amp; npm ci &amp;&amp; npm run build" in answer.content
"""
    manage("shell", "-c", script, DATABASE_URL=f"sqlite:///{tmp_path}/board.sqlite3")


@pytest.fixture(scope="module")
def env() -> ModuleType:
    """The example's own config.env, which is not on the suite's path."""
    spec = importlib.util.spec_from_file_location("example_env", EXAMPLE / "config" / "env.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgres://ann:p%40ss@db.example:5433/board?sslmode=require",
            {
                "HOST": "db.example",
                "PORT": "5433",
                "NAME": "board",
                "USER": "ann",
                "PASSWORD": "p@ss",
                "OPTIONS": {"sslmode": "require"},
            },
        ),
        (
            "postgresql://ann:@/board?host=/run/postgresql",
            {
                "HOST": "/run/postgresql",
                "PORT": "",
                "NAME": "board",
                "USER": "ann",
                "PASSWORD": "",
                "OPTIONS": {},
            },
        ),
    ],
)
def test_a_database_url_becomes_settings(
    env: ModuleType, url: str, expected: dict[str, Any]
) -> None:
    engine = {"ENGINE": "django.db.backends.postgresql"}
    assert env.database(url) == {**engine, **expected}


def test_a_sqlite_url_names_a_file(env: ModuleType) -> None:
    assert env.database("sqlite:////srv/board.sqlite3")["NAME"] == "/srv/board.sqlite3"


def test_another_database_is_refused_without_showing_its_password(env: ModuleType) -> None:
    with pytest.raises(ValueError, match="sqlite:/// or postgres://, but it is 'mysql'") as error:
        env.database("mysql://ann:secret@db/board")
    assert "secret" not in str(error.value)


def test_redis_brings_the_pubsub_layer(env: ModuleType) -> None:
    assert env.channel_layer("")["BACKEND"] == "channels.layers.InMemoryChannelLayer"
    assert env.channel_layer("redis://localhost:6379") == {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": ["redis://localhost:6379"]},
    }
