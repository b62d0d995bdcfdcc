"""What the generated root fields do: ask the view for a query, open a stream for a subscription."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from graphql import OperationType

from drf_live_graphql.context import connection_of
from drf_live_graphql.exceptions import INTERNAL_MESSAGE, LiveError, Refusal, refusal_of
from drf_live_graphql.location import locate

from . import executor
from .evaluation import Evaluation
from .reads import learn
from .selection import Scope, select
from .stream import LiveStream
from .wants import rows_field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import strawberry

    from schema_gen import RootDescription

    from .selection import Selection

logger = logging.getLogger("drf_live_graphql.live")


class LiveResolvers:
    """The resolvers of one router's roots; see ``schema_gen.Resolvers``."""

    def __init__(self, roots: Sequence[RootDescription]) -> None:
        """``roots`` are all root fields of the schema."""
        self._roots: Mapping[str, RootDescription] = {root.name: root for root in roots}

    async def query(
        self, root: RootDescription, info: strawberry.Info, arguments: dict[str, Any]
    ) -> Any:
        """What a GET of the view answers, reduced to what is selected.

        Raises a ``Refusal`` where the GET is answered with an error.
        """
        raw = info._raw_info  # Strawberry has no public name for it.
        selection = _selection(root, raw)
        try:
            again = raw.operation.operation is OperationType.SUBSCRIPTION
            return await executor.run(
                lambda: _answer(root, arguments, raw.context, selection, again=again), root
            )
        except LiveError:
            raise
        except Exception as error:
            refusal = refusal_of(error, root)
            if refusal is None:
                logger.exception("The query %r failed.", root.name)
                refusal = Refusal(INTERNAL_MESSAGE, "INTERNAL_SERVER_ERROR")
            raise refusal from error

    def subscribe(
        self, root: RootDescription, info: strawberry.Info, arguments: dict[str, Any]
    ) -> LiveStream:
        """The live answer of the view.

        Raises a ``Refusal`` where the arguments fit no URL of the view.
        """
        try:
            call = root.encode(arguments)
        except Exception as error:
            refusal = refusal_of(error, root)
            if refusal is None:
                raise
            raise refusal from error
        raw: Any = info._raw_info
        return LiveStream(root, call, raw, self._roots)


def _selection(root: RootDescription, info: Any) -> Selection:
    scope = Scope(info.fragments, info.variable_values)
    nodes = info.field_nodes
    if root.page is not None:
        nodes = scope.fields(nodes).get(rows_field(root.page), [])
    return select(root.row, nodes, scope)


def _answer(
    root: RootDescription,
    arguments: dict[str, Any],
    context: Any,
    selection: Selection,
    *,
    again: bool,
) -> Any:
    """``again`` says that a subscription reads this with each payload: it pays for the first."""
    call = root.encode(arguments)
    location = locate(root, dict(call.kwargs))
    connection = connection_of(context)
    evaluation = Evaluation(root, call, location, connection, may_write=not again)
    try:
        if again and root.handler != "dispatch":
            evaluation.identity()  # What proves who is asking is not what the answer is made of.
        with evaluation.surroundings():
            evaluation.authorise(throttle=not again or connection.is_first(root, call))
            return _body(evaluation, selection)
    finally:
        if again:
            learn(root, evaluation.reads.dependencies())


def _body(evaluation: Evaluation, selection: Selection) -> Any:
    root = evaluation.root
    if root.handler is not None:
        if root.action == "retrieve":
            row = evaluation.answered_row().data
            evaluation.fit([row], selection)
            return row
        rows, body = evaluation.answered_list()
        evaluation.fit(rows, selection)
        return rows if body is None else body
    if root.action == "retrieve":
        return evaluation.serialise_one(evaluation.view.get_object(), selection)
    page = evaluation.page()
    rows = evaluation.serialise(page.rows, selection)
    if root.page is None or page.body is None:
        return rows
    return {**page.body, root.page.results_key: rows}


__all__ = ["LiveResolvers"]
