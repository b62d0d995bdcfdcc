"""A single row as one evaluation found it, compared with what its subscribers know."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from .answer import Row
from .history import ABSENT, Found, shape_of
from .reading import digest_of, shown_id

if TYPE_CHECKING:
    from collections.abc import Collection

    from drf_live_graphql.exceptions import Refusal

    from .evaluation import Evaluation
    from .gap import Gap
    from .history import Touched
    from .reading import Envelope, Look
    from .selection import Selection
    from .wants import Wants


class RowState:
    """What is known of a single row: its id as last shown, and whether it is visible."""

    __slots__ = ("digests", "id", "pk", "visible", "whole")

    def __init__(self, pk: Any, id_: str, *, visible: bool) -> None:
        self.pk = pk
        self.id = id_
        self.visible = visible
        # Of all that the view's own body answered; ``None`` where it has none.
        self.whole: int | None = None
        # Of the row as it was told, by selection; see ``ListState``.
        self.digests: dict[Selection, int] = {}

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
        self, evaluation: Evaluation, before: RowState | None, look: Look, *, for_all: bool
    ) -> None:
        """Read the database; ``before`` is what subscribers know (``None``: nothing yet).

        ``for_all`` says that everybody gets the row as it is now.
        """
        self._evaluation = evaluation
        self._before = before
        self._look = look
        self._for_all = for_all or before is None
        self._shown: dict[Selection, Any] = {}
        # Selections of which all know by now.
        self._told: set[Selection] = set()
        # Shapes in which the row was compared, and those in which it differs.
        self._compared: set[str] = set()
        self._noted: set[str] = set()
        # Whether this is told to some only, and to one who has missed nothing.
        self._apart = self._quiet = False
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
            state = RowState(pk, shown_id(pk, self._evaluation.ids([self._row])[pk]), visible=True)
            if isinstance(self._row, Row):
                state.whole = digest_of(self._row.data)
            before = self._before
            if before is not None and before.pk == pk and before.visible and not self._loud:
                state.digests = dict(before.digests)
            return state
        before = self._before
        return None if before is None else RowState(before.pk, before.id, visible=False)

    def snapshot(self, wants: Wants) -> Envelope | None:
        """See ``Reading``."""
        return self._envelope(
            "DELETED" if self._row is None else "SNAPSHOT", wants, for_all=self._for_all
        )

    def delta(self, wants: Wants) -> Envelope | None:
        """See ``Reading``."""
        was = self._before is not None and self._before.visible
        for_all = not self._apart
        if self._row is None:
            return self._envelope("DELETED", wants, for_all=for_all) if was else None
        if not was:
            return self._envelope("CREATED", wants, for_all=for_all)
        differs = self._loud or not self._is_same() or (not self._quiet and self._differs(wants))
        return self._envelope("UPDATED", wants, for_all=for_all) if differs else None

    @property
    def _loud(self) -> bool:
        """Whether the row itself was written to."""
        return self._look.whole or (self._row is not None and self._row.pk in self._look.changed)

    def _differs(self, wants: Wants) -> bool:
        """Whether the row shows something else than was told."""
        assert self._before is not None
        if wants.snapshot is None:
            return self._differs_as_a_whole()
        known = self._before.digests.get(wants.snapshot)
        differs = known != digest_of(self._instance(wants.snapshot))
        shape = shape_of(wants.snapshot)
        self._compared.add(shape)
        if differs:
            self._noted.add(shape)
        return differs

    def _differs_as_a_whole(self) -> bool:
        """For those who select nothing of a row of which nobody knows when it was written to."""
        assert self._before is not None
        if self._state is None or self._state.whole is None:
            return False
        return self._state.whole != self._before.whole

    def _is_same(self) -> bool:
        """Whether it is the row that was shown last, by the id that it was shown by."""
        before, now = self._before, self._state
        assert before is not None
        assert now is not None
        return (before.pk, before.id) == (now.pk, now.id)

    def catch_up(self, wants: Wants, missed: Collection[str]) -> Envelope | None:
        """See ``Reading``; the row as a whole says all."""
        return self.snapshot(wants)

    # For those who come back.

    def findings(self) -> Found | None:
        """See ``Reading``."""
        before, now = self._before, self._state
        if before is None or now is None:
            return None
        same = before.visible == now.visible and (before.id == now.id or not now.visible)
        if self._loud or not same or self._noted:
            return Found(before.touched())
        return Found({}, frozenset(self._compared) if self._vague and now.visible else None)

    @property
    def _vague(self) -> bool:
        """Whether the row may show something else without having been written to."""
        return bool(self._look.touched or self._look.what or self._look.which)

    def resumes(self, gap: Gap) -> bool:
        """See ``Reading``."""
        return self._before is not None

    def since(self, gap: Gap, wants: Wants, *, apart: bool) -> Self:
        """See ``Reading``."""
        before = self._before
        assert before is not None
        other = copy(self)
        other._apart = apart
        touched = bool(gap.touched or gap.own or self._loud)
        other._quiet = not touched and not self._vague
        other._look = replace(self._look, whole=touched)
        if self._row is not None and wants.snapshot is not None:
            self._instance(wants.snapshot)  # What that reads is to be heard of from now on.
        if known := gap.touched or gap.then or gap.own:
            other._before = earlier = RowState.of(known)
            earlier.digests = before.digests
            if self._row is None:
                other._state = other._new_state()
        return other

    def _envelope(self, action: str, wants: Wants, *, for_all: bool = True) -> Envelope | None:
        assert self._state is not None
        instance = None
        if self._row is not None and wants.snapshot is not None:
            instance = self._instance(wants.snapshot)
            self._remember(wants.snapshot, digest_of(instance), for_all=for_all)
        return {"action": action, "objectId": self._state.id, "instance": instance}

    def _remember(self, selection: Selection, digest: int, *, for_all: bool) -> None:
        """What some are told anew may be news to the others."""
        assert self._state is not None
        digests = self._state.digests
        if for_all:
            self._told.add(selection)
            digests[selection] = digest
        elif selection not in self._told and digests.get(selection) != digest:
            digests.pop(selection, None)

    def _instance(self, selection: Selection) -> Any:
        if selection not in self._shown:
            assert self._row is not None
            self._shown[selection] = self._evaluation.serialise_one(self._row, selection)
        return self._shown[selection]


__all__ = ["RowReading", "RowState"]
