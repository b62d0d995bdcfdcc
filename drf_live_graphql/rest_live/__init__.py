"""django-rest-live's API on this package's live queries: change the import, keep the clients.

``docs/migrating-from-django-rest-live.md`` says what is the same and what is stricter.
"""

from __future__ import annotations

from drf_live_graphql.transport.rest_live.messages import CREATED, DELETED, UPDATED

from .mixins import RealtimeMixin
from .routers import RealtimeRouter

__all__ = ["CREATED", "DELETED", "UPDATED", "RealtimeMixin", "RealtimeRouter"]
