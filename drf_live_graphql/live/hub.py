"""The one place of a process where changes arrive, and from which live queries are woken.

Every doubt whether a message was missed (see ``ear``) ends in a resync of what may have missed it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

from channels.layers import get_channel_layer

from drf_live_graphql.changes import Disconnect
from drf_live_graphql.changes.control import CONTROL, DISCONNECT
from drf_live_graphql.changes.message import ALIVE, CHANGES, decode
from drf_live_graphql.conf import settings
from drf_live_graphql.exceptions import (
    INTERNAL_MESSAGE,
    Refusal,
    credentials_ended,
    refusal_of,
)
from drf_live_graphql.location import locate

from . import executor, reads, release
from .commits import Commits
from .cursor import Cursor
from .ear import Ear
from .evaluation import Evaluation
from .follower import Follower
from .history import shape_of
from .identity import is_private
from .query import LiveQuery
from .recall import Journals, is_for
from .resume import ANSWER, ASK, Questions, Told, answer
from .retention import Retained
from .routing import labels_of
from .tasks import Tasks
from .timetable import Timetable
from .trace import key_of, trace_of

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Iterator

    from drf_live_graphql.changes import Changes
    from drf_live_graphql.requests import Connection
    from drf_live_graphql.users import UserKey
    from schema_gen import RootDescription

    from .line import Line
    from .round import Outcome
    from .standing import Place, Standing
    from .subscription import Subscription
    from .trace import Key

logger = logging.getLogger("drf_live_graphql.live")

# Seconds that the rest of a commit may take to come; its messages are sent one after the other.
PARTS_TIMEOUT = 0.5
# Seconds between looks at what has no task to wait for, in ``settle``.
SETTLING = 0.01
# Times that another process is asked the same: once it has said what the answer depends on, which
# this one may not have listened to.
QUESTIONS = 2


class Hub:
    """The live queries of one event loop, and what they hear."""

    def __init__(self) -> None:
        """Not connected yet: that happens with the first subscription."""
        self._queries: dict[Key, LiveQuery] = {}
        self._by_label: dict[str, set[LiveQuery]] = {}
        self._ear = Ear(self)
        self._commits = Commits()
        self._giving_up: asyncio.TimerHandle | None = None
        self._timetable = Timetable()
        # The connections there are, whether or not they have anything open.
        self.lines: WeakSet[Line] = WeakSet()
        self._starter: asyncio.Task[None] | None = None
        self._tasks = Tasks()
        self._admissions = Tasks()
        self._admitting = 0
        self._releasing: asyncio.Task[None] | None = None
        # Where the setting ``JOURNAL`` is on: then the layer only wakes it.
        self._follower: Follower | None = None
        self._count = 0
        self._numbers: WeakValueDictionary[int, LiveQuery] = WeakValueDictionary()
        self._retained = Retained()
        self._questions = Questions(self._ear.send)
        self._journals = Journals()

    @property
    def address(self) -> str:
        """The channel on which other processes reach this one; empty while there is none."""
        return self._ear.address

    @property
    def place(self) -> Place | None:
        """How far the journals were told; ``None`` where they are not all followed."""
        return None if self._follower is None else self._follower.place

    @property
    def queries(self) -> tuple[LiveQuery, ...]:
        """The live queries that somebody is subscribed to."""
        return tuple(query for query in self._queries.values() if query not in self._retained)

    @property
    def retained(self) -> tuple[LiveQuery, ...]:
        """The live queries that are kept for one who comes back."""
        return tuple(self._retained)

    def keeps(self, query: LiveQuery) -> bool:
        """Whether a live query is kept for one who comes back."""
        return query in self._retained

    def count(self) -> int:
        """A number that no other live query of this hub gets."""
        self._count += 1
        return self._count

    # Connections.

    def attach(self, line: Line) -> None:
        """Know a connection, so that it can be ended though nothing is subscribed on it."""
        self.lines.add(line)
        starting = self._starter in self._admissions
        # A missing layer is said where something is subscribed, and by the system check.
        layer = get_channel_layer(settings.CHANNEL_LAYER)
        if CONTROL not in self._ear.joined and not starting and layer is not None:
            self._starter = self._admissions.spawn(self._listen(()))

    def detach(self, line: Line) -> None:
        """Forget a connection that has ended; twice does no harm."""
        self.lines.discard(line)
        self._ear.leave_unneeded()

    def _disconnect(self, user: UserKey) -> None:
        for line in tuple(self.lines):
            if user in line.connection.users:
                line.disconnect(credentials_ended())

    # Subscriptions.

    async def subscribe(self, subscription: Subscription) -> None:
        """Admit a subscription and have it told where things stand.

        Raises a ``Refusal`` where the view refuses a GET: then nothing was subscribed.
        """
        try:
            with self.admitting():
                await self._admit(subscription)
        except Exception as error:
            refusal = refusal_of(error, subscription.root)
            if refusal is None:
                logger.exception("A subscription of %r failed.", subscription.root.name)
                refusal = Refusal(INTERNAL_MESSAGE, "INTERNAL_SERVER_ERROR")
            raise refusal from error

    @contextlib.contextmanager
    def admitting(self) -> Iterator[None]:
        """Have ``settle`` wait: something is on its way that nothing else tells of yet."""
        self._admitting += 1
        try:
            yield
        finally:
            self._admitting -= 1

    def readmit(self, subscription: Subscription) -> None:
        """Find a running subscription another query, or end it where the view refuses it."""
        if subscription.query is not None:
            subscription.query.leave(subscription)
        self._admissions.spawn(self._readmit(subscription))

    async def _readmit(self, subscription: Subscription) -> None:
        try:
            await self.subscribe(subscription)
        except Refusal as refusal:
            subscription.fail(refusal)

    async def _admit(self, subscription: Subscription) -> None:
        root, call, connection = subscription.root, subscription.call, subscription.connection
        location = await executor.run(lambda: locate(root, dict(call.kwargs)), root)

        def authorise() -> tuple[Hashable, UserKey | None, frozenset[str]]:
            evaluation = Evaluation(root, call, location, connection)
            with evaluation.surroundings():
                # A subscription that goes on under another identity was paid for before.
                evaluation.authorise(throttle=not subscription.told)
            return evaluation.identity(), evaluation.user(), frozenset(evaluation.facts)

        identity, user, facts = await executor.run(authorise, root)
        connection.stands_for(user)
        self._learn(root, facts)
        if subscription.ended:
            return
        key = key_of(root, call, connection, identity)
        self._sweep()
        query = self._queries.get(key)
        if query is None:
            query = self._queries[key] = LiveQuery(self, key, location, labels_of(root.model))
            self._numbers[query.number] = query
            self._timetable.add(query)
        self._retained.discard(query)
        query.reserve(subscription)
        self._index(query)
        try:
            await self._listen(query.all_labels())
            await self._consult(subscription, key)
        except BaseException:
            if subscription.query is query:
                query.leave(subscription)
            raise
        if not subscription.ended and subscription.query is query:
            query.join(subscription)

    async def _consult(self, subscription: Subscription, key: Key) -> None:
        """Ask the process that a client comes from what it missed.

        This one is in the groups by now, so it hears of what happens after that.
        """
        after, query = subscription.after, subscription.query
        if not isinstance(after, Cursor) or query is None:
            return
        found = None
        if after.hub and after.hub == self.address:
            if query.remembers(after, shape_of(subscription.wants.followed)):
                return
        elif self.address and settings.RESUME_WINDOW > 0:
            found = await self._ask(after, subscription, query, key)
        if found is None and subscription.query is query:
            found = await self._recall(after.standing, subscription, query, key)
        if subscription.query is query:
            subscription.after = found

    async def _recall(
        self, standing: Standing | None, subscription: Subscription, query: LiveQuery, key: Key
    ) -> Told | None:
        """What the journals tell of the time since ``standing``."""
        if standing is None or settings.RESUME_WINDOW <= 0 or not self._is_journaled():
            return None
        if not await executor.run(lambda: is_for(standing, key, subscription.connection)):
            return None
        self._learn(key.root, standing.names)
        reads.learn(key.root, standing.dependencies())
        query.learn(standing.dependencies())
        # What is committed from now on is heard of; what was before, the journals tell.
        await self.listen(query)
        rounds = query.rounds
        trail = await self._journals.trail(standing, query.all_labels())
        return None if trail is None else Told(trail, query.number, rounds)

    async def _ask(
        self, after: Cursor, subscription: Subscription, query: LiveQuery, key: Key
    ) -> Told | None:
        shape = shape_of(subscription.wants.followed)
        await executor.run(release.look_up)
        for _ in range(QUESTIONS):
            if self._ear.doubtful or not self.address:
                return None
            rounds, heard = query.rounds, self.heard_by(query)
            known = await self._questions.ask(after, shape, key.root, self.address)
            if known is None or not known.is_for(key, subscription.connection):
                return None
            self._learn(key.root, known.names)
            reads.learn(key.root, known.reads)
            query.learn(known.reads)
            if query.all_labels() <= heard:
                return Told(known.gap, query.number, rounds)
            # What concerns the query was not heard all the while.
            await self.listen(query)
        return None

    def heard_by(self, query: LiveQuery) -> frozenset[str]:
        """The models of whose changes ``query`` hears by now.

        Where the layer is out of reach, that is in doubt anyway, and read anew when it is back.
        """
        return frozenset(
            label
            for label, queries in self._by_label.items()
            if query in queries and self._ear.hears(label)
        )

    async def listen(self, query: LiveQuery) -> None:
        """Have ``query`` hear of all that concerns it."""
        self._index(query)
        await self._listen(query.all_labels())

    def forget(self, query: LiveQuery, last: Connection) -> None:
        """A query without subscriptions, the ``last`` of which came from that connection.

        It is kept for a while if somebody may come back to it; else the groups are left that
        nobody else needs.
        """
        private = is_private(query.key, last)
        if private or not query.history.usable or self._ear.doubtful or query.overgrown:
            self._drop(query)
            return
        self._retained.add(query)
        self._unindex(query)
        self._index(query)
        self._ear.leave_unneeded()
        self._sweep()

    def drop(self, query: LiveQuery) -> None:
        """Keep a query no longer that nobody is subscribed to."""
        if query in self._retained:
            self._drop(query)

    def _drop(self, query: LiveQuery) -> None:
        query.stop()
        query.history.clear()
        self._retained.discard(query)
        self._numbers.pop(query.number, None)
        if self._queries.get(query.key) is query:
            del self._queries[query.key]
        self._unindex(query)
        self._ear.leave_unneeded()

    def _sweep(self) -> None:
        """Forget what is kept for too long, or too much of it."""
        for query in self._retained.over():
            self._drop(query)

    def beat(self) -> None:
        """Forget what nobody can come back to any more."""
        self._sweep()
        for query in self.queries:
            query.history.prune()

    def _drop_retained(self, root: RootDescription | None = None) -> None:
        for query in self._retained:
            if root is None or query.key.root is root:
                self._drop(query)

    def _unindex(self, query: LiveQuery) -> None:
        for label, queries in list(self._by_label.items()):
            queries.discard(query)
            if not queries:
                del self._by_label[label]

    def _index(self, query: LiveQuery) -> None:
        for label in query.all_labels():
            self._by_label.setdefault(label, set()).add(query)

    # What views read (see trace).

    def learn(self, query: LiveQuery, outcome: Outcome) -> list[Subscription]:
        """Note what a round of ``query`` read; its subscriptions that must leave for it.

        All queries of the root get their keys anew; where subscriptions of one differ in a fact
        that is now known to matter, those have to go that are unlike the one whose request the
        round was made with. What others learned meanwhile counts for it as well.
        """
        assert outcome.speaker is not None
        trace = trace_of(query.key.root)
        if trace.learn(outcome.facts):
            self._drop_retained(query.key.root)
            self._split_others(query)
        return [] if trace.names == outcome.names else self._split(query, outcome.speaker)

    def _learn(self, root: Any, facts: Iterable[str]) -> None:
        if trace_of(root).learn(facts):
            # Nobody is left whose facts their keys could be made anew of.
            self._drop_retained(root)
            for query in [query for query in self.queries if query.key.root is root]:
                self._part(query)

    def _split_others(self, query: LiveQuery) -> None:
        for other in [o for o in self.queries if o.key.root is query.key.root and o is not query]:
            self._part(other)

    def _part(self, query: LiveQuery) -> None:
        """Between rounds: those unlike the first subscription have to go."""
        if query.subscriptions:
            for stranger in self._split(query, query.subscriptions[0].connection):
                query.move(stranger)

    def _split(self, query: LiveQuery, first: Connection) -> list[Subscription]:
        trace = trace_of(query.key.root)
        facts = trace.facts(first)
        strangers = [s for s in query.subscriptions if trace.facts(s.connection) != facts]
        # A query that all have to leave may be unlike its key; it ends.
        if len(strangers) < len(query.subscriptions):
            self._rekey(query, first)
        return strangers

    def _rekey(self, query: LiveQuery, first: Connection) -> None:
        if self._queries.get(query.key) is query:
            del self._queries[query.key]
        query.key = key_of(query.key.root, query.key.call, first, query.key.identity)
        self._queries[query.key] = query

    # What is heard.

    async def _listen(self, labels: Iterable[str]) -> None:
        """Hear of all that is committed about ``labels`` from now on, as soon as a layer is there.

        What was committed before is read, not told.
        """
        await self._follow(labels)
        if self._releasing is None:  # For whoever comes back.
            self._releasing = self._tasks.spawn(executor.run(release.look_up))
        await self._ear.listen(labels)

    def needed(self) -> set[str]:
        """The groups to be in; orders concern whoever is connected."""
        return {*self._by_label, CONTROL} if self.lines or self._queries else {*self._by_label}

    async def _follow(self, labels: Iterable[str]) -> None:
        """Follow the journal, where there is one."""
        if settings.JOURNAL and self._follower is None:
            self._follower = Follower(self._tell, self._lost)
        if self._follower is None:
            return
        try:
            await self._follower.start()
            if not self._ear.joined.keys() >= set(labels):
                # What was committed before is in the first reading, and not told after it.
                await self._follower.look()
        except Exception as error:  # noqa: BLE001
            logger.warning("The journal can't be read yet: %r", error)

    def _is_journaled(self) -> bool:
        """Whether all that is in a journal is told, whatever becomes of the layer.

        That is not all there is: what ``notify_changed`` says in a coroutine is in none, nor is
        what a process writes that runs without the setting.
        """
        return self._follower is not None and self._follower.complete

    def followed(self) -> Collection[str]:
        """The databases whose journals tell what is in them."""
        return () if self._follower is None else self._follower.positions

    def _lost(self) -> None:
        """A journal was not read all the while."""
        self._drop_retained()
        self._resync()

    def _resync(self) -> None:
        for query in self.queries:
            query.resync()

    def take(self, message: dict[str, Any], publisher_id: str) -> None:
        """Be told a message of a publisher, or of another process (then ``publisher_id`` is "")."""
        kind = message.get("type")
        if kind == ASK:
            self._tasks.spawn(self._answer(message))
        elif kind == ANSWER:
            self._questions.take(message)
        elif kind == ALIVE and self._follower is not None:
            self._follower.wake()  # What it repeats may have been missed.
        elif kind == DISCONNECT:
            self._disconnect(Disconnect.decode(message).user)
        elif kind == CHANGES:
            self._take_changes(publisher_id, decode(message))

    def _take_changes(self, publisher_id: str, changes: Changes) -> None:
        if changes.journaled and self._follower is not None:
            self._follower.wake(changes.journal)
            if changes.journal in self.followed():
                return
        self._tell(self._commits.take(publisher_id, changes, self._ear.joined))
        if self._commits:
            self._give_up_later()

    def _tell(self, commit: Iterable[Changes]) -> None:
        """Tell the live queries of all that one commit changed, so that one round takes it up."""
        for changes in commit:
            for query in tuple(self._by_label.get(changes.label, ())):
                query.notify(changes)

    def _give_up_later(self) -> None:
        """Wait for the rest of a commit, but not for ever: a part of it may be lost."""
        if self._giving_up is None:
            loop = asyncio.get_running_loop()
            self._giving_up = loop.call_later(PARTS_TIMEOUT, self._give_up)

    def _give_up(self) -> None:
        self._giving_up = None
        self._tell(self._commits.give_up(time.monotonic() - PARTS_TIMEOUT))
        if self._commits:
            self._give_up_later()

    def missed(self, label: str) -> None:
        """Read anew what messages about ``label`` concern, some of which were missed."""
        if label == CONTROL:
            # Whose connections were to end is not known; a credential that has ended is noticed.
            for query in self.queries:
                query.reauthorise()
        for query in tuple(self._by_label.get(label, ())):
            query.resync()

    async def _answer(self, question: dict[str, Any]) -> None:
        """Tell another process what this one knows of a client that is connected there now."""
        content: dict[str, Any] | None = None
        query = self._numbers.get(question["query"])
        try:
            if query is not None and query.history.usable:
                await executor.run(release.look_up)
                await asyncio.gather(*(self._ear.echo(label) for label in query.all_labels()))
                if not self._ear.doubtful and not self._commits:
                    content = await answer(query, question["number"], question["shape"])
            message = {"type": ANSWER, "token": question["token"], "known": int(bool(content))}
            await self._ear.send(question["reply"], {**message, **(content or {})})
        except Exception as error:  # noqa: BLE001
            logger.warning("A question of another process could not be answered: %r", error)

    async def recover(self) -> None:
        """The layer is heard again: read everything anew."""
        with self.admitting():
            self._drop_retained()
            await self._ear.afresh()
            if self._ear.doubtful:
                return
            await self._listen(self._by_label)
        if self._ear.doubtful:
            return
        logger.warning("The channel layer is heard again; reading anew.")
        if self._is_journaled():
            # Orders to disconnect may have been missed, and the little that is in no journal;
            # nobody can say that there was none. What differs is told, and no snapshot sent.
            for query in self.queries:
                query.reauthorise()
                query.recheck()
        else:
            self._resync()

    # Life.

    async def settle(self) -> None:
        """Wait until every message that is on its way was received and worked off.

        And until the groups that nobody needs any more were left.
        """
        while True:
            await asyncio.gather(*(self._ear.fence(label) for label in tuple(self._ear.joined)))
            if self._follower is not None:
                await self._follower.look()
            rounds = (query.task for query in self.queries if query.task is not None)
            renderings = (task for query in self.queries for task in query.renderings)
            waits = [*self._admissions, *self._ear.moves, *rounds, *renderings]
            if not waits and not self._admitting and not self._ear.doubtful and not self._commits:
                return
            await asyncio.wait(waits) if waits else await asyncio.sleep(SETTLING)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def get_hub() -> Hub:
    """The hub of the running event loop; an ASGI server has one loop a process."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None:
        hub = _hubs[loop] = Hub()
    return hub


__all__ = ["Hub", "get_hub"]
