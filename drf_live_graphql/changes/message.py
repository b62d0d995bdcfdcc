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
from django.core.exceptions import FieldDoesNotExist

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import Model

Kind = Literal["created", "updated", "deleted"]
Links = dict[str, set[Any]]

# The machine whose clock stamps messages.
HOST = platform.node()

CHANGES = "drf_live.changes"
ALIVE = "drf_live.alive"
PING = "drf_live.ping"


@dataclass(frozen=True, slots=True)
class Commit:
    """Which of its publisher's commits a message is a part of, and the labels of all its parts.

    They are published in this order, one right after the other.
    """

    number: int
    labels: tuple[str, ...]

    def after(self, label: str) -> tuple[str, ...]:
        """The labels of the parts that follow that of ``label``."""
        return self.labels[self.labels.index(label) + 1 :]


@dataclass(slots=True)
class Changes:
    """One commit's changes of one model: what happened to which primary keys.

    ``everything`` says that too many rows changed to name them, or that they are unknown. ``links``
    says which rows of other models the changed ones pointed to or point to now: by the ``attname``
    of each foreign key in the model's own table, the values before and after, ``None`` left out.
    ``None`` for the whole is unknown. It holds for "everything" as well. ``commit`` is set where
    the same commit changed other models, too; ``journal`` is the alias of the database in whose
    journal the commit is as well, empty where it is in none.
    """

    label: str
    kinds: dict[Any, Kind] = field(default_factory=dict)
    everything: bool = False
    links: Links | None = None
    commit: Commit | None = None
    journal: str = ""

    @property
    def journaled(self) -> bool:
        """Whether the commit is in a journal as well."""
        return bool(self.journal)

    def add(self, pk: Any, kind: Kind) -> None:
        """Note a change of ``pk``; of several in one commit the net result stays."""
        before = self.kinds.get(pk)
        if kind == "updated" and before is not None:
            return
        if kind == "created" and before == "deleted":
            kind = "updated"
        self.kinds[pk] = kind

    def merge(self, other: Changes) -> None:
        """Add what ``other``, a later part of the same commit, holds; an unknown link wins."""
        if not other.kinds and not other.everything:
            return
        if not self.kinds and not self.everything:
            self.links = None if other.links is None else {}
        if self.links is not None:
            self.links = _joined(self.links, other.links)
        self.everything = self.everything or other.everything
        for pk, kind in other.kinds.items():
            self.add(pk, kind)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who published a message and which of its messages to that group this is.

    ``previous_at`` is the clock of ``host`` (seconds since the epoch) at the message before:
    a hub that meets the publisher for the first time tells by it whether it missed one.
    ``journals`` says how many of its messages to that group so far, this one included, are in the
    journals as well, by the alias of the database: those can be missed without a loss.
    """

    publisher: str
    number: int
    previous_at: float
    host: str = HOST
    journals: Mapping[str, int] = field(default_factory=dict)

    def journaled(self, aliases: Iterable[str]) -> int:
        """How many of the messages are in the journals of ``aliases``."""
        return sum(self.journals.get(alias, 0) for alias in aliases)


def encode(changes: Changes, stamp: Stamp) -> dict[str, Any]:
    """The channel-layer message for ``changes``."""
    return {
        "type": CHANGES,
        **encode_changes(changes),
        **encode_stamp(changes.label, stamp),
        "commit": None
        if changes.commit is None
        else [changes.commit.number, list(changes.commit.labels)],
        "journal": changes.journal,
    }


def encode_changes(changes: Changes) -> dict[str, Any]:
    """What ``changes`` say, whoever sends it; for ``decode_changes``."""
    return {
        "label": changes.label,
        "changes": None
        if changes.everything
        else [[_encode_pk(pk), kind] for pk, kind in changes.kinds.items()],
        "links": None
        if changes.links is None
        else {name: [_encode_pk(v) for v in values] for name, values in changes.links.items()},
    }


def encode_alive(label: str, stamp: Stamp) -> dict[str, Any]:
    """The message by which a publisher repeats its last number, so that a loss is noticed."""
    return {"type": ALIVE, **encode_stamp(label, stamp)}


def decode(message: Mapping[str, Any]) -> Changes:
    """The changes in ``message``, primary keys and links as the fields' own Python values."""
    changes = decode_changes(message)
    if commit := message.get("commit"):
        number, labels = commit
        changes.commit = Commit(number, tuple(labels))
    # Absent where the writer runs a version that knows of no journal.
    changes.journal = message.get("journal", "")
    return changes


def decode_changes(content: Mapping[str, Any]) -> Changes:
    """What ``encode_changes`` made; raises ``LookupError`` where there is no such model here."""
    changes = Changes(content["label"])
    model = apps.get_model(changes.label)
    changes.links = _decode_links(model, content.get("links"))
    if content["changes"] is None:
        changes.everything = True
        return changes
    for pk, kind in content["changes"]:
        changes.add(_decode_pk(model, pk), kind)
    return changes


def decode_stamp(message: Mapping[str, Any]) -> tuple[str, Stamp]:
    """The model label that ``message`` is about, and its stamp."""
    stamp = Stamp(
        message["publisher"],
        message["number"],
        message["previous_at"],
        message["host"],
        message.get("journals", {}),
    )
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
    """``changes`` with those of more than ``most`` rows turned into "everything".

    Links with more than ``most`` values of one foreign key are unknown then.
    """
    return [_cut(part, most) for part in changes]


def _cut(part: Changes, most: int) -> Changes:
    everything = part.everything or len(part.kinds) > most
    links = part.links
    if links is not None and any(len(values) > most for values in links.values()):
        links = None
    kinds = {} if everything else part.kinds
    return Changes(part.label, kinds, everything, links, journal=part.journal)


def _joined(links: Links, others: Links | None) -> Links | None:
    if others is None:
        return None
    for name, values in others.items():
        links.setdefault(name, set()).update(values)
    return links


def encode_stamp(label: str, stamp: Stamp) -> dict[str, Any]:
    """The part of a message that says whose it is, and which one."""
    return {
        "label": label,
        "publisher": stamp.publisher,
        "number": stamp.number,
        "previous_at": stamp.previous_at,
        "host": stamp.host,
        "journals": dict(stamp.journals),
    }


def _encode_pk(pk: Any) -> int | str | list[Any]:
    if isinstance(pk, tuple):
        return [_encode_pk(part) for part in pk]
    # What a serialiser of any layer takes: msgpack's integers have 64 bits.
    small = isinstance(pk, int) and -(2**63) <= pk < 2**63
    return pk if small or isinstance(pk, str) else str(pk)


def _decode_pk(model: type[Model], pk: Any) -> Any:
    if not isinstance(pk, list):
        return model._meta.pk.to_python(pk)
    return tuple(
        field.to_python(part) for field, part in zip(model._meta.pk_fields, pk, strict=True)
    )


def _decode_links(model: type[Model], links: Mapping[str, list[Any]] | None) -> Links | None:
    if links is None:
        return None
    try:
        fields: dict[str, Any] = {name: model._meta.get_field(name) for name in links}
    except FieldDoesNotExist:
        return None  # The writer runs another version of the model.
    return {
        name: {fields[name].to_python(value) for value in values} for name, values in links.items()
    }


__all__ = [
    "ALIVE",
    "CHANGES",
    "HOST",
    "PING",
    "Changes",
    "Commit",
    "Kind",
    "Links",
    "Stamp",
    "decode",
    "decode_changes",
    "decode_stamp",
    "encode",
    "encode_alive",
    "encode_changes",
    "encode_stamp",
    "group_of",
    "label_of",
    "split",
]
