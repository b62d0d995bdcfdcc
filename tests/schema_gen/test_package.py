"""schema_gen stands on its own: no channels, no optional package, nothing of its neighbours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import schema_gen

SCRIPT = """
import sys

optional = ["django_filters", "drf_spectacular", "rest_framework_nested"]
sys.modules.update(dict.fromkeys(["channels", "drf_live_graphql", *optional]))

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
django.setup()

import strawberry
from django.contrib.auth.models import Group
from rest_framework import filters, serializers, viewsets

import schema_gen


class GroupSerializer(serializers.ModelSerializer):
    class Meta:
        model = Group
        fields = ["id", "name"]


class GroupViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Group.objects.all()
    serializer_class = GroupSerializer
    filter_backends = [filters.SearchFilter]
    search_fields = ["name"]


class Nobody:
    async def query(self, root, info, arguments):
        return []


built = schema_gen.build_types([schema_gen.describe_view(GroupViewSet, prefix="groups")], Nobody())
print(strawberry.Schema(query=built.query_type, subscription=built.subscription_type))
"""


def test_it_works_with_none_of_the_optional_packages() -> None:
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        cwd=Path(schema_gen.__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert "groups(" in found.stdout
    assert "type GroupListChange" in found.stdout


QUIET = """
import os

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.project.settings"
os.environ["DATABASE_URL"] = "sqlite:////nowhere/at/all.sqlite3"
os.environ.pop("TEST_DATABASE", None)

from django.db.backends.base.base import BaseDatabaseWrapper


def refuse(self, *args, **kwargs):
    raise AssertionError("a database connection was asked for")


for name in ("connect", "ensure_connection", "cursor", "chunked_cursor"):
    setattr(BaseDatabaseWrapper, name, refuse)

import django

import drf_live_graphql
import schema_gen

django.setup()

from tests.project.live import live

print(live.schema)
"""


def test_importing_it_and_building_a_schema_opens_no_database_connection() -> None:
    found = subprocess.run(
        [sys.executable, "-c", QUIET],
        cwd=Path(schema_gen.__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert "type Subscription" in found.stdout


def test_what_is_public_is_listed_in_order() -> None:
    assert list(schema_gen.__all__) == sorted(schema_gen.__all__)
    assert all(getattr(schema_gen, name) is not None for name in schema_gen.__all__)
    modules = Path(schema_gen.__file__).parent.glob("*.py")
    for module in modules:
        assert "drf_live_graphql" not in module.read_text().replace('"drf_live_graphql"', "")
