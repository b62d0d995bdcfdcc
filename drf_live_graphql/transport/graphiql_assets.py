"""Fetch GraphiQL's files from the npm registry, as a command: see ``COMMAND``.

They are third-party code, so the repository doesn't hold them; a released wheel does. The
``npm`` command downloads each package without running anything in it, and its SHA-512 is
compared with the one written here (in the form that npm's lock files use).

Three things are changed on the way, so that the page runs under ``default-src 'self'`` and
``collectstatic`` with hashed names: fonts inlined in the CSS become files, references to source
maps (which are not kept) go, and the licences are gathered into one file.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

COMMAND = "python -m drf_live_graphql.transport.graphiql_assets"
VENDOR = Path(__file__).parent.parent / "static" / "drf_live_graphql" / "graphiql" / "vendor"

_INLINE_FONT = re.compile(rb"url\((['\"]?)data:font/(\w+);base64,([A-Za-z0-9+/=]+)\1\)")
_SOURCE_MAP = re.compile(rb"\n?//# sourceMappingURL=\S+\s*$")


@dataclass(frozen=True)
class Package:
    """A package of the registry and the files that are taken from it (its path → our name)."""

    name: str
    version: str
    integrity: str
    files: Mapping[str, str]


PACKAGES = (
    Package(
        "react",
        "18.3.1",
        "sha512-wS+hAgJShR0KhEvPJArfuPVN1+Hz1t0Y6n5jLrGQbkb4urgPE/0Rve+1kMB1v/oWgHgm4WIcV+i7F2pTVj+2iQ==",
        {"umd/react.production.min.js": "react.js"},
    ),
    Package(
        "react-dom",
        "18.3.1",
        "sha512-5m4nQKp+rZRb09LNH59GM4BxTh9251/ylbKIbpe7TpGxfJ+9kv6BLkLBXIjjspbgbnIBNqlI23tRnTWT0snUIw==",
        {"umd/react-dom.production.min.js": "react-dom.js"},
    ),
    Package(
        "graphiql",
        "4.1.2",
        "sha512-rNlzQIAzm6i2KBXmVQWBgLvt0TloxFVB2d18bukvdsvjEuFDHsKx5IVOomL1W1o5WW+tE54+ioHb2AEKzO2cUg==",
        {"dist/index.umd.js": "graphiql.js", "dist/style.css": "graphiql.css"},
    ),
    Package(
        "@graphiql/plugin-explorer",
        "4.0.6",
        "sha512-TppIi92YPER3v70nlF01KTQrq9AiYqkZicSd1hpU7aqGmbqw/pLwBNLUEcfENBoJtw574Qxjswb01+GaYK0Tzw==",
        {"dist/index.umd.js": "explorer.js", "dist/style.css": "explorer.css"},
    ),
    Package(
        "graphql-ws",
        "6.4.2",
        "sha512-wxhPhhOGJo8PbGDkBYVE76sZLDrS+GkyrR4bZECSLVbo0pZZNKs0HtBh2Ip/uaUuiVUxwO9ssI9R92buQfNSqQ==",
        {"umd/graphql-ws.min.js": "graphql-ws.js"},
    ),
)
FILES = tuple(sorted(name for package in PACKAGES for name in package.files.values()))


class AssetError(Exception):
    """The files could not be fetched; the message says why and what to do."""


def build(target: Path = VENDOR, *, pack: Callable[[Package, Path], Path] | None = None) -> None:
    """Put GraphiQL's files into ``target``, all of them or, on an ``AssetError``, none.

    ``pack`` downloads a package into a folder and returns the archive; it is npm's by default.
    """
    with tempfile.TemporaryDirectory() as folder:
        staging = Path(folder) / "vendor"
        staging.mkdir()
        notices = [
            _unpack(package, (pack or npm_pack)(package, Path(folder)), staging)
            for package in PACKAGES
        ]
        (staging / "LICENSES.txt").write_text("\n\n".join(notices), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(staging, target)


def missing(vendor: Path = VENDOR) -> Sequence[str]:
    """The names of the files that are not in ``vendor``."""
    return [name for name in FILES if not (vendor / name).is_file()]


def npm_pack(package: Package, folder: Path) -> Path:
    """Download ``package`` with npm, which verifies what it gets and runs no scripts."""
    npm = shutil.which("npm")
    if npm is None:
        raise AssetError(
            "GraphiQL's files come from the npm registry and need the `npm` command, which is "
            "not installed: install Node.js (https://nodejs.org), or a released wheel of "
            "drf-live-graphql, which holds the files."
        )
    done = subprocess.run(  # noqa: S603 - the arguments are constants of this module
        [npm, "pack", f"{package.name}@{package.version}", "--ignore-scripts", "--silent"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssetError(f"npm could not fetch {package.name}@{package.version}: {done.stderr}")
    return folder / done.stdout.split()[-1]


def _unpack(package: Package, archive: Path, target: Path) -> str:
    """Copy the package's files into ``target``; returns its licence notice."""
    _verify(package, archive)
    with tarfile.open(archive) as tar:
        for path, name in package.files.items():
            content = _member(tar, path)
            if content is None:
                raise AssetError(f"{package.name}@{package.version} has no file {path!r}.")
            (target / name).write_bytes(_prepare(content, name, target))
        licence = json.loads(_member(tar, "package.json") or b"{}").get("license", "unknown")
        text = (_member(tar, "LICENSE") or _member(tar, "LICENSE.md") or b"").decode("utf-8")
    return f"{package.name} {package.version} ({licence})\n\n{text}".rstrip() + "\n"


def _verify(package: Package, archive: Path) -> None:
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode("ascii")
    if f"sha512-{digest}" != package.integrity:
        raise AssetError(
            f"{package.name}@{package.version} is not the package it was: expected "
            f"{package.integrity}, got sha512-{digest}. Nothing was installed."
        )


def _member(tar: tarfile.TarFile, path: str) -> bytes | None:
    try:
        member = tar.extractfile(f"package/{path}")
    except KeyError:
        return None
    return member.read() if member else None


def _prepare(content: bytes, name: str, target: Path) -> bytes:
    if not name.endswith(".css"):
        return _SOURCE_MAP.sub(b"\n", content)

    def as_file(match: re.Match[bytes]) -> bytes:
        font = base64.b64decode(match[3])
        file = f"font-{hashlib.sha256(font).hexdigest()[:12]}.{match[2].decode('ascii')}"
        (target / file).write_bytes(font)
        return b"url(" + file.encode("ascii") + b")"

    return _INLINE_FONT.sub(as_file, content)


def main() -> int:
    """The command: 0 when the files are in place, 1 with the reason on stderr."""
    try:
        build()
    except AssetError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"GraphiQL's files are in {VENDOR}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

__all__ = [
    "COMMAND",
    "FILES",
    "PACKAGES",
    "VENDOR",
    "AssetError",
    "Package",
    "build",
    "main",
    "missing",
    "npm_pack",
]
