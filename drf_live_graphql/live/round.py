"""One round of a live query: what happened since the last, read and written out once for all.

Runs in an evaluation thread and touches nothing of the event loop's: it is given what it needs and
returns what it found. Its cost does not depend on the number of subscribers, but on the number of
cohorts (subscribers that sent the same document) and of credentials among them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from rest_framework.exceptions import APIException
from rest_framework.status import HTTP_500_INTERNAL_SERVER_ERROR

from drf_live_graphql.changes import Changes, label_of
from drf_live_graphql.exceptions import refusal_of

from . import recall
from .answer_reading import AnswerReading
from .evaluation import Evaluation
from .identity import digest
from .list_reading import ListReading
from .paths import Paths
from .reading import Look
from .reads import concerns_user, known, merge
from .routing import labels_of
from .row_reading import RowReading, RowState
from .standing import Standing, good_for

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

    from drf_live_graphql.exceptions import Refusal
    from drf_live_graphql.location import Location
    from drf_live_graphql.requests import Connection

    from .cursor import Cursor
    from .gap import Gap, Trail
    from .history import Found
    from .reading import Envelope, Reading
    from .reads import Dependencies
    from .rendition import Payload
    from .standing import Place
    from .subscription import Subscription
    from .trace import Key
    from .wants import Wants

logger = logging.getLogger("drf_live_graphql.live")

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
    # Changes of rows that are shown by way of others, by label.
    related: dict[str, Changes] = field(default_factory=dict)
    # Other rows may be in the list; any row may show something else.
    which: bool = False
    what: bool = False
    # The view is to be asked whether it still answers, and which rows it shows.
    who: bool = False
    joiners: dict[Subscription, None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        flags = self.whole or self.queries or self.which or self.what or self.who
        return bool(flags or self.changed or self.related or self.joiners)

    @property
    def vague(self) -> bool:
        """Whether rows may be concerned that nobody can name."""
        return self.whole or self.which or self.what or self.who or bool(self.related)

    def relate(self, changes: Changes) -> None:
        """Add changes of rows that the list's rows show."""
        self.related.setdefault(changes.label, Changes(changes.label)).merge(changes)

    @property
    def quiet(self) -> bool:
        """Whether no row is known to have changed."""
        told = self.changed or self.related or self.which or self.what
        return not (told or self.whole or self.queries)

    @property
    def only_asks(self) -> bool:
        """Whether nobody waits for an answer: it asks for permission and nothing else."""
        return self.quiet and not self.joiners

    def put_back(self, earlier: Work) -> None:
        """Add the work of a round that failed."""
        self.changed = {**earlier.changed, **self.changed}
        self.whole |= earlier.whole
        self.queries |= earlier.queries
        self.which |= earlier.which
        self.what |= earlier.what
        self.who |= earlier.who
        later, self.related = self.related, earlier.related
        for changes in later.values():
            self.relate(changes)
        self.joiners = {**earlier.joiners, **self.joiners}


@dataclass(slots=True)
class Letter:
    """An envelope and who is to get it.

    ``payload`` is what their rendition made; ``None`` where resolvers have their
    turn first, on the event loop, or where the subscribers execute for themselves.
    """

    to: Cohort
    envelope: Envelope
    payload: Payload | None

    @property
    def to_be_rendered(self) -> bool:
        """Whether resolvers have their turn before it can be delivered."""
        return self.payload is None and self.to[0].rendition is not None


