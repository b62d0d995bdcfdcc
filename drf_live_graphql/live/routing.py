"""Which models' changes are changes of a root's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drf_live_graphql.changes import ancestors, label_of

if TYPE_CHECKING:
    from django.db.models import Model


def labels_of(model: type[Model]) -> dict[str, bool]:
    """The label of ``model`` and those of its multi-table parents.

    The values say whether the primary keys in such a change are those of ``model``'s rows, as
    they are along the chain of parent links that are primary keys.
    """
    labels = dict.fromkeys(map(label_of, ancestors(model)), False)
    current: type[Model] | None = model._meta.concrete_model or model
    while current is not None:
        labels[label_of(current)] = True
        pk = current._meta.pk
        link = pk if pk in current._meta.parents.values() else None
        current = link.related_model if link is not None else None
    return labels


__all__ = ["labels_of"]
