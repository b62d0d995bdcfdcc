"""Runs the oracle on each channel layer; on both databases by way of `make test`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from drf_live_graphql.changes import bulk
from tests.oracle.machine import Oracle

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "0"))
"""`make oracle` sets it: other examples each time. Without it, few and always the same."""


@pytest.fixture
def bulk_writes() -> Iterator[None]:
    """Writes without signals are captured, as with the setting CAPTURE_BULK."""
    bulk.install()
    yield
    bulk.uninstall()


@pytest.mark.usefixtures("live_db", "bulk_writes")
def test_what_clients_hold_is_what_rest_answers(channel_layer: str) -> None:
    from tests.project.asgi import application

    class Machine(Oracle):
        pass

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
