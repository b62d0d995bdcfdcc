"""What one evaluation found, told as envelopes: the snapshot, or what changed since.

Membership decides: a row that is in the list and was not is ``created``, one that was and still
is ``updated``, one that was and no longer is ``deleted``; what the write did to it is not asked.
Envelopes are dictionaries in the words of ``schema_gen``, without their ``cursor``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from django.db.models import Model

    from drf_live_graphql.exceptions import Refusal

    from .evaluation import Evaluation, Members, Page
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


class ListReading:
    """A list: its members, the page, and the rows that changed."""

    def __init__(
        self,
        evaluation: Evaluation,
        before: Members | None,
        *,
        changed: Collection[Any],
        whole: bool,
        compare: bool,
        keep_members: bool,
        need_page: bool,
        ask: bool = False,
    ) -> None:
        """Read the database.

        ``before`` are the members that subscribers know of (``None``: none were kept),
        ``changed`` the primary keys to look at. ``whole`` says that any row may have changed;
        ``compare`` that somebody needs to be told of them row by row. ``ask`` has it noticed which
        rows left and entered though nothing was heard of them, by their keys alone.
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
        self._page: Page | None = None
        if keep_members:
            self._read_members(changed, whole=whole, compare=compare, ask=ask)
        if need_page:
            self._read_page()

    def commit(self) -> Members | None:
        """See ``Reading``; changes the members in place, as copying them costs their number."""
        members = self._before if self._members is None else self._members
        if members is not None:
            for pk in self._left:
                members.pop(pk, None)
            members.update(self._new_ids)
        return members

    def _read_members(
        self, changed: Collection[Any], *, whole: bool, compare: bool, ask: bool
    ) -> None:
        before = self._before
        if before is None or (whole and not compare):
            self._members = self._evaluation.members()
            return
        if whole or (changed and not self._evaluation.narrows()):
            # Where rows depend on each other, a change of one may be a change of any.
            changed = {**before, **self._evaluation.members()}
        elif ask:
            now = dict.fromkeys(self._evaluation.keys())
            moved = [pk for pk in (*before, *now) if pk not in before or pk not in now]
            changed = dict.fromkeys([*changed, *moved])
        found = self._evaluation.rows(changed) if changed else {}
        ids = self._evaluation.ids(list(found.values())) if found else {}
        for pk in changed:
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

    def _read_page(self) -> None:
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
        known = self._before if self._members is None else self._members
        members = dict(known or {})
        for pk in self._left:
            members.pop(pk, None)
        members.update(self._new_ids)
        selection = wants.created if wants.updated is None else wants.updated
        rows = self._evaluation.rows(members) if selection is not None else {}
        shown = self._wanted("all", rows, selection)
        ids = {shown_id(pk, id_) for pk, id_ in members.items()}
        left = [id_ for id_ in missed if id_ not in ids]
        if not shown and not left and not wants.query:
            return None  # That something was changed is not for everybody to know.
        if wants.updated is None:
            return self._envelope(shown, [], left)
        return self._envelope([], shown, left)

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


class RowReading:
    """A single row, as ``retrieve`` answers it."""

    def __init__(
        self, evaluation: Evaluation, before: RowState | None, *, quiet: bool = False
    ) -> None:
        """Read the database; ``before`` is what subscribers know (``None``: nothing yet).

        ``quiet`` says that nothing was heard of the row: then only its coming and going is told.
        """
        self._evaluation = evaluation
        self._before = before
        self._quiet = quiet
        self._shown: dict[Selection, Any] = {}
        self._row = evaluation.instance()
        self._state = self._new_state()

    def commit(self) -> RowState | None:
        """See ``Reading``."""
        return self._state

    def refuses(self, told: bool) -> Refusal | None:
        """What a subscriber is answered where a GET of the row is a 404, as GET has it.

        One that was ``told`` of the row is told that it is gone instead, where its id is known.
        """
        return None if told and self._before is not None else self._evaluation.missing

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
        if was and self._quiet and self._is_same():
            return None
        return self._envelope("UPDATED" if was else "CREATED", wants)

    def _is_same(self) -> bool:
        """Whether it is the row that was shown last, by the id that it was shown by."""
        before, now = self._before, self._state
        assert before is not None
        assert now is not None
        return (before.pk, before.id) == (now.pk, now.id)

    def catch_up(self, wants: Wants, missed: Collection[str]) -> Envelope | None:
        """See ``Reading``; the row as a whole says all."""
        return self.snapshot(wants)

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
