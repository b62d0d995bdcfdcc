"""One change to N subscribers of one list, in one server process, through Redis.

    python -m benchmarks.fanout [--sockets 1000] [--servers uvicorn daphne] [--json out.json]

Three designs on the same server, the same database and the same subscribers: `live` (this
package), `bare` (a loop that sends the same bytes to the same sockets, see bare.py) and `naive`
(strawberry and Channels with the DRF view run for each subscriber, see naive.py). README.md says
how to read the table.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import redis

from tests import servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Result", "main", "measure"]

FIELDS = "id title status priority project assignee"
DOCUMENTS = {
    "live": f"subscription {{ tasks {{ snapshot {{ count }} created {{ {FIELDS} }}"
    f" updated {{ {FIELDS} }} deleted cursor }} }}",
    "naive": f"subscription {{ taskChanged {{ {FIELDS} }} }}",
    "bare": "subscription { bare }",
}
APPLICATIONS = {
    "live": "tests.project.asgi:application",
    "naive": "benchmarks.naive:application",
    "bare": "benchmarks.bare:application",
}
OPTIONS: dict[str, tuple[str, ...]] = {"uvicorn": ("--loop", "uvloop"), "daphne": ("-v", "0")}
WARM = 20
"""Sockets that come first, so that memory per subscription counts no imports and no caches."""
FRAME = '{"id":"s000000","type":"next","payload":{"data":{"tasks":{"created":[],"updated":[{"id":"1","title":"round-000000","status":"OPEN","priority":"NORMAL","project":"1","assignee":"1"}],"deleted":[],"cursor":"00000000000000000000000000000000"}}}}'  # noqa: E501
"""What `bare` sends where `live` was not measured before it: the same shape and length."""


@dataclass
class Result:
    design: str
    server: str
    sockets: int
    rounds: int
    deliveries_per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us_per_delivery: float
    deliveries_per_cpu_second: float
    kib_per_subscription: float
    frame_bytes: int


class Load:
    """A process of subscribers."""

    def __init__(
        self, port: int, sockets: int, cookie: str, document: str, *, sleep: bool = True
    ) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "benchmarks.load", "--port", str(port)),
                *("--sockets", str(sockets), "--cookie", cookie, "--document", document),
                *(("--sleep",) if sleep else ()),
            ],
            cwd=servers.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.read()

    def read(self) -> dict[str, Any]:
        """The next line that the process prints; raises `RuntimeError` where it ended instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the subscribers ended with code {self.process.wait()}")
        message: dict[str, Any] = json.loads(line)
        return message

    def close(self) -> None:
        self.process.communicate(timeout=30)


@contextmanager
def load(server: servers.AsgiServer, *arguments: Any, sleep: bool = True) -> Iterator[Load]:
    try:
        subscribers = Load(server.port, *arguments, sleep=sleep)
    except RuntimeError:
        sys.stderr.write(server.output())
        raise
    try:
        yield subscribers
    finally:
        subscribers.close()


