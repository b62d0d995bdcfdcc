"""Changes as django-rest-live's broadcasts: a frame for each row, by the view's own renderer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from rest_framework.views import APIView

from drf_live_graphql.exceptions import Refusal
from drf_live_graphql.live.evaluation import Evaluation
from drf_live_graphql.live.selection import WHOLE
from drf_live_graphql.live.wants import Wants
from drf_live_graphql.location import locate

from .messages import CREATED, DELETED, UPDATED

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from drf_live_graphql.live.reading import Envelope, ShownId
    from drf_live_graphql.requests import Connection
    from schema_gen import ViewCall

    from .messages import Message
    from .roots import RealtimeRoot

logger = logging.getLogger("drf_live_graphql.transport")

# What a subscription of a list, and one of a single row, is told: rows as the serializer shows
# them as a whole. The row as it stands at the beginning is read to know what differs later.
LIST_WANTS = Wants(
    snapshot=None,
    created=WHOLE,
    updated=WHOLE,
    deleted=True,
    event=False,
    query=frozenset(),
    single=False,
)
ROW_WANTS = Wants(
    snapshot=WHOLE,
    created=None,
    updated=None,
    deleted=False,
    event=True,
    query=frozenset(),
    single=True,
)


class Broadcasts:
    """Writes envelopes of one root out for whoever subscribed with one id; see ``Words``.

    Clients number their subscriptions from 1 on: a change is rendered once for many of them.
    """

    __slots__ = ("_id", "_lookup", "_media_type", "_renderer", "_root", "asynchronous", "key")

    def __init__(
        self,
        root: RealtimeRoot,
        message: Message,
        renderer: Any,
        media_type: str,
        key: Hashable,
        *,
        lookup: str | None = None,
    ) -> None:
        """``key`` is equal for two renderers that make the same of the same.

        ``lookup`` is what a single row was asked for by.
        """
        self._root = root
        self._lookup = lookup
        self._id = message.id
        self._renderer = renderer
        self._media_type = media_type
        self.key: Hashable = (message.key, key)
        self.asynchronous = False

    def render(self, envelope: Envelope) -> tuple[str, ...]:
        """The frames of an envelope, what left first.

        Of a row as it stands (``SNAPSHOT``) there are two: for those who do not hold it and for
        those who do.
        """
        return tuple(self._frame(action, shown) for action, shown in self._rows(envelope))

    async def render_async(self, envelope: Envelope) -> tuple[str, ...]:
        """As ``render``."""
        return self.render(envelope)

    def check(self) -> None:
        """Raise a ``Refusal`` where the renderer can't write with this id and without a context.

        Found out before anything is shared: what fails later fails for others, too.
        """
        expected = "Expected a renderer of text, such as JSONRenderer, among its renderer_classes"
        if getattr(self._renderer, "render_style", "text") == "binary":
            raise Refusal(
                f"The view answers in {self._media_type}, which is no text. {expected}.", "INVALID"
            )
        try:
            self._frame(DELETED, {})
        except Exception as error:
            logger.info("A renderer can't write broadcasts.", exc_info=True)
            raise Refusal(
                f"The view's renderer of {self._media_type} can't write this subscription's"
                f" broadcasts. {expected}, and an id that it can write.",
                "INVALID",
            ) from error

    def _rows(self, envelope: Envelope) -> Iterator[tuple[str, Any]]:
        action = envelope.get("action")
        if action is None:
            # First what left: a row that comes by another lookup value is the same row by its key.
            yield from ((DELETED, self._gone(id_)) for id_ in envelope["deleted"])
            yield from ((CREATED, row) for row in envelope["created"])
            yield from ((UPDATED, row) for row in envelope["updated"])
        elif action == DELETED:
            yield DELETED, self._gone(envelope["objectId"])
        elif action == "SNAPSHOT":
            yield CREATED, envelope["instance"]
            yield UPDATED, envelope["instance"]
        else:
            yield action, envelope["instance"]

    def _gone(self, id_: ShownId) -> dict[str, Any]:
        return self._root.gone(id_, self._lookup)

    def _frame(self, action: str, instance: Any) -> str:
        message = {
            "type": "broadcast",
            "id": self._id,
            "model": self._root.label,
            "action": action,
            "instance": instance,
        }
        # No context: it would bring the request of one subscriber into what others are sent.
        frame = self._renderer.render(message, self._media_type)
        return frame if isinstance(frame, str) else bytes(frame).decode(_charset(self._renderer))


def negotiate(
    root: RealtimeRoot, call: ViewCall, connection: Connection, message: Message, accept: str | None
) -> Broadcasts:
    """The broadcasts of a subscription, by the renderer that the view gives a GET.

    ``accept`` is the header of the socket's handshake, where it has one. May raise what the view
    raises, and a ``Refusal`` where the renderer makes no text.
    """
    evaluation = Evaluation(root, call, locate(root, dict(call.kwargs)), connection)
    view: Any = evaluation.view
    evaluation.request.META["HTTP_ACCEPT"] = "*/*" if accept is None else accept
    # As ``APIView.initial``, where negotiating comes first.
    view.format_kwarg = view.get_format_suffix(**view.kwargs)
    request = view.initialize_request(evaluation.request, **view.kwargs)
    renderer, media_type = view.perform_content_negotiation(request)
    # Renderers that a method of the view makes may each be another.
    plain = type(view).get_renderers is APIView.get_renderers
    key = (type(renderer), media_type) if plain else object()
    lookup = dict(call.kwargs).get(root.lookup_url_kwarg)
    broadcasts = Broadcasts(root, message, renderer, media_type, key, lookup=lookup)
    broadcasts.check()
    return broadcasts


def _charset(renderer: Any) -> str:
    return getattr(renderer, "charset", None) or "utf-8"


__all__ = ["LIST_WANTS", "ROW_WANTS", "Broadcasts", "negotiate"]
