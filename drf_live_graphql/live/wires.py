"""What lies under a Redis layer: connections that break, and come back without a word.

``RedisPubSubChannelLayer`` subscribes again by itself when its connection was cut, and what was
published meanwhile is lost without anybody being told (its ``on_reconnect`` is never called). And
neither layer notices a connection whose other end is gone without having closed it. Neither has a
public way to its connections, so whatever is not where it is expected is left alone: then only
the numbers of the messages tell.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

logger = logging.getLogger("drf_live_graphql.live")

# Seconds that closing may take; the other end may be gone.
CLOSING = 2.0


class Wires:
    """The connections under the layer of one event loop."""

    def __init__(self, renewed: Callable[[], None]) -> None:
        """``renewed`` is called when a connection that changes arrive on was made anew."""
        self._renewed = renewed

    def watch(self, layer: Any) -> None:
        """Have ``renewed`` called for the connections there are; again and again does no harm."""
        for shard in getattr(layer, "_shards", ()):
            connection = getattr(getattr(shard, "_pubsub", None), "connection", None)
            register = getattr(connection, "register_connect_callback", None)
            if register is not None:
                register(self._on_connect)  # Held weakly there.

    def _on_connect(self, connection: Any) -> None:
        self._renewed()

    async def cut(self, layer: Any) -> None:
        """Close all connections; the layer opens new ones and subscribes again."""
        pools = [pool for client in _clients(layer) if (pool := _pool(client)) is not None]
        try:
            async with asyncio.timeout(CLOSING):
                for pool in pools:
                    await pool.disconnect(inuse_connections=True)
        except Exception as error:  # noqa: BLE001  # They were as good as gone.
            logger.info("Connections of the channel layer could not be closed: %r", error)


def _clients(layer: Any) -> Iterator[Any]:
    """The Redis clients of a layer in this event loop; none for a layer that is another."""
    for shard in getattr(layer, "_shards", ()):
        yield getattr(shard, "_redis", None)
    loops = getattr(layer, "_layers", {})
    mine = loops.get(asyncio.get_running_loop()) if isinstance(loops, dict) else None
    yield from getattr(mine, "_connections", {}).values()


def _pool(client: Any) -> Any:
    return getattr(client, "connection_pool", None)


__all__ = ["Wires"]
