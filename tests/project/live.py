"""What a user writes: everything the REST router holds is live."""

from __future__ import annotations

from drf_live_graphql import LiveRouter
from tests.project.api import router

__all__ = ["live"]

live = LiveRouter()
live.include(router)
