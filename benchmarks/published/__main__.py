"""Published packages, live and compared with their own REST APIs.

    python -m benchmarks.published [name ...] [--home DIR] [--json findings.json]

All packages of packages.toml by default; then docs/published-apis.md is written as well. The
environments are kept below `--home`, by default in the system's folder for temporary files.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.published.environments import environment, prove
from benchmarks.published.packages import packages
from benchmarks.published.report import page, table
from tests.servers import ROOT

__all__ = ["main"]


def main(arguments: list[str]) -> None:
    """Prove the packages that are named, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.published")
    parser.add_argument("names", nargs="*", choices=[[], *packages()])
    parser.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()) / "published-apis")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    findings = []
    for name in options.names or packages():
        print(f"{name} ...", flush=True)
        package = packages()[name]
        found = json.loads(prove(package, environment(package, options.home)))
        findings.append({**found, "note": package.note})
    print(table(findings))
    if options.json:
        options.json.write_text(json.dumps(findings, indent=1))
    if not options.names:
        (ROOT / "docs" / "published-apis.md").write_text(page(findings))


if __name__ == "__main__":
    main(sys.argv[1:])
