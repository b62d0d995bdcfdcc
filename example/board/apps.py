from __future__ import annotations

from django.apps import AppConfig

__all__ = ["BoardConfig"]


class BoardConfig(AppConfig):
    name = "board"
    verbose_name = "Task board"
