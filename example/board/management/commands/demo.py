from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

import uvicorn
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from board.accounts import PASSWORD, VISITORS
from board.models import Project
from board.page import BUILD_COMMAND, is_built
from board.seeding import seed

FIRST_SUBSCRIPTION = """\
subscription {
  tasks(project: "website", status: [TODO, DOING]) {
    snapshot { count results { id title status } }
    created { id title status }
    updated { id title status }
    deleted
  }
}"""


class Command(BaseCommand):
    help = "Migrate, seed an empty board, say where everything is, and serve it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--workers",
            type=int,
            default=1,
            help="processes to serve with; more than 1 needs Redis",
        )

    def handle(self, *args: Any, host: str, port: int, workers: int, **options: Any) -> None:
        if workers > 1 and not os.environ.get("REDIS_URL"):
            raise CommandError(
                f"--workers {workers} needs REDIS_URL=redis://…: the in-memory channel layer "
                "carries changes within one process only."
            )
        call_command("migrate", verbosity=0)
        if not Project.objects.exists():
            seed()
        self.stdout.write(welcome(f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"))
        self.stdout.flush()
        uvicorn.run(
            "config.asgi:application",
            host=host,
            port=port,
            workers=workers,
            ws="websockets-sansio",
            log_level="warning",
            timeout_graceful_shutdown=3,
        )


def welcome(address: str) -> str:
    """Where everything is, who may come in, and what to try first."""
    page = "" if is_built() else f"   (not built yet: {BUILD_COMMAND})"
    accounts = "\n".join(f"    {who.username:<6}{who.about}" for who in VISITORS)
    subscription = "\n".join(f"    {line}" for line in FIRST_SUBSCRIPTION.splitlines())
    return f"""
  The task board is served here:

    Two visitors side by side   {address}/two/{page}
    The board                   {address}/
    GraphiQL                    {address}/graphql/
    REST, to write with         {address}/api/
    Admin                       {address}/admin/

  Accounts, all with the password "{PASSWORD}":

{accounts}

  Log in at {address}/api-auth/login/, paste this into GraphiQL, and change a task over REST:

{subscription}

  Ctrl-C ends it.
"""
