"""An environment and an empty database for each package, so that nobody's pins meet."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tests import servers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.published.packages import Package

__all__ = ["environment", "prove"]

OURS = ("model-bakery>=1.20", "psycopg[binary]>=3.2")
"""What the proof itself needs in each environment."""


def environment(package: Package, home: Path) -> Path:
    """The interpreter of the package's environment below `home`, made if it is not there.

    The package comes first and ours after it: where the pins of its neighbours exclude ours, pip
    says so and installs all the same.
    """
    folder = home / package.name
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        pip = (str(python), "-m", "pip", "install", "--quiet")
        # Some of these packages still import pkg_resources.
        _run(*pip, "--upgrade", "pip", "setuptools<81", "wheel")
        _run(*pip, *package.requires)
        _run(*pip, "--editable", f"{servers.ROOT}[filters,nested]", *OURS)
        (folder / "complete").touch()
    return python


def prove(package: Package, python: Path) -> str:
    """Run the proof of the package with `python`; the findings as JSON."""
    with tempfile.TemporaryDirectory(prefix="published-") as folder:
        output = Path(folder) / "findings.json"
        variables = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": package.settings,
            "PROOF_PACKAGE": package.name,
            "PROOF_DATABASE": _database(package, Path(folder)),
            "PROOF_REDIS": servers.redis_url(),
        }
        _run(str(python), "-m", "benchmarks.published.prove", str(output), variables=variables)
        return output.read_text()


def _database(package: Package, folder: Path) -> str:
    if package.database == "sqlite":
        return f"sqlite:///{folder / 'db.sqlite3'}"
    url, name = servers.postgres_url(), f"published_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return url.replace("/postgres?", f"/{name}?")


def _run(*command: str, variables: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, env=variables, cwd=servers.ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{_said(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")


def _said(command: Sequence[str]) -> str:
    return " ".join(Path(part).name if part.startswith("/") else part for part in command)
