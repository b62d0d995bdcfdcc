"""Rows for a package's tables: three of each model where it lets us make them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models, transaction
from model_bakery import baker, generators

from benchmarks.published.packages import current

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ROWS", "fill"]

ROWS = 3
PASSES = 3
TEXTS = models.CharField | models.TextField


def fill() -> tuple[list[type[models.Model]], dict[str, str]]:
    """Make rows of all models; those that have some then, and why others have none.

    A foreign key takes the first row there is, so that what belongs to a parent belongs to one
    that other rows belong to as well. Models are tried again, as a parent may come after a child.
    """
    refused: dict[str, str] = {}
    _teach_the_baker()
    wanted = [model for model in apps.get_models() if _is_ours_to_fill(model)]
    for _ in range(PASSES):
        for model in _parents_first(wanted):
            if _count(model) < ROWS:
                _make(model, refused)
    return [model for model in wanted if _count(model)], refused


def _teach_the_baker() -> None:
    """A field class of the package's own is filled like the one that it derives from."""
    known = generators.get_type_mapping()
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            cls = type(field)
            if cls not in known and not field.is_relation:
                base = next((base for base in cls.__mro__ if base in known), None)
                generators.add(cls, known[base] if base else dict)


def _is_ours_to_fill(model: type[models.Model]) -> bool:
    meta = model._meta
    skipped = {"sessions", "contenttypes", "admin", *current().unfilled}
    return meta.managed and not meta.proxy and not meta.swapped and meta.app_label not in skipped


def _parents_first(found: Iterable[type[models.Model]]) -> list[type[models.Model]]:
    ordered: list[type[models.Model]] = []
    pending = list(found)
    while pending:
        ready = [m for m in pending if not _required_parents(m) & (set(pending) - {m})]
        ordered += ready or pending
        pending = [m for m in pending if m not in ready] if ready else []
    return ordered


def _required_parents(model: type[models.Model]) -> set[Any]:
    return {f.related_model for f in model._meta.concrete_fields if f.is_relation and not f.null}


def _count(model: type[models.Model]) -> int:
    return int(model._base_manager.count())


def _make(model: type[models.Model], refused: dict[str, str]) -> None:
    optional = [
        field.name
        for field in model._meta.concrete_fields
        if not field.is_relation and not field.primary_key and (field.null or field.blank)
    ]
    for number in range(_count(model), ROWS):
        # One row with everything, the others with as little as they may; else the other way.
        refused.pop(model._meta.label, None)
        for filled in (optional, []) if number == 1 else ([], optional):
            try:
                with transaction.atomic():
                    values = _parents(model, number) | _texts(model, filled, number)
                    baker.make(model, _fill_optional=filled or False, **values)
            except Exception as error:  # noqa: BLE001 (the package's own validation, in any form)
                refused.setdefault(model._meta.label, f"{type(error).__name__}: {error}"[:200])
            else:
                break


def _texts(model: type[models.Model], names: list[str], number: int) -> dict[str, str]:
    """Texts of one row. Those with a default are not filled by the baker, even where it is ""."""
    return {
        field.name: f"{field.name[:10]}-{number}"
        for field in model._meta.concrete_fields
        if field.name in names and isinstance(field, TEXTS) and not field.choices
    }


def _parents(model: type[models.Model], number: int) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if not field.is_relation or getattr(field.remote_field, "parent_link", False):
            continue
        related: Any = field.related_model
        rows = list(related._base_manager.order_by("pk")[:ROWS]) if related else []
        if rows:
            # What may be one's only is another row each time.
            values[field.name] = rows[number % len(rows)] if field.unique else rows[0]
    return values
