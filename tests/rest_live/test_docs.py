"""What the page for those who move over says is there."""

from __future__ import annotations

import re
from pathlib import Path

from drf_live_graphql.conf import DEFAULTS

PAGE = Path(__file__).parents[2] / "docs" / "migrating-from-django-rest-live.md"


def test_every_import_works() -> None:
    text = PAGE.read_text()
    imports = re.findall(r"from drf_live_graphql[\w.]* import [\w, ]+", text)
    assert len(imports) >= 5
    for line in imports:
        exec(line, {})


def test_every_name_of_a_module_is_there() -> None:
    names = set(re.findall(r"`(?:await )?(drf_live_graphql\.[\w.]+)", PAGE.read_text()))
    assert "drf_live_graphql.testing.settled" in names
    for name in names:
        module, _, attribute = name.rpartition(".")
        exec(f"from {module} import {attribute}", {})


def test_limits_are_those_of_the_settings() -> None:
    text = PAGE.read_text()
    for name in ("MAX_OPERATIONS", "MAX_MESSAGE_BYTES", "ALLOWED_ORIGINS"):
        assert name in text
        assert name in DEFAULTS
    assert f"More than {DEFAULTS['MAX_OPERATIONS']} subscriptions" in text
    assert DEFAULTS["MAX_MESSAGE_BYTES"] == 128 * 1024


def test_its_links_lead_somewhere() -> None:
    readme = (PAGE.parents[1] / "README.md").read_text()
    assert f"docs/{PAGE.name}" in readme
    for target in re.findall(r"\]\(([^)#]+)", PAGE.read_text()):
        assert (PAGE.parent / target).is_file(), target
