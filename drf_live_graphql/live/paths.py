"""Relation paths from a root's model to the rows that its rows show, and back.

A path is how a serializer, a ``select_related`` or a ``prefetch_related`` gets from a row to
another: ``comments__author``. When that other row changes, the path leads back to its parents.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from django.core.exceptions import FieldDoesNotExist
from django.db.models import ManyToManyField, Q, QuerySet

from drf_live_graphql.changes import ancestors, label_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from django.db.models import Model

    from drf_live_graphql.changes import Changes

    from .tables import Fetch

# Values of one IN list; SQLite's builds stop at 999 parameters at the least.
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Hop:
    """One relation of a path, from ``model`` to ``target``.

    ``forward``: the foreign key is on ``model``, so a change of a target row moves nothing.
    ``reverse``: it is on ``target``, in ``attname``, and holds ``model``'s ``key``.
    ``many``: it is on the ``through`` model; a row of that links to ``model`` by ``attname``.
    """

    kind: Literal["forward", "reverse", "many"]
    model: type[Model]
    target: type[Model]
    lookup: str
    attname: str = ""
    key: str = "pk"
    through: type[Model] | None = None

    def labels(self) -> frozenset[str]:
        """The models whose tables this hop leads to, those that it goes through included."""
        return _family(self.target) | (_family(self.through) if self.through else frozenset())

    @property
    def joins(self) -> bool:
        """Whether a row of ``model`` is joined to its one of ``target``, and by this alone.

        By which of several foreign keys a statement joins two tables can't be told.
        """
        links = self._links()
        return len(links) == 1 and (self.kind == "forward" or bool(links[0].one_to_one))

    @property
    def joins_back(self) -> bool:
        """The same from ``target`` to ``model``, as where a foreign key is followed backwards."""
        return self.kind == "reverse" and len(self._links()) == 1

    def _links(self) -> list[Any]:
        """The foreign keys by which the tables can be joined without another."""
        if self.kind == "many":
            return []
        near, far = self.model, self.target
        if self.kind == "reverse":
            near, far = far, near
        labels = _family(far)
        return [field for field in near._meta.concrete_fields if _leads_to(field, labels)]


Path = tuple[Hop, ...]


def _leads_to(field: Any, labels: frozenset[str]) -> bool:
    related = field.related_model
    return isinstance(related, type) and label_of(related) in labels


@cache
def _family(model: type[Model]) -> frozenset[str]:
    return frozenset(map(label_of, (model, *ancestors(model))))


def resolve(model: type[Model], names: Sequence[str]) -> Path | None:
    """The path of relation ``names`` (fields or accessors); ``None`` where one is none.

    Generic relations are none: their rows name their parents without a foreign key.
    """
    path: list[Hop] = []
    for name in names:
        hop = _hop(model, name)
        if hop is None:
            return None
        path.append(hop)
        model = hop.target
    return tuple(path)


def _hop(model: type[Model], name: str) -> Hop | None:
    field = _relation(model, name)
    target = getattr(field, "related_model", None)
    if field is None or not isinstance(target, type):
        return None
    if field.many_to_many:
        return _many(model, target, field)
    if field.one_to_many or (field.one_to_one and not field.concrete):
        foreign_key = getattr(field, "field", None)
        if foreign_key is None or not hasattr(foreign_key, "attname"):
            return None
        key = foreign_key.target_field
        return Hop(
            "reverse",
            model,
            target,
            field.name,
            foreign_key.attname,
            "pk" if key.primary_key else key.name,
        )
    if field.concrete and (field.many_to_one or field.one_to_one):
        return Hop("forward", model, target, field.name)
    return None


def _many(model: type[Model], target: type[Model], field: Any) -> Hop | None:
    # Whether a many-to-many field is ``concrete`` depends on Django's version.
    forward = isinstance(field, ManyToManyField)
    declared = field if forward else field.field
    through = getattr(declared.remote_field, "through", None)
    if through is None:
        return None  # A generic many-to-many of another package.
    near = declared.m2m_field_name() if forward else declared.m2m_reverse_field_name()
    link = through._meta.get_field(near)
    key = "pk" if link.target_field.primary_key else link.target_field.name
    return Hop("many", model, target, field.name, link.attname, key, through)


def _relation(model: type[Model], name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        relations = model._meta.related_objects
        return next((r for r in relations if r.get_accessor_name() == name), None)


def is_column(model: type[Model], name: str) -> bool:
    """Whether reading ``name`` of a row of ``model`` reads a column of that row alone."""
    if name == "pk":
        return True
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    if field not in model._meta.concrete_fields:
        return False
    # Of a foreign key, that is its ``attname``.
    return not field.is_relation or name == getattr(field, "attname", None)


class Paths:
    """The paths known for one root, by what changes along them."""

    def __init__(self, model: type[Model]) -> None:
        """None yet."""
        self._model = model
        self._paths: set[Path] = set()
        # A serializer that follows a relation row by row asks the same each time.
        self._explained: dict[Fetch, bool] = {}

    def add(self, path: Path) -> None:
        """Know ``path`` and all that it leads along."""
        self._know({path[:end] for end in range(1, len(path) + 1)})

    def update(self, other: Paths) -> None:
        """Know what ``other`` knows."""
        self._know(other._paths)

    def _know(self, paths: set[Path]) -> None:
        if not paths <= self._paths:
            self._paths |= paths
            self._explained.clear()

    def __iter__(self) -> Iterator[Path]:
        return iter(self._paths)

    def labels(self) -> frozenset[str]:
        """The models along the paths, but for the root's own."""
        found = frozenset().union(*(path[-1].labels() for path in self._paths))
        return found - _family(self._model)

    def explain(self, fetch: Fetch) -> bool:
        """Whether what ``fetch`` reads changes with rows along a path, or with the row itself.

        Not so where other rows of a table come into it: those lead back to nobody who shows them.
        """
        if fetch not in self._explained:
            self._explained[fetch] = self._explains(fetch)
        return self._explained[fetch]

    def _explains(self, fetch: Fetch) -> bool:
        if fetch.labels <= _family(self._model):
            return True  # A column that was deferred, or a relation of the model to itself.
        return any(
            fetch.of in _family(path[-1].target) and fetch.labels <= self._around(path)
            for path in self._paths
        )

    def _around(self, path: Path) -> frozenset[str]:
        """What a query for the rows at the end of ``path`` may join without reading others."""
        last, length = path[-1], len(path)
        labels = last.labels()
        if last.joins_back:
            labels |= _family(last.model)
        selected = (
            other[-1].labels()
            for other in self._paths
            if other[:length] == path and all(hop.joins for hop in other[length:])
        )
        return labels.union(*selected)

    def parents(self, changes: Changes, using: str, most: int) -> set[Any] | None:
        """The primary keys of the rows to which a change of other rows leads back.

        ``None`` where that can't be told, or where they are more than ``most``: any row may be.
        """
        queries: list[Q] = []
        for path in self._paths:
            found = list(_queries(path, changes))
            if None in found:
                return None
            queries += [query for query in found if query is not None]
        parents: set[Any] = set()
        for query in queries:
            # No manager is asked: it may hide rows. A row may be led back to more than once.
            rows: QuerySet[Model] = QuerySet(self._model, using=using).filter(query)
            keys = rows.order_by().distinct().values_list("pk", flat=True)
            parents.update(keys[: most + 1])
            if len(parents) > most:
                return None
        return parents


