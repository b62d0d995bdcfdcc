"""What a delete does to rows of other models without a signal.

``on_delete=SET_NULL`` and its kin write to the rows that pointed to the deleted one, rows of a
through model that Django made go with either end, and with ``DB_CASCADE`` (Django 6.1) the database
deletes, and whatever hangs on what it deletes. All have to be looked for before it happens.

``pre_delete`` comes once a row. So the rows are gathered, and asked about in a few queries right
before the next statement on the connection, which is the first of the delete itself: Django has
instruments such as this one wrap its statements (``connection.execute_wrappers``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import connections, models
from django.db.models import (
    CASCADE,
    DO_NOTHING,
    PROTECT,
    RESTRICT,
    SET_DEFAULT,
    SET_NULL,
    ForeignKey,
    ManyToOneRel,
    Model,
    QuerySet,
)

from drf_live_graphql.conf import settings

from .ledger import is_watched, never_raises, note_everything, note_rows
from .links import chunks, foreign_keys, keys_where, row_of
from .related import Ends, leaving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper

_KEEPS = (CASCADE, DO_NOTHING, PROTECT, RESTRICT)
_UNKNOWN = object()
# Django 6.1 has these; no field is told to do what another does not know.
_DB_CASCADE = getattr(models, "DB_CASCADE", _UNKNOWN)
_DB_SET_NULL = getattr(models, "DB_SET_NULL", _UNKNOWN)


@dataclass(frozen=True, slots=True)
class Repointed:
    """Rows whose foreign key is given another value when the row that it points to is deleted."""

    field: ForeignKey[Any, Any]

    def is_watched(self) -> bool:
        """Whether anybody may want to know."""
        return is_watched(self.field.model)

    def note(self, instances: Sequence[Model], using: str) -> Iterable[Model]:
        """Put down what the delete of ``instances`` is about to do; what goes with them."""
        model, became = self.field.model, _set_to(self.field)
        values = [getattr(instance, self.field.target_field.attname) for instance in instances]
        for some in chunks(values):
            rows = keys_where(model, using, **{f"{self.field.name}__in": some})
            if len(rows) > settings.MAX_CHANGES_PER_MESSAGE:
                note_everything(model, using=using)
                break
            after = [{**row, self.field.attname: became} for row in rows]
            keys = [{}] if became is _UNKNOWN else [*rows, *after]
            note_rows(model, rows, "updated", using=using, links_from=keys)
        return ()


@dataclass(frozen=True, slots=True)
class Fallen:
    """Rows that the database deletes with the row that they point to."""

    field: ForeignKey[Any, Any]

    def is_watched(self) -> bool:
        """Whether anybody may want to know."""
        return any(map(is_watched, self._within_reach()))

    def note(self, instances: Sequence[Model], using: str) -> Iterable[Model]:
        """Put down what the delete of ``instances`` is about to do; what goes with them."""
        model, most = self.field.model, settings.MAX_CHANGES_PER_MESSAGE
        values = [getattr(instance, self.field.target_field.attname) for instance in instances]
        fallen: list[Model] = []
        for some in chunks(values):
            found: QuerySet[Model] = QuerySet(model, using=using).order_by()
            fallen += found.filter(**{f"{self.field.name}__in": some})[: most + 1]
            if len(fallen) > most:
                note_everything(*self._within_reach(), using=using)
                return ()
        note_rows(model, map(row_of, fallen), "deleted", using=using)
        return fallen

    def _within_reach(self) -> set[type[Model]]:
        """The models whose rows are deleted, or written to, with a row that is deleted."""
        reached: set[type[Model]] = set()
        ahead: list[type[Model]] = [self.field.model]
        while ahead:
            model = ahead.pop()
            if model not in reached:
                reached.add(model)
                below = [one for one in consequences(model) if not isinstance(one, Parted)]
                ahead += [one.field.model for one in below if isinstance(one, Fallen)]
                reached.update(one.field.model for one in below if isinstance(one, Repointed))
        return reached


@dataclass(frozen=True, slots=True)
class Parted:
    """Rows of a through model that Django made, and those at their other end."""

    ends: Ends

    def is_watched(self) -> bool:
        """Whether anybody may want to know."""
        return is_watched(self.ends.near.model) or is_watched(self.ends.far.related_model)

    def note(self, instances: Sequence[Model], using: str) -> Iterable[Model]:
        """Put down what the delete of ``instances`` is about to do; what goes with them."""
        near = self.ends.near
        values = [getattr(instance, near.target_field.attname) for instance in instances]
        for some in chunks(values):
            leaving(near.model, self.ends, some, using)
        return ()


@cache
def consequences(model: type[Model]) -> tuple[Repointed | Fallen | Parted, ...]:
    """What the delete of a row of ``model`` does that no signal tells.

    A multi-table parent is deleted with a signal of its own, so what points to it is not here.
    """
    return tuple(_consequences(model._meta.concrete_model or model))


def _consequences(model: type[Model]) -> Iterator[Repointed | Fallen | Parted]:
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ManyToOneRel):
            continue
        field = relation.field
        if relation.model._meta.concrete_model is not model or not isinstance(field, ForeignKey):
            continue
        if field.model._meta.auto_created:
            (far,) = set(foreign_keys(field.model)) - {field}
            yield Parted(Ends(field, far))
        elif relation.on_delete is _DB_CASCADE:
            yield Fallen(field)
        elif relation.on_delete not in _KEEPS:
            yield Repointed(field)


@never_raises
def deleting(sender: type[Model], *, instance: Model, using: str, **_: Any) -> None:
    """Receive ``pre_delete``."""
    connection = connections[using]
    if not connection.atomic_blocks:
        return  # Sent by somebody else: Django deletes in a block of its own.
    for wrapper in connection.execute_wrappers:
        if isinstance(wrapper, _Deletion) and wrapper.goes_on(connection):
            wrapper.add(sender, instance)
            return
    deletion = _Deletion(connection)
    deletion.add(sender, instance)
    # In front, as whoever uses ``execute_wrapper()`` takes the last one off when it is done.
    connection.execute_wrappers.insert(0, deletion)


class _Deletion:
    """The rows of one delete, until its first statement."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._block = connection.atomic_blocks[-1]
        self._rows: dict[type[Model], list[Model]] = {}

    def add(self, model: type[Model], instance: Model) -> None:
        self._rows.setdefault(model._meta.concrete_model or model, []).append(instance)

    def goes_on(self, connection: BaseDatabaseWrapper) -> bool:
        """Whether the block that Django deletes in is still there, and of use."""
        return self._block in connection.atomic_blocks and not connection.needs_rollback

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: Mapping[str, Any],
    ) -> Any:
        connection: BaseDatabaseWrapper = context["connection"]
        connection.execute_wrappers.remove(self)
        # Else somebody's receiver of pre_delete raised, and nothing is deleted.
        if self.goes_on(connection):
            for model, instances in self._rows.items():
                _note(model, instances, connection.alias)
        return execute(sql, params, many, context)


@never_raises
def _note(model: type[Model], instances: Sequence[Model], using: str) -> None:
    gone = set(instances)
    ahead = [(model, instances)]
    while ahead:
        model, instances = ahead.pop()
        for consequence in consequences(model):
            if consequence.is_watched():
                # Rows may point to each other.
                fallen = [row for row in consequence.note(instances, using) if row not in gone]
                if fallen:
                    gone.update(fallen)
                    ahead.append((type(fallen[0]), fallen))


def _set_to(field: ForeignKey[Any, Any]) -> Any:
    """What ``on_delete`` writes into a foreign key, if that can be told without a call."""
    on_delete: Any = field.remote_field.on_delete
    value: Any = _UNKNOWN
    if on_delete in (SET_NULL, _DB_SET_NULL):
        value = None
    elif on_delete is SET_DEFAULT:
        value = field.default if field.has_default() else _UNKNOWN
    elif deconstruct := getattr(on_delete, "deconstruct", None):  # SET(...)
        value = deconstruct()[1][0]
    if isinstance(value, Model):
        return getattr(value, field.target_field.attname)
    return _UNKNOWN if callable(value) else value


__all__ = ["Fallen", "Parted", "Repointed", "consequences", "deleting"]
