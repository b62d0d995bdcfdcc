"""One round of a live query: what happened since the last, read and written out once for all.

Runs in an evaluation thread and touches nothing of the event loop's: it is given what it needs and
returns what it found. Its cost does not depend on the number of subscribers, but on the number of
cohorts (subscribers that sent the same document) and of credentials among them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import APIException, NotFound

from drf_live_graphql.exceptions import Refusal, refusal_of

from .evaluation import Evaluation
from .reading import ListReading, RowReading, RowState

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from drf_live_graphql.location import Location
    from drf_live_graphql.requests import Connection

    from .gap import Gap
    from .history import Touched
    from .reading import Envelope, Reading
    from .subscription import Subscription
    from .trace import Key
    from .wants import Wants

Cohort = tuple["Subscription", ...]


@dataclass(slots=True)
class Work:
    """What the next round is about; gathers while a round runs."""

    # Primary keys, in the order in which they were heard of.
    changed: dict[Any, None] = field(default_factory=dict)
    # Any row may have changed, be it by a change of many or because changes were missed.
    whole: bool = False
    # A model that only a selected ``query`` reads was changed.
    queries: bool = False
    # The view is to be asked whether it still answers; no row need be read for it.
    who: bool = False
    joiners: dict[Subscription, None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.changed or self.whole or self.queries or self.who or self.joiners)

    def put_back(self, earlier: Work) -> None:
        """Add the work of a round that failed."""
        self.changed = {**earlier.changed, **self.changed}
        self.whole |= earlier.whole
        self.queries |= earlier.queries
        self.who |= earlier.who
        self.joiners = {**earlier.joiners, **self.joiners}


@dataclass(slots=True)
class Letter:
    """An envelope and who is to get it.

    ``payload`` is the encoded response of their rendition; ``None`` where resolvers have their
    turn first, on the event loop, or where the subscribers execute for themselves.
    """

    to: Cohort
    envelope: Envelope
    payload: str | None


@dataclass(slots=True)
class Outcome:
    """What a round found, to be delivered on the event loop."""

    reading: Reading | None = None
    # See ``History.record``.
    touched: Touched | None = None
    reads: frozenset[str] = frozenset()
    # With whose request the view was asked, and what was known to matter of it at the start.
    speaker: Connection | None = None
    names: tuple[str, ...] = ()
    # Credentials that no longer stand for the query's user.
    strangers: frozenset[Hashable] = frozenset()
    # With which the view answered instead, whoever is like the speaker.
    refusal: Refusal | None = None
    refused: list[tuple[Cohort, Refusal]] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Round:
    """Everything a round is given."""

    key: Key
    location: Location
    state: Any
    work: Work
    cohorts: tuple[Cohort, ...]
    credentials: Mapping[Hashable, Connection]
    cursor: str
    names: tuple[str, ...]
    # What those of the joiners missed who come back.
    gaps: Mapping[Subscription, Gap] = field(default_factory=dict)
    # Keep the members although nobody asks for them now: somebody may come back.
    keep: bool = False

    def run(self) -> Outcome:
        """Ask the view, and write to everybody who is entitled to the answer.

        Raises what the view raises, unless that is a refusal: an answer like any other.
        """
        outcome = Outcome(names=self.names)
        speaker, strangers = self._speaker()
        outcome.strangers = frozenset(strangers)
        if speaker is None:
            return outcome
        outcome.speaker = speaker.connection
        cohorts = self._known(strangers)
        try:
            with speaker.surroundings():
                speaker.authorise(throttle=False)
                outcome.reading = self._read(speaker, cohorts)
                outcome.touched = outcome.reading.touched()
                self._write(outcome, cohorts)
        except Exception as error:
            outcome = Outcome(
                names=self.names,
                speaker=speaker.connection,
                strangers=outcome.strangers,
                refusal=refusal_of(error),
            )
            if outcome.refusal is None:
                raise
        outcome.reads = frozenset(speaker.reads)
        return outcome

    def _speaker(self) -> tuple[Evaluation | None, set[Hashable]]:
        """An evaluation with a credential that still stands for the query's user, and the others.

        Every credential is proved anew: sessions and tokens end one by one.
        """
        speaker: Evaluation | None = None
        strangers: set[Hashable] = set()
        for credential, connection in self.credentials.items():
            evaluation = Evaluation(self.key.root, self.key.call, self.location, connection)
            try:
                same = evaluation.identity() == self.key.identity
            except APIException:
                same = False
            if not same:
                strangers.add(credential)
            elif speaker is None:
                speaker = evaluation
        return speaker, strangers

    def _known(self, strangers: set[Hashable]) -> tuple[Cohort, ...]:
        if not strangers:
            return self.cohorts
        cohorts = (
            tuple(sub for sub in cohort if sub.connection.credential not in strangers)
            for cohort in self.cohorts
        )
        return tuple(cohort for cohort in cohorts if cohort)

    def _read(self, speaker: Evaluation, cohorts: tuple[Cohort, ...]) -> Reading:
        gaps = dict.fromkeys(self.gaps.values())
        if self.key.root.action == "retrieve":
            changed = bool(self.work.changed) or self.work.whole
            then = next((RowState.of(gap.then) for gap in gaps if gap.then), None)
            return RowReading(speaker, self.state or then, changed=changed)
        wants = [cohort[0].wants for cohort in cohorts]
        joiners = self.work.joiners
        told = {s.wants for s in joiners if s not in self.gaps} if not self.work.whole else wants
        keep = self.keep or any(want.rows for want in wants)
        reading = ListReading(
            speaker,
            self.state if keep else None,
            changed=self.work.changed,
            also={pk for gap in gaps for pk in (*gap.touched, *gap.own)},
            whole=self.work.whole,
            compare=any(want.rows and want.snapshot is None for want in wants),
            keep_members=keep,
            need_page=any(want.snapshot is not None for want in told),
        )
        if any(s.wants.snapshot and not reading.resumes(gap) for s, gap in self.gaps.items()):
            reading.read_page()
        return reading

    def _write(self, outcome: Outcome, cohorts: tuple[Cohort, ...]) -> None:
        reading = outcome.reading
        assert reading is not None
        envelopes: dict[Hashable, Envelope | None] = {}
        for cohort in cohorts:
            for part, how in self._parts(cohort, reading):
                if how not in ("delta", "resume") and isinstance(reading, RowReading):
                    refused = reading.refuses(part[0].told)
                    if refused and part[0] in self.work.joiners:
                        outcome.refused.append((part, _not_found()))
                        continue
                gap = self.gaps.get(part[0]) if how == "resume" else None
                key: Hashable = (how, part[0].wants, part if how == "catch up" else gap)
                if key not in envelopes:
                    envelopes[key] = self._envelope(reading, how, part[0])
                envelope = envelopes[key]
                if envelope is not None:
                    outcome.letters.append(Letter(part, envelope, _payload(part[0], envelope)))

    def _parts(self, cohort: Cohort, reading: Reading) -> Iterator[tuple[Cohort, str]]:
        """A cohort by how its members are told: most the change, some where things stand."""
        wants = cohort[0].wants
        joiners = self.work.joiners
        rest = cohort
        if joiners:
            rest = tuple(sub for sub in cohort if sub not in joiners)
            fresh = tuple(sub for sub in cohort if sub in joiners and not sub.told)
            for gap, back in self._back(fresh).items():
                if gap is None or not reading.resumes(gap):
                    yield tuple(back), _first(wants)
                else:
                    yield tuple(back), "resume"
            for sub in cohort:
                if sub in joiners and sub.told:
                    yield (sub,), _again(wants)
        if rest:
            yield rest, _whole(wants) if self.work.whole else "delta"

    def _back(self, fresh: Cohort) -> dict[Gap | None, list[Subscription]]:
        """Those who join, by what they missed; ``None`` are those who come for the first time."""
        groups: dict[Gap | None, list[Subscription]] = {}
        for sub in fresh:
            groups.setdefault(self.gaps.get(sub), []).append(sub)
        return groups

    def _envelope(self, reading: Reading, how: str, sub: Subscription) -> Envelope | None:
        envelope: Envelope | None = None
        if how == "query" or (how == "delta" and sub.wants.only_query):
            envelope = {}
        elif how == "snapshot":
            envelope = reading.snapshot(sub.wants)
        elif how == "catch up":
            envelope = reading.catch_up(sub.wants, sub.missed)
        elif how == "delta":
            envelope = reading.delta(sub.wants)
        elif how == "resume":
            envelope = self._resume(reading.since(self.gaps[sub]), sub.wants)
        return None if envelope is None else {**envelope, "cursor": self.cursor}

    @staticmethod
    def _resume(reading: Reading, wants: Wants) -> Envelope | None:
        """What one that comes back missed; a live query can't be known to have missed nothing."""
        if wants.only_query:
            return {}
        return None if reading.touched() == {} else reading.delta(wants)


def _first(wants: Wants) -> str:
    """How a new subscriber is told: not at all where it selects neither snapshot nor query."""
    if wants.has_snapshot:
        return "snapshot"
    return "query" if wants.only_query else "nothing"


def _again(wants: Wants) -> str:
    """How one that lost track is told."""
    how = _first(wants)
    return "catch up" if how == "nothing" else how


def _whole(wants: Wants) -> str:
    """How everybody is told when any row may have changed."""
    how = _first(wants)
    return "delta" if how == "nothing" else how


def _payload(sub: Subscription, envelope: Envelope) -> str | None:
    """Execute and encode once for a cohort."""
    if sub.rendition is None or sub.rendition.asynchronous:
        return None
    return sub.rendition.render(envelope)


def _not_found() -> Refusal:
    refusal = refusal_of(NotFound())
    assert refusal is not None
    return refusal


__all__ = ["Cohort", "Letter", "Outcome", "Round", "Work"]
