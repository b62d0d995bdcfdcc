"""What one evaluation read of the database, and what for: the models that its answer depends on."""

from __future__ import annotations

import functools
from contextlib import contextmanager
from enum import Flag, auto
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.sessions.base_session import AbstractBaseSession

from .paths import Paths
from .routing import labels_of
from .tables import fetch_in, labels_in, occurrences

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from django.db.models import Model

    from drf_live_graphql.changes import Changes
    from schema_gen import RootDescription


class Purpose(Flag):
    """What a table was read for; a change of it asks for as much to be read again."""

    # Our own questions, on which no answer hangs.
    NOTHING = 0
    # Who is asking: concerns those whose own rows these are.
    SELF = auto()
    # Whether the view answers, and whatever it keeps of that: everything.
    WHO = auto()
    # Which rows are in the list.
    WHICH = auto()
    # What a row shows, along a path that leads back to it.
    WHAT = auto()
    # What rows show, nobody can tell which.
    OPAQUE = auto()
    # By a query for rows, beside their own table: what that means, the others say.
    ROWS = auto()


Dependencies = dict[str, Purpose]


class Reads:
    """Gathers what an evaluation reads while it runs, by the label of the model."""

    def __init__(self, model: type[Model]) -> None:
        """``model`` is that of the rows; a change of its own rows is no dependency."""
        self.tables: Dependencies = {}
        self.paths = self._along = Paths(model)
        self._own = frozenset(labels_of(model))
        self._purpose = Purpose.WHO
        self._awaited = False
        self._selected: frozenset[str] | None = None

    def note(self, sql: str) -> None:
        """Note a statement that is about to run."""
        labels, purpose = labels_in(sql), self._purpose
        if purpose is Purpose.NOTHING:
            return
        if Purpose.ROWS in purpose or (self._awaited and labels & self._own):
            self._awaited = False
            if not labels & self._own:
                # Not the query for rows, but what a queryset of the project's own adds to them.
                purpose |= Purpose.WHICH | Purpose.OPAQUE
            # A query for rows reads their own table; only what it reads of it beside that counts.
            again = {label for label in labels & self._own if occurrences(sql, label) > 1}
            self._add(again, Purpose.WHICH | Purpose.OPAQUE)
            labels -= self._own
            if self._selected is not None:
                self._add(labels - self._selected, Purpose.WHICH | Purpose.OPAQUE)
        elif purpose is Purpose.WHAT:
            fetch = fetch_in(sql)
            if fetch is None or not self._along.explain(fetch):
                purpose = Purpose.OPAQUE
        self._add(labels, purpose)

    def compute(self, selected: frozenset[str]) -> None:
        """Queries for rows make values of whatever they read, but for the models ``selected``."""
        self._selected = selected

    def widen(self) -> None:
        """What says who is asking concerns others than the one who is known to ask as well."""
        known = (label for label, purpose in self.tables.items() if Purpose.SELF in purpose)
        merge(self.tables, dict.fromkeys(tuple(known), Purpose.WHO))

    def await_row(self) -> None:
        """The next statement that reads the rows' own table is the query for the row."""
        self._awaited = True

    def _add(self, labels: set[str] | frozenset[str], purpose: Purpose) -> None:
        merge(self.tables, dict.fromkeys(labels, purpose))

    @contextmanager
    def during(self, purpose: Purpose) -> Iterator[None]:
        """What is read inside is read for ``purpose``."""
        before, self._purpose = self._purpose, purpose
        try:
            yield
        finally:
            self._purpose = before

    @contextmanager
    def along(self, paths: Paths) -> Iterator[None]:
        """What is read inside is read to show rows, along ``paths`` and no others."""
        self.paths.update(paths)
        before, self._along = self._along, paths
        try:
            with self.during(Purpose.WHAT):
                yield
        finally:
            self._along = before

    def opaque(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """``method``, inside which anything may be read for rows to show."""

        @functools.wraps(method)
        def noted(*args: Any, **kwargs: Any) -> Any:
            with self.during(Purpose.OPAQUE):
                return method(*args, **kwargs)

        return noted

    def dependencies(self) -> Dependencies:
        """What was read, and what the paths lead along even where nothing was there to read."""
        found = dict(self.tables)
        merge(found, dict.fromkeys(self.paths.labels(), Purpose.WHAT))
        return found


def merge(into: Dependencies, other: Mapping[str, Purpose]) -> None:
    """Add what ``other`` depends on."""
    for label, purpose in other.items():
        into[label] = into.get(label, Purpose.NOTHING) | purpose


# By root: the models that its evaluations were seen to read. A query of it listens to them from its
# start, so that its first round need not be done again.
_known: WeakKeyDictionary[RootDescription, Dependencies] = WeakKeyDictionary()


def known(root: RootDescription) -> Dependencies:
    """What evaluations of ``root`` are known to read, in this process."""
    return dict(_known.get(root, {}))


def known_labels(root: RootDescription) -> frozenset[str]:
    """The models that evaluations of ``root`` are known to read, in this process."""
    return frozenset(_known.get(root, ()))


def answering_labels(root: RootDescription) -> frozenset[str]:
    """Those of them that answers are made of, and the root's own.

    Without what proves who is asking: that is a matter of the subscription.
    """
    known = _known.get(root, {})
    read = (label for label, purpose in known.items() if purpose & ~Purpose.SELF)
    return frozenset(read).union(labels_of(root.model))


def learn(root: RootDescription, dependencies: Mapping[str, Purpose]) -> None:
    """Evaluations of ``root`` were seen to depend on this."""
    merge(_known.setdefault(root, {}), dependencies)


def concerns_user(changes: Changes, pk: Any, sessions: Collection[str | None]) -> bool:
    """Whether a change of rows by which users are known concerns the user with the key ``pk``.

    Who has that key is logged in by one of ``sessions``, if by any.
    """
    if changes.everything:
        return True
    model = apps.get_model(changes.label)
    if model is get_user_model():
        return pk in changes.kinds
    if issubclass(model, AbstractBaseSession):
        return any(session in changes.kinds for session in sessions)
    owners = user_links(changes.label)
    if not owners or changes.links is None:
        return True
    return any(pk in changes.links.get(attname, ()) for attname in owners)


@functools.cache
def user_links(label: str) -> tuple[str, ...]:
    """The attnames of the foreign keys by which rows of the model name a user."""
    user = get_user_model()
    fields = apps.get_model(label)._meta.concrete_fields
    return tuple(field.attname for field in fields if field.related_model is user)


__all__ = [
    "Dependencies",
    "Purpose",
    "Reads",
    "answering_labels",
    "concerns_user",
    "known",
    "known_labels",
    "learn",
    "merge",
    "user_links",
]
