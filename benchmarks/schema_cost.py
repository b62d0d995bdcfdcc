"""What a schema costs: 200 ViewSets with 2,000 fields, beside drf-spectacular on the same API.

    python -m benchmarks.schema_cost [--views 200] [--fields 10] [--rounds 5] [--read-only]

Both are run in turns, each in a process of its own that has imported everything and made the
ViewSets before the clock starts. Ours ends with the schema that a client is served and with its
SDL, drf-spectacular's with the OpenAPI document and its YAML. `--read-only` takes the writing
methods off the ViewSets, which cost the peer and not us.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.servers import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main", "measure"]

DESIGNS = ("live", "spectacular")


def configure() -> None:
    """A project of its own: no database is ever connected to."""
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="cost-" * 10,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "rest_framework",
            "django_filters",
            "drf_spectacular",
            "channels",
            "drf_live_graphql",
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        REST_FRAMEWORK={
            "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
            "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
            "PAGE_SIZE": 50,
        },
    )
    django.setup()


def make_router(views: int, fields: int, *, read_only: bool = False) -> Any:
    """A DRF router with `views` ViewSets of `fields` fields each: filters, search, ordering, pages.

    Of ten fields, one is the key, one a relation to the model before, one a choice.
    """
    from django.db import models
    from django_filters.rest_framework import DjangoFilterBackend
    from rest_framework import filters, routers, serializers, viewsets

    kinds: tuple[Callable[[], Any], ...] = (
        lambda: models.CharField(max_length=50, help_text="What it is called."),
        lambda: models.IntegerField(null=True),
        lambda: models.BooleanField(default=False),
        lambda: models.DateTimeField(null=True),
        lambda: models.DecimalField(max_digits=9, decimal_places=2),
        lambda: models.TextField(blank=True),
        lambda: models.URLField(blank=True),
    )
    base = viewsets.ReadOnlyModelViewSet if read_only else viewsets.ModelViewSet
    router = routers.DefaultRouter()
    before: Any = None
    for number in range(views):
        name = f"Thing{number}"
        body: dict[str, Any] = {
            f"field_{index}": kinds[index % len(kinds)]() for index in range(fields - 3)
        }
        state = [("open", "Open"), ("done", "Done"), (f"state-{number}", f"State {number}")]
        body["state"] = models.CharField(max_length=20, choices=state)
        body["parent"] = models.ForeignKey(before or "self", models.CASCADE, null=True)
        meta = type("Meta", (), {"app_label": "auth"})
        model: Any = type(name, (models.Model,), {**body, "Meta": meta, "__module__": __name__})
        before = model
        columns = ["id", *body]
        serializer = type(
            f"{name}Serializer",
            (serializers.ModelSerializer,),
            {"Meta": type("Meta", (), {"model": model, "fields": columns})},
        )
        view = type(
            f"{name}ViewSet",
            (base,),
            {
                "queryset": model.objects.all(),
                "serializer_class": serializer,
                "filter_backends": [
                    DjangoFilterBackend,
                    filters.SearchFilter,
                    filters.OrderingFilter,
                ],
                "filterset_fields": ["state", "parent"],
                "search_fields": ["field_0"],
                "ordering_fields": ["id", "field_0"],
            },
        )
        router.register(f"things{number}", view)
    return router


def build_live(router: Any) -> str:
    """Ours: from the router to the SDL."""
    from graphql import print_schema

    from drf_live_graphql import LiveRouter

    live = LiveRouter()
    live.include(router)
    return print_schema(live.schema._schema)


def build_spectacular(router: Any) -> str:
    """The peer: from the same router to the YAML."""
    from drf_spectacular.generators import SchemaGenerator
    from drf_spectacular.renderers import OpenApiYamlRenderer

    schema = SchemaGenerator(patterns=router.urls).get_schema(request=None, public=True)
    return str(OpenApiYamlRenderer().render(schema))


def once(design: str, views: int, fields: int, *, read_only: bool) -> dict[str, Any]:
    """One build in this process. Seconds of processor time and of the clock."""
    configure()

    import drf_live_graphql  # noqa: F401

    router = make_router(views, fields, read_only=read_only)
    build = {"live": build_live, "spectacular": build_spectacular}[design]
    clock, cpu = time.perf_counter(), time.process_time()
    text = build(router)
    return {
        "seconds": time.perf_counter() - clock,
        "cpu": time.process_time() - cpu,
        "characters": len(text),
    }


def measure(
    views: int, fields: int, rounds: int, *, read_only: bool
) -> dict[str, list[dict[str, Any]]]:
    """`rounds` builds of each design, in turns."""
    found: dict[str, list[dict[str, Any]]] = {design: [] for design in DESIGNS}
    for _ in range(rounds):
        for design in DESIGNS:
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.schema_cost"]
            options = ["--once", design, "--views", str(views), "--fields", str(fields)]
            options += ["--read-only"] if read_only else []
            done = subprocess.run(
                [*command, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
            )
            found[design].append(json.loads(done.stdout.splitlines()[-1]))
    return found


def main(arguments: list[str]) -> None:
    """Measure and print; with `--once`, be one of the processes measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.schema_cost")
    parser.add_argument("--views", type=int, default=200)
    parser.add_argument("--fields", type=int, default=10, help="of each view")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--read-only", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--once", choices=DESIGNS)
    options = parser.parse_args(arguments)
    if options.once:
        print(
            json.dumps(
                once(options.once, options.views, options.fields, read_only=options.read_only)
            )
        )
        return
    found = measure(options.views, options.fields, options.rounds, read_only=options.read_only)
    print(f"{options.views} views, {options.views * options.fields} fields, CPU seconds")
    for design, runs in found.items():
        times = [run["cpu"] for run in runs]
        print(f"{design:12} least {min(times):.2f}  median {statistics.median(times):.2f}")
    pairs = zip(found["live"], found["spectacular"], strict=True)
    ratio = statistics.median(live["cpu"] / peer["cpu"] for live, peer in pairs)
    print(f"live / spectacular, median of the pairs: {ratio:.2f}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
