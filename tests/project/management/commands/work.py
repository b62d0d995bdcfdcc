"""Writes to the database as told, line by line: the other process of the two-process tests."""

from __future__ import annotations

import json
import signal
import sys
import time
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import transaction

__all__ = ["Command"]


class Command(BaseCommand):
    requires_system_checks = []
    help = "Reads one JSON task a line, does it, and prints what came of it."

    def handle(self, *args: Any, **options: Any) -> None:
        for line in sys.stdin:
            self.stdout.write(json.dumps(self.work(**json.loads(line))))
            self.stdout.flush()

    def work(
        self,
        model: str,
        values: dict[str, Any],
        pk: Any = None,
        roll_back: bool = False,
        times: int = 1,
        stay: bool = False,
    ) -> dict[str, Any]:
        """Save a row `times` times, each in a transaction; `{n}` in a text is the number.

        `stay` answers before the commit and never gets there: to be killed.
        """
        slowest = 0.0
        rows = apps.get_model(model if "." in model else f"project.{model}")
        for number in range(times):
            start = time.monotonic()
            with transaction.atomic():
                row = rows() if pk is None else rows._default_manager.get(pk=pk)
                for name, value in values.items():
                    text = value.replace("{n}", str(number)) if isinstance(value, str) else value
                    setattr(row, name, text)
                row.save()
                transaction.set_rollback(roll_back)
                if stay:
                    self.stdout.write(json.dumps({"pk": str(row.pk)}))
                    self.stdout.flush()
                    signal.pause()
            slowest = max(slowest, time.monotonic() - start)
        return {"pk": str(row.pk), "slowest": slowest}