def measure(
    design: str,
    server_name: str,
    *,
    sockets: int,
    rounds: int,
    cookie: str,
    change: Callable[[int], int],
    sleep: bool = False,
) -> tuple[Result, str]:
    """Measure one design on one server; returns the figures and one of the frames delivered.

    `change` makes the change of a round and returns when it was committed (`monotonic_ns`);
    `sleep` lets the readers sleep until something comes (see load.py).
    """
    document = DOCUMENTS[design]
    with ExitStack() as stack:
        server = stack.enter_context(
            servers.AsgiServer(
                APPLICATIONS[design], program=server_name, options=OPTIONS[server_name]
            )
        )
        process = psutil.Process(server.process.pid)
        with load(server, WARM, cookie, document):
            before = process.memory_info().rss
            subscribers = stack.enter_context(load(server, sockets, cookie, document, sleep=sleep))
            memory = process.memory_info().rss - before
        play(subscribers, change, range(1, 4))  # The first rounds warm up.
        cpu = cpu_seconds(process)
        delays, frame = play(subscribers, change, range(4, 4 + rounds))
        cpu = cpu_seconds(process) - cpu
    every = sorted(delay for delays_of_round in delays for delay in delays_of_round)
    deliveries = sockets * rounds
    return Result(
        design=design,
        server=server_name,
        sockets=sockets,
        rounds=rounds,
        deliveries_per_second=sockets / statistics.median(max(d) for d in delays),
        p50_ms=every[len(every) // 2] * 1e3,
        p99_ms=every[int(len(every) * 0.99)] * 1e3,
        cpu_us_per_delivery=cpu / deliveries * 1e6,
        deliveries_per_cpu_second=deliveries / cpu,
        kib_per_subscription=memory / sockets / 1024,
        frame_bytes=len(frame),
    ), frame


def play(
    subscribers: Load, change: Callable[[int], int], numbers: range
) -> tuple[list[list[float]], str]:
    """Make one change after another, each when the one before has reached all."""
    delays, frame = [], ""
    for number in numbers:
        committed = change(number)
        report = subscribers.read()
        if report["round"] != name_of(number):
            raise RuntimeError(f"expected {name_of(number)}, got {report['round']}")
        delays.append([(received - committed) / 1e9 for received in report["received"]])
        frame = report["frame"]
    return delays, frame


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def name_of(number: int) -> str:
    return f"round-{number:06}"


def prepare() -> tuple[str, Callable[[int], int]]:
    """A database with one project of 20 tasks; its member's cookie, and the change to make."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.project.settings"
    os.environ["TEST_CHANNEL_LAYER"] = "pubsub"
    os.environ["REDIS_URL"] = servers.redis_url()
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import transaction
    from django.test import Client

    from benchmarks import naive
    from tests.project.models import Membership, Project, Task

    call_command("migrate", run_syncdb=True, verbosity=0)
    user = get_user_model().objects.create(username="ada")
    project = Project.objects.create(name="Engine", slug="engine")
    Membership.objects.create(project=project, user=user)
    tasks = [Task.objects.create(project=project, assignee=user, title="-") for _ in range(20)]
    naive.connect()
    client = Client()
    client.force_login(user)
    committed = 0

    def commit() -> None:
        nonlocal committed
        committed = time.monotonic_ns()

    def change(number: int) -> int:
        with transaction.atomic():
            transaction.on_commit(commit)  # Before any other hook of this commit.
            tasks[0].title = name_of(number)
            tasks[0].save()
        return committed

    return f"sessionid={client.cookies['sessionid'].value}", change


def bare_change(frame: str) -> Callable[[int], int]:
    """What `bare` takes for a change: the frame itself, published."""
    from benchmarks.bare import CHANNEL

    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    at = frame.index("round-")
    head, tail = frame[:at], frame[at + len(name_of(0)) :]

    def change(number: int) -> int:
        committed = time.monotonic_ns()
        client.publish(CHANNEL, head + name_of(number) + tail)
        return committed

    return change


def table(results: list[Result]) -> str:
    by_key = {(result.design, result.server): result for result in results}
    columns = "server, design, deliveries/s, p50 ms, p99 ms, CPU µs/delivery, KiB/subscription"
    names = [*columns.split(", "), "of bare", "times naive"]
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for result in results:
        ratios = []
        for other, form in (("bare", "{:.0%}"), ("naive", "{:,.0f} x")):
            peer = by_key.get((other, result.server))
            ratio = peer and peer.cpu_us_per_delivery / result.cpu_us_per_delivery
            ratios.append(form.format(ratio) if ratio else "")
        lines.append(
            f"| {result.server} | {result.design} | {result.deliveries_per_second:,.0f} "
            f"| {result.p50_ms:,.1f} | {result.p99_ms:,.1f} | {result.cpu_us_per_delivery:,.1f} "
            f"| {result.kib_per_subscription:,.1f} | {ratios[0]} | {ratios[1]} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--naive-rounds", type=int, default=3)
    parser.add_argument("--servers", nargs="+", default=list(OPTIONS), choices=list(OPTIONS))
    parser.add_argument(
        "--designs", nargs="+", default=["live", "bare", "naive"], choices=list(APPLICATIONS)
    )
    parser.add_argument("--sleep", action="store_true", help="let the readers sleep (see load.py)")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    cookie, change = prepare()
    results, frame = [], FRAME
    for server in options.servers:
        for design in options.designs:
            result, delivered = measure(
                design,
                server,
                sockets=options.sockets,
                rounds=options.naive_rounds if design == "naive" else options.rounds,
                cookie=cookie,
                change=bare_change(frame) if design == "bare" else change,
                sleep=options.sleep,
            )
            if design == "live":
                frame = delivered
            results.append(result)
            print(f"{server} {design}: done", file=sys.stderr)
    print(table(results))
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=2))


if __name__ == "__main__":
    main()
