"""The REST oracle: after every step, what clients hold is what GET answers.

Hypothesis draws the steps: subscriptions of several users to several views, and writes of every
kind, alone, together in a transaction, rolled back, or at the very moment of a subscription. Once
the process is quiet, each client is compared with a GET by its own user; and every row that was
sent is compared with what that user could GET at one of the moments since the last comparison.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from asgiref.sync import sync_to_async
from channels.layers import channel_layers, get_channel_layer
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.contrib.auth import get_user_model
from django.db import connections, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from drf_live_graphql.exceptions import ENDED_MESSAGE
from drf_live_graphql.testing import settled
from tests.oracle import world
from tests.oracle.client import Form, Held, HeldList, HeldRow, Subscribed, subscribe
from tests.oracle.rest import View, Visitor, canonical
from tests.oracle.targets import TARGETS, camel
from tests.oracle.wire import InProcessWire, Socket
from tests.project import models

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

__all__ = ["Oracle"]

T = TypeVar("T")
ENDED = [{"message": ENDED_MESSAGE, "extensions": {"code": "NOT_AUTHENTICATED"}}]
MOST_SUBSCRIPTIONS = 12

small = st.integers(0, 11)
picks = st.tuples(small, small, small)
writes = st.builds(world.Write, st.sampled_from(sorted(world.WRITES)), picks)
batches = st.lists(writes, min_size=1, max_size=4)
users = st.sampled_from(world.USERS)
roots = st.sampled_from(sorted(TARGETS))
forms = st.sampled_from(["full", "full", "delta", "query"])


@dataclass
class Watched:
    """One subscription of one user, and what GET showed at the moments since its last check."""

    user: str
    subscribed: Subscribed
    moments: list[View] = field(default_factory=list)
    racing: bool = False
    """Whether it began (or was renewed) while something was written: which of the two came first
    is open."""
    account_closed: bool = False

    @property
    def held(self) -> Held:
        return self.subscribed.held


class Oracle(RuleBasedStateMachine):
    """Several users, their subscriptions, and a world that changes."""

    application: Callable[..., Awaitable[None]]
    """The ASGI application under test; set by the test that runs the machine."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        # Layers are made for one event loop a process: RedisChannelLayer's locks belong to it.
        channel_layers.backends = {}
        self.visitors: dict[str, Visitor] = {}
        self.sockets: dict[str, Socket] = {}
        self.watched: list[Watched] = []
        self.inactive: set[str] = set()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    # Steps.

    @initialize(first=st.lists(st.tuples(users, roots, small, forms), min_size=3, max_size=8))
    def begin(self, first: list[tuple[str, str, int, Form]]) -> None:
        self.run(sync_to_async(self._begin)())
        for one in first:
            self.run(self._subscribe(*one))

    @rule(user=users, root=roots, number=small, form=forms)
    def subscribe(self, user: str, root: str, number: int, form: Form) -> None:
        if self._free(user):
            self.run(self._subscribe(user, root, number, form))

    @rule(user=users, root=roots, number=small, steps=st.lists(picks, min_size=2, max_size=6))
    def subscribe_while_writing(
        self, user: str, root: str, number: int, steps: list[tuple[int, int, int]]
    ) -> None:
        """Commits to the very list that is being subscribed to, one right after the other."""
        if self._free(user):
            names = world.writes_to(TARGETS[root].shape)
            batch = [world.Write(names[step[0] % len(names)], step) for step in steps]
            self.run(self._subscribe(user, root, number, "full", batch))

    @rule(batch=batches)
    def commit(self, batch: list[world.Write]) -> None:
        """Several writes in one transaction: one payload for each subscription at most."""
        self.run(self._write(lambda: self._atomically(batch), once=_commits_once(batch)))

    @rule(batch=batches)
    def one_by_one(self, batch: list[world.Write]) -> None:
        """Several commits without a pause in between."""

        def write() -> None:
            for step in batch:
                step()
                self._look()

        self.run(self._write(write))

    @rule(batch=batches)
    def roll_back(self, batch: list[world.Write]) -> None:
        def write() -> None:
            with transaction.atomic():
                self._atomically(batch)
                transaction.set_rollback(True)

        self.run(self._write(write, never=True))

    @rule(first=batches, undone=batches, last=batches)
    def roll_back_a_savepoint(
        self, first: list[world.Write], undone: list[world.Write], last: list[world.Write]
    ) -> None:
        def write() -> None:
            with transaction.atomic():
                self._atomically(first)
                with transaction.atomic():
                    self._atomically(undone)
                    transaction.set_rollback(True)
                self._atomically(last)

        self.run(self._write(write, once=_commits_once([*first, *last])))

    @rule(number=small)
    def unsubscribe(self, number: int) -> None:
        if self.watched:
            self.run(self._drop([self.watched[number % len(self.watched)]]))

    @rule(user=users)
    def deactivate(self, user: str) -> None:
        """An account is closed, and with it its owner's connections."""
        if user in self.inactive:
            return
        self.inactive.add(user)
        for one in self.watched:
            one.account_closed |= one.user == user

        self.run(self._write(lambda: self._set(user, is_active=False)))
        self.run(self._leave(user))

    @rule(user=users)
    def reactivate(self, user: str) -> None:
        if user in self.inactive:
            self.inactive.remove(user)
            self.run(sync_to_async(self._set)(user, is_active=True))

    @rule(user=users, staff=st.booleans())
    def promote(self, user: str, staff: bool) -> None:
        """Views for staff open or close; those who watch them are asked again at once."""
        self.run(self._write(lambda: self._set(user, is_staff=staff)))

    @rule(user=users)
    def leave(self, user: str) -> None:
        self.run(self._leave(user))

    def teardown(self) -> None:
        try:
            for user in list(self.sockets):
                self.run(self._leave(user))
            # The next example has another event loop: the layer must be let go of in this one.
            self.run(settled())
            self.run(_close(get_channel_layer()))
            self.run(sync_to_async(connections.close_all)())
        finally:
            self.runner.close()

    # Rules have no preconditions: what a step depends on may be decided by a race, and Hypothesis
    # wants the same steps to be possible each time. A step that makes no sense does nothing.

    def _free(self, user: str) -> bool:
        return user not in self.inactive and len(self.watched) < MOST_SUBSCRIPTIONS

    # What the steps are made of; those without `async` run in Django's thread.

    def _begin(self) -> None:
        world.clear()
        world.build()
        self.visitors = {name: Visitor(world.person(at)) for at, name in enumerate(world.USERS)}

    def _set(self, user: str, **values: bool) -> None:
        account = get_user_model().objects.get(username=user)
        for name, value in values.items():
            setattr(account, name, value)
        account.save()

    def _atomically(self, batch: Iterable[world.Write]) -> None:
        with transaction.atomic():
            for step in batch:
                step()

    def _look(self) -> None:
        """Note what each subscriber may see at this moment."""
        for watched in self.watched:
            watched.moments.append(self.visitors[watched.user].view(watched.held))

    async def _socket(self, user: str) -> Socket:
        if user not in self.sockets:
            wire = InProcessWire(type(self).application, cookie=self.visitors[user].cookie)
            socket = Socket(wire)
            await socket.open()
            self.sockets[user] = socket
        return self.sockets[user]

    async def _leave(self, user: str) -> None:
        if socket := self.sockets.pop(user, None):
            self.watched = [one for one in self.watched if one.user != user]
            await socket.close()

    async def _drop(self, some: Iterable[Watched]) -> None:
        for one in list(some):
            self.watched.remove(one)
            await self.sockets[one.user].complete(one.subscribed.operation)

    def _ask(self, root: str, number: int, form: Form) -> Held | None:
        """What to subscribe to: `None` where the world has nothing to name."""
        target = TARGETS[root]
        if target.lookup:
            model = {
                "task": models.Task,
                "note": models.Note,
                "article": models.Article,
                "document": models.Document,
                "announcement": models.Announcement,
                "memo": models.Memo,
            }[root]
            row = world.pick(model, number)
            return row and HeldRow(target, str(getattr(row, target.lookup)))
        parent = str(world.pick(models.Project, number).pk) if target.parent else ""
        query = target.queries[number % len(target.queries)]
        return HeldList(target, query, form, parent)

    async def _subscribe(
        self,
        user: str,
        root: str,
        number: int,
        form: Form,
        batch: list[world.Write] | None = None,
    ) -> None:
        held = await sync_to_async(self._ask)(root, number, form)
        if held is None:
            return
        socket = await self._socket(user)
        view = self.visitors[user].view
        before = await sync_to_async(view)(held)
        seen: list[View] = []
        look = sync_to_async(lambda: seen.append(view(held)))
        write = asyncio.create_task(self._meanwhile(batch, look)) if batch else None
        watched = Watched(user, await subscribe(socket, held), [before], racing=batch is not None)
        self.watched.append(watched)
        if write is not None:
            await write
            # Also what was shown before it was known to be watched: the row may have been away.
            watched.moments += seen
        await self._begun(socket, watched)
        await self._quiet()
        operation = watched.subscribed.operation
        if operation.ended:
            operation.verify()
            after = watched.moments[-1]
            refused = {one.status for one in (before, *seen, after)} - {200}
            assert refused, f"GET allows what ended with {operation.errors}"
            assert isinstance(held, HeldList) or held.row is None or batch
            await self._drop([watched])
        elif not batch and isinstance(held, HeldList) and held.form == "full":
            assert held.snapshot == before.page, "the snapshot is not the page that GET answers"

    async def _meanwhile(
        self, batch: list[world.Write], look: Callable[[], Awaitable[None]]
    ) -> None:
        for step in batch:
            await sync_to_async(step)()
            await sync_to_async(self._look)()
            await look()

    async def _begun(self, socket: Socket, watched: Watched) -> None:
        """Return once a subscription is in effect, even where it has nothing to say at first."""
        held = watched.held
        if isinstance(held, HeldRow) or held.form != "delta":
            await watched.subscribed.operation.started()
            return
        # Another one to the same list begins after it, and does say something.
        after = await subscribe(socket, HeldList(held.target, held.query, "full", held.parent))
        await after.operation.started()
        await socket.complete(after.operation)

    async def _write(
        self, write: Callable[[], None], *, once: bool = False, never: bool = False
    ) -> None:
        before = {id(one): len(one.subscribed.operation.payloads) for one in self.watched}
        await sync_to_async(write)()
        await self._quiet()
        for one in self.watched:
            operation = one.subscribed.operation
            sent = operation.payloads[before[id(one)] :]
            assert not (never and sent), f"a rollback sent {sent}"
            if once:
                assert len(sent) <= 1, f"one commit, several payloads: {sent}"
        await self._drop(one for one in self.watched if one.subscribed.operation.ended)

    async def _quiet(self) -> None:
        """Wait until nothing is under way any more, then compare everybody with REST."""
        await settled()
        await sync_to_async(self._look)()
        for watched in self.watched:
            compare(watched)


