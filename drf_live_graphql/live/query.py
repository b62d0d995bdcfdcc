"""One evaluation shared by every subscription that is entitled to the same answer."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model

from drf_live_graphql.changes import Changes, label_of, watched
from drf_live_graphql.conf import settings
from drf_live_graphql.exceptions import (
    INTERNAL_MESSAGE,
    Refusal,
    credentials_ended,
    refusal_of,
)

from . import executor, history
from .cursor import Cursor
from .gap import Gap, Trail
from .history import ABSENT, History, shape_of
from .list_reading import ListState
from .paths import Paths
from .reading import shown_id
from .reads import Purpose, answering_labels, concerns_user, known_labels, learn, merge
from .rendition import data_of
from .round import Round, Work
from .trace import trace_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from drf_live_graphql.location import Location

    from .history import Absent, Touched
    from .hub import Hub
    from .reads import Dependencies
    from .rendition import Payload
    from .resume import Told
    from .round import Cohort, Letter, Outcome
    from .row_reading import RowState
    from .subscription import Subscription
    from .trace import Key

logger = logging.getLogger("drf_live_graphql.live")

FIRST_RETRY = 0.1
# Seconds that a round waits for the resolvers of a selected ``query``. After that they go on by
# themselves, and hold up nobody but who asked for them.
PATIENCE = 2.0
# Deliveries between two turns for the rest of the event loop.
STRIDE = 500
# In which nothing was compared.
ELSEWHERE = "elsewhere"

Group = dict["Subscription", None]  # A set that keeps the order in which they came.


class LiveQuery:
    """The shared evaluation of one key. Lives on the hub's event loop."""

    def __init__(self, hub: Hub, key: Key, location: Location, labels: Mapping[str, bool]) -> None:
        """``labels`` are the models whose changes are changes of the root's rows.

        Their values say whether their primary keys are the rows' own.
        """
        self.hub = hub
        self.key = key
        # Among the hub's; with the number of a round it says where a client stands.
        self.number = hub.count()
        self.history = History()
        self.labels = dict(labels)
        self._location = location
        self._subscriptions: Group = {}
        # The same by what they are told, and by what they prove their identity with.
        self._cohorts: dict[Hashable, Group] = {}
        self._credentials: dict[Hashable, Group] = {}
        # Reserved, but not joined: told nothing yet, so that the snapshot comes first.
        self._waiting: Group = {}
        self._state: Any = None
        # What the answer was seen to depend on, beside the rows' own models.
        self._dependencies: Dependencies = {}
        # What others saw it depend on, of which it is not known yet along which paths.
        self._hearsay: Dependencies = {}
        self._paths = Paths(key.root.model)
        self._asker: Hashable = None
        self._work = Work()
        self._doing: Work | None = None
        self._meanwhile: dict[str, Changes] = {}
        # The models whose changes are heard of since the last round began.
        self._heard: frozenset[str] = frozenset()
        self._rounds = 0
        # Whether rows that others show changed before the first round, which reads them anyway.
        self._stirred = False
        # Until when (``history.clock``) members are kept that only one who comes back can use.
        self._keep_until = 0.0
        # That of the last who left.
        self._session: str | None = None
        self._task: asyncio.Task[None] | None = None
        # Letters that are being written out, as resolvers have their turn first.
        self._renderings: dict[asyncio.Task[None], Letter] = {}
        # When the view was last asked whether it answers (the event loop's clock); whoever is
        # admitted was asked a moment ago.
        self.asked_at = asyncio.get_running_loop().time()

    @property
    def alive(self) -> bool:
        """Whether there is anybody to tell."""
        return bool(self._subscriptions)

    @property
    def retained(self) -> bool:
        """Whether it is kept for one who comes back."""
        return self.hub.keeps(self)

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task that works rounds off; ``None`` while there is nothing to do."""
        return self._task

    @property
    def renderings(self) -> tuple[asyncio.Task[None], ...]:
        """The tasks that write letters out."""
        return tuple(self._renderings)

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """Everybody who is told."""
        return tuple(self._subscriptions)

    def all_labels(self) -> frozenset[str]:
        """The models that concern this query, those read by a selected ``query`` included.

        But for those of which nobody tells (setting ``UNWATCHED``).
        """
        read = known_labels(self.key.root) | self._query_labels()
        return frozenset(self.labels) | (read & watched())

    def _query_labels(self) -> frozenset[str]:
        """The models that the roots selected below ``query`` read, as far as is known."""
        queried = (next(iter(cohort)).queried for cohort in self._cohorts.values())
        return frozenset().union(*map(answering_labels, frozenset().union(*queried)))

    def reserve(self, subscription: Subscription) -> None:
        """Keep this query alive for a subscription that is about to join."""
        subscription.query = self
        self._waiting[subscription] = None
        self._subscriptions[subscription] = None
        self._cohorts.setdefault(subscription.cohort, {})[subscription] = None
        credential = subscription.connection.credential
        self._credentials.setdefault(credential, {})[subscription] = None

    def join(self, subscription: Subscription) -> None:
        """Tell a new subscription, or one that lost track, where things stand."""
        self.reserve(subscription)
        del self._waiting[subscription]
        self._work.joiners[subscription] = None
        self._kick()

    def leave(self, subscription: Subscription) -> None:
        """Tell it nothing more; the last one to leave ends the query."""
        subscription.query = subscription.held = None
        if subscription not in self._subscriptions:
            return
        del self._subscriptions[subscription]
        _discard(self._cohorts, subscription.cohort, subscription)
        _discard(self._credentials, subscription.connection.credential, subscription)
        self._work.joiners.pop(subscription, None)
        self._waiting.pop(subscription, None)
        for rendering, letter in self._renderings.items():
            if not any(sub.query is self for sub in letter.to):
                rendering.cancel()
        if subscription.wants.rows:
            self._keep_until = history.clock() + settings.RESUME_WINDOW
        if not self._subscriptions:
            self._session = subscription.connection.session_key
            self.hub.forget(self, subscription.connection)

    def stop(self) -> None:
        """End what is under way."""
        if self._task is not None:
            self._task.cancel()
        for rendering in self._renderings:
            rendering.cancel()

    # For those who come back.

    @property
    def overgrown(self) -> bool:
        """Whether more happened, while nobody was there, than one who comes back is told."""
        work = self._work
        heard = len(work.changed) + sum(len(changes.kinds) for changes in work.related.values())
        return work.whole or heard > settings.RESUME_ROWS

    @property
    def rounds(self) -> int:
        """The number of the last round that was begun."""
        return self._rounds

    @property
    def size(self) -> int:
        """The number of rows that it remembers, those in each selection counted apart."""
        return self._state.size if isinstance(self._state, ListState) else 1

    def remembers(self, after: Cursor, shape: str) -> bool:
        """Whether what one missed is known here who stood ``after`` and sees rows in ``shape``."""
        return after.query == self.number and self.history.since(after.number, shape) is not None

    def missed(self, number: int, shape: str) -> Touched | None:
        """What was touched since round ``number``, also what no round has looked at yet.

        For one who sees rows in ``shape``; ``None`` is unknown.
        """
        touched = self.history.since(number, shape)
        for work in filter(None, (self._doing, self._work)):
            if touched is None or work.vague:
                return None
            for pk in work.changed:
                touched.setdefault(pk, self._known(pk))
        return touched

    def _known(self, pk: Any) -> str | Absent | None:
        if isinstance(self._state, ListState):
            return self._state.members.get(pk, ABSENT)
        return self._state.id if self._state.visible else ABSENT

    def rest(self, touched: Touched) -> list[tuple[Any, str | None]]:
        """The members that are not ``touched``, with their ids."""
        return [item for item in self._state.members.items() if item[0] not in touched]

    @property
    def then(self) -> Touched:
        """The state of a single row, after the last round."""
        state: RowState = self._state
        return state.touched()

    def _gaps(self, work: Work) -> dict[Subscription, Gap | Trail]:
        """What those of the joiners missed who come back; others are told where things stand."""
        known: dict[Hashable, Gap | Trail | None] = {}
        gaps: dict[Subscription, Gap | Trail] = {}
        for sub in work.joiners:
            after = sub.after
            whole = work.whole or self.key.root.handler is not None
            if after is None or sub.told or sub.query is not self or whole:
                continue
            shape = shape_of(sub.wants.followed)
            if (after, shape) not in known:
                known[after, shape] = self._gap(after, shape)
            if (gap := known[after, shape]) is not None:
                gaps[sub] = gap
        return gaps

    def _gap(self, after: Cursor | Told, shape: str) -> Gap | Trail | None:
        if after.query != self.number:
            return None
        if isinstance(after, Cursor):
            touched = self.history.since(after.number, shape)
            return None if touched is None else Gap(touched)
        if self._state is not None:
            # Of those who were told elsewhere, no round here has compared all that they hold.
            own = self.history.since(after.number, shape and ELSEWHERE)
        else:
            # The members are read for the first time: what is heard by then is part of that.
            own = {} if after.number == self._rounds and not self._stirred else None
        return None if own is None else replace(after.gap, own=own)

    # What happens.

    def notify(self, changes: Changes) -> None:
        """Rows of a model that concerns this query were changed."""
        work = self._work
        if changes.label in self.labels:
            self._notify_own(changes)
        elif self._state is None:
            self._stirred = True
        if purpose := self._dependencies.get(changes.label):
            self._notify_related(changes, purpose)
        if self._doing is not None:
            # What the round that is under way reads it for is known when it is over.
            self._meanwhile.setdefault(changes.label, Changes(changes.label)).merge(changes)
            self._bound()
        if changes.label in self._query_labels():
            work.queries = True
        self._kick()

    def _notify_own(self, changes: Changes) -> None:
        if not self._concerns(changes):
            return
        if changes.everything or not self.labels[changes.label]:
            self._work.whole = True
        else:
            self._work.changed.update(dict.fromkeys(changes.kinds))
            self._bound()

    def _bound(self) -> None:
        """While a round takes long: what gathers in great number is not told one by one."""
        work, most = self._work, settings.MAX_CHANGES_PER_MESSAGE
        if len(work.changed) > most:
            work.whole = True
            work.changed.clear()
        if any(len(changes.kinds) > most for changes in work.related.values()):
            work.what = True
            work.related.clear()
        for changes in self._meanwhile.values():
            if len(changes.kinds) > most:
                changes.everything = True
                changes.kinds.clear()

    def _notify_related(self, changes: Changes, purpose: Purpose) -> None:
        work = self._work
        if purpose & Purpose.SELF and self._is_askers(changes):
            # Their own row is compared; what else proves who they are may say more.
            work.who = True
            if changes.label != self._user_label():
                work.which = work.what = True
        if purpose & (Purpose.WHO | Purpose.WHICH):
            work.which = True
        if purpose & (Purpose.WHO | Purpose.OPAQUE):
            work.what = True
        elif purpose & Purpose.WHAT:
            work.relate(changes)
            self._bound()

    def _is_askers(self, changes: Changes) -> bool:
        """Whether a change of rows by which users are known concerns the user of this query."""
        identity: Any = self.key.identity
        if identity is None:
            return True
        # If the view reads the session itself, it is the same for all who ever shared this.
        sessions = {sub.connection.session_key for sub in self._speakers()} or {self._session}
        return concerns_user(changes, identity[1], sessions)

    def _speakers(self) -> Iterator[Subscription]:
        """One subscription for each credential."""
        return (next(iter(group)) for group in self._credentials.values())

    def _concerns(self, changes: Changes) -> bool:
        """A row that is shown changes only with itself; what is hidden may appear by any change.

        During a round it is not known yet whether the row is still shown.
        """
        state = self._state
        if (
            self.key.root.action == "list"
            or self.key.root.handler is not None
            or self.key.root.finds_row
            or changes.everything
            or self._task is not None
            or not self.labels.get(changes.label)
            or state is None
            or not state.visible
        ):
            return True
        return state.pk in changes.kinds

    def resync(self) -> None:
        """Changes may have been missed: tell everybody where things stand."""
        self._work.whole = True
        self._kick()

    def recheck(self) -> None:
        """Rows may have changed without a change being heard of: tell what differs."""
        self._work.which = self._work.what = self._work.queries = True
        self._kick()

    def reauthorise(self) -> None:
        """Ask the view whether it still answers everybody, and which rows it shows.

        Those whom it refuses are told so; rows that left or entered unheard are told as well.
        """
        self._work.who = True
        self._kick()

    def _kick(self) -> None:
        if not self._subscriptions:
            if self.overgrown:
                self.hub.drop(self)
        elif self._task is None and self._work:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        """Work in rounds: what gathers during one round is the next one."""
        failures = 0
        try:
            while self._work and self._subscriptions:
                work, self._work = self._work, Work()
                round_ = self._round(work)
                self._doing = work
                started_at = asyncio.get_running_loop().time()
                try:
                    outcome = await executor.run(round_.run, self.key.root)
                except Exception as error:  # noqa: BLE001
                    failures += 1
                    if not await self._recover(work, error, failures):
                        return
                    if failures > settings.EVALUATION_RETRIES:
                        failures = 0  # It was given up.
                else:
                    failures = 0
                    if await self._listens(outcome):
                        self.asked_at = started_at
                        await self._conclude(work, outcome)
                        if not await self._hears():
                            # Resolvers of a selected ``query`` have read something new, unheard.
                            self._work.queries = True
                    else:
                        self._doing = None
                        # What was read may have changed unheard: it is read again, heard.
                        self._put_back(work)
        finally:
            self._task = self._doing = None
            self._kick()

    def _round(self, work: Work) -> Round:
        gaps = self._gaps(work) if work.joiners else {}
        self._rounds += 1
        self._heard = self.hub.heard_by(self)
        return Round(
            key=self.key,
            location=self._location,
            state=self._state,
            work=work,
            cohorts=self._joined(),
            credentials={sub.connection.credential: sub.connection for sub in self._speakers()},
            cursor=Cursor(self.hub.address, self.number, self._rounds),
            dependencies=dict(self._dependencies),
            place=self.hub.place,
            names=trace_of(self.key.root).names,
            paths=self._paths,
            asker=self._asker,
            gaps={sub: gap for sub, gap in gaps.items() if isinstance(gap, Gap)},
            trails={sub: gap for sub, gap in gaps.items() if isinstance(gap, Trail)},
            keep=self._keep_until > history.clock(),
        )

    def _joined(self) -> tuple[Cohort, ...]:
        cohorts = (tuple(cohort) for cohort in self._cohorts.values())
        if self._waiting:
            cohorts = (
                tuple(sub for sub in cohort if sub not in self._waiting) for cohort in cohorts
            )
        return tuple(cohort for cohort in cohorts if cohort)

    async def _recover(self, work: Work, error: Exception, failures: int) -> bool:
        """After a round that failed: whether to go on. A refusal is an answer and final."""
        self._doing = None
        refusal = refusal_of(error, self.key.root)
        if refusal is None and failures <= settings.EVALUATION_RETRIES:
            logger.warning("%s failed, trying again: %r", self._name(), error)
            self._put_back(work)
            await asyncio.sleep(FIRST_RETRY * 2 ** (failures - 1))
            return True
        if refusal is None and work.only_asks:
            # Nobody waits for it, and nobody is sent anything before the view has answered.
            logger.warning("%s failed; asked again when it is due.", self._name(), exc_info=error)
            return True
        if refusal is None:
            logger.error("%s failed for good.", self._name(), exc_info=error)
            refusal = Refusal(INTERNAL_MESSAGE, "INTERNAL_SERVER_ERROR")
        self.history.clear()
        for subscription in self.subscriptions:
            subscription.fail(refusal)
        return False

    def _user_label(self) -> str:
        return label_of(get_user_model())

    def _name(self) -> str:
        return f"The evaluation of {self.key.root.name!r}"

    async def _listens(self, outcome: Outcome) -> bool:
        """Whether all that a round read was heard of while it was read; it is from now on."""
        merge(self._dependencies, outcome.tables)
        if outcome.paths is not None:
            self._paths.update(outcome.paths)
        learn(self.key.root, outcome.tables)
        self._take_hearsay()
        heard = await self._hears()
        meanwhile, self._meanwhile = self._meanwhile, {}
        if heard:
            for changes in meanwhile.values():
                if purpose := self._dependencies.get(changes.label):
                    self._notify_related(changes, purpose)
        return heard

    async def _hears(self) -> bool:
        """Whether all that concerns it was heard of since the round began; it is from now on."""
        if self.all_labels() <= self._heard:
            return True
        await self.hub.listen(self)
        return False

    def learn(self, dependencies: Mapping[str, Purpose]) -> None:
        """Another process saw the same answer depend on this.

        Where there was no round yet, it does from the first on: then it is known along which paths.
        """
        merge(self._hearsay, dependencies)
        if self._state is not None:
            self._take_hearsay()

    def _take_hearsay(self) -> None:
        dependencies, self._hearsay = self._hearsay, {}
        along = self._paths.labels()
        for label, purpose in dependencies.items():
            opaque = Purpose.WHAT in purpose and label not in along
            merge(self._dependencies, {label: purpose | Purpose.OPAQUE if opaque else purpose})

    def _put_back(self, work: Work) -> None:
        """Have a round's work done again; for those who are still here."""
        work.joiners = {sub: None for sub in work.joiners if sub.query is self}
        self._work.put_back(work)

    async def _conclude(self, work: Work, outcome: Outcome) -> None:
        """Make the round's findings those of the query, and deliver them."""
        strangers: Group = {
            sub: None for c in outcome.strangers for sub in self._credentials.get(c, ())
        }
        self._doing = None
        if outcome.reading is None:
            # What the round was about was not looked at.
            self.history.clear()
        # Where nobody was known, no credential has ended: somebody may be known by now.
        moving: Group = strangers if self.key.identity is None else {}
        for sub in strangers.keys() - moving.keys():
            sub.disconnect(credentials_ended())
        if outcome.speaker is not None:
            moving.update(dict.fromkeys(self.hub.learn(self, outcome)))
        for sub in moving:
            # Before anything is delivered, and with the rows that they were told of: they are not
            # entitled to this answer.
            self.move(sub)
        if outcome.reading is not None:
            self._state = outcome.reading.commit()
            self._asker = outcome.asker
            if self._state is None:
                self.history.clear()
            else:
                self.history.record(self._rounds, outcome.found)
        else:
            self._state = None
        if outcome.refusal is not None:
            for sub in self.subscriptions:
                sub.fail(outcome.refusal)
            return
        for sub in work.joiners:
            if sub.query is self:
                sub.told = True
                sub.after = None
                sub.behind = False
                sub.missed.clear()
        await self._send(outcome.letters)
        for cohort, refusal in outcome.refused:
            for sub in cohort:
                if sub.query is self:
                    sub.fail(refusal)

    def move(self, sub: Subscription) -> None:
        """Have a subscription admitted anew, under another key; it keeps what it was told."""
        if isinstance(self._state, ListState):
            sub.missed.update(shown_id(pk, id_) for pk, id_ in self._state.members.items())
        self.hub.readmit(sub)

    async def _send(self, letters: list[Letter]) -> None:
        renderings: dict[asyncio.Task[None], Letter] = {}
        # Those first who need not wait for resolvers, which may fail and try again.
        for letter in letters:
            if not letter.to_be_rendered:
                await self._deliver(letter, letter.payload)
        for letter in letters:
            if letter.to_be_rendered and any(sub.keeps_up for sub in letter.to):
                task = asyncio.get_running_loop().create_task(self._render(letter))
                task.add_done_callback(lambda done: self._renderings.pop(done, None))
                renderings[task] = letter
            elif letter.to_be_rendered:
                self._hold(letter)
        if renderings:
            self._renderings.update(renderings)
            _, late = await asyncio.wait(renderings, timeout=PATIENCE)
            for task in late:
                self._hold(renderings[task])

    def _hold(self, letter: Letter) -> None:
        """A letter is late: what happens meanwhile those whose it is are told after it."""
        for sub in letter.to:
            if sub.query is self and sub.keeps_up:
                sub.held = letter
            elif sub.query is self:
                sub.deliver(letter.envelope, None)  # They wait for something earlier.

    async def _render(self, letter: Letter) -> None:
        """Write a letter out with what its ``query`` selects, read now, and deliver it."""
        rendition = letter.to[0].rendition
        assert rendition is not None
        task = asyncio.current_task()
        assert task is not None
        try:
            payload = await rendition.render_async(letter.envelope)
        except Exception:
            # Others may be told all the same.
            logger.exception("%s could not be written out.", self._name())
            self._renderings.pop(task, None)  # It is over, whoever leaves.
            for sub in filter(lambda sub: sub.query is self, letter.to):
                sub.fail(Refusal(INTERNAL_MESSAGE, "INTERNAL_SERVER_ERROR"))
            return
        held = [sub for sub in letter.to if sub.held is letter]
        if not held:
            await self._deliver(letter, payload)
            return
        for sub in held:
            if self._is_told(sub, letter, payload):
                sub.deliver_held(letter.envelope, payload)
            else:
                sub.release()
        if not await self._hears():
            self._work.queries = True
            self._kick()

    async def _deliver(self, letter: Letter, payload: Payload | None) -> None:
        for start in range(0, len(letter.to), STRIDE):
            if start:
                await asyncio.sleep(0)
            for sub in letter.to[start : start + STRIDE]:
                if sub.query is self and self._is_told(sub, letter, payload):
                    sub.deliver(letter.envelope, payload)

    @staticmethod
    def _is_told(sub: Subscription, letter: Letter, payload: Payload | None) -> bool:
        """Whether a payload says something; a live query's may say what was said before."""
        if not sub.wants.only_query or not isinstance(payload, str):
            return True
        return sub.is_news(data_of(payload))


def _discard(groups: dict[Hashable, Group], key: Hashable, subscription: Subscription) -> None:
    group = groups[key]
    del group[subscription]
    if not group:
        del groups[key]


__all__ = ["LiveQuery"]
