"""What is less than exact about a view's description, to be told again later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Note", "NoteKind"]

NoteKind: TypeAlias = Literal["json", "left out", "loose", "queryset"]
"""A field that is JSON, an action or argument that is left out, a queryset that can't be had, or
anything else."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a `SchemaWarning` said of a view: where, what the matter is and how to mend it."""

    kind: NoteKind
    place: str
    problem: str
    mend: str
