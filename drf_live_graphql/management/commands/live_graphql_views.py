"""``manage.py live_graphql_views``: what is live, for whom, and what was left out and why."""

from __future__ import annotations

import textwrap
import warnings
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from drf_live_graphql.exceptions import LiveError
from drf_live_graphql.inventory import inventory, path_of
from drf_live_graphql.management.arguments import imported, known_routers
from drf_live_graphql.router import LiveRouter
from schema_gen import SchemaError, SchemaWarning

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterable, Mapping

    from drf_live_graphql.inventory import Exposed

LABEL = 16
"""Characters of the column that says what a line is about."""
WIDTH = 80
"""Characters of the lists beside it."""


class Command(BaseCommand):
    """Prints the registered views of one router, or of all."""

    help = "Show what is live over GraphQL: roots, views, permissions, arguments, what is left out."
    # What they would say of the views is in this command's own output.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """See ``manage.py live_graphql_views --help``."""
        parser.add_argument(
            "router",
            nargs="?",
            help="dotted path of a LiveRouter (board.live.live); all of the project by default",
        )

    def handle(self, *args: Any, router: str | None, **options: Any) -> None:
        """Raises ``CommandError``: exit status 1."""
        for name, found in _routers(router).items():
            try:
                exposed, fields = inventory(found), _fields(found)
            except (LiveError, SchemaError) as error:
                raise CommandError(f"{name}: {error}") from error
            self.stdout.write(self.style.MIGRATE_HEADING(name))
            for item in exposed:
                self._view(item, fields)
            for cls, reason in found.left_out.items():
                self.stdout.write(f"\n{self.style.WARNING(f'not live: {path_of(cls)}')} {reason}")
            count = sum(len(item.roots) for item in exposed)
            self.stdout.write(
                f"\n{len(exposed)} views, {count} roots. Each root is a query and a subscription;"
                f" writes stay on REST.\n"
            )

    def _view(self, item: Exposed, fields: Mapping[str, Any]) -> None:
        self.stdout.write(f"\n{self.style.MIGRATE_LABEL(item.view)} at {item.route}")
        for root in item.roots:
            field = fields[root.name]
            self._line(root.action, self.style.SUCCESS(f"{root.name}: {field.type}"))
            self._line("arguments", [f"{name}: {arg.type}" for name, arg in field.args.items()])
        self._line("model", item.model)
        self._line("permissions", item.permissions or self.style.WARNING("none: open to everyone"))
        self._line("authentication", item.authentication or "none: everyone is anonymous")
        for text in item.left_out:
            self._line("left out", self.style.WARNING(text))
        for note in item.notes:
            label = "JSON" if note.kind == "json" else "note"
            self._line(label, self.style.NOTICE(f"{note.place}: {note.problem}. {note.mend}"))

    def _line(self, label: str, value: str | Iterable[str]) -> None:
        lines = [value] if isinstance(value, str) else _wrapped(value)
        for line in lines:
            self.stdout.write(f"  {label:<{LABEL}}{line}")
            label = ""


def _routers(dotted: str | None) -> Mapping[str, LiveRouter]:
    if dotted is None:
        return known_routers()
    found = imported(dotted)
    if not isinstance(found, LiveRouter):
        raise CommandError(f"{dotted!r} is {found!r}. Expected a LiveRouter.")
    return {dotted: found}


def _fields(router: LiveRouter) -> Mapping[str, Any]:
    """The roots of the router's schema by name."""
    with warnings.catch_warnings():
        # What they say is in the inventory.
        warnings.simplefilter("ignore", SchemaWarning)
        query: Any = router.schema._schema.query_type
    fields: Mapping[str, Any] = query.fields
    return fields


def _wrapped(words: Iterable[str]) -> list[str]:
    """The words with commas between them, in lines; no word is broken."""
    # A no-break space holds a name and its type together.
    text = ", ".join(word.replace(" ", "\N{NO-BREAK SPACE}") for word in words)
    lines = textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]
