"""One evaluation shared by every subscription that is entitled to the same answer."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import APIException, NotFound

from drf_live_graphql.conf import settings
from drf_live_graphql.exceptions import INTERNAL_MESSAGE, Refusal, refusal_of

from . import executor
from .evaluation import Evaluation
from .reading import ListReading, RowReading
from .rendition import data_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

    from drf_live_graphql.changes import Changes
    from drf_live_graphql.location import Location
    from drf_live_graphql.requests import Connection

    from .hub import Hub
    from .reading import Envelope, Reading
    from .subscription import Subscription
    from .trace import Key

logger = logging.getLogger("drf_live_graphql.live")

FIRST_RETRY = 0.1
# Deliveries between two turns for the rest of the event loop.
STRIDE = 500


@dataclass(slots=True)
class _Work:
    """What the next round is about; gathers while a round runs."""

    changed: set[Any] = field(default_factory=set)
    whole: bool = False
    resync: bool = False
    queries: bool = False
    joiners: dict[Subscription, None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.changed or self.whole or self.resync or self.queries or self.joiners)

    def put_back(self, earlier: _Work) -> None:
        """Add the work of a round that failed."""
        self.changed |= earlier.changed
        self.whole |= earlier.whole
        self.resync |= earlier.resync
        self.queries |= earlier.queries
        self.joiners = {**earlier.joiners, **self.joiners}


@dataclass(slots=True)
class _Outcome:
    """What a round found, to be delivered on the event loop."""

    reading: Reading | None = None
    reads: frozenset[str] = frozenset()
    strangers: frozenset[Hashable] = frozenset()
    refusals: list[tuple[Subscription, Refusal]] = field(default_factory=list)
    letters: list[tuple[Subscription, Envelope, str | None]] = field(default_factory=list)


class LiveQuery:
    """The shared evaluation of one key. Lives on the hub's event loop."""

    def __init__(self, hub: Hub, key: Key, location: Location, labels: Mapping[str, bool]) -> None:
        """``labels`` are the models whose changes are changes of the root's rows.

        Their values say whether their primary keys are the rows' own.
        """
        self.hub = hub
        self.key = key
        self.labels = dict(labels)
        self._location = location
        # In the order in which they came, so that rounds and payloads are deterministic.
        self._subscriptions: dict[Subscription, None] = {}
        self._state: Any = None
        self._work = _Work()
        self._task: asyncio.Task[None] | None = None

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task that works rounds off; ``None`` while there is nothing to do."""
        return self._task

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """Everybody who is told."""
        return tuple(self._subscriptions)

    def all_labels(self) -> frozenset[str]:
        """The models that concern this query, those read by a selected ``query`` included."""
        return frozenset(self.labels).union(*(sub.labels for sub in self._subscriptions))

    def reserve(self, subscription: Subscription) -> None:
        """Keep this query alive for a subscription that is about to join."""
        subscription.query = self
        self._subscriptions[subscription] = None

    def join(self, subscription: Subscription) -> None:
        """Tell a new subscription, or one that lost track, where things stand."""
        self.reserve(subscription)
        self._work.joiners[subscription] = None
        self._kick()

    def leave(self, subscription: Subscription) -> None:
        """Tell it nothing more; the last one to leave ends the query."""
        subscription.query = None
        self._subscriptions.pop(subscription, None)
        if not self._subscriptions:
            if self._task is not None:
                self._task.cancel()
            self.hub.forget(self)

    def notify(self, changes: Changes) -> None:
        """Rows of a model that concerns this query were changed."""
        if not self._concerns(changes):
            return
        if changes.label not in self.labels:
            self._work.queries = True
        elif changes.everything or not self.labels[changes.label]:
            self._work.whole = True
        else:
            self._work.changed.update(changes.kinds)
        self._kick()

    def _concerns(self, changes: Changes) -> bool:
        """A row that is shown changes only with itself; what is hidden may appear by any change."""
        state = self._state
        if (
            self.key.root.action == "list"
            or changes.label not in self.labels
            or changes.everything
            or state is None
            or not state.visible
        ):
            return True
        return state.pk in changes.kinds or self._has_queries()

    def resync(self) -> None:
        """Changes may have been missed: tell everybody where things stand."""
        self._work.resync = True
        self._kick()

    def _has_queries(self) -> bool:
        return any(sub.wants.query for sub in self._subscriptions)

    def _kick(self) -> None:
        if self._task is None and self._subscriptions and self._work:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        """Work in rounds: what gathers during one round is the next one."""
        failures = 0
        try:
            while self._work and self._subscriptions:
                work, self._work = self._work, _Work()
                try:
                    outcome = await executor.run(partial(self._evaluate, work, self.subscriptions))
                    await self._conclude(work, outcome)
                    failures = 0
                except Exception as error:  # noqa: BLE001
                    failures += 1
                    if not await self._recover(work, error, failures):
                        return
        finally:
            self._task = None
            self._kick()

    async def _recover(self, work: _Work, error: Exception, failures: int) -> bool:
        """After a round that failed: whether to try again. A refusal is an answer and final."""
        refusal = refusal_of(error)
        if refusal is None and failures <= settings.EVALUATION_RETRIES:
            logger.warning("%s failed, trying again: %r", self._name(), error)
            self._work.put_back(work)
            await asyncio.sleep(FIRST_RETRY * 2 ** (failures - 1))
            return True
        if refusal is None:
            logger.error("%s failed for good.", self._name(), exc_info=error)
            refusal = Refusal(INTERNAL_MESSAGE, "INTERNAL_SERVER_ERROR")
        for subscription in self.subscriptions:
            subscription.fail(refusal)
        return False

    def _name(self) -> str:
        return f"The evaluation of {self.key.root.name!r}"

    # In an evaluation thread.

    def _evaluate(self, work: _Work, subscriptions: tuple[Subscription, ...]) -> _Outcome:
        speaker, strangers = self._speaker(subscriptions)
        outcome = _Outcome(strangers=frozenset(strangers))
        known = [sub for sub in subscriptions if sub.connection.credential not in strangers]
        if speaker is None:
            return outcome
        with speaker.language():
            speaker.authorise(throttle=False)
            outcome.reading = self._read(speaker, work, known)
            cursor = self.hub.cursor()
            envelopes: dict[Hashable, Envelope | None] = {}
            for sub in known:
                self._write(sub, work, outcome, envelopes, cursor)
        outcome.reads = frozenset(speaker.reads)
        _render(outcome)
        return outcome

    def _speaker(
        self, subscriptions: tuple[Subscription, ...]
    ) -> tuple[Evaluation | None, set[Hashable]]:
        """An evaluation whose credential still stands for this query's user, and those that don't.

        Every credential is proved anew: sessions and tokens end one by one.
        """
        speaker: Evaluation | None = None
        strangers: set[Hashable] = set()
        for credential, connection in _credentials(subscriptions):
            evaluation = self._ask(connection)
            try:
                same = evaluation.identity() == self.key.identity
            except APIException:
                same = False
            if not same:
                strangers.add(credential)
            elif speaker is None:
                speaker = evaluation
        return speaker, strangers

    def _ask(self, connection: Connection) -> Evaluation:
        return Evaluation(self.key.root, self.key.call, self._location, connection)

    def _read(self, speaker: Evaluation, work: _Work, known: list[Subscription]) -> Reading:
        if self.key.root.action == "retrieve":
            return RowReading(speaker, self._state)
        keep = any(sub.wants.rows for sub in known)
        whole = work.whole or work.resync
        told_again = known if whole else [sub for sub in known if sub in work.joiners]
        return ListReading(
            speaker,
            self._state if keep else None,
            changed=work.changed,
            whole=whole,
            compare=any(sub.wants.rows and sub.wants.snapshot is None for sub in known),
            keep_members=keep,
            need_page=any(sub.wants.snapshot is not None for sub in told_again),
        )

    def _write(
        self,
        sub: Subscription,
        work: _Work,
        outcome: _Outcome,
        envelopes: dict[Hashable, Envelope | None],
        cursor: str,
    ) -> None:
        """The envelope for one subscription; the same object for all that are told the same."""
        reading = outcome.reading
        assert reading is not None
        joins = sub in work.joiners
        if joins and isinstance(reading, RowReading) and reading.refuses(sub.told):
            outcome.refusals.append((sub, _not_found()))
            return
        kind: Hashable = ("delta", sub.wants)
        if joins or work.whole or work.resync:
            kind = _kind_of_snapshot(sub, joins=joins)
        if kind not in envelopes:
            envelope = _envelope(reading, kind, sub)
            envelopes[kind] = None if envelope is None else {**envelope, "cursor": cursor}
        envelope = envelopes[kind]
        if envelope is not None:
            outcome.letters.append((sub, envelope, None))

    # On the event loop.

    async def _conclude(self, work: _Work, outcome: _Outcome) -> None:
        """Make the round's findings those of the query, and deliver them."""
        strangers = [
            sub for sub in self.subscriptions if sub.connection.credential in outcome.strangers
        ]
        if outcome.reading is not None:
            self._state = outcome.reading.state
            strangers += self.hub.learn(self, outcome.reads)
        moving = set(strangers)
        for sub in work.joiners:
            sub.behind = False
            sub.missed.clear()
        letters = [
            letter
            for letter in outcome.letters
            if letter[0] not in moving and letter[0].query is self
        ]
        await self._deliver(letters)
        for sub, refusal in outcome.refusals:
            if sub not in moving:
                sub.fail(refusal)
        for sub in moving:
            self._move(sub)

    def _move(self, sub: Subscription) -> None:
        """Have a subscription admitted anew: it is no longer entitled to this query's answer."""
        if isinstance(self._state, dict):
            sub.missed.update(self._state.values())
        self.hub.readmit(sub)

    async def _deliver(self, letters: list[tuple[Subscription, Envelope, str | None]]) -> None:
        rendered: dict[Hashable, str] = {}
        for count, (sub, envelope, prebuilt) in enumerate(letters, 1):
            payload = prebuilt
            if payload is None and sub.rendition is not None:
                key = (sub.rendition.key, id(envelope))
                if key not in rendered:
                    rendered[key] = await sub.rendition.render_async(envelope)
                payload = rendered[key]
                if sub.wants.only_query and not sub.is_news(data_of(payload)):
                    continue
            if sub.query is self:
                sub.deliver(envelope, payload)
            if count % STRIDE == 0:
                await asyncio.sleep(0)


