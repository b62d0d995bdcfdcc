"""Fetching GraphiQL's files: verified, prepared for a strict policy, all or none."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import re
import tarfile
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command

from drf_live_graphql.transport import graphiql_assets as assets
from tests.clients.driver import require

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper

FONT = b"a font"
CSS = b"@font-face{src:url(data:font/woff2;base64," + base64.b64encode(FONT) + b')format("woff2")}'
CONTENTS = {
    "package.json": json.dumps({"license": "MIT"}).encode(),
    "LICENSE": b"Do as you like.",
    "code.js": b"run();\n//# sourceMappingURL=code.js.map",
    "style.css": CSS,
}
PACKAGE = assets.Package("thing", "1.0.0", "", {"code.js": "thing.js", "style.css": "thing.css"})


def archive(folder: Path, contents: Mapping[str, bytes]) -> tuple[Path, str]:
    """A package archive as npm makes it, and its integrity."""
    path = folder / "thing.tgz"
    with tarfile.open(path, "w:gz") as tar:
        for name, content in contents.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    digest = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    return path, f"sha512-{digest}"


def build(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    contents: Mapping[str, bytes] = CONTENTS,
    integrity: str | None = None,
) -> Path:
    path, computed = archive(tmp_path, contents)
    package = dataclasses.replace(PACKAGE, integrity=integrity or computed)
    monkeypatch.setattr(assets, "PACKAGES", (package,))
    target = tmp_path / "vendor"
    assets.build(target, pack=lambda package, folder: path)
    return target


def test_files_take_our_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = build(tmp_path, monkeypatch)
    assert (target / "thing.js").is_file()
    assert (target / "thing.css").is_file()


def test_code_loses_its_reference_to_a_source_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reference to a file that is not there fails collectstatic with hashed names."""
    target = build(tmp_path, monkeypatch)
    assert (target / "thing.js").read_bytes() == b"run();\n"


def test_fonts_become_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy of `default-src 'self'` refuses fonts in data: addresses."""
    target = build(tmp_path, monkeypatch)
    (font,) = target.glob("font-*.woff2")
    assert font.read_bytes() == FONT
    assert f'url({font.name})format("woff2")' in (target / "thing.css").read_text()


def test_licences_are_gathered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = build(tmp_path, monkeypatch)
    assert (target / "LICENSES.txt").read_text() == "thing 1.0.0 (MIT)\n\nDo as you like.\n"


def test_a_package_that_changed_is_refused_and_nothing_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "old.js").touch()
    with pytest.raises(assets.AssetError, match="not the package it was"):
        build(tmp_path, monkeypatch, integrity="sha512-other")
    assert [path.name for path in (tmp_path / "vendor").iterdir()] == ["old.js"]


def test_a_package_without_the_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = {name: CONTENTS[name] for name in ("package.json", "code.js")}
    with pytest.raises(assets.AssetError, match=r"no file 'style.css'"):
        build(tmp_path, monkeypatch, contents)


def test_missing_names_what_is_not_there(tmp_path: Path) -> None:
    assert assets.missing(tmp_path) == list(assets.FILES)
    for name in assets.FILES:
        (tmp_path / name).touch()
    assert assets.missing(tmp_path) == []


def test_without_npm_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert assets.main() == 1
    assert "Node.js" in capsys.readouterr().err


def npm_on_the_path(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_npm_is_asked_for_the_version_and_for_no_scripts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm_on_the_path(tmp_path, monkeypatch, 'echo "$@" > asked; echo thing-1.0.0.tgz')
    assert assets.npm_pack(PACKAGE, tmp_path) == tmp_path / "thing-1.0.0.tgz"
    assert (tmp_path / "asked").read_text().split()[:3] == [
        "pack",
        "thing@1.0.0",
        "--ignore-scripts",
    ]


def test_what_npm_says_when_it_fails_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm_on_the_path(tmp_path, monkeypatch, "echo the registry is away >&2; exit 1")
    with pytest.raises(assets.AssetError, match="the registry is away"):
        assets.npm_pack(PACKAGE, tmp_path)


def test_the_command_builds_into_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    built: list[str] = []
    monkeypatch.setattr(assets, "build", lambda: built.append("built"))
    assert assets.main() == 0
    assert built == ["built"]
    assert str(assets.VENDOR) in capsys.readouterr().out


def test_collectstatic_with_hashed_names_takes_every_file(
    tmp_path: Path, settings: SettingsWrapper
) -> None:
    """It follows each address in a CSS file and each source map, and fails where one is missing."""
    require(not assets.missing(), f"GraphiQL's files (run `{assets.COMMAND}`)")
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    collected = tmp_path / "drf_live_graphql" / "graphiql" / "vendor"
    assert len(list(collected.glob("graphiql.*.js"))) == 1
    (style,) = collected.glob("graphiql.*.css")
    fonts = set(re.findall(r"url\([\"']?(font-[^)\"']+)", style.read_text()))
    assert fonts
    assert all((collected / font).is_file() for font in fonts)
