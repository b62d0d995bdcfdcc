"""The findings as the page in docs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["page", "table"]

INTRODUCTION = """# Published APIs, live

Written by `make proof` ([`benchmarks/published/`](../benchmarks/published/)): each package is
installed from the package registry into an environment of its own, with rows made up for all of its
tables; `LiveRouter.include()` gets all of its API's URL patterns as they are, and every root of the
schema is asked with all of its fields, over GraphQL and by a GET of the same URL, by one superuser.

* **typed**: fields of row types that are no fallback to nullable `JSON` with a warning, of all. A
  field whose class, hint or code says that it is an object is `JSON`, and counts as typed.
* **same**: lists and rows that are equal field by field, with page counts and links (in brackets:
  those that have rows). Equal by the mapping: an `ID` is a text, an enum's `""` and a key that is
  absent are null, a bare list of a view with a paginator is the rows of a page, and a value that
  the package's own hint is wrong of is null.
* **refused**: no 200 by REST (a 404 or 403, mostly) and a refusal or null over GraphQL. **fails**:
  the GET itself is a 500, since the rows are made up, or a second GET differs from the first.
* **unanswered**: a GraphQL error where REST answers, or one of the server's own where REST refuses.
  **differs**: another answer.
* **schema s**: the CPU time that it took to make the schema, in seconds.
"""
COLUMNS = (
    "package",
    "views",
    "roots",
    "types",
    "fields",
    "typed",
    "warnings",
    "same",
    "refused",
    "fails",
    "unanswered",
    "differs",
    "schema s",
)


def table(findings: Sequence[dict[str, Any]]) -> str:
    """One line a package."""
    lines = [" | ".join(COLUMNS), " | ".join(["---", *["--:"] * (len(COLUMNS) - 1)])]
    lines += [" | ".join(str(cell) for cell in _cells(found)) for found in findings]
    return "\n".join(f"| {line} |" for line in lines)


def page(findings: Sequence[dict[str, Any]]) -> str:
    """The whole page: the table, and what is not the same, package by package."""
    parts = [INTRODUCTION, table(findings) + "\n"]
    for found in findings:
        others = [
            f"* `{item['root']}` {item['outcome']}: {item['detail']}"
            for item in found["comparisons"]
            if item["outcome"] in ("differs", "unanswered")
        ]
        if not (found["note"] or others):
            continue
        parts.append(f"## {found['package']}\n")
        if found["note"]:
            parts.append(f"{found['note']}\n")
        else:
            parts.append("\n".join(others) + "\n")
    return "\n".join(parts)


def _cells(found: dict[str, Any]) -> list[Any]:
    outcomes = Counter(item["outcome"] for item in found["comparisons"])
    with_rows = sum(
        1 for item in found["comparisons"] if item["outcome"] == "same" and item["rows"]
    )
    typed = 1 - len(found["fallbacks"]) / max(1, found["fields"])
    return [
        f"{found['package']} {found['version']}",
        found["views"],
        found["roots"],
        found["types"],
        found["fields"],
        f"{typed:.1%}",
        len(found["warnings"]),
        f"{outcomes['same']} ({with_rows})",
        outcomes["refused"],
        outcomes["fails"],
        outcomes["unanswered"],
        outcomes["differs"],
        f"{found['seconds']:.1f}",
    ]
