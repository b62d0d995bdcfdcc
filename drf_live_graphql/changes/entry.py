"""What one entry of a journal says: the changes of one commit, as JSON.

Whoever wrote it may run another version of the project, or of this package, than who reads it. A
reader can't leave out what it doesn't understand, as nobody would tell of it again, nor stop there.
So what it can't make out stands for the most that it may mean.
"""

from __future__ import annotations

import json
import logging
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from django.apps import apps

from .message import Changes, Kind, decode_changes, encode_changes, label_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

logger = logging.getLogger("drf_live_graphql.changes")


def encode(commit: Iterable[Changes]) -> str:
    """The content of the entry for a commit; raises what JSON raises."""
    return json.dumps([encode_changes(part) for part in commit], separators=(",", ":"))


def decode(content: str, of: Collection[str] | None = None) -> list[Changes]:
    """The changes that an entry tells of, those of the labels ``of``; ``None`` is all.

    A model that this process does not have is left out, as it shows no rows of it. Where those of
    another make no sense here, say as its key is of another type, any of its rows may have
    changed; and any row at all where the entry as a whole makes none.
    """
    try:
        parts = json.loads(content)
        labels = [part["label"].lower() for part in parts]
    except Exception as error:  # noqa: BLE001
        logger.warning("An entry of the journal makes no sense here: %r in %.200s", error, content)
        return [
            Changes(label_of(model), everything=True)
            for model in apps.get_models(include_auto_created=True)
            if not model._meta.proxy
        ]
    told = zip(labels, parts, strict=True)
    return list(_known(part for part in told if of is None or part[0] in of))


def _known(parts: Iterable[tuple[str, Any]]) -> Iterator[Changes]:
    models = _labels()
    for label, part in parts:
        if label in models:
            yield _decode_part(label, part)
        else:
            _warn_of(label)


def _decode_part(label: str, part: Any) -> Changes:
    try:
        return _checked(decode_changes(part))
    except Exception as error:  # noqa: BLE001
        logger.warning(
            "The changes of %s in an entry of the journal make no sense here, so any of its rows"
            " may have changed: %r",
            label,
            error,
        )
        return Changes(label, everything=True)


def _checked(changes: Changes) -> Changes:
    if unknown := set(changes.kinds.values()) - set(get_args(Kind)):
        raise ValueError(f"Expected kinds {get_args(Kind)}, got {unknown}.")
    return changes


@cache
def _warn_of(label: str) -> None:
    """Once a process: an application that shares the database may write of it all day."""
    logger.warning("The journal tells of %r, a model that this process does not have.", label)


@cache
def _labels() -> frozenset[str]:
    return frozenset(m._meta.label_lower for m in apps.get_models(include_auto_created=True))


__all__ = ["decode", "encode"]
