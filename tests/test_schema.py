"""What a schema logs: faults, and not what a view answers a client."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from tests.project.live import live

pytestmark = pytest.mark.usefixtures("live_db")


def _context() -> dict[str, Any]:
    request = RequestFactory().get("/graphql/")
    request.user = AnonymousUser()
    return {"request": request}


def _errors(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_refusal_is_no_error_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    result = await live.schema.execute("{ notes { count } }", context_value=_context())
    assert result.errors is not None
    stream: Any = await live.schema.subscribe(
        "subscription { notes { deleted } }", context_value=_context()
    )
    assert (await anext(stream)).errors
    assert _errors(caplog) == []


async def test_a_fault_is(caplog: pytest.LogCaptureFixture) -> None:
    result = await live.schema.execute("{ fences { id } }", context_value={})
    assert result.errors is not None
    assert _errors(caplog)
