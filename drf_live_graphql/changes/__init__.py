"""From a write to a message: what changed, gathered per commit and published."""

from __future__ import annotations

from .capture import ancestors, watch, watched
from .control import Disconnect
from .message import Changes, group_of, label_of
from .publish import publisher

__all__ = [
    "Changes",
    "Disconnect",
    "ancestors",
    "group_of",
    "label_of",
    "publisher",
    "watch",
    "watched",
]
