"""The schema depends on the registrations alone: every process prints the same text."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import schema_gen

SCRIPT = """
import os

VARIANT = set(os.environ["VARIANT"].split())
MODULES = ["tests.schema_gen.stable", "schema_gen.field_types", "schema_gen.sources"]
MODULES += ["django_filters.rest_framework", "drf_spectacular.utils", "schema_gen.filtersets"]

import django
from django.conf import settings

engine = "django.db.backends." + ("postgresql" if "postgres" in VARIANT else "sqlite3")
settings.configure(
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "django_filters",
        "tests.schema_gen",
    ],
    DATABASES={"default": {"ENGINE": engine, "NAME": "never_asked"}},
    LANGUAGE_CODE="de" if "german" in VARIANT else "en-us",
    USE_TZ="no-zones" not in VARIANT,
)
django.setup()
if "german" in VARIANT:
    from django.utils.translation import activate
    activate("de")

import importlib
for name in reversed(MODULES) if "backwards" in VARIANT else MODULES:
    importlib.import_module(name)

from tests.schema_gen import stable

if "unrelated" in VARIANT:
    stable.unrelated()
print(stable.text())
"""

ROOT = Path(schema_gen.__file__).parent.parent


def printed(variant: str, seed: str) -> str:
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        cwd=ROOT,
        env={**os.environ, "VARIANT": variant, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout


@pytest.fixture(scope="module")
def plain() -> str:
    return printed("", "0")


@pytest.mark.parametrize(
    ("variant", "seed"),
    [
        ("", "1"),
        ("", "4242"),
        ("german", "2"),
        ("backwards", "3"),
        ("unrelated", "4"),
        ("postgres", "5"),
        ("german backwards unrelated postgres no-zones", "6"),
    ],
)
def test_the_schema_is_the_same_text_in_every_process(plain: str, variant: str, seed: str) -> None:
    assert printed(variant, seed) == plain


def test_what_is_compared_has_what_could_differ(plain: str) -> None:
    for piece in (
        "enum BookGenreEnum",  # a label in another language
        "enum BookAnswerEnum",
        "  YES",
        "type AuthorDepth0",
        "type Fork",
        "BookOrdering",
        "titleIcontains: String",
        "pages: Int",
    ):
        assert piece in plain
