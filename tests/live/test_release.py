"""Which release of the project a process runs."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from drf_live_graphql.live import release as module
from drf_live_graphql.live.release import UnknownReleaseError, release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_django.fixtures import SettingsWrapper


@pytest.fixture
def anew() -> Iterator[Callable[[], str]]:
    """The release as a process finds it that was just started."""

    def found() -> str:
        module._digest.cache_clear()
        return release()

    yield found
    module._digest.cache_clear()


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of the project."""
    package = tmp_path / "dlg_shop"
    for directory in (package, package / "inner", package / "node_modules"):
        directory.mkdir()
    for directory in (package, package / "inner"):
        (directory / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("dlg_shop")
    monkeypatch.delitem(sys.modules, "dlg_shop", raising=False)
    monkeypatch.setitem(sys.modules, "dlg_shop", importlib.import_module("dlg_shop"))
    return package


def test_other_sources_are_another_release(anew: Callable[[], str], shop: Path) -> None:
    before = anew()
    assert anew() == before
    (shop / "inner" / "views.py").write_text("A = 1")
    assert anew() != before


def test_what_is_no_source_of_a_package_says_nothing(anew: Callable[[], str], shop: Path) -> None:
    before = anew()
    (shop / "node_modules" / "x.py").write_text("A = 1")
    (shop / "README.md").write_text("A shop.")
    assert anew() == before


def test_a_module_of_its_own_counts(
    anew: Callable[[], str], shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = shop.parent / "dlg_alone.py"
    alone.write_text("A = 1")
    monkeypatch.setitem(sys.modules, "dlg_alone", importlib.import_module("dlg_alone"))
    before = anew()
    alone.write_text("A = 2")
    assert anew() != before


def test_another_version_of_a_distribution_is_another_release(
    anew: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = anew()
    monkeypatch.setattr(importlib.metadata, "distributions", list)
    assert anew() != before


def test_the_setting_says_it_without_a_look_at_anything(
    settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(module, "_digest")
    settings.DRF_LIVE_GRAPHQL = {"RELEASE": "4f2a"}
    assert release() == "4f2a"


def test_sources_that_can_not_be_read_are_no_release(
    anew: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    zipped = ModuleType("dlg_zipped")
    zipped.__file__ = "/nowhere/app.pyz/dlg_zipped/__init__.py"
    monkeypatch.setitem(sys.modules, "dlg_zipped", zipped)
    with pytest.raises(UnknownReleaseError):
        anew()


def test_a_distribution_that_is_half_gone_is_one_more(
    anew: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an uninstallation leaves it that was interrupted: it has neither name nor version."""
    before = anew()
    (tmp_path / "foo-1.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert anew() != before


def test_a_release_that_nobody_knows_is_looked_up_once(
    anew: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def fails() -> str:
        asked.append(1)
        raise RuntimeError("No sources here.")

    monkeypatch.setattr(module, "_digest_of_all", fails)
    with pytest.raises(UnknownReleaseError):
        anew()
    module.look_up()
    assert asked == [1]
