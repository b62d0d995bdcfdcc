"""What `packages.toml` says of each package."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Package", "current", "packages"]

FILE = Path(__file__).with_name("packages.toml")


@dataclass(frozen=True)
class Package:
    """A published package; the fields are explained in `packages.toml`."""

    name: str
    requires: tuple[str, ...]
    api: str
    mount: str | None = None
    site: str | None = None
    database: Literal["sqlite", "postgres"] = "sqlite"
    kwargs: Mapping[str, str] = field(default_factory=dict)
    unfilled: tuple[str, ...] = ()
    note: str = ""

    @property
    def settings(self) -> str:
        """The settings module of a project that has the package."""
        return f"benchmarks.published.settings.{self.name.replace('-', '_')}"


@cache
def packages() -> dict[str, Package]:
    """All packages by name."""
    tables = tomllib.loads(FILE.read_text())
    return {
        name: Package(name, **{**table, "requires": tuple(table["requires"])})
        for name, table in tables.items()
    }


def current() -> Package:
    """The package that this process is about: `PROOF_PACKAGE` in the environment."""
    return packages()[os.environ["PROOF_PACKAGE"]]
