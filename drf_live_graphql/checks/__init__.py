"""Django system checks: what would make a live API silently not live. Registered on import.

| id | what |
| --- | --- |
| E001, E002 | no channel layer; one that stops listening |
| W001, W002 | a layer in memory; one thread for all |
| E003, E004 | two things of one GraphQL name; a view that can't be described |
| W003 | a database without a journal, though the setting is on |
| W010 | a view that anybody may read, and nobody has said so |
| W011 | a field or a part of a page that is JSON |
| W012 | a view that can't say its queryset |
| W013 | a row that is looked up without an index |
| W014 | an action or a filter backend's arguments that are left out |
| I001 | with `--deploy`: a list that is sorted without an index |
"""

from __future__ import annotations

from .layer import check_channel_layer, check_journal, check_middleware
from .views import check_ordering, check_views

__all__ = [
    "check_channel_layer",
    "check_journal",
    "check_middleware",
    "check_ordering",
    "check_views",
]