def _queries(path: Path, changes: Changes) -> Iterator[Q | None]:
    """Which rows of the root ``changes`` concern by way of ``path``'s last relation.

    ``None`` where the changes don't say enough.
    """
    hop, prefix = path[-1], "__".join(h.lookup for h in path[:-1])
    if hop.through is not None and label_of(hop.through) == changes.label:
        yield from _by_links(prefix, hop, changes)
    targets = {label_of(hop.target), *map(label_of, ancestors(hop.target))}
    if changes.label not in targets:
        return
    if changes.everything:
        yield None
    elif hop.kind == "reverse":
        if label_of(hop.target) == changes.label:
            yield from _by_links(prefix, hop, changes)
        else:
            # A parent's own row: its key is the child's where it is the child's primary key.
            yield from _by_keys(path, changes)
    else:
        yield from _by_keys(path, changes)


def _by_keys(path: Path, changes: Changes) -> Iterator[Q | None]:
    lookup = "__".join(hop.lookup for hop in path)
    if label_of(path[-1].target) != changes.label:
        link = path[-1].target._meta.get_ancestor_link(_model_of(path[-1].target, changes.label))
        if link is None or not link.primary_key:
            yield None
            return
    for keys in _chunks(changes.kinds):
        # Without "pk", a foreign key to another column would be compared with that.
        yield Q(**{f"{lookup}__pk__in": keys})


def _by_links(prefix: str, hop: Hop, changes: Changes) -> Iterator[Q | None]:
    if changes.links is None:
        yield None
        return
    lookup = f"{prefix}__{hop.key}" if prefix else hop.key
    for keys in _chunks(changes.links.get(hop.attname, ())):
        yield Q(**{f"{lookup}__in": keys})


def _model_of(model: type[Model], label: str) -> type[Model]:
    return next(parent for parent in ancestors(model) if label_of(parent) == label)


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    every = list(values)
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]


__all__ = ["Hop", "Path", "Paths", "is_column", "resolve"]
