"""The floor: an ASGI application that sends given bytes to all its sockets in a loop, no more.

It speaks as much graphql-transport-ws as a subscriber needs and takes what it sends from the same
Redis: nothing is evaluated, nothing is encoded, every socket gets the same text.
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import redis.asyncio

__all__ = ["CHANNEL", "application"]

CHANNEL = "benchmark-bare"

sockets: dict[object, Any] = {}
reader: asyncio.Task[None] | None = None


async def read() -> None:
    client = redis.asyncio.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=None)
    async with client.pubsub(ignore_subscribe_messages=True) as pubsub:
        await pubsub.subscribe(CHANNEL)
        async for message in pubsub.listen():
            text = message["data"].decode()
            for send in list(sockets.values()):
                await send({"type": "websocket.send", "text": text})


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    global reader
    if scope["type"] != "websocket":
        raise ValueError(f"expected a websocket scope, got {scope['type']!r}")
    if reader is None:
        reader = asyncio.create_task(read())
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
    key = object()
    try:
        while (event := await receive())["type"] == "websocket.receive":
            message = json.loads(event["text"])
            if message["type"] == "connection_init":
                await send({"type": "websocket.send", "text": '{"type":"connection_ack"}'})
            elif message["type"] == "subscribe":
                sockets[key] = send
                first = json.dumps({"id": message["id"], "type": "next", "payload": {}})
                await send({"type": "websocket.send", "text": first})
    finally:
        sockets.pop(key, None)
