"""Everything about one package, in the package's own environment.

    PROOF_PACKAGE=rdmo PROOF_DATABASE=sqlite:////tmp/x DJANGO_SETTINGS_MODULE=... \\
        python -m benchmarks.published.prove out.json

`python -m benchmarks.published` sets that up.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

from benchmarks.published.packages import current

if TYPE_CHECKING:
    from drf_live_graphql import LiveRouter
    from schema_gen import RootDescription

__all__ = ["main"]

FALLBACK = "so it is nullable JSON"


def main(output: str) -> None:
    """Make the database, the rows and the schema, compare, and write the findings as JSON."""
    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0, interactive=False)
    from benchmarks.published.rows import fill

    filled, refused = fill()
    from benchmarks.published.live import live, whole_api

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        started = time.process_time()
        # The site's own was built when something imported its URLs, before anybody listened.
        schema = whole_api().schema
        seconds = time.process_time() - started
    findings = {
        **_counts(live, [str(item.message) for item in caught if _is_ours(item)]),
        "package": current().name,
        "version": version(current().requires[0].split("==")[0]),
        "seconds": round(seconds, 2),
        "filled": len(filled),
        "without_rows": refused,
        "comparisons": [vars(item) for item in _compared(live, schema)],
    }
    Path(output).write_text(json.dumps(findings, indent=1, sort_keys=True, default=str))


def _is_ours(item: warnings.WarningMessage) -> bool:
    from schema_gen import SchemaWarning

    return issubclass(item.category, SchemaWarning)


def _counts(live: LiveRouter, texts: list[str]) -> dict[str, Any]:
    objects = {
        item.name: item for view in live.views for root in view.roots for item in _objects(root)
    }
    places = {text.split(", ", 1)[1].split(":", 1)[0] for text in texts if FALLBACK in text}
    fields = [(item, field) for item in objects.values() for field in item.fields]
    loose = sorted(
        f"{item.serializer_class.__name__}.{field.key}"
        for item, field in fields
        if item.serializer_class and f"{item.serializer_class.__name__}.{field.key}" in places
    )
    return {
        "views": len(live.views),
        "roots": sum(len(view.roots) for view in live.views),
        "types": len(live.schema._schema.type_map),
        "rows": len(objects),
        "fields": len(fields),
        "fallbacks": loose,
        "warnings": texts,
    }


def _objects(root: RootDescription) -> list[Any]:
    found: dict[str, Any] = {}
    pending = [root.row]
    while pending:
        item = pending.pop()
        if item.name not in found:
            found[item.name] = item
            pending += [field.type.object for field in item.fields if field.type.object]
    return list(found.values())


def _superuser() -> Any:
    from django.contrib.auth import get_user_model

    user: Any = get_user_model()._base_manager.order_by("pk").first()
    known = {field.name for field in user._meta.concrete_fields}
    for name in ("is_superuser", "is_staff", "is_active"):
        if name in known:
            setattr(user, name, True)
    user.save()
    return user


def _compared(live: LiveRouter, schema: Any) -> list[Any]:
    from django.test import Client

    from benchmarks.published.compare import Side, compare
    from benchmarks.published.locations import kwargs_of

    client = Client(raise_request_exception=False)
    user = _superuser()
    client.force_login(user)
    prepare = getattr(import_module(current().settings), "prepare", None)
    if prepare is not None:
        prepare(client, user)
    side = Side(client, schema)
    return [compare(side, root, kwargs_of(root)) for view in live.views for root in view.roots]


if __name__ == "__main__":
    main(sys.argv[1])
