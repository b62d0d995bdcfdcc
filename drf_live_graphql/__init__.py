"""Any Django REST Framework API, live over GraphQL, without touching its views."""

from __future__ import annotations

__version__ = "0.1.0"
