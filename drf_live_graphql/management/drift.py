"""How two texts differ, for people."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.management.color import Style


def drift(old: str, new: str, name: str, style: Style) -> Iterator[str]:
    """The lines of a unified diff, in colour where ``style`` has any; none where they are equal."""
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"{name} (as it is)", f"{name} (as it should be)"
    )
    for line in lines:
        text = line.rstrip("\n")
        if text.startswith("+"):
            yield style.SUCCESS(text)
        elif text.startswith("-"):
            yield style.ERROR(text)
        else:
            yield text


__all__ = ["drift"]
