"""Django's signals of the project's models, turned into changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db.models import signals

from drf_live_graphql.conf import SETTING, settings

from . import bulk, outbox
from .cascade import consequences, deleting
from .ledger import ancestors, labels, never_raises, note_rows
from .links import has_key, movable, read_rows, row_of
from .message import label_of
from .related import related

if TYPE_CHECKING:
    from django.db.models import Model
    from django.db.models.base import ModelState

    from .links import Row

_connected: set[type[Model]] = set()
_deletes_connected: set[type[Model]] = set()

# What a row that is being saved held before, until its post_save. The key is an object of the
# instance's own, so that nothing is left of a save that failed once the instance is gone.
_before: WeakKeyDictionary[ModelState, list[dict[str, Any]]] = WeakKeyDictionary()


def watch(model: type[Model]) -> None:
    """Capture the changes of ``model`` from now on, in this process.

    That covers its proxies (they share its rows), its multi-table parents and its multi-table
    children (a save of either may change what the other shows). Calling it again does no harm.
    """
    concrete = model._meta.concrete_model or model
    family = {concrete, *ancestors(concrete)}
    labels.update(label_of(member) for member in family)
    for other in apps.get_models(include_auto_created=True):
        if any(issubclass(other, member) for member in family):
            _connect(other)
    _connect_deletes()


def watch_all() -> None:
    """Capture the changes of every model of the project from now on, in this process.

    What a view reads is known only to the process that evaluates it, so one that writes has to
    tell of everything. Through models of many-to-many fields are included; the models and apps
    that the setting ``UNWATCHED`` names are not, unless ``watch`` was called for them. With the
    setting ``CAPTURE_BULK``, writes that send no signals are captured from now on, too.

    The cost, beside one message a commit and model: Django deletes rows of a model with signals
    batch by batch after loading them, where it would otherwise send one DELETE; ``add`` of a
    many-to-many asks first which rows are new; and saving a row that exists, of a model with
    foreign keys, reads those first (setting ``TRACK_MOVES``). Large tables that no view shows,
    such as logs, are best named in ``UNWATCHED``.
    """
    unwatched = _unwatched()
    for model in apps.get_models(include_auto_created=True):
        label = label_of(model)
        if label in labels or unwatched.isdisjoint({label, label.partition(".")[0]}):
            labels.add(label)
            _connect(model)
    _connect_deletes()
    if settings.CAPTURE_BULK:
        bulk.install()
    if settings.JOURNAL:
        outbox.install(_captured)


def _captured(model: type[Model]) -> bool:
    return model in _connected


def _unwatched() -> frozenset[str]:
    names = settings.UNWATCHED
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise ImproperlyConfigured(
            f'{SETTING}["UNWATCHED"] takes a list of model labels and app labels, such as'
            f' ["sessions.Session", "auditlog"]; {names!r} came.'
        )
    # The journal is written by every commit that is told of.
    return frozenset({"drf_live_graphql", *(name.lower() for name in names)})


def _connect(model: type[Model]) -> None:
    # One receiver per sender, not one for all: a receiver without a sender would end Django's
    # fast deletes for every model of the project.
    if model in _connected:
        return
    _connected.add(model)
    uid = _uid(model)
    # Django sends no others for the through model that it made itself.
    if not model._meta.auto_created:
        signals.post_save.connect(_saved, sender=model, dispatch_uid=uid)
        outbox.row_written.connect(_written, sender=model, dispatch_uid=uid)
        signals.post_delete.connect(_deleted, sender=model, dispatch_uid=uid)
        if movable(model):
            signals.pre_save.connect(_saving, sender=model, dispatch_uid=uid)
    relations: list[Any] = list(model._meta.many_to_many)
    relations += [
        relation.field for relation in model._meta.related_objects if relation.many_to_many
    ]
    for through in {field.remote_field.through for field in relations}:
        signals.m2m_changed.connect(related, sender=through, dispatch_uid=_uid(through))


def _connect_deletes() -> None:
    """Hear of deletes that change rows of watched models, whichever model's row is deleted."""
    for model in apps.get_models():
        if model in _deletes_connected:
            continue
        if any(consequence.is_watched() for consequence in consequences(model)):
            _deletes_connected.add(model)
            signals.pre_delete.connect(deleting, sender=model, dispatch_uid=_uid(model))


def _uid(model: type[Model]) -> str:
    return f"drf_live_graphql.{model._meta.label_lower}"


@never_raises
def _saving(sender: type[Model], *, instance: Model, raw: bool, using: str, **_: Any) -> None:
    """Read what the row points to before it is saved.

    Whichever fields are saved: what the instance holds of the others may be out of date. Should
    another transaction move the row between this and the UPDATE, it is that one that tells of it.
    """
    _before.pop(instance._state, None)
    if _may_exist(instance, raw=raw):
        _before[instance._state] = read_rows(sender, [instance.pk], using) or []


def _may_exist(instance: Model, *, raw: bool) -> bool:
    """Whether a save may find a row of this key, and not just insert one."""
    if not has_key(instance):
        return False
    if raw or not instance._state.adding:
        return True
    # Django inserts without looking where the key is the default's (``Model._save_table``).
    return not all(f.has_default() or f.has_db_default() for f in instance._meta.pk_fields)


@never_raises
def _saved(sender: type[Model], *, instance: Model, **save: Any) -> None:
    # Without a journal it was not; nor where a model has a ``_save_table`` of its own.
    if not outbox.was_told(instance):
        _written(sender, instance=instance, **save)


@never_raises
def _written(
    sender: type[Model],
    *,
    instance: Model,
    created: bool,
    using: str,
    update_fields: frozenset[str] | None,
    **_: Any,
) -> None:
    now = row_of(instance)
    before = _before.pop(instance._state, None)
    if created:
        note_rows(sender, [now], "created", using=using)
    elif movable(sender):
        moved = [_after(sender, row, now, update_fields) for row in before or ()]
        # Without a row from before, nothing is known of what it pointed to.
        known = [*before, *moved] if before else [{}]
        note_rows(sender, [now], "updated", using=using, links_from=known)
    else:
        note_rows(sender, [now], "updated", using=using)


def _after(
    model: type[Model], before: Row, now: Row, update_fields: frozenset[str] | None
) -> dict[str, Any]:
    """The keys of a row that was saved: those of the instance as far as they were written."""
    row = dict(before)
    for field in model._meta.concrete_fields:
        name = field.attname
        written = update_fields is None or not update_fields.isdisjoint({field.name, name})
        if written and name in before:
            # Django 6 defers a field that was saved by an expression, where it was not returned.
            del row[name]
            if name in now:
                row[name] = now[name]
    return row


@never_raises
def _deleted(sender: type[Model], *, instance: Model, using: str, **_: Any) -> None:
    note_rows(sender, [row_of(instance)], "deleted", using=using)


__all__ = ["watch", "watch_all"]
