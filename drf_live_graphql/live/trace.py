"""Which facts of a request a root's view was seen to read; they decide who may share an answer.

Equal facts, equal answer. What a view reads is learned as it runs and never forgotten, for all
subscriptions of the root: the next one is told apart by it from the start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from drf_live_graphql.requests import Connection
    from schema_gen import RootDescription, ViewCall


class Trace:
    """The names of the facts that one root's view has read so far."""

    def __init__(self) -> None:
        """Nothing read yet."""
        self.names: tuple[str, ...] = ()

    def learn(self, reads: Iterable[str]) -> bool:
        """Add names; whether any of them is news."""
        names = tuple(sorted({*self.names, *reads}))
        news = names != self.names
        self.names = names
        return news

    def facts(self, connection: Connection) -> tuple[Hashable, ...]:
        """The connection's values of the facts that are read."""
        return connection.facts(self.names)


@dataclass(frozen=True, slots=True)
class Key:
    """What two subscriptions must agree in to be entitled to the same answer."""

    root: RootDescription
    call: ViewCall
    identity: Hashable
    host: str | None
    scheme: str
    script_name: str
    facts: tuple[Hashable, ...]


_traces: WeakKeyDictionary[RootDescription, Trace] = WeakKeyDictionary()


def trace_of(root: RootDescription) -> Trace:
    """The trace of ``root``, one for the life of the process."""
    return _traces.setdefault(root, Trace())


def key_of(
    root: RootDescription, call: ViewCall, connection: Connection, identity: Hashable
) -> Key:
    """The key under which a connection asks ``call`` as ``identity``, by what is known so far."""
    return Key(
        root=root,
        call=call,
        identity=identity,
        host=connection.meta.get("HTTP_HOST"),
        scheme=connection.scheme,
        script_name=connection.script_name,
        facts=trace_of(root).facts(connection),
    )


__all__ = ["Key", "Trace", "key_of", "trace_of"]
