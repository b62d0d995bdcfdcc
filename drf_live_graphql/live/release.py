"""Which release of the project this process runs: what rows show may be another in each."""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
import site
import sys
import sysconfig
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from drf_live_graphql.conf import settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType


logger = logging.getLogger("drf_live_graphql.live")


class UnknownReleaseError(Exception):
    """The sources can't be read, as of a program that was frozen; the setting ``RELEASE`` helps."""


def release() -> str:
    """The setting ``RELEASE``; where it is empty, a digest of all code that there is.

    That is the sources of the project's packages, and the metadata of all distributions (name,
    version, what they depend on).
    Raises ``UnknownReleaseError``.
    """
    found = str(settings.RELEASE) or _digest()
    if found is None:
        raise UnknownReleaseError
    return found


def look_up() -> None:
    """Know the release from now on; reading all sources takes its time, so off the event loop."""
    with suppress(UnknownReleaseError):
        release()


@cache
def _digest() -> str | None:
    try:
        return _digest_of_all()
    except Exception as error:  # noqa: BLE001
        # Programs can be frozen, zipped and half uninstalled in more ways than can be foreseen.
        logger.info("Which release of the project this is nobody can tell: %r", error)
        return None


def _digest_of_all() -> str:
    digest = hashlib.sha256()
    for name, module in sorted(_project().items()):
        digest.update(name.encode())
        for path in _files(module):
            digest.update(path.read_bytes())
    # As texts: name and version of one that was not wholly uninstalled are None, warn or raise,
    # each in another release of Python.
    distributions = {_metadata(d) for d in importlib.metadata.distributions()}
    digest.update(repr(sorted(distributions)).encode())
    return digest.hexdigest()


def _metadata(distribution: importlib.metadata.Distribution) -> str:
    """The metadata as they stand in the file, wherever that is; empty where there is none."""
    # A wheel's, an egg's, and the one file that distutils left.
    texts = map(distribution.read_text, ("METADATA", "PKG-INFO", ""))
    return next(filter(None, texts), "")


def _project() -> dict[str, ModuleType]:
    """The top-level packages and modules that are neither Python's own nor installed."""
    names = {name.partition(".")[0] for name in tuple(sys.modules)} - {"__main__", "__mp_main__"}
    python = sysconfig.get_paths()
    installed = [Path(python[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    installed += map(Path, site.getsitepackages())
    found: dict[str, ModuleType] = {}
    for name in names:
        module = sys.modules.get(name)
        places = _places(module)
        if module is not None and places and not any(_inside(p, installed) for p in places):
            found[name] = module
    return found


def _places(module: ModuleType | None) -> list[Path]:
    paths = list(getattr(module, "__path__", ())) or [getattr(module, "__file__", None)]
    return [Path(path) for path in paths if path]


def _inside(path: Path, directories: Iterable[Path]) -> bool:
    return any(path.is_relative_to(directory) for directory in directories)


def _files(module: ModuleType) -> Iterator[Path]:
    if hasattr(module, "__path__"):
        yield from _sources(_places(module))
    else:
        yield from _places(module)


def _sources(directories: Iterable[Path]) -> Iterator[Path]:
    """The sources of a package and of those inside it; what else is there may be anything."""
    for directory in sorted(directories):
        paths = sorted(directory.iterdir())
        yield from (path for path in paths if path.suffix == ".py")
        yield from _sources(path for path in paths if (path / "__init__.py").is_file())


__all__ = ["UnknownReleaseError", "look_up", "release"]
