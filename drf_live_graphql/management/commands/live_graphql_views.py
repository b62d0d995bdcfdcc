"""``manage.py live_graphql_views``: what is live, for whom, and what was left out and why."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from drf_live_graphql.exceptions import LiveError
from drf_live_graphql.inventory import answer_of, inventory, path_of, problem
from drf_live_graphql.management.arguments import imported, known_routers
from drf_live_graphql.router import LiveRouter
from schema_gen import SchemaError
from schema_gen.types import written

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
        problems = []
        for name, found in _routers(router).items():
            self.stdout.write(self.style.MIGRATE_HEADING(name))
            try:
                wrong = self._router(found)
            except (LiveError, SchemaError) as error:
                wrong = str(error)
            if wrong is not None:
                self.stdout.write(f"\n{self.style.ERROR(f'no schema: {wrong}')}\n")
                problems.append(f"{name}: {wrong}")
        if problems:
            raise CommandError("\n".join(problems))

    def _router(self, router: LiveRouter) -> str | None:
        """Print the views of the router. Answers why it can have no schema, if it can't."""
        exposed = inventory(router)
        for item in exposed:
            self._view(item)
        for cls, reason in router.left_out.items():
            self.stdout.write(f"\n{self.style.WARNING(f'not live: {path_of(cls)}')} {reason}")
        count = sum(len(item.roots) for item in exposed)
        self.stdout.write(
            f"\n{len(exposed)} views, {count} roots. Each root is a query and a subscription;"
            f" writes stay on REST.\n"
        )
        return problem(exposed)

    def _view(self, item: Exposed) -> None:
        self.stdout.write(f"\n{self.style.MIGRATE_LABEL(item.view)} at {item.route}")
        for root in item.roots:
            self._line(root.action, self.style.SUCCESS(f"{root.name}: {answer_of(root)}"))
            self._line("arguments", [f"{arg.name}: {written(arg.type)}" for arg in root.arguments])
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


def _wrapped(words: Iterable[str]) -> list[str]:
    """The words with commas between them, in lines; no word is broken."""
    # A no-break space holds a name and its type together.
    text = ", ".join(word.replace(" ", "\N{NO-BREAK SPACE}") for word in words)
    lines = textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]
