"""The package's whole API, live: what a user of it would write."""

from __future__ import annotations

from importlib import import_module

from benchmarks.published.packages import current
from drf_live_graphql import LiveRouter

__all__ = ["live", "whole_api"]


def whole_api() -> LiveRouter:
    """A router with every view of the package's API."""
    router = LiveRouter()
    router.include(list(import_module(current().api).urlpatterns))
    return router


live = whole_api()
