"""What one evaluation found, told as envelopes: the snapshot, or what changed since.

Membership decides: a row that is in the list and was not is ``created``, one that was and still
is ``updated``, one that was and no longer is ``deleted``; what the write did to it is not asked.
Envelopes are dictionaries in the words of ``schema_gen``, without their ``cursor``.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Protocol, Self

from .gap import fingerprint
from .history import ABSENT, merge

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from django.db.models import Model

    from .evaluation import Evaluation, Members, Page
    from .gap import Gap
    from .history import Touched
    from .selection import Selection
    from .wants import Wants

Envelope = dict[str, Any]


class Reading(Protocol):
    """One evaluation's findings."""

    def commit(self) -> Any:
        """What the next evaluation is to compare with; on the event loop, after success."""

    def snapshot(self, wants: Wants) -> Envelope | None:
        """The answer as a whole."""

    def delta(self, wants: Wants) -> Envelope | None:
        """What changed since the state before; ``None`` where nothing that is wanted did."""

    def catch_up(self, wants: Wants, missed: Collection[str]) -> Envelope | None:
        """All rows again, for a reader without snapshots that lost track; ``missed`` ids left.

        They come as ``updated``; where only ``created`` is wanted, as that.
        """

    def touched(self) -> Touched | None:
        """The rows that were found to be touched, as they were before; ``None`` is any row."""

    def resumes(self, gap: Gap) -> bool:
        """Whether a client that comes back can be told what it missed."""

    def since(self, gap: Gap) -> Self:
        """The same reading, for a client that knows of the state at the beginning of ``gap``."""


class ListReading:
    """A list: its members, the page, and the rows that changed."""

    def __init__(
        self,
        evaluation: Evaluation,
        before: Members | None,
        *,
        changed: Collection[Any],
        also: Collection[Any] = (),
        whole: bool,
        compare: bool,
        keep_members: bool,
        need_page: bool,
    ) -> None:
        """Read the database.

        ``before`` are the members that subscribers know of (``None``: none were kept),
        ``changed`` the primary keys to look at. ``whole`` says that any row may have changed;
        ``compare`` that somebody needs to be told of them row by row. ``also`` are rows that
        concern those alone who come back (see ``since``).
        The members are read before the page: a row that comes in between is on the page and
        counts as entered, with the content that the page shows.
        """
        self._evaluation = evaluation
        self._serialised: dict[tuple[str, Selection], list[Any]] = {}
        # What subscribers know of, and all there is now where that was read.
        self._before = before
        self._members: Members | None = None
        # The rows by what became of them; what left is by its last id.
        self._entered: dict[Any, Model] = {}
        self._kept: dict[Any, Model] = {}
        self._left: dict[Any, str] = {}
        self._new_ids: Members = {}
        # The rows that were looked at and are in the list, and their ids.
        self._found: dict[Any, Model] = {}
        self._ids: Members = {}
        self._changed = changed
        self._resumes: dict[Gap, bool] = {}
        self._page: Page | None = None
        if keep_members:
            self._read_members(changed, also, whole=whole, compare=compare)
        if need_page:
            self.read_page()

    def commit(self) -> Members | None:
        """See ``Reading``; changes the members in place, as copying them costs their number."""
        members = self._before if self._members is None else self._members
        if members is not None:
            for pk in self._left:
                members.pop(pk, None)
            members.update(self._new_ids)
        return members

    def _read_members(
        self, changed: Collection[Any], also: Collection[Any], *, whole: bool, compare: bool
    ) -> None:
        before = self._before
        if before is None or (whole and not compare):
            # Nobody is told of single rows, but for those who come back.
            before = self._members = self._evaluation.members()
            also, changed = {*also, *changed} if also else (), ()
        elif whole or not self._evaluation.narrows():
            # Where rows depend on each other, a change of one may be a change of any.
            changed = {**before, **self._evaluation.members()}
        looked_at = {**dict.fromkeys(changed), **dict.fromkeys(also)} if also else changed
        if looked_at:
            self._found = self._evaluation.rows(looked_at)
            self._ids = self._evaluation.ids(list(self._found.values())) if self._found else {}
        for pk in changed:
            self._note(before, pk, self._found.get(pk), self._ids.get(pk))
        for pk in also:
            if pk not in changed and self._differs(before, pk):
                self._note(before, pk, self._found.get(pk), self._ids.get(pk))

    def _differs(self, before: Members, pk: Any) -> bool:
        return (pk in before) != (pk in self._found) or before.get(pk) != self._ids.get(pk)

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
        page = self._page = self._evaluation.page()
        members = self._before if self._members is None else self._members
        if members is None:
            return
        ids = self._evaluation.ids(page.rows)
        for row in page.rows:
            if self._is_late(members, row.pk, ids[row.pk]):
                self._note_late(row, ids[row.pk])

    def _is_late(self, members: Members, pk: Any, id_: str | None) -> bool:
        """Whether a row came, or got its id, between the reading of the members and of the page."""
        if pk in self._left and pk not in self._new_ids:
            return True
        known = self._new_ids if pk in self._new_ids else members
        return pk not in known or known[pk] != id_

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
        body = self._page.body
        page = self._evaluation.root.page
        shown = rows if page is None or body is None else {**body, page.results_key: rows}
        return {"snapshot": shown, "created": [], "updated": [], "deleted": []}

    def delta(self, wants: Wants) -> Envelope | None:
        """See ``Reading``."""
        entered, kept, left = self._told()
        envelope = self._envelope(
            self._wanted("entered", entered, wants.created),
            self._wanted("kept", kept, wants.updated),
            left if wants.deleted else [],
        )
        return envelope if any(envelope.values()) else None

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
        ids = {shown_id(pk, id_) for pk, id_ in members.items()}
        left = [id_ for id_ in missed if id_ not in ids]
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

    def touched(self) -> Touched | None:
        """See ``Reading``."""
        before = self._before
        if before is None or self._members is not None:
            return None
        told = (*self._left, *self._entered, *self._kept)
        return {pk: before.get(pk, ABSENT) for pk in told}

    def _meanwhile(self) -> Touched:
        """What this round touched, for those who come back."""
        touched = self.touched()
        if touched is None:
            # The first reading of the members: what was heard of before it is what it says.
            members = self._now()
            touched = {pk: members.get(pk, ABSENT) for pk in self._changed}
        return touched

    def resumes(self, gap: Gap) -> bool:
        """See ``Reading``; another process must agree on every row that was not touched."""
        if gap not in self._resumes:
            self._resumes[gap] = self._agrees(gap)
        return self._resumes[gap]

    def _agrees(self, gap: Gap) -> bool:
        if self._before is None and self._members is None:
            return False
        return gap.rest is None or (self._evaluation.narrows() and self._rest(gap) == gap.rest)

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

    def since(self, gap: Gap) -> Self:
        """See ``Reading``."""
        other = copy(self)
        other._serialised = {}
        other._entered, other._kept, other._left, other._new_ids = {}, {}, {}, {}
        for pk, known in gap.until(self._meanwhile()).items():
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


