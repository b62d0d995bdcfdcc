"""Who asks what, in words that another process understands as well."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from drf_live_graphql.requests import ABSENT

from .release import UnknownReleaseError, release

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from drf_live_graphql.requests import Connection

    from .trace import Key

_PLAIN = (str, bool, type(None))


class IncomparableError(Exception):
    """A fact that means nothing outside of its process."""


def is_private(key: Key, connection: Connection) -> bool:
    """Whether ``key`` holds for ``connection`` alone, because it can't be compared by value.

    Such a key stands for the connection by its address in memory, which another may have once
    this one is gone.
    """
    own = id(connection)
    identity = key.identity
    return (isinstance(identity, tuple) and identity[1] == own) or own in key.facts


def digest(key: Key, names: Sequence[str], facts: Sequence[Hashable]) -> str | None:
    """A digest of what ``key`` asks, by whom, with ``facts`` named ``names``.

    Equal in every process that runs the same release, for equal questions; ``None`` where a fact
    can't be compared across processes.
    """
    root = key.root
    try:
        text = json.dumps(
            [
                f"{root.view_class.__module__}.{root.view_class.__qualname__}",
                [root.action, root.name, root.prefix, root.basename],
                [key.call.kwargs, key.call.query],
                _identity(key.identity),
                [key.host, key.scheme, key.script_name],
                [[name, _fact(fact)] for name, fact in zip(names, facts, strict=True)],
                release(),
            ]
        )
    except (IncomparableError, UnknownReleaseError):
        return None
    return hashlib.sha256(text.encode()).hexdigest()


def _identity(identity: Hashable) -> Any:
    if identity is None:
        return None
    assert isinstance(identity, tuple)
    model, pk = identity
    return [model, type(pk).__name__, str(pk)]


def _fact(fact: Hashable) -> Any:
    """Texts, as headers and cookies are, or pairs of them; a number may be an address in memory."""
    if fact is ABSENT:
        return []
    if isinstance(fact, _PLAIN):
        return fact
    if isinstance(fact, tuple):
        return ["tuple", *map(_fact, fact)]
    raise IncomparableError


__all__ = ["digest", "is_private"]
