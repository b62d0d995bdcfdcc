"""Random writes, and clients that lose their connection at any moment and come back anywhere.

Two hubs stand for two processes: they share the channel layer and the database, and nothing else
but what is known of the views. Where everything was missed that could be, it is a snapshot; but
never is a client told of a row as new that it holds, or as gone that it does not know.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import channel_layers
from django.db import connections
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from drf_live_graphql.changes import bulk, outbox, publisher
from drf_live_graphql.changes.capture import _captured
from drf_live_graphql.live import follower, standing
from drf_live_graphql.live.hub import Hub
from drf_live_graphql.live.resume import Questions
from drf_live_graphql.transport import operations
from tests.oracle import world
from tests.oracle.client import HeldList
from tests.oracle.rest import Visitor
from tests.oracle.targets import TARGETS, Query
from tests.oracle.wire import InProcessWire, Operation, Socket
from tests.project.asgi import application

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from pytest_django.fixtures import SettingsWrapper

EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "0"))
ROOTS = ("vehicles", "serviceVehicles", "articles", "documents", "taskDetails", "projects")

small = st.integers(0, 11)
picks = st.tuples(small, small, small)
steps = st.one_of(
    st.tuples(st.just("write"), small, picks),
    st.tuples(st.just("write"), small, picks),
    st.tuples(st.just("drop"), small, picks),
    st.tuples(st.just("resume"), small, picks),
    st.tuples(st.just("quiet"), small, picks),
)


class Held(HeldList):
    """A client of a list without pages: it holds every row, so it knows whatever goes."""

    @property
    def document(self) -> str:
        rows = self.target.shape.selection()
        parts = f"snapshot {rows} created {rows} updated {rows} deleted"
        return f"subscription {{ {self.target.root} {{ {parts} }} }}"

    def apply(self, payload: dict[str, Any]) -> None:
        change = payload["data"][self.target.root]
        unknown = set(change["deleted"]) - set(self.rows)
        assert not unknown, f"deleted, yet not held: {unknown} in {change}"
        super().apply(payload)


class Traveller:
    """A user with one list, now connected to a hub and now to none."""

    def __init__(self, name: str, root: str) -> None:
        self.visitor = Visitor(world.person(world.USERS.index(name)))
        self.held = Held(TARGETS[root], Query(), "full")
        self.operation: Operation | None = None
        self.operations: list[Operation] = []
        self.socket: Socket | None = None
        self.resumed = 0

    async def connect(self) -> None:
        after = self.cursor
        self.socket = Socket(InProcessWire(application, cookie=self.visitor.cookie))
        await self.socket.open()
        extensions = {"live": {"after": after}} if after else {}
        self.operation = await self.socket.subscribe(
            self.held.document, self.held.apply, **extensions
        )
        self.operations.append(self.operation)
        # The next step may change the hub, so this one has to have arrived.
        await (await self.socket.subscribe("{ fences { id } }")).started()

    @property
    def cursor(self) -> str | None:
        for operation in reversed(self.operations):
            for payload in reversed(operation.payloads):
                cursor: str = payload["extensions"]["live"]["cursor"]
                return cursor
        return None

    async def drop(self) -> None:
        if self.socket is not None:
            await self.socket.close()
            self.socket = None

    async def compare(self) -> None:
        view = await sync_to_async(self.visitor.view)(self.held)
        for operation in self.operations:
            operation.verify()
            assert operation.errors is None, operation.errors
        assert self.held.rows == view.rows, f"{self.held.document} holds something else"


class World:
    """The two hubs, and whoever is connected to them."""

    def __init__(self, choose: Callable[[Hub], None], *, restarts: bool) -> None:
        self.hubs = [Hub(), Hub()]
        self.choose = choose
        self.restarts = restarts

    async def quiet(self) -> None:
        while not publisher.idle:
            await asyncio.to_thread(publisher.flush, 1.0)
        for hub in (*self.hubs, *self.hubs):
            async with asyncio.timeout(30):
                await hub.settle()

    async def play(self, script: list[tuple[str, int, tuple[int, int, int]]]) -> int:
        """Returns how often somebody came back without a snapshot."""
        await sync_to_async(self.build)()
        for at, traveller in enumerate(self.travellers):
            self.choose(self.hubs[at % 2])
            await traveller.connect()
        await self.quiet()
        for kind, number, numbers in script:
            traveller = self.travellers[number % len(self.travellers)]
            if kind == "write":
                names = world.writes_to(traveller.held.target.shape)
                name = names[numbers[0] % len(names)]
                await sync_to_async(world.Write(name, numbers))()
            elif kind == "drop":
                await traveller.drop()
            elif kind == "resume" and traveller.socket is None:
                if self.restarts:
                    self.hubs.append(Hub())
                self.choose(self.hubs[numbers[0] % 2 - 2])
                await traveller.connect()
            elif kind == "quiet":
                await self.quiet()
        for traveller in self.travellers:
            if traveller.socket is None:
                await traveller.connect()
        await self.quiet()
        for traveller in self.travellers:
            await traveller.compare()
        exact = sum(self.exact(traveller) for traveller in self.travellers)
        for traveller in self.travellers:
            await traveller.drop()
        await self.quiet()
        return exact

    @staticmethod
    def exact(traveller: Traveller) -> int:
        root = traveller.held.target.root
        return sum(
            not operation.payloads or operation.payloads[0]["data"][root]["snapshot"] is None
            for operation in traveller.operations
        )

    def build(self) -> None:
        world.clear()
        world.build()
        self.travellers = [
            Traveller(world.USERS[at % len(world.USERS)], root) for at, root in enumerate(ROOTS)
        ]


def run(play: Callable[[], Awaitable[int]]) -> int:
    async def played() -> int:
        try:
            return await play()
        finally:
            await sync_to_async(connections.close_all)()

    channel_layers.backends = {}
    with asyncio.Runner() as runner:
        return runner.run(played())


@pytest.fixture
def bulk_writes() -> Iterator[None]:
    """Writes without signals are captured, as with the setting CAPTURE_BULK."""
    bulk.install()
    yield
    bulk.uninstall()


@pytest.fixture(params=[False, True], ids=["remembered", "journaled"])
def journal(
    request: pytest.FixtureRequest,
    bulk_writes: None,
    settings: SettingsWrapper,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[bool]:
    """Whether commits are in the journal, and nobody but that remembers anything."""
    if request.param:
        settings.DRF_LIVE_GRAPHQL = {"JOURNAL": True}
        for module in (follower, standing):
            monkeypatch.setattr(module, "databases", lambda: ("default",))
        monkeypatch.setattr(Questions, "ask", _nobody_answers)
        outbox.install(_captured)
    yield request.param
    outbox.uninstall()


async def _nobody_answers(*question: object) -> None:
    """As those do who are gone."""


@pytest.mark.usefixtures("live_db", "bulk_writes")
def test_who_comes_back_ends_with_what_get_answers(
    monkeypatch: pytest.MonkeyPatch, journal: bool
) -> None:
    exact = 0

    @hypothesis_settings(
        max_examples=EXAMPLES or 25,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        print_blob=True,
        # No shrinking: what depends on a race does not get shorter by trying again.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(steps, min_size=10, max_size=40))
    def example(script: list[tuple[str, int, tuple[int, int, int]]]) -> None:
        nonlocal exact
        there = World(
            lambda hub: monkeypatch.setattr(operations, "get_hub", lambda: hub), restarts=journal
        )
        exact += run(lambda: there.play(script))

    example()
    assert exact > 20, "nobody was told exactly what was missed"
