"""Django's signals of the live models, turned into changes.

A write must never fail, nor wait, for being watched: what goes wrong here is logged.
"""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import signals

from .batch import record
from .message import label_of
from .publish import publisher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.models import ManyToManyField, Model

    from .message import Kind

logger = logging.getLogger("drf_live_graphql.changes")

_labels: set[str] = set()


def watch(model: type[Model]) -> None:
    """Capture the changes of ``model`` from now on, in this process.

    That covers its proxies (they share its rows), its multi-table parents and its multi-table
    children (a save of either may change what the other shows). Calling it again does no harm.
    """
    concrete = model._meta.concrete_model or model
    family = {concrete, *ancestors(concrete)}
    _labels.update(label_of(member) for member in family)
    for other in apps.get_models(include_auto_created=True):
        if any(issubclass(other, member) for member in family):
            _connect(other)


def watched() -> frozenset[str]:
    """The labels of the models whose changes are captured in this process."""
    return frozenset(_labels)


def ancestors(model: type[Model]) -> tuple[type[Model], ...]:
    """The concrete multi-table parents of ``model``, all the way up."""
    return tuple(parent for parent in model._meta.all_parents if not parent._meta.proxy)


def _connect(model: type[Model]) -> None:
    # One receiver per sender, not one for all: a receiver without a sender would end Django's
    # fast deletes for every model of the project.
    uid = f"drf_live_graphql.{model._meta.label_lower}"
    signals.post_save.connect(_saved, sender=model, dispatch_uid=uid)
    signals.post_delete.connect(_deleted, sender=model, dispatch_uid=uid)
    relations: list[Any] = list(model._meta.many_to_many)
    relations += [
        relation.field for relation in model._meta.related_objects if relation.many_to_many
    ]
    for field in relations:
        through = field.remote_field.through
        signals.m2m_changed.connect(
            _related, sender=through, dispatch_uid=f"drf_live_graphql.{through._meta.label_lower}"
        )


def _never_raises(receiver: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(receiver)
    def guarded(sender: type[Model], **kwargs: Any) -> None:
        try:
            receiver(sender, **kwargs)
        except Exception:
            logger.exception("A change of %s could not be captured.", sender._meta.label)

    return guarded


@_never_raises
def _saved(sender: type[Model], *, instance: Model, created: bool, using: str, **_: Any) -> None:
    _record_row(sender, instance, "created" if created else "updated", using)


@_never_raises
def _deleted(sender: type[Model], *, instance: Model, using: str, **_: Any) -> None:
    _record_row(sender, instance, "deleted", using)


@_never_raises
def _related(
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
    """Both ends of a many-to-many change are changed rows.

    ``post_clear`` comes with no primary keys (Django's ``m2m_changed`` documentation), so the
    other end of a clear is read before it happens.
    """
    if action == "pre_clear":
        if label_of(model) in _labels:
            for pk in _cleared(sender, instance, model, reverse=reverse, using=using):
                _record(model, pk, "updated", using)
    elif action.startswith("post_"):
        _record_row(type(instance), instance, "updated", using)
        for pk in pk_set or ():
            _record(model, pk, "updated", using)


def _cleared(
    through: type[Model], instance: Model, model: type[Model], *, reverse: bool, using: str
) -> Iterator[Any]:
    owner = model if reverse else type(instance)
    field = next(
        field
        for field in (owner._meta.concrete_model or owner)._meta.many_to_many
        if field.remote_field.through is through
    )
    near, far = _ends(field)
    if reverse:
        near, far = far, near
    rows = through._base_manager.using(using).filter(**{near: instance.pk})
    return iter(list(rows.values_list(far, flat=True)))


def _ends(field: ManyToManyField[Any, Any]) -> tuple[str, str]:
    return field.m2m_field_name(), field.m2m_reverse_field_name()


def _record_row(sender: type[Model], instance: Model, kind: Kind, using: str) -> None:
    _record(sender, instance.pk, kind, using)
    for parent in ancestors(sender):
        link = sender._meta.get_ancestor_link(parent)
        if link is not None:
            _record(parent, getattr(instance, link.attname), kind, using)


def _record(model: type[Model], pk: Any, kind: Kind, using: str) -> None:
    label = label_of(model)
    if label in _labels and pk is not None:
        record(label, pk, kind, using=using, publish=publisher.publish)


__all__ = ["ancestors", "watch", "watched"]
