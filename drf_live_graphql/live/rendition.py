"""An envelope as bytes: written out once for everybody who is told it in the same words."""

from __future__ import annotations

import asyncio
import json
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Protocol

from graphql import ExecutionResult, execute

from drf_live_graphql.conf import settings

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from graphql import DocumentNode
    from strawberry.schema import Schema

    from .reading import Envelope

# Seconds before what failed is executed again; twice as many each time.
FIRST_RETRY = 0.1


# An encoded response; or, where a protocol tells of each row apart, a frame for each.
Payload = str | tuple[str, ...]


class Words(Protocol):
    """How a subscription's envelopes are written out."""

    key: Hashable
    """Equal for two whose payloads are equal."""
    asynchronous: bool
    """Whether it needs the event loop: then ``render_async`` is called, else ``render``."""

    def render(self, envelope: Envelope) -> Payload:
        """The payload for ``envelope``; in an evaluation thread."""

    async def render_async(self, envelope: Envelope) -> Payload:
        """The same, on the event loop."""


class Rendition:
    """A subscription document with its variables, ready to be executed over envelopes."""

    __slots__ = (
        "_context",
        "_document",
        "_operation_name",
        "_schema",
        "_variables",
        "asynchronous",
        "key",
    )

    def __init__(
        self,
        schema: Schema,
        document: DocumentNode,
        *,
        variables: Mapping[str, Any],
        operation_name: str | None,
        context: Any,
        key: Hashable,
        asynchronous: bool,
    ) -> None:
        """``key`` is equal for renditions whose bytes are equal.

        ``asynchronous`` says that the document selects ``query``: then resolvers run, on the
        event loop and with ``context``. Else the execution only picks values from the envelope.
        """
        self._schema = schema
        self._document = document
        self._variables = dict(variables)
        self._operation_name = operation_name
        self._context = context
        self.key = key
        self.asynchronous = asynchronous

    def render(self, envelope: Envelope) -> str:
        """The encoded response for ``envelope``; for synchronous renditions."""
        result = self._execute(envelope)
        assert isinstance(result, ExecutionResult)
        return encode(result, envelope["cursor"])

    async def render_async(self, envelope: Envelope) -> str:
        """The encoded response for ``envelope``, with what ``query`` selects read now.

        A view that fails in it is asked again, ``EVALUATION_RETRIES`` times. Raises its error where
        that leaves no data: the client would not get the changes that the envelope tells of.
        """
        for failures in range(settings.EVALUATION_RETRIES + 1):
            result = self._execute(envelope)
            if isawaitable(result):
                result = await result
            if not _has_failed(result):
                break
            if failures < settings.EVALUATION_RETRIES:
                await asyncio.sleep(FIRST_RETRY * 2**failures)
        else:
            if result.data is None:
                raise result.errors[0]
        return encode(result, envelope["cursor"])

    def _execute(self, envelope: Envelope) -> Any:
        return execute(
            self._schema._schema,
            self._document,
            root_value=envelope,
            context_value=self._context,
            variable_values=self._variables,
            operation_name=self._operation_name,
            executor_class=self._schema.execution_context_class,
        )


def _has_failed(result: ExecutionResult) -> bool:
    """Whether a view raised what is no answer to the client."""
    codes = ((error.extensions or {}).get("code") for error in result.errors or ())
    return "INTERNAL_SERVER_ERROR" in codes


def encode(result: ExecutionResult, cursor: str) -> str:
    """A result as the bytes of a GraphQL response, the cursor in its extensions.

    ``extensions`` come last, so that two responses with the same data share their beginning.
    """
    response: dict[str, Any] = {"data": result.data}
    if result.errors:
        response["errors"] = [error.formatted for error in result.errors]
    response["extensions"] = {"live": {"cursor": cursor}}
    return json.dumps(response, separators=(",", ":"), ensure_ascii=False)


def data_of(payload: str) -> str:
    """An encoded response without its extensions: what it says, not when."""
    return payload.rpartition(',"extensions"')[0]


__all__ = ["Payload", "Rendition", "Words", "data_of", "encode"]
