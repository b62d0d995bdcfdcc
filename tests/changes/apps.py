from __future__ import annotations

from django.apps import AppConfig


class ChangesTestsConfig(AppConfig):
    name = "tests.changes"
    label = "changes_tests"