@dataclass(slots=True)
class Outcome:
    """What a round found, to be delivered on the event loop."""

    reading: Reading | None = None
    # For those who come back.
    found: Found | None = None
    # What the view read of the request, and of the database.
    facts: frozenset[str] = frozenset()
    tables: Dependencies = field(default_factory=dict)
    paths: Paths | None = None
    # The user as the view saw it, and whether that is another sight than before.
    asker: Hashable = None
    anew: bool = False
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
    cursor: Cursor
    names: tuple[str, ...]
    paths: Paths
    # What the answer was seen to depend on before this round.
    dependencies: Dependencies = field(default_factory=dict)
    # How far the journals were told when it began, if they are followed.
    place: Place | None = None
    asker: Hashable = None
    # What those of the joiners missed who come back; the trails become gaps where they lead on.
    gaps: dict[Subscription, Gap] = field(default_factory=dict)
    trails: Mapping[Subscription, Trail] = field(default_factory=dict)
    # Keep the members although nobody asks for them now: somebody may come back.
    keep: bool = False

    def run(self) -> Outcome:
        """Ask the view, and write to everybody who is entitled to the answer.

        Raises what the view raises, unless that is a refusal: an answer like any other.
        """
        outcome = Outcome(names=self.names)
        speaker, strangers, refused = self._speaker()
        outcome.strangers = frozenset(strangers)
        if speaker is None:
            return outcome
        outcome.speaker = speaker.connection
        cohorts = self._known(strangers | refused.keys())
        outcome.refused.extend(self._refused(refused))
        # What a view shows may hang on any column of the user that it has read.
        outcome.asker = speaker.asker()
        outcome.anew = self.asker is not None and outcome.asker != self.asker
        try:
            with speaker.surroundings():
                speaker.authorise(throttle=False)
                outcome.reading = self._read(speaker, cohorts, anew=outcome.anew)
                self._write(outcome, cohorts, speaker)
                outcome.found = outcome.reading.findings()
        except Exception as error:
            outcome = Outcome(
                names=self.names,
                speaker=speaker.connection,
                strangers=outcome.strangers,
                refusal=refusal_of(error, self.key.root),
                asker=outcome.asker,
            )
            if outcome.refusal is None:
                raise
        outcome.facts = frozenset(speaker.facts)
        outcome.tables = speaker.reads.dependencies()
        outcome.paths = speaker.reads.paths
        return outcome

    def _speaker(self) -> tuple[Evaluation | None, set[Hashable], dict[Hashable, Refusal]]:
        """An evaluation with a credential that still stands for the query's user, and the others.

        Every credential is proved anew: sessions and tokens end one by one. Then there are those
        that a dispatch of the view's own refuses, while it answers the speaker.
        """
        speaker: Evaluation | None = None
        refused: dict[Hashable, Refusal] = {}
        shut: Evaluation | None = None
        strangers: set[Hashable] = set()
        for credential, connection in self.credentials.items():
            evaluation = Evaluation(self.key.root, self.key.call, self.location, connection)
            try:
                same = evaluation.identity() == self.key.identity
            except APIException as error:
                if error.status_code >= HTTP_500_INTERNAL_SERVER_ERROR:
                    raise  # Nobody could say who it is; that proves nothing.
                same = False
            if not same:
                strangers.add(credential)
            elif (refusal := evaluation.refusal()) is not None:
                refused[credential] = refusal
                shut = shut or evaluation
            elif speaker is None:
                speaker = evaluation
        if speaker is None:
            return shut, strangers, {}
        return speaker, strangers, refused

    def _refused(self, refused: Mapping[Hashable, Refusal]) -> Iterator[tuple[Cohort, Refusal]]:
        for credential, refusal in refused.items():
            for cohort in self.cohorts:
                subs = (sub for sub in cohort if sub.connection.credential == credential)
                yield tuple(subs), refusal

    def _known(self, strangers: set[Hashable]) -> tuple[Cohort, ...]:
        if not strangers:
            return self.cohorts
        cohorts = (
            tuple(sub for sub in cohort if sub.connection.credential not in strangers)
            for cohort in self.cohorts
        )
        return tuple(cohort for cohort in cohorts if cohort)

    def _read(self, speaker: Evaluation, cohorts: tuple[Cohort, ...], *, anew: bool) -> Reading:
        if self.key.root.handler is not None:
            return self._answer(speaker, cohorts)
        look = self._look(speaker, anew=anew)
        if self.key.root.action == "retrieve":
            return self._read_row(speaker, look)
        wants = [cohort[0].wants for cohort in cohorts]
        if self.state is None:
            self._survey(speaker, wants)
        # Those who come back are shown no page to learn from.
        self._survey(speaker, {sub.wants for sub in (*self.gaps, *self.trails)}, sample=True)
        rows = {trail: self._touched(speaker, trail) for trail in self.trails.values()}
        gaps = dict.fromkeys(self.gaps.values())
        also = {pk for gap in gaps for pk in (*gap.touched, *gap.own)}
        also.update(pk for trail in rows for pk in (*(rows[trail] or ()), *trail.own))
        back = {*self.gaps, *(sub for sub, trail in self.trails.items() if rows[trail] is not None)}
        told = wants if self.work.whole else {s.wants for s in self.work.joiners if s not in back}
        keep = self.keep or any(want.rows for want in wants)
        reading = ListReading(
            speaker,
            self.state if keep else None,
            look,
            also=also if back else None,
            selections=frozenset().union(*(want.selections for want in wants)),
            compare=any(want.rows and want.snapshot is None for want in wants),
            keep_members=keep,
            need_page=any(want.snapshot is not None for want in told),
            for_all=self.work.whole,
        )
        self._recall(reading, rows)
        if any(s.wants.snapshot and not self._is_back(s, reading) for s in back):
            reading.read_page()
            self._recall(reading, rows)
        return reading

    def _is_back(self, sub: Subscription, reading: Reading) -> bool:
        return sub in self.gaps and reading.resumes(self.gaps[sub])

    def _recall(self, reading: ListReading, rows: Mapping[Trail, dict[Any, None] | None]) -> None:
        """Find out, with what the journals tell, which rows those had who come back by them."""
        gaps = {trail: reading.recall(trail, pks) for trail, pks in rows.items() if pks is not None}
        self._follow({trail: gap for trail, gap in gaps.items() if gap is not None})

    def _follow(self, gaps: Mapping[Trail, Gap]) -> None:
        for sub, trail in self.trails.items():
            self.gaps.pop(sub, None)
            if trail in gaps:
                self.gaps[sub] = gaps[trail]

    def _read_row(self, speaker: Evaluation, look: Look) -> RowReading:
        then = next((RowState.of(gap.then) for gap in self.gaps.values() if gap.then), None)
        reading = RowReading(speaker, self.state or then, look, for_all=self.work.whole)
        for wants in {sub.wants for sub in self.trails}:
            reading.show(wants)  # For what that reads.
        gaps: dict[Trail, Gap] = {}
        for trail in self.trails.values():
            rows, key = self._touched(speaker, trail), self._key_of_url()
            if (gap := reading.recall(trail, rows, key)) is not None:
                gaps[trail] = gap
                reading.adopt(gap)
        self._follow(gaps)
        return reading

    def _key_of_url(self) -> Any:
        """The primary key of the row that is asked for, where the URL names it."""
        root = self.key.root
        key = root.model._meta.pk
        if root.lookup_field not in ("pk", key.name, key.attname):
            return None
        try:
            return key.to_python(dict(self.key.call.kwargs).get(root.lookup_url_kwarg))
        except ValidationError:
            return None

    def _touched(self, speaker: Evaluation, trail: Trail) -> dict[Any, None] | None:
        """The rows that may show something else than one knows who comes back."""
        paths = Paths(self.key.root.model)
        paths.update(self.paths)
        paths.update(speaker.reads.paths)
        labels = paths.labels()

        def parents(changes: Changes) -> set[Any] | None:
            return speaker.parents(paths, [changes]) if changes.label in labels else None

        def concerns(changes: Changes) -> bool:
            identity: Any = self.key.identity
            if identity is None:
                return True
            if changes.label == label_of(get_user_model()):
                return speaker.asker() != trail.asker
            return concerns_user(changes, identity[1], (speaker.connection.session_key,))

        own = labels_of(self.key.root.model)
        return recall.touched(trail, own, self._reads(speaker), concerns, parents)

    def _reads(self, speaker: Evaluation) -> Dependencies:
        """All that the answer was ever seen to depend on."""
        found = known(self.key.root)
        merge(found, self.dependencies)
        merge(found, speaker.reads.dependencies())
        return found

    def _answer(self, speaker: Evaluation, cohorts: tuple[Cohort, ...]) -> Reading:
        """What the view's own body says; nobody knows which rows that is about."""
        if self.key.root.action == "retrieve":
            return RowReading(speaker, self.state, Look(what=True), for_all=self.work.whole)
        wants = [cohort[0].wants for cohort in cohorts]
        return AnswerReading(speaker, self.state, frozenset().union(*(w.selections for w in wants)))

    def _look(self, speaker: Evaluation, *, anew: bool) -> Look:
        work = self.work
        parents: set[Any] | None = set()
        if work.related and self.key.root.action == "list":  # A single row is read in any case.
            parents = speaker.parents(self.paths, work.related.values())
        if parents is None:
            logger.info(
                "%r is read as a whole, for a change of %s.", self.key.root.name, list(work.related)
            )
        return Look(
            changed=work.changed,
            touched=parents or (),
            which=work.which or work.who or anew,
            what=work.what or anew or parents is None,
            whole=work.whole,
        )

    @staticmethod
    def _survey(speaker: Evaluation, wants: Iterable[Wants], *, sample: bool = False) -> None:
        """Before the first row is read, know what rows will be read with."""
        for want in wants:
            for selection in {want.created, want.updated}:
                if selection is None:
                    continue
                speaker.survey(selection)
                if sample or want.snapshot != selection:
                    speaker.sample(selection)

    def _write(self, outcome: Outcome, cohorts: tuple[Cohort, ...], speaker: Evaluation) -> None:
        reading = outcome.reading
        assert reading is not None
        envelopes: dict[Hashable, Envelope | None] = {}
        letters: list[tuple[Cohort, Envelope]] = []
        for cohort in cohorts:
            for part, how in self._parts(cohort, reading):
                if how not in ("delta", "resume") and isinstance(reading, RowReading):
                    refused = reading.refuses(part[0].told)
                    if refused and part[0] in self.work.joiners:
                        outcome.refused.append((part, refused))
                        continue
                gap = self.gaps.get(part[0]) if how == "resume" else None
                key: Hashable = (how, part[0].wants, part if how == "catch up" else gap)
                if key not in envelopes:
                    quiet = self.work.quiet and not outcome.anew
                    envelopes[key] = self._envelope(reading, how, part[0], quiet=quiet)
                if (envelope := envelopes[key]) is not None:
                    letters.append((part, envelope))
        if letters:
            # Once all is shown, as it says what that has read.
            standing = self._standing(reading, speaker)
            cursor = replace(self.cursor, standing=standing).encode()
            for _, envelope in letters:
                envelope["cursor"] = cursor
            outcome.letters += [Letter(to, e, _payload(to[0], e)) for to, e in letters]

    def _parts(self, cohort: Cohort, reading: Reading) -> Iterator[tuple[Cohort, str]]:
        """A cohort by how its members are told: most the change, some where things stand."""
        wants = cohort[0].wants
        joiners = self.work.joiners
        rest = cohort
        if joiners:
            rest = tuple(sub for sub in cohort if sub not in joiners)
            fresh = tuple(sub for sub in cohort if sub in joiners and not sub.told)
            for gap, part in self._by_gap(fresh).items():
                known = gap is not None and reading.resumes(gap)
                yield tuple(part), "resume" if known else _first(wants)
            for sub in cohort:
                if sub in joiners and sub.told:
                    yield (sub,), _again(wants)
        if rest:
            # A row that is gone is told of once, though everything is read anew.
            still_gone = isinstance(reading, RowReading) and reading.still_gone
            yield rest, _whole(wants) if self.work.whole and not still_gone else "delta"

    def _has_others(self, back: Subscription) -> bool:
        """Whether somebody is here who did not miss what ``back``, who comes back, did."""
        gap = self.gaps[back]
        return any(self.gaps.get(sub) != gap for cohort in self.cohorts for sub in cohort)

    def _by_gap(self, fresh: Cohort) -> dict[Gap | None, list[Subscription]]:
        """Those who join, by what they missed; ``None`` are those who come for the first time."""
        groups: dict[Gap | None, list[Subscription]] = {}
        for sub in fresh:
            groups.setdefault(self.gaps.get(sub), []).append(sub)
        return groups

    def _envelope(
        self, reading: Reading, how: str, sub: Subscription, *, quiet: bool
    ) -> Envelope | None:
        envelope: Envelope | None = None
        if how == "delta" and sub.wants.only_query:
            envelope = None if quiet else {}
        elif how == "query":
            envelope = {}
        elif how == "snapshot":
            envelope = reading.snapshot(sub.wants)
        elif how == "catch up":
            envelope = reading.catch_up(sub.wants, sub.missed)
        elif how == "delta":
            envelope = reading.delta(sub.wants)
        elif how == "resume":
            # A live query can't be known to have missed nothing.
            back = reading.since(self.gaps[sub], sub.wants, apart=self._has_others(sub))
            envelope = {} if sub.wants.only_query else back.delta(sub.wants)
        return envelope

    def _standing(self, reading: Reading, speaker: Evaluation) -> Standing | None:
        """Where everybody stands after this round, for any process; ``None``: nobody can tell."""
        own_body = self.key.root.handler is not None
        seal = None if self.place is None or own_body else reading.seal()
        if self.place is None or seal is None:
            return None
        # Those who are unlike the speaker are told nothing of this.
        names = tuple(sorted({*self.names, *speaker.facts}))
        whose = digest(self.key, names, speaker.connection.facts(names))
        if whose is None:
            return None
        return Standing(
            whose,
            names,
            self.place.positions,
            self.place.at,
            good_for(),
            tuple(sorted(self._reads(speaker).items())),
            seal,
            speaker.asker(),
        )


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


def _payload(sub: Subscription, envelope: Envelope) -> Payload | None:
    """Execute and encode once for a cohort."""
    if sub.rendition is None or sub.rendition.asynchronous:
        return None
    return sub.rendition.render(envelope)


__all__ = ["Cohort", "Letter", "Outcome", "Round", "Work"]
