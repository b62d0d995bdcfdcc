from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from board.models import Comment, Project, Task
from board.seeding import reset, seed


class Command(BaseCommand):
    help = "Fill the board with its story: people, projects, tasks, comments."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--reset", action="store_true", help="first take every project and label off the board"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        (reset if options["reset"] else seed)()
        self.stdout.write(
            f"On the board: {Project.objects.count()} projects, {Task.objects.count()} tasks, "
            f"{Comment.objects.count()} comments."
        )
