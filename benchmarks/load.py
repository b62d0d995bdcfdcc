"""The subscribers: N graphql-transport-ws sockets in one process, as cheap per message as they get.

Run by `benchmarks.fanout` as `python -m benchmarks.load`. It prints one JSON line when every
subscription has had its first payload, and one per round: a round is over when each socket
has received a frame that contains the round's marker. It ends when its input is closed.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import sys
import time
from typing import cast

__all__ = ["Subscriber", "main"]

READ = {126: 2, 127: 8}
TEXT, CLOSE, PING = 0x81, 0x88, 0x89
MARKER = b"round-"


class Rounds:
    """When each socket received each round."""

    def __init__(self, sockets: int) -> None:
        self.sockets = sockets
        self.ready = 0
        self.received: dict[bytes, list[int]] = {}
        self.sample = ""

    def started(self) -> None:
        self.ready += 1
        if self.ready == self.sockets:
            emit({"ready": self.ready})

    def arrived(self, frame: bytes) -> None:
        at = frame.find(MARKER)
        if at < 0:
            return
        name = frame[at : at + len(MARKER) + 6]
        times = self.received.setdefault(name, [])
        times.append(time.monotonic_ns())
        if len(times) == self.sockets:
            emit({"round": name.decode(), "received": times, "frame": frame.decode()})
            del self.received[name]


class Subscriber(asyncio.Protocol):
    """One socket with one subscription."""

    def __init__(self, options: argparse.Namespace, number: int, rounds: Rounds) -> None:
        self.options = options
        self.id = f"s{number:06}"
        self.rounds = rounds
        self.buffer = b""
        self.open = False
        self.first = False
        self.upgraded = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        options = self.options
        lines = [
            f"GET {options.path} HTTP/1.1",
            f"Host: 127.0.0.1:{options.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: graphql-transport-ws",
            f"Origin: http://127.0.0.1:{options.port}",
            f"Cookie: {options.cookie}",
        ]
        transport.write("\r\n".join([*lines, "", ""]).encode())

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.open:
            head, separator, rest = self.buffer.partition(b"\r\n\r\n")
            if not separator:
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                raise RuntimeError(f"the server refused the socket: {head!r}")
            self.open = True
            self.buffer = rest
            self.send({"type": "connection_init"})
        while self.frame():
            pass

    def frame(self) -> bool:
        buffer = self.buffer
        if len(buffer) < 2:
            return False
        length, start = buffer[1], 2
        if length > 125:
            start += READ[length]
            length = int.from_bytes(buffer[2:start])
        if len(buffer) < start + length:
            return False
        self.buffer = buffer[start + length :]
        self.handle(buffer[0], buffer[start : start + length])
        return True

    def handle(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            if b'"next"' in payload:
                if not self.first:
                    self.first = True
                    self.rounds.started()
                self.rounds.arrived(payload)
            elif b'"connection_ack"' in payload:
                self.send(
                    {
                        "id": self.id,
                        "type": "subscribe",
                        "payload": {"query": self.options.document},
                    }
                )
                self.upgraded.set_result(None)
            elif b'"ping"' in payload:
                self.send({"type": "pong"})
            else:
                raise RuntimeError(f"unexpected message: {payload!r}")
        elif opcode == PING:
            self.write(0x8A, payload)
        elif opcode == CLOSE:
            raise RuntimeError(f"the server closed the socket: {payload!r}")

    def send(self, message: object) -> None:
        self.write(TEXT, json.dumps(message).encode())

    def write(self, opcode: int, payload: bytes) -> None:
        # A mask of zeros is a mask: the payload stays as it is.
        length = len(payload)
        size = bytes([0x80 | length]) if length < 126 else b"\xfe" + length.to_bytes(2)
        self.transport.write(bytes([opcode]) + size + bytes(4) + payload)


def emit(message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


async def run(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    # An exception in a protocol must end the run, or it would wait for that socket for ever.
    loop.set_exception_handler(lambda _, context: os._exit(fail(context)))
    rounds = Rounds(options.sockets)
    for number in range(options.sockets):
        _, subscriber = await loop.create_connection(
            lambda number=number: Subscriber(options, number, rounds), "127.0.0.1", options.port
        )
        if number % 50 == 49:  # In waves, so that the listen queue never overflows.
            await subscriber.upgraded
    if not options.sleep:
        stay_awake(loop)
    await loop.run_in_executor(None, sys.stdin.read)


def stay_awake(loop: asyncio.AbstractEventLoop) -> None:
    """Poll without pause. To wake a reader on the same machine is work of the sender's, which a
    client elsewhere does not make; and it strikes a design that sends a little slower than its
    readers read at every frame, a faster one hardly ever.
    """
    loop.call_soon(stay_awake, loop)


def fail(context: dict[str, object]) -> int:
    sys.stderr.write(f"{context.get('message')}: {context.get('exception')!r}\n")
    sys.stderr.flush()
    return 1


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", default="/graphql/")
    parser.add_argument("--cookie", default="")
    parser.add_argument("--sockets", type=int, required=True)
    parser.add_argument("--document", required=True)
    parser.add_argument("--sleep", action="store_true", help="sleep while nothing comes")
    options = parser.parse_args()
    try:
        import uvloop
    except ImportError:
        asyncio.run(run(options))
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(options))


if __name__ == "__main__":
    main()
