"""The clients of the live tests."""

from __future__ import annotations

from tests.live.conftest import connect

__all__ = ["connect"]
