"""A list as one evaluation found it, compared with what its subscribers know."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from .gap import Gap, fingerprint
from .history import ABSENT, Found, merge, shape_of
from .reading import digest_of, shown_id
from .seal import seal_of, sealed, unseal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from django.db.models import Model

    from .evaluation import Evaluation, Members, Page
    from .gap import Trail
    from .history import Touched
    from .reading import Envelope, Look
    from .selection import Selection
    from .wants import Wants


class ListState:
    """What subscribers of a list know: its members, and digests of rows as they were told.

    A digest is by the selection in which the row was told. ``None`` is a row of which not all were
    told the same; a row without one was not told in this selection.
    """

    __slots__ = ("digests", "elsewhere", "members", "seal")

    def __init__(self, members: Members) -> None:
        """Members of whom nothing was told yet."""
        self.members = members
        self.digests: dict[Selection, dict[Any, int | None]] = {}
        # Whether somebody holds rows that were told by another process, or in another selection.
        self.elsewhere = False
        # That of the members, where a reading made it.
        self.seal: int | None = None

    @property
    def size(self) -> int:
        """How much there is to keep: members, and digests."""
        return len(self.members) + sum(map(len, self.digests.values()))


class ListReading:
    """A list: its members, the page, and the rows that changed."""

    def __init__(
        self,
        evaluation: Evaluation,
        state: ListState | None,
        look: Look,
        *,
        also: Collection[Any] | None = None,
        selections: Collection[Selection],
        compare: bool,
        keep_members: bool,
        need_page: bool,
        for_all: bool,
    ) -> None:
        """Read the database.

        ``state`` is what subscribers know (``None``: nothing was kept). ``compare`` says that
        somebody needs to be told row by row even where any row may have changed, ``for_all`` that
        everybody gets the page. ``also`` are rows that concern those alone who come back (see
        ``since``; ``None``: nobody does). ``selections`` are all in which somebody is told rows.
        The members are read before the page: a row that comes in between is on the page and
        counts as entered, with the content that the page shows.
        """
        self._evaluation = evaluation
        self._state = state
        self._look = look
        self._selections = selections
        self._for_all = for_all or state is None
        self._serialised: dict[tuple[str, Selection], list[Any]] = {}
        # Digests to keep once this is what everybody was told; see ``ListState``.
        self._digests: dict[Selection, dict[Any, int | None]] = {}
        # What subscribers know of, and all there is now where that was read.
        self._before = None if state is None else state.members
        self._members: Members | None = None
        # The rows by what became of them; what left is by its last id.
        self._entered: dict[Any, Model] = {}
        self._kept: dict[Any, Model] = {}
        self._left: dict[Any, str] = {}
        self._new_ids: Members = {}
        # The rows that were looked at and are in the list, and their ids.
        self._found: dict[Any, Model] = {}
        self._ids: Members = {}
        # Rows that show something else than was told, without having changed themselves, and the
        # shapes in which they were compared.
        self._noted: set[Any] = set()
        self._compared: set[str] = set()
        self._resumes: dict[Gap, bool] = {}
        self._sealed: int | None = None
        # What those missed who are told this; ``None``: nothing.
        self._gap: Gap | None = None
        # Whether this is told to some only, and whether they hold rows that were not told here.
        self._apart = self._elsewhere = False
        self._page: Page | None = None
        if keep_members:
            self._read_members(also, compare=compare)
        if need_page:
            self.read_page()

    def commit(self) -> ListState | None:
        """See ``Reading``; changes the state in place, as copying it costs its number."""
        state = self._state
        if self._members is not None:
            state = ListState(self._members)
        if state is None:
            return None
        state.elsewhere |= self._elsewhere
        if self._sealed is None and state.seal is not None:
            self._seal({})  # Nobody was told of this; the next round need not begin anew.
        state.seal = self._sealed
        for pk in self._left:
            state.members.pop(pk, None)
            for digests in state.digests.values():
                digests.pop(pk, None)
        state.members.update(self._new_ids)
        for selection, kept in state.digests.items():
            # As it was told to those who have left is not how others know a row that has changed.
            found = self._digests.get(selection, {})
            for pk in self._kept:
                if pk in kept and pk not in found:
                    kept[pk] = None
        for selection, found in self._digests.items():
            state.digests.setdefault(selection, {}).update(found)
        for selection in [known for known in state.digests if known not in self._selections]:
            del state.digests[selection]  # Clients choose them: there may be ever more.
        return state

    def _read_members(self, also: Collection[Any] | None, *, compare: bool) -> None:
        before, look = self._before, self._look
        pks: dict[Any, None] = {}
        if before is None or (look.whole and not compare):
            # Nobody is told of single rows, but those who come back.
            before = self._members = self._evaluation.members()
            also = None if also is None else {*also, *look.changed}
        else:
            pks.update(dict.fromkeys((*look.changed, *look.touched)))
            # Where rows depend on each other, a change of one may be a change of any.
            everything = look.whole or look.what or (bool(pks) and not self._evaluation.narrows())
            if everything or look.which:
                now = self._evaluation.members()
                pks.update(dict.fromkeys({**before, **now} if everything else before.keys() ^ now))
        looked_at = {**pks, **dict.fromkeys(also)} if also else pks
        found = self._found = self._evaluation.rows(looked_at) if looked_at else {}
        ids = self._ids = self._evaluation.ids(list(found.values())) if found else {}
        for pk in looked_at:
            if pk in pks or (pk in before, before.get(pk)) != (pk in found, ids.get(pk)):
                self._note(before, pk, found.get(pk), ids.get(pk))

    def _note(self, before: Members, pk: Any, row: Model | None, new: str | None) -> None:
        known = pk in before
        if row is None:
            if known:
                self._left[pk] = shown_id(pk, before[pk])
        elif known and before[pk] == new:
            self._kept[pk] = row
        else:
            self._enter(pk, row, new)
            if known:
                # The same row by another id is another row to a client.
                self._left[pk] = shown_id(pk, before[pk])

    def _enter(self, pk: Any, row: Model, id_: str | None) -> None:
        self._entered[pk] = row
        self._new_ids[pk] = id_

    def read_page(self) -> None:
        """Read the page, if that was not done yet."""
        if self._page is not None:
            return
        self._resumes.clear()
        self._sealed = None
        page = self._page = self._evaluation.page()
        members = self._before if self._members is None else self._members
        if members is None:
            return
        ids = self._evaluation.ids(page.rows)
        for row in page.rows:
            if self._is_late(members, row.pk, ids[row.pk]):
                self._note_late(row, ids[row.pk])
        if page.complete:
            for pk in self._now().keys() - ids.keys():
                self._note_gone(pk)

    def _is_late(self, members: Members, pk: Any, id_: str | None) -> bool:
        """Whether a row came, or got its id, between the reading of the members and of the page."""
        if pk in self._left and pk not in self._new_ids:
            return True
        known = self._new_ids if pk in self._new_ids else members
        return pk not in known or known[pk] != id_

    def _note_gone(self, pk: Any) -> None:
        """A row left between the reading of the members and of the page, which is all there is."""
        for noted in (self._kept, self._entered, self._new_ids, self._found, self._ids):
            noted.pop(pk, None)
        if self._members is not None:
            self._members.pop(pk, None)
        before = self._before or {}
        if pk in before:
            self._left[pk] = shown_id(pk, before[pk])

    def _note_late(self, row: Model, id_: str | None) -> None:
        """What the page shows is what its readers hold, so it is what the members say."""
        for noted in (self._left, self._kept, self._entered, self._new_ids):
            noted.pop(row.pk, None)
        before = self._before or {}
        self._found[row.pk], self._ids[row.pk] = row, id_
        self._note(before, row.pk, row, id_)
        if self._members is not None:
            self._new_ids[row.pk] = id_

    def snapshot(self, wants: Wants) -> Envelope | None:
        """See ``Reading``."""
        assert self._page is not None
        assert wants.snapshot is not None
        rows = self._rows("page", self._page.rows, wants.snapshot)
        self._remember_page(wants.snapshot, rows)
        body = self._page.body
        page = self._evaluation.root.page
        shown = rows if page is None or body is None else {**body, page.results_key: rows}
        return {"snapshot": shown, "created": [], "updated": [], "deleted": []}

    def delta(self, wants: Wants) -> Envelope | None:
        """See ``Reading``."""
        entered, kept, left = self._told()
        created = self._wanted("entered", entered, wants.created)
        if wants.created is not None:
            self._remember(wants.created, entered, created)
        envelope = self._envelope(
            created,
            [] if wants.updated is None else self._news(kept, wants, wants.updated),
            left if wants.deleted else [],
        )
        return envelope if any(envelope.values()) else None

    def _news(self, kept: Mapping[Any, Model], wants: Wants, selection: Selection) -> list[Any]:
        """The rows that changed, and those of the others that show something else than was told."""
        rows = self._wanted("kept", kept, selection)
        told = self._told_digests(selection)
        self._remember(selection, kept, rows)
        self._compared.add(shape_of(selection))
        # A row that was on no page, nor told since, is held by nobody who was told by pages here.
        elsewhere = (
            self._elsewhere
            or wants.created not in (None, selection)
            or (self._state is not None and self._state.elsewhere)
        )
        unheld = wants.snapshot == selection and not elsewhere
        news: list[Any] = []
        for pk, row in zip(kept, rows, strict=True):
            if pk in self._look.changed or pk in self._entered:
                if self._gap is not None and told.get(pk) != digest_of(row):
                    self._noted.add(pk)  # It is told for a change that others know, and shows more.
                news.append(row)
                continue
            if pk in told:
                differs = told[pk] != digest_of(row)
            else:
                differs = not unheld or pk in self._look.touched
            if differs:
                self._noted.add(pk)
                news.append(row)
        return news

    def _told_digests(self, selection: Selection) -> Mapping[Any, int | None]:
        return {} if self._state is None else self._state.digests.get(selection, {})

    def _remember(self, selection: Selection, rows: Mapping[Any, Model], shown: list[Any]) -> None:
        digests = self._digests.setdefault(selection, {})
        if not self._apart:
            digests.update((pk, digest_of(row)) for pk, row in zip(rows, shown, strict=True))
            return
        # As for a page: what some are told may be news to the others.
        told = self._told_digests(selection)
        for pk, row in zip(rows, shown, strict=True):
            if digests.get(pk, told.get(pk)) != digest_of(row):
                digests[pk] = None

    def _remember_page(self, selection: Selection, shown: list[Any]) -> None:
        """What all are told is known of all; what some are told may be news to the others."""
        assert self._page is not None
        told = self._told_digests(selection)
        digests = self._digests.setdefault(selection, {})
        for row, data in zip(self._page.rows, shown, strict=True):
            if self._for_all:
                digests[row.pk] = digest_of(data)
            elif told.get(row.pk) != digest_of(data):
                digests.setdefault(row.pk, None)

    def _told(self) -> tuple[dict[Any, Model], dict[Any, Model], list[str]]:
        """What entered, changed and left by ids: to a client, an id that goes on is one row."""
        old = set(self._left.values())
        ids = {pk: shown_id(pk, id_) for pk, id_ in self._new_ids.items()} if old else {}
        taken_over = {pk for pk, id_ in ids.items() if id_ in old}
        if not taken_over:
            return self._entered, self._kept, list(self._left.values())
        entered = {pk: row for pk, row in self._entered.items() if pk not in taken_over}
        kept = self._kept | {pk: self._entered[pk] for pk in taken_over}
        going_on = {ids[pk] for pk in taken_over}
        return entered, kept, [id_ for id_ in self._left.values() if id_ not in going_on]

    def catch_up(self, wants: Wants, missed: Collection[str]) -> Envelope | None:
        """See ``Reading``."""
        members = self._now()
        selection = wants.created if wants.updated is None else wants.updated
        rows = self._evaluation.rows(members) if selection is not None else {}
        shown = self._wanted("all", rows, selection)
        if selection is not None:
            told, digests = self._told_digests(selection), self._digests.setdefault(selection, {})
            for pk, row in zip(rows, shown, strict=True):
                # As for a page: what one is told may be news to the others.
                if digests.get(pk, told.get(pk)) != digest_of(row):
                    digests[pk] = None
        ids = {shown_id(pk, id_) for pk, id_ in members.items()}
        left = [id_ for id_ in missed if id_ not in ids]
        if not shown and not left and not wants.query:
            return None  # That something was changed is not for everybody to know.
        if wants.updated is None:
            return self._envelope(shown, [], left)
        return self._envelope([], shown, left)

    def _now(self) -> Members:
        """The members by now; a copy."""
        members = dict((self._before if self._members is None else self._members) or {})
        for pk in self._left:
            members.pop(pk, None)
        members.update(self._new_ids)
        return members

    # For those who come back.

    def findings(self) -> Found | None:
        """See ``Reading``."""
        before, loud = self._before, self._look.changed
        if before is None or self._members is not None:
            return None
        kept = [pk for pk in self._kept if pk in loud or pk in self._noted]
        touched = {pk: before.get(pk, ABSENT) for pk in (*self._left, *self._entered, *kept)}
        return Found(touched, frozenset(self._compared) if len(kept) < len(self._kept) else None)

    def _meanwhile(self) -> Touched:
        """What this round touched."""
        found = self.findings()
        if found is not None:
            return found.touched
        # The first reading of the members: what was heard of before it is what it says.
        members = self._now()
        return {pk: members.get(pk, ABSENT) for pk in self._look.changed}

    def resumes(self, gap: Gap) -> bool:
        """See ``Reading``; another process must agree on every row that was not touched."""
        if gap not in self._resumes:
            self._resumes[gap] = self._agrees(gap)
        return self._resumes[gap]

    def _agrees(self, gap: Gap) -> bool:
        if self._before is None and self._members is None:
            return False
        if gap.rest is None:
            return True
        return self._evaluation.narrows() and self._rest(gap) == gap.rest

    def recall(self, trail: Trail, rows: Iterable[Any]) -> Gap | None:
        """The gap with those of ``rows`` that may have been touched in it, as they were then.

        Their seal tells; ``None`` where it does not.
        """
        if (self._before is None and self._members is None) or not self._evaluation.narrows():
            return None
        now, rest = self._now(), trail.seal
        rest ^= self._seal(now)
        seals: dict[Any, int] = {}
        for pk in {**dict.fromkeys(rows), **trail.own, **self._meanwhile()}:
            seals[pk] = seal_of(pk, now.get(pk))
            if pk in now:
                rest ^= seals[pk]
        held = unseal(rest, seals)
        if held is None:
            return None
        return Gap({pk: now.get(pk) if pk in held else ABSENT for pk in seals}, recalled=True)

    def seal(self) -> int | None:
        """See ``Reading``."""
        if self._before is None and self._members is None:
            return None
        return self._seal(self._now() if self._known_seal() is None else {})

    def _seal(self, now: Members) -> int:
        """The seal of the members ``now``, made of that before where it is known."""
        if self._sealed is None:
            known = self._known_seal()
            if known is None:
                self._sealed = sealed(now.items())
            else:
                before = self._before or {}
                for pk in {*self._left, *self._new_ids}:
                    if pk in before:
                        known ^= seal_of(pk, before[pk])
                    if pk in self._new_ids:
                        known ^= seal_of(pk, self._new_ids[pk])
                self._sealed = known
        return self._sealed

    def _known_seal(self) -> int | None:
        return None if self._state is None or self._members is not None else self._state.seal

    def _rest(self, gap: Gap) -> str:
        rest = self._now()
        meanwhile = dict(gap.own)
        merge(meanwhile, self._meanwhile())
        for pk, id_ in meanwhile.items():
            if id_ is ABSENT:
                rest.pop(pk, None)
            else:
                rest[pk] = id_
        return fingerprint(item for item in rest.items() if item[0] not in gap.touched)

    def since(self, gap: Gap, wants: Wants, *, apart: bool) -> Self:
        """See ``Reading``."""
        followed, state = wants.followed, self._state
        if gap.elsewhere or state is None or followed not in state.digests:
            # It holds rows that were told in another process, or in another shape.
            self._elsewhere = True
        touched = gap.until(self._meanwhile())
        other = copy(self)
        other._apart, other._gap = apart, gap
        other._serialised = {}
        other._look = replace(self._look, changed=touched)
        other._entered, other._left, other._new_ids = {}, {}, {}
        other._kept = {pk: row for pk, row in self._kept.items() if pk not in touched}
        for pk, known in touched.items():
            row, id_ = self._found.get(pk), self._ids.get(pk)
            if row is not None and known is not ABSENT and known == id_:
                other._kept[pk] = row
                continue
            if row is not None:
                other._enter(pk, row, id_)
            if known is not ABSENT:
                other._left[pk] = shown_id(pk, known)
        return other

    @staticmethod
    def _envelope(created: list[Any], updated: list[Any], deleted: list[str]) -> Envelope:
        return {"snapshot": None, "created": created, "updated": updated, "deleted": deleted}

    def _wanted(
        self, part: str, rows: Mapping[Any, Model], selection: Selection | None
    ) -> list[Any]:
        return [] if selection is None else self._rows(part, list(rows.values()), selection)

    def _rows(self, part: str, rows: Sequence[Model], selection: Selection) -> list[Any]:
        key = (part, selection)
        if key not in self._serialised:
            self._serialised[key] = self._evaluation.serialise(rows, selection)
        return self._serialised[key]


__all__ = ["ListReading", "ListState"]
