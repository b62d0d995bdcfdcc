"""The whole API, live over GraphQL."""

from __future__ import annotations

from board.api import api_router, project_router, task_router
from drf_live_graphql import LiveRouter

__all__ = ["live"]

live = LiveRouter()
live.include(api_router)
live.include(project_router)
live.include(task_router)
