from __future__ import annotations

from django.apps import AppConfig


class SchemaGenTestsConfig(AppConfig):
    name = "tests.schema_gen"
    label = "schema_gen_tests"
