"""GraphQL over a websocket, on Channels: strawberry's consumer with our handler in it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from channels.layers import get_channel_layer
from channels.utils import await_many_dispatch
from strawberry.channels import GraphQLWSConsumer
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from drf_live_graphql.conf import settings

from .codes import CloseCode
from .handler import LiveHandler

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from strawberry.schema import Schema

logger = logging.getLogger("drf_live_graphql.transport")

# Frames of a client that wait to be handled; then the server stops reading from it.
INBOX = 64


class LiveConsumer(GraphQLWSConsumer[Any, Any]):
    """One socket. Speaks graphql-transport-ws only; the legacy protocol has known holes.

    It has no channel of its own: changes reach the process once, through its hub. Only a
    user's subscription that calls ``listen_to_channel`` gives its socket one.
    """

    channel_layer_alias = ""
    graphql_transport_ws_handler_class = LiveHandler

    def __init__(self, schema: Schema) -> None:
        """``schema`` is that of a ``LiveRouter``, or one that its types were merged into."""
        super().__init__(
            schema=schema,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            allowed_origins=tuple(settings.ALLOWED_ORIGINS),
        )
        self.message_queue = asyncio.Queue(INBOX)
        self._listener: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Serve the socket in a task of its own."""
        self.run_task = asyncio.ensure_future(self._serve())

    async def _serve(self) -> None:
        """As strawberry's ``run``; a fault in a user's hook closes the socket it happened on."""
        try:
            await self.run(self)
        except Exception:
            logger.exception("A socket failed.")
            with suppress(Exception):  # The other side may have gone first.
                await self.close(code=int(CloseCode.TRY_AGAIN_LATER))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take a frame; while the inbox is full, the server reads no more from this client."""
        size = len(text_data) if text_data is not None else len(bytes_data or b"")
        if size > settings.MAX_MESSAGE_BYTES:
            await self.close(
                code=int(CloseCode.BAD_REQUEST),
                reason=f"Expected at most {settings.MAX_MESSAGE_BYTES} bytes a message",
            )
            return
        await self._put(text_data)

    async def _put(self, text: str | None, *, disconnected: bool = False) -> None:
        """Hand a frame to the handler, unless the handler has ended."""
        assert self.run_task is not None
        put = asyncio.ensure_future(
            self.message_queue.put({"message": text, "disconnected": disconnected})
        )
        await asyncio.wait((put, self.run_task), return_when=asyncio.FIRST_COMPLETED)
        put.cancel()

    async def disconnect(self, code: int) -> None:
        """The socket is gone: the handler ends its operations."""
        await self._put(None, disconnected=True)
        assert self.run_task is not None
        await self.run_task
        if self._listener is not None:
            self._listener.cancel()

    @asynccontextmanager
    async def listen_to_channel(self, *args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        """As strawberry's, for the user's own subscriptions: now the socket needs a channel."""
        await self._open_channel()
        async with super().listen_to_channel(*args, **kwargs) as messages:
            yield messages

    async def _open_channel(self) -> None:
        if self._listener is not None:
            return
        layer = get_channel_layer(settings.CHANNEL_LAYER)
        if layer is None:
            return  # Strawberry's own method says what is missing.
        self.channel_layer = layer
        self.channel_name = await layer.new_channel()
        receive = partial(layer.receive, self.channel_name)
        self._listener = asyncio.ensure_future(await_many_dispatch([receive], self.dispatch))


__all__ = ["LiveConsumer"]
