"""The JSON protocol of django-rest-live 0.7, over the same hub and live queries as GraphQL."""

from __future__ import annotations
