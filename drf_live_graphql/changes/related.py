"""Many-to-many changes: rows of the through model, and the rows at both of their ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from drf_live_graphql.conf import settings

from .ledger import family, is_watched, never_raises, note, note_everything, note_rows
from .links import chunks, foreign_keys, links_of, plain, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.db.models import ForeignKey, ManyToManyField, Model

    from .message import Links


@dataclass(frozen=True, slots=True)
class Ends:
    """The foreign keys of a through model: to the row whose manager is used, and to the others."""

    near: ForeignKey[Any, Any]
    far: ForeignKey[Any, Any]

    def turned(self) -> Ends:
        """The same, seen from the other end."""
        return Ends(self.far, self.near)


@never_raises
def related(
    sender: type[Model],
    *,
    instance: Model,
    action: str,
    reverse: bool,
    model: type[Model],
    pk_set: set[Any] | None,
    using: str,
    **_: Any,
) -> None:
    """Receive ``m2m_changed``: both ends are changed rows, and so are those between them.

    ``post_clear`` comes with no keys (Django's ``m2m_changed`` documentation), so what a clear
    takes away is read before it happens.
    """
    ends = list(_ends_of(sender, model if reverse else type(instance), reverse=reverse))
    if action == "pre_clear":
        for one in ends:
            _clearing(sender, one, instance, using)
    elif action.startswith("post_"):
        _note_ends(type(instance), [instance.pk], using)
        if pk_set:
            _changed(sender, ends, instance, pk_set, using, action)


def ends_of(field: ManyToManyField[Any, Any]) -> Ends:
    """The foreign keys of a many-to-many field's through model, seen from the field's model."""
    through: Any = field.remote_field.through
    get_field = through._meta.get_field
    return Ends(get_field(field.m2m_field_name()), get_field(field.m2m_reverse_field_name()))


def note_far(end: ForeignKey[Any, Any], values: Iterable[Any], using: str) -> None:
    """Put down as updated the rows that the values of ``end`` point to."""
    if is_watched(end.related_model):
        _note_ends(end.related_model, _pks(end, values, using), using)


def _ends_of(through: type[Model], owner: type[Model], *, reverse: bool) -> Iterator[Ends]:
    """Usually one; fields that share a through model are not told apart by the signal."""
    fields = (owner._meta.concrete_model or owner)._meta.many_to_many
    found = {ends_of(field) for field in fields if field.remote_field.through is through}
    return (ends.turned() if reverse else ends for ends in found)


def _changed(
    through: type[Model],
    ends: list[Ends],
    instance: Model,
    values: set[Any],
    using: str,
    action: str,
) -> None:
    for one in ends:
        note_far(one.far, values, using)
    # Rows of a through model that Django did not make are deleted with signals of their own.
    if through._meta.auto_created or action == "post_add":
        links = _links(through, ends[0], instance, values) if len(ends) == 1 else None
        note_everything(through, using=using, links=links)


def _links(through: type[Model], ends: Ends, instance: Model, values: set[Any]) -> Links | None:
    """The values of both ends; those of a symmetrical field stand in either column."""
    if set(foreign_keys(through)) != {ends.near, ends.far}:
        return None
    near, far = ends.near.attname, ends.far.attname
    (value,) = ends.near.get_foreign_related_value(instance)
    rows = [{near: value, far: other} for other in values]
    if ends.near.related_model is ends.far.related_model:
        rows += [{near: other, far: value} for other in values]
    return links_of(through, rows)


def _clearing(through: type[Model], ends: Ends, instance: Model, using: str) -> None:
    near = ends.near.get_foreign_related_value(instance)
    for one in {ends, ends.turned()} if _symmetrical(through, ends) else {ends}:
        leaving(through, one, near, using)


def leaving(through: type[Model], ends: Ends, values: Iterable[Any], using: str) -> None:
    """Put down what is about to happen when rows at the near end of a through model go.

    Those rows have ``values``; the through rows that point to them go as well.
    """
    if not is_watched(through) and not is_watched(ends.far.related_model):
        return
    most = settings.MAX_CHANGES_PER_MESSAGE
    names = {"pk", *(field.attname for field in foreign_keys(through))}
    found: QuerySet[Model] = QuerySet(through, using=using).order_by()
    found = found.filter(**{f"{ends.near.name}__in": list(values)})
    rows = list(found.values(*names)[: most + 1])
    if len(rows) > most:
        note_everything(through, ends.far.related_model, using=using)
        return
    if through._meta.auto_created:
        pks = (row["pk"] for row in rows)
        note(through, pks, "deleted", using=using, links=links_of(through, rows))
    note_far(ends.far, {row[ends.far.attname] for row in rows}, using)


def _symmetrical(through: type[Model], ends: Ends) -> bool:
    fields = ends.near.related_model._meta.many_to_many
    return any(
        field.remote_field.symmetrical for field in fields if field.remote_field.through is through
    )


def _pks(end: ForeignKey[Any, Any], values: Iterable[Any], using: str) -> list[Any]:
    plain_values = [plain(end, value) for value in values if value is not None]
    if end.target_field.primary_key:
        return plain_values
    rows: QuerySet[Model] = QuerySet(end.related_model, using=using).order_by()
    found = (rows.filter(**{f"{end.target_field.name}__in": some}) for some in chunks(plain_values))
    return [pk for some in found for pk in some.values_list("pk", flat=True)]


def _note_ends(model: type[Model], pks: list[Any], using: str) -> None:
    if not any(is_watched(member) for member, _ in family(model)):
        return
    rows = read_rows(model, pks, using)
    if rows is not None:
        note_rows(model, rows, "updated", using=using)
    else:
        key = model._meta.pk.attname
        note_rows(model, [{key: pk} for pk in pks], "updated", using=using, links_from=[{}])


__all__ = ["Ends", "ends_of", "leaving", "note_far", "related"]
