"""The schema class of a ``LiveRouter``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import strawberry

from .exceptions import Refusal

if TYPE_CHECKING:
    from graphql import GraphQLError
    from strawberry.types import ExecutionContext


class LiveSchema(strawberry.Schema):
    """Strawberry's schema, which does not log as an error what a view answers a client.

    A refused query is to a GraphQL API what a 403 is to a REST API. A merged schema may be of this
    class as well; everything else is strawberry's.
    """

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log the errors that are faults."""
        faults = [
            error
            for error in errors
            if not isinstance(error, Refusal) and not isinstance(error.original_error, Refusal)
        ]
        if faults:
            super().process_errors(faults, execution_context)


__all__ = ["LiveSchema"]
