"""What one subscription selects of its envelope. What nobody wants is not computed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from .selection import Scope, select

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from graphql import FieldNode

    from schema_gen import PageDescription, RootDescription

    from .selection import Selection


@dataclass(frozen=True)
class Wants:
    """The selections of an envelope's parts; ``None`` is a part that is not selected.

    Equal ones are answered by one envelope. For a list ``snapshot``, ``created``, ``updated`` are
    rows; for a single row, ``snapshot`` is its ``instance``. ``single`` is one thing that is told
    as a whole: a row, or a list that only the view's own body can tell.
    """

    snapshot: Selection | None
    created: Selection | None
    updated: Selection | None
    deleted: bool
    event: bool
    query: frozenset[str]
    single: bool

    def __hash__(self) -> int:
        """Computed once: a round looks its subscriptions' wants up one by one."""
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.snapshot, self.created, self.updated, self.deleted, self.query))

    @property
    def rows(self) -> bool:
        """Whether changes of single rows are wanted, for which membership must be kept."""
        return self.created is not None or self.updated is not None or self.deleted

    @property
    def followed(self) -> Selection | None:
        """In which rows are shown that changed."""
        return self.snapshot if self.single else self.updated

    @cached_property
    def selections(self) -> frozenset[Selection]:
        """In which rows are told."""
        every = (self.snapshot, self.created, self.updated)
        return frozenset(selection for selection in every if selection is not None)

    @property
    def has_snapshot(self) -> bool:
        """Whether a payload that tells where things stand has anything in it."""
        return self.snapshot is not None or self.event

    @property
    def only_query(self) -> bool:
        """A live query: after the first payload, nothing but ``query`` has anything to tell."""
        row = self.single and (self.snapshot is not None or self.event)
        return bool(self.query) and not self.rows and not row


# Equal wants are one object, so that rounds look them up by identity.
_interned: WeakValueDictionary[Wants, Wants] = WeakValueDictionary()


def wants_of(
    root: RootDescription,
    nodes: Iterable[FieldNode],
    fragments: Mapping[str, Any],
    variables: Mapping[str, Any],
) -> Wants:
    """Read the ``Wants`` of the root field's ``nodes`` in a document.

    ``query`` holds the names of the root fields selected below the envelope's ``query``.
    """
    wants = _read(root, nodes, fragments, variables)
    return _interned.setdefault(wants, wants)


def _read(
    root: RootDescription,
    nodes: Iterable[FieldNode],
    fragments: Mapping[str, Any],
    variables: Mapping[str, Any],
) -> Wants:
    scope = Scope(fragments, variables)
    parts = scope.fields(nodes)
    query = frozenset(scope.fields(parts.get("query", ())))
    if root.action == "retrieve":
        instance = parts.get("instance")
        return Wants(
            snapshot=select(root.row, instance, scope) if instance else None,
            created=None,
            updated=None,
            deleted=False,
            event=bool({"action", "objectId", "cursor"} & parts.keys()),
            query=query,
            single=True,
        )
    snapshot = parts.get("snapshot")
    if snapshot and root.page is not None:
        snapshot = scope.fields(snapshot).get(rows_field(root.page), [])
    created, updated = parts.get("created"), parts.get("updated")
    return Wants(
        snapshot=None if "snapshot" not in parts else select(root.row, snapshot or (), scope),
        created=select(root.row, created, scope) if created else None,
        updated=select(root.row, updated, scope) if updated else None,
        deleted="deleted" in parts,
        event=False,
        query=query,
        single=root.handler is not None,
    )


def rows_field(page: PageDescription) -> str:
    """The GraphQL name of the field that holds a page's rows."""
    return next(field.name for field in page.fields if field.key == page.results_key)


__all__ = ["Wants", "rows_field", "wants_of"]