def _credentials(subscriptions: Iterable[Subscription]) -> Iterator[tuple[Hashable, Connection]]:
    seen: set[Hashable] = set()
    for sub in subscriptions:
        credential = sub.connection.credential
        if credential not in seen:
            seen.add(credential)
            yield credential, sub.connection


def _kind_of_snapshot(sub: Subscription, *, joins: bool) -> Hashable:
    """How a subscription is told where things stand."""
    wants = sub.wants
    if wants.only_query:
        return ("query", wants)
    if sub.root.action == "retrieve" or wants.snapshot is not None:
        return ("snapshot", wants)
    if not joins:
        return ("delta", wants)
    if sub.told or sub.missed:
        return ("catch up", wants, sub)
    return ("nothing", wants)


def _envelope(reading: Reading, kind: Any, sub: Subscription) -> Envelope | None:
    what, wants = kind[0], kind[1]
    if what == "nothing":
        return None
    if what == "query" or wants.only_query:
        return {}
    if what == "snapshot":
        return reading.snapshot(wants)
    if what == "catch up":
        return reading.catch_up(wants, sub.missed)
    return reading.delta(wants)


def _render(outcome: _Outcome) -> None:
    """Execute and encode once per rendition and envelope; resolvers' turn is on the event loop."""
    rendered: dict[Hashable, str] = {}
    for index, (sub, envelope, _) in enumerate(outcome.letters):
        rendition = sub.rendition
        if rendition is None or rendition.asynchronous:
            continue
        key = (rendition.key, id(envelope))
        if key not in rendered:
            rendered[key] = rendition.render(envelope)
        outcome.letters[index] = (sub, envelope, rendered[key])


def _not_found() -> Refusal:
    refusal = refusal_of(NotFound())
    assert refusal is not None
    return refusal


__all__ = ["LiveQuery"]
