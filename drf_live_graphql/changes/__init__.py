"""From a write to a message: what changed, gathered per commit and published."""

from __future__ import annotations

from .capture import watch, watch_all
from .control import Disconnect
from .ledger import ancestors, watched
from .message import Changes, group_of, label_of
from .notify import anotify_changed, notify_changed
from .publish import publisher

__all__ = [
    "Changes",
    "Disconnect",
    "ancestors",
    "anotify_changed",
    "group_of",
    "label_of",
    "notify_changed",
    "publisher",
    "watch",
    "watch_all",
    "watched",
]
