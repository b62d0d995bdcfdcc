"""A list that is told as a whole, compared with what its subscribers know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from .reading import digest_of
from .selection import reduced

if TYPE_CHECKING:
    from collections.abc import Collection

    from .evaluation import Evaluation
    from .gap import Gap
    from .reading import Envelope
    from .selection import Selection
    from .wants import Wants

AnswerState = dict["Selection", int]
"""Digests of the answer as all were told it, by what they select of its rows."""


class AnswerReading:
    """What the view's own body answers for a list."""

    def __init__(
        self, evaluation: Evaluation, state: AnswerState | None, selections: Collection[Selection]
    ) -> None:
        """Call the view; ``state`` is what all were told.

        Where none of ``selections`` is wanted, that is for whether it answers at all.
        """
        self._state = state or {}
        self._page = evaluation.root.page
        self._shown: dict[Selection, Any] = {}
        rows, body = evaluation.answered_list()
        for selection in selections:
            evaluation.fit(rows, selection)
            self._shown[selection] = self._reduced(rows, body, selection)

    def _reduced(
        self, rows: list[Any], body: dict[str, Any] | None, selection: Selection
    ) -> list[Any] | dict[str, Any]:
        shown: list[Any] = reduced(rows, selection)
        if self._page is None or body is None:
            return shown
        keys = {field.key for field in self._page.fields}
        page = {key: value for key, value in body.items() if key in keys}
        return {**page, self._page.results_key: shown}

    def commit(self) -> AnswerState:
        """See ``Reading``; a round tells everybody who is there, so all know it now."""
        return {selection: digest_of(shown) for selection, shown in self._shown.items()}

    def snapshot(self, wants: Wants) -> Envelope | None:
        """See ``Reading``."""
        return {"snapshot": None if wants.snapshot is None else self._shown[wants.snapshot]}

    def delta(self, wants: Wants) -> Envelope | None:
        """See ``Reading``: the answer again, where it differs in what is selected of its rows."""
        selection = wants.snapshot
        if selection is None or self._state.get(selection) == digest_of(self._shown[selection]):
            return None
        return self.snapshot(wants)

    def catch_up(self, wants: Wants, missed: Collection[str]) -> Envelope | None:
        """See ``Reading``."""
        return self.snapshot(wants)

    # For those who come back: they are told where things stand.

    def seal(self) -> None:
        """See ``Reading``."""

    def findings(self) -> None:
        """See ``Reading``."""

    def resumes(self, gap: Gap) -> bool:
        """See ``Reading``."""
        return False

    def since(self, gap: Gap, wants: Wants, *, apart: bool) -> Self:
        """See ``Reading``."""
        return self


__all__ = ["AnswerReading", "AnswerState"]
