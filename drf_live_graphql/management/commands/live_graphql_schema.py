"""``manage.py live_graphql_schema``: the schema as SDL, for code generators and for reviews."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import strawberry
from django.core.management.base import BaseCommand, CommandError

from drf_live_graphql.exceptions import LiveError
from drf_live_graphql.management.arguments import imported, the_router
from drf_live_graphql.management.drift import drift
from drf_live_graphql.router import LiveRouter
from schema_gen import SchemaError

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Prints the SDL, writes it to a file, or fails where such a file is not up to date."""

    help = "Print the GraphQL schema (SDL) of a LiveRouter, write it to a file, or check that file."
    # What they would say of the schema comes as this command's own error.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """See ``manage.py live_graphql_schema --help``."""
        parser.add_argument(
            "schema",
            nargs="?",
            help="dotted path of the LiveRouter, or of a strawberry.Schema that its types are "
            "merged into (board.live.live); the project's only router by default",
        )
        parser.add_argument("--out", type=Path, metavar="FILE", help="write to FILE")
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail if FILE is not up to date"
        )

    def handle(
        self, *args: Any, schema: str | None, out: Path | None, check: bool, **options: Any
    ) -> None:
        """Raises ``CommandError``: exit status 1."""
        if check and out is None:
            raise CommandError("--check compares with a file: say which by --out FILE.")
        sdl = f"{_schema(schema).as_str()}\n"
        if out is None:
            self.stdout.write(sdl, ending="")
        elif check:
            self._check(sdl, out)
        else:
            try:
                out.write_text(sdl, encoding="utf-8")
            except OSError as error:
                raise CommandError(f"The schema can't be written to {out}: {error}.") from error
            self.stdout.write(self.style.SUCCESS(f"The schema is in {out}."))

    def _check(self, sdl: str, file: Path) -> None:
        mend = f"Write it anew: manage.py live_graphql_schema --out {file}"
        try:
            old = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} can't be read: {error}. {mend}") from error
        if old == sdl:
            self.stdout.write(self.style.SUCCESS(f"{file} is up to date."))
            return
        for line in drift(old, sdl, str(file), self.style):
            self.stdout.write(line)
        raise CommandError(f"{file} is not the schema of the API any more. {mend}")


def _schema(dotted: str | None) -> strawberry.Schema:
    found = the_router() if dotted is None else imported(dotted)
    if isinstance(found, strawberry.Schema):
        return found
    if not isinstance(found, LiveRouter):
        raise CommandError(
            f"{dotted!r} is {found!r}. Expected a LiveRouter or a strawberry.Schema."
        )
    try:
        return found.schema
    except (LiveError, SchemaError) as error:
        raise CommandError(str(error)) from error
