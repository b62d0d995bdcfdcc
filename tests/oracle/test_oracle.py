"""Runs the oracle on each channel layer; on both databases by way of `make test`."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from drf_live_graphql.changes import bulk, outbox
from drf_live_graphql.changes.capture import _captured
from drf_live_graphql.live import follower, standing
from tests.oracle.faults import FaultyOracle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import SettingsWrapper

EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "0"))
"""`make oracle` sets it: other examples each time. Without it, few and always the same."""

# Seconds; a loaded machine takes its time for hundreds of evaluations.
pytestmark = pytest.mark.timeout(14_400 if EXAMPLES else 900)


@pytest.fixture
def bulk_writes() -> Iterator[None]:
    """Writes without signals are captured, as with the setting CAPTURE_BULK."""
    bulk.install()
    yield
    bulk.uninstall()


@pytest.fixture
def journal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A project of one database, with the setting JOURNAL."""
    django_settings: SettingsWrapper = request.getfixturevalue("settings")
    django_settings.DRF_LIVE_GRAPHQL = {"JOURNAL": True}
    for module in (follower, standing):
        monkeypatch.setattr(module, "databases", lambda: ("default",))
    outbox.install(_captured)
    yield
    outbox.uninstall()


@pytest.mark.usefixtures("live_db", "bulk_writes")
def test_what_clients_hold_is_what_rest_answers(channel_layer: str) -> None:
    _run()


@pytest.mark.parametrize("channel_layer", ["pubsub"], indirect=True)
@pytest.mark.usefixtures("live_db", "bulk_writes", "journal")
def test_what_clients_hold_is_what_rest_answers_with_a_journal(channel_layer: str) -> None:
    told = _run()
    assert told["exactly, by another process"] > 0, (
        f"nobody was told exactly what was missed: {told}"
    )


def _run() -> Counter[str]:
    """Returns how those came back who were away."""
    from tests.project.asgi import application

    class Machine(FaultyOracle):
        tally = Counter()

    Machine.application = staticmethod(application)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES or 20,
            stateful_step_count=40 if EXAMPLES else 25,
            derandomize=not EXAMPLES,
            database=None,
            deadline=None,
            print_blob=True,
            # No shrinking: what depends on a race does not get shorter by trying again.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    return Machine.tally
