"""What travels from a writer to the readers: one commit's changes of one model.

Everything in a message is a string, an integer, a list or a dictionary, so that any channel
layer's serialiser carries it.
"""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from django.apps import apps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import Model

Kind = Literal["created", "updated", "deleted"]

# The machine whose clock stamps messages.
HOST = platform.node()

CHANGES = "drf_live.changes"
ALIVE = "drf_live.alive"
PING = "drf_live.ping"


@dataclass(slots=True)
class Changes:
    """One commit's changes of one model: what happened to which primary keys.

    ``everything`` says that too many rows changed to name them. ``links`` says which rows of other
    models the changed ones pointed to or point to now: by the ``attname`` of each foreign key, the
    values before and after. ``None`` is unknown.
    """

    label: str
    kinds: dict[Any, Kind] = field(default_factory=dict)
    everything: bool = False
    links: dict[str, set[Any]] | None = None

    def add(self, pk: Any, kind: Kind) -> None:
        """Note a change of ``pk``; of several in one commit the net result stays."""
        before = self.kinds.get(pk)
        if kind == "updated" and before is not None:
            return
        if kind == "created" and before == "deleted":
            kind = "updated"
        self.kinds[pk] = kind

    def merge(self, other: Changes) -> None:
        """Add what ``other``, a later part of the same commit, holds."""
        self.everything = self.everything or other.everything
        for pk, kind in other.kinds.items():
            self.add(pk, kind)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who published a message and which of its messages to that group this is.

    ``previous_at`` is the clock of ``host`` (seconds since the epoch) at the message before:
    a hub that meets the publisher for the first time tells by it whether it missed one.
    """

    publisher: str
    number: int
    previous_at: float
    host: str = HOST


def encode(changes: Changes, stamp: Stamp) -> dict[str, Any]:
    """The channel-layer message for ``changes``."""
    return {
        "type": CHANGES,
        **encode_stamp(changes.label, stamp),
        "changes": None
        if changes.everything
        else [[_encode_pk(pk), kind] for pk, kind in changes.kinds.items()],
    }


def encode_alive(label: str, stamp: Stamp) -> dict[str, Any]:
    """The message by which a publisher repeats its last number, so that a loss is noticed."""
    return {"type": ALIVE, **encode_stamp(label, stamp)}


def decode(message: Mapping[str, Any]) -> Changes:
    """The changes in ``message``, primary keys as the model's own Python values."""
    changes = Changes(message["label"])
    if message["changes"] is None:
        changes.everything = True
        return changes
    pk_field = apps.get_model(changes.label)._meta.pk
    for pk, kind in message["changes"]:
        changes.add(pk_field.to_python(pk), kind)
    return changes


def decode_stamp(message: Mapping[str, Any]) -> tuple[str, Stamp]:
    """The model label that ``message`` is about, and its stamp."""
    stamp = Stamp(message["publisher"], message["number"], message["previous_at"], message["host"])
    return message["label"], stamp


def group_of(label: str) -> str:
    """The channel-layer group that carries the changes of the model ``label``.

    Group names are at most 99 characters of ``[A-Za-z0-9_.-]`` (Channels' layer
    specification); a longer label is replaced by its digest.
    """
    name = f"drf_live.{label}"
    if len(name) < 100 and name.isascii():
        return name
    return f"drf_live.{hashlib.sha256(label.encode()).hexdigest()}"


def label_of(model: type[Model]) -> str:
    """The label that a model's changes go by: that of its concrete model, as proxies share rows."""
    concrete = model._meta.concrete_model or model
    return concrete._meta.label_lower


def split(changes: Iterable[Changes], most: int) -> list[Changes]:
    """``changes`` with those of more than ``most`` rows turned into "everything"."""
    return [
        Changes(part.label, everything=True) if len(part.kinds) > most else part for part in changes
    ]


def encode_stamp(label: str, stamp: Stamp) -> dict[str, Any]:
    """The part of a message that says whose it is, and which one."""
    return {
        "label": label,
        "publisher": stamp.publisher,
        "number": stamp.number,
        "previous_at": stamp.previous_at,
        "host": stamp.host,
    }


def _encode_pk(pk: Any) -> int | str:
    # What a serialiser of any layer takes: msgpack's integers have 64 bits.
    small = isinstance(pk, int) and -(2**63) <= pk < 2**63
    return pk if small or isinstance(pk, str) else str(pk)


__all__ = [
    "ALIVE",
    "CHANGES",
    "HOST",
    "PING",
    "Changes",
    "Kind",
    "Stamp",
    "decode",
    "decode_stamp",
    "encode",
    "encode_alive",
    "encode_stamp",
    "group_of",
    "label_of",
    "split",
]