def shown_id(pk: Any, id_: str | None) -> str:
    """The GraphQL id of a row of ``Members``."""
    return str(pk) if id_ is None else id_


class RowState:
    """What is known of a single row: its id as last shown, and whether it is visible."""

    __slots__ = ("id", "pk", "visible")

    def __init__(self, pk: Any, id_: str, *, visible: bool) -> None:
        self.pk = pk
        self.id = id_
        self.visible = visible

    @classmethod
    def of(cls, touched: Touched) -> RowState:
        """The state that was known before the first touch in ``touched``."""
        pk, id_ = next(iter(touched.items()))
        return cls(pk, "" if id_ is ABSENT else shown_id(pk, id_), visible=id_ is not ABSENT)

    def touched(self) -> Touched:
        """The state as what was known before a touch."""
        return {self.pk: self.id if self.visible else ABSENT}


class RowReading:
    """A single row, as ``retrieve`` answers it."""

    def __init__(
        self, evaluation: Evaluation, before: RowState | None, *, changed: bool = False
    ) -> None:
        """Read the database; ``before`` is what subscribers know (``None``: nothing yet).

        ``changed`` says that the row may have been written to.
        """
        self._evaluation = evaluation
        self._before = before
        self._changed = changed
        self._shown: dict[Selection, Any] = {}
        self._row = evaluation.instance()
        self._state = self._new_state()

    def commit(self) -> RowState | None:
        """See ``Reading``."""
        return self._state

    def refuses(self, told: bool) -> bool:
        """Whether a subscriber is answered as a GET of a missing row is.

        One that was ``told`` of the row is told that it is gone instead, where its id is known.
        """
        return self._row is None and (not told or self._before is None)

    def _new_state(self) -> RowState | None:
        if self._row is not None:
            pk = self._row.pk
            return RowState(pk, shown_id(pk, self._evaluation.ids([self._row])[pk]), visible=True)
        before = self._before
        return None if before is None else RowState(before.pk, before.id, visible=False)

    def snapshot(self, wants: Wants) -> Envelope | None:
        """See ``Reading``."""
        return self._envelope("DELETED" if self._row is None else "SNAPSHOT", wants)

    def delta(self, wants: Wants) -> Envelope | None:
        """See ``Reading``."""
        was = self._before is not None and self._before.visible
        if self._row is None:
            return self._envelope("DELETED", wants) if was else None
        return self._envelope("UPDATED" if was else "CREATED", wants)

    def catch_up(self, wants: Wants, missed: Collection[str]) -> Envelope | None:
        """See ``Reading``; the row as a whole says all."""
        return self.snapshot(wants)

    def touched(self) -> Touched | None:
        """See ``Reading``."""
        before, now = self._before, self._state
        if before is None or now is None:
            return None
        same = before.visible == now.visible and (before.id == now.id or not now.visible)
        return {} if same and not self._changed else before.touched()

    def resumes(self, gap: Gap) -> bool:
        """See ``Reading``."""
        return self._before is not None

    def since(self, gap: Gap) -> Self:
        """See ``Reading``."""
        assert self._before is not None
        other = copy(self)
        known = gap.touched or gap.then or gap.own
        if known:
            other._before = RowState.of(known)
            if self._row is None:
                other._state = other._new_state()
        other._changed = bool(gap.touched or gap.own or self._changed)
        return other

    def _envelope(self, action: str, wants: Wants) -> Envelope | None:
        assert self._state is not None
        instance = None
        if self._row is not None and wants.snapshot is not None:
            if wants.snapshot not in self._shown:
                self._shown[wants.snapshot] = self._evaluation.serialise_one(
                    self._row, wants.snapshot
                )
            instance = self._shown[wants.snapshot]
        return {"action": action, "objectId": self._state.id, "instance": instance}


__all__ = ["Envelope", "ListReading", "Reading", "RowReading", "RowState", "shown_id"]
