"""What a delete does to rows of other models without a signal.

``on_delete=SET_NULL`` and its kin write to the rows that pointed to the deleted one, and rows of
a through model that Django made go with either end. Both have to be looked for before it happens.

``pre_delete`` comes once a row. So the rows are gathered, and asked about in a few queries right
before the next statement on the connection, which is the first of the delete itself: Django has
instruments such as this one wrap its statements (``connection.execute_wrappers``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import connections
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
)

from drf_live_graphql.conf import settings

from .ledger import is_watched, never_raises, note_everything, note_rows
from .links import chunks, foreign_keys, keys_where
from .related import Ends, leaving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper

_KEEPS = (CASCADE, DO_NOTHING, PROTECT, RESTRICT)
_UNKNOWN = object()


@dataclass(frozen=True, slots=True)
class Repointed:
    """Rows whose foreign key is given another value when the row that it points to is deleted."""

    field: ForeignKey[Any, Any]

    def is_watched(self) -> bool:
        """Whether anybody may want to know."""
        return is_watched(self.field.model)

    def note(self, instances: Sequence[Model], using: str) -> None:
        """Put down what the delete of ``instances`` is about to do."""
        model, became = self.field.model, _set_to(self.field)
        values = [getattr(instance, self.field.target_field.attname) for instance in instances]
        for some in chunks(values):
            rows = keys_where(model, using, **{f"{self.field.name}__in": some})
            if len(rows) > settings.MAX_CHANGES_PER_MESSAGE:
                note_everything(model, using=using)
                return
            after = [{**row, self.field.attname: became} for row in rows]
            keys = [{}] if became is _UNKNOWN else [*rows, *after]
            note_rows(model, rows, "updated", using=using, links_from=keys)


@dataclass(frozen=True, slots=True)
class Parted:
    """Rows of a through model that Django made, and those at their other end."""

    ends: Ends

    def is_watched(self) -> bool:
        """Whether anybody may want to know."""
        return is_watched(self.ends.near.model) or is_watched(self.ends.far.related_model)

    def note(self, instances: Sequence[Model], using: str) -> None:
        """Put down what the delete of ``instances`` is about to do."""
        near = self.ends.near
        values = [getattr(instance, near.target_field.attname) for instance in instances]
        for some in chunks(values):
            leaving(near.model, self.ends, some, using)


@cache
def consequences(model: type[Model]) -> tuple[Repointed | Parted, ...]:
    """What the delete of a row of ``model`` does that no signal tells.

    A multi-table parent is deleted with a signal of its own, so what points to it is not here.
    """
    return tuple(_consequences(model._meta.concrete_model or model))


def _consequences(model: type[Model]) -> Iterator[Repointed | Parted]:
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ManyToOneRel):
            continue
        field = relation.field
        if relation.model._meta.concrete_model is not model or not isinstance(field, ForeignKey):
            continue
        if field.model._meta.auto_created:
            (far,) = set(foreign_keys(field.model)) - {field}
            yield Parted(Ends(field, far))
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
    for consequence in consequences(model):
        if consequence.is_watched():
            consequence.note(instances, using)


def _set_to(field: ForeignKey[Any, Any]) -> Any:
    """What ``on_delete`` writes into a foreign key, if that can be told without a call."""
    on_delete: Any = field.remote_field.on_delete
    value: Any = _UNKNOWN
    if on_delete is SET_NULL:
        value = None
    elif on_delete is SET_DEFAULT:
        value = field.default if field.has_default() else _UNKNOWN
    elif deconstruct := getattr(on_delete, "deconstruct", None):  # SET(...)
        value = deconstruct()[1][0]
    if isinstance(value, Model):
        return getattr(value, field.target_field.attname)
    return _UNKNOWN if callable(value) else value


__all__ = ["Parted", "Repointed", "consequences", "deleting"]
