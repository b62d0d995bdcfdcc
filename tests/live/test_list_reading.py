"""What a reading says where the database changes while it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from drf_live_graphql.live.evaluation import Page
from drf_live_graphql.live.list_reading import ListReading, ListState
from drf_live_graphql.live.reading import Look
from drf_live_graphql.live.wants import Wants

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

ROWS = (("id", None),)
WANTS = Wants(
    snapshot=ROWS,
    created=ROWS,
    updated=ROWS,
    deleted=True,
    event=False,
    query=frozenset(),
    single=False,
)


@dataclass(frozen=True)
class Row:
    pk: int
    name: str


class Unsteady:
    """An evaluation whose database says one thing to the members' query, and then another."""

    root = None

    def __init__(self, then: Sequence[Row], now: Sequence[Row]) -> None:
        self.then, self.now = then, now

    def narrows(self) -> bool:
        return True

    def rows(self, pks: Collection[int]) -> dict[int, Row]:
        return {row.pk: row for row in self.then if row.pk in pks}

    def members(self) -> dict[int, str | None]:
        return self.ids(self.then)

    def ids(self, rows: Sequence[Row]) -> dict[int, str | None]:
        return {row.pk: row.name for row in rows}

    def page(self) -> Page:
        return Page(list(self.now), None, complete=True)  # type: ignore[arg-type]

    def serialise(self, rows: Sequence[Row], selection: Any) -> list[str]:
        return [row.name for row in rows]


def _read(
    before: dict[int, str | None],
    then: Sequence[Row],
    now: Sequence[Row],
    *,
    compare: bool = True,
    **look: Any,
) -> tuple[dict[str, Any] | None, dict[int, str | None]]:
    """What is told to somebody who holds ``before``, and what is held of the members."""
    unsteady: Any = Unsteady(then, now)
    reading = ListReading(
        unsteady,
        ListState(dict(before)),
        Look(**{"changed": (1,), **look}),
        selections=WANTS.selections,
        compare=compare,
        keep_members=True,
        need_page=True,
        for_all=False,
    )
    delta, state = reading.delta(WANTS), reading.commit()
    assert state is not None
    return delta, state.members


@pytest.mark.parametrize("how", [{}, {"whole": True}, {"whole": True, "compare": False}])
@pytest.mark.parametrize(
    ("before", "then", "now", "told"),
    [
        # Gone for the members, back on the page: it never left.
        ({1: "a"}, [], [Row(1, "a")], {"updated": ["a"]}),
        # Renamed in between.
        ({1: "a"}, [Row(1, "a")], [Row(1, "b")], {"created": ["b"], "deleted": ["a"]}),
        # Renamed, and renamed back in between.
        ({1: "a"}, [Row(1, "b")], [Row(1, "a")], {"updated": ["a"]}),
        # Entered, and renamed in between.
        ({}, [Row(1, "a")], [Row(1, "b")], {"created": ["b"]}),
        # Came in between.
        ({}, [], [Row(1, "a")], {"created": ["a"]}),
        # Left in between.
        ({1: "a"}, [Row(1, "a")], [], {"deleted": ["a"]}),
        # Came and left in between.
        ({}, [Row(1, "a")], [], {}),
    ],
)
def test_what_the_page_shows_is_what_the_members_say(
    before: dict[int, str | None],
    then: list[Row],
    now: list[Row],
    told: dict[str, list[str]],
    how: dict[str, Any],
) -> None:
    delta, members = _read(before, then, now, **how)
    assert members == {row.pk: row.name for row in now}
    if how.get("compare", True):
        quiet: dict[str, Any] = {"snapshot": None, "created": [], "updated": [], "deleted": []}
        assert delta == (quiet | told if told else None)