def _commits_once(batch: Iterable[world.Write]) -> bool:
    return not any(step.name in world.AFTERWARDS for step in batch)


async def _close(layer: Any) -> None:
    """Close the connections that a layer has in this loop."""
    if isinstance(layer, RedisPubSubChannelLayer):
        await layer.flush()
        await asyncio.sleep(0)  # What was closed says so in its turn.


def compare(watched: Watched) -> None:
    """Compare one client with GET, and forget the moments that are now checked."""
    operation, held, now = watched.subscribed.operation, watched.held, watched.moments[-1]
    operation.verify()
    where = f"{watched.user}: {held.document}"
    for row in watched.subscribed.news():
        name = row[camel(held.target.shape.key)]
        assert any(view.shows(name, row) for view in watched.moments), (
            f"{where}\nwas sent a row that GET showed at no moment: {row}"
        )
    if operation.ended:
        # Its connection is closed, open views included: the next one is nobody's.
        credential_ended = watched.account_closed and operation.errors == ENDED
        assert credential_ended or any(view.status != 200 for view in watched.moments), (
            f"{where}\nended with {operation.errors}, though GET allows it"
        )
    elif isinstance(held, HeldRow):
        _compare_row(held, now, where)
    else:
        _compare_list(watched, held, now, where)
    watched.moments = [now]
    watched.racing = False
    if isinstance(held, HeldList):
        held.renewed = False


def _compare_row(held: HeldRow, now: View, where: str) -> None:
    expected = next(iter(now.rows.values()), None)
    assert held.row == expected, f"{where}\nholds {held.row}\nGET shows {expected}"


def _compare_list(watched: Watched, held: HeldList, now: View, where: str) -> None:
    if held.form != "query":
        for name, row in held.rows.items():
            assert name in now.rows, f"{where}\nholds {row}, which no page shows"
            assert canonical(row) == canonical(now.rows[name]), (
                f"{where}\nholds {row}\nGET shows {now.rows[name]}"
            )
        renewed = watched.racing and held.renewed
        entered = set() if renewed else set(now.rows) - set(watched.moments[0].rows)
        everything = held.form == "full" and not held.target.paginated
        missing = (set(now.rows) if everything else entered) - set(held.rows)
        assert not missing, f"{where}\ndoes not hold {[now.rows[name] for name in missing]}"
    if held.page is not None and now.status == 200:
        assert held.page == now.page, f"{where}\nread again {held.page}\nGET answers {now.page}"
