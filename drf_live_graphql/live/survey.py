"""What a serializer is seen to read: along which relations, and in which fields nobody can tell.

DRF's own fields read what their ``source`` says. A method field, a property of the model, a field
class of the project's own may read anything; their SQL is told apart by where it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import relations
from rest_framework.fields import SerializerMethodField
from rest_framework.serializers import BaseSerializer, ListSerializer, Serializer

from .paths import is_column, resolve
from .prefetches import prefetched_along, prefetches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.db.models import Model

    from .paths import Path, Paths


_OWN_REPRESENTATIONS = (Serializer.to_representation, ListSerializer.to_representation)


def survey(
    serializer: BaseSerializer[Any],
    model: type[Model],
    paths: Paths,
    opaque: Callable[[Callable[..., Any]], Callable[..., Any]],
) -> None:
    """Add to ``paths`` the relations that ``serializer`` follows from rows of ``model``.

    The methods of fields that may read anything else are replaced, on these very instances, by
    what ``opaque`` makes of them.
    """
    _survey(serializer, model, (), paths, opaque)


def _survey(
    serializer: Any,
    model: type[Model],
    prefix: Path,
    paths: Paths,
    opaque: Callable[[Callable[..., Any]], Callable[..., Any]],
) -> None:
    if getattr(type(serializer), "to_representation", None) not in _OWN_REPRESENTATIONS:
        serializer.to_representation = opaque(serializer.to_representation)
        return
    if isinstance(serializer, ListSerializer):
        _survey(serializer.child, model, prefix, paths, opaque)
        return
    for field in serializer.fields.values():
        if field.write_only:
            continue
        if not _follow(field, model, prefix, paths, opaque):
            field.get_attribute = opaque(field.get_attribute)
            field.to_representation = opaque(field.to_representation)


def _follow(
    field: Any,
    model: type[Model],
    prefix: Path,
    paths: Paths,
    opaque: Callable[[Callable[..., Any]], Callable[..., Any]],
) -> bool:
    """Survey one field; whether what it reads is known."""
    if isinstance(field, SerializerMethodField):
        return False
    nested = isinstance(field, BaseSerializer)
    if not nested and not type(field).__module__.startswith("rest_framework."):
        return False
    names = [] if field.source == "*" else list(field.source_attrs)
    if nested:
        way = resolve(model, names)
        if way is None:
            return False
        target = way[-1].target if way else model
        _know(paths, (*prefix, *way))
        _survey(field, target, (*prefix, *way), paths, opaque)
        return True
    if isinstance(field, relations.ManyRelatedField | relations.RelatedField):
        return _follow_relation(field, names, model, prefix, paths)
    return bool(names) and _follow_column(names, model, prefix, paths)


def _follow_relation(
    field: Any,
    names: Sequence[str],
    model: type[Model],
    prefix: Path,
    paths: Paths,
) -> bool:
    many = isinstance(field, relations.ManyRelatedField)
    shown = field.child_relation if many else field
    if not type(shown).__module__.startswith("rest_framework."):
        return False
    if isinstance(shown, relations.PrimaryKeyRelatedField) and not many:
        # The key of a relation is a column of the row that has it.
        return _follow_column(names, model, prefix, paths, key=True)
    way = resolve(model, names)
    if way is None:
        return False
    _know(paths, (*prefix, *way))
    target = way[-1].target if way else model
    if isinstance(shown, relations.PrimaryKeyRelatedField):
        return shown.pk_field is None or type(shown.pk_field).__module__.startswith(
            "rest_framework."
        )
    if isinstance(shown, relations.SlugRelatedField):
        *through, last = str(shown.slug_field).split("__")
        return _follow_column([*through, last], target, (*prefix, *way), paths)
    if isinstance(shown, relations.HyperlinkedRelatedField):
        return is_column(target, shown.lookup_field)
    return False  # A StringRelatedField: the model's __str__ may read anything.


def _follow_column(
    names: Sequence[str], model: type[Model], prefix: Path, paths: Paths, *, key: bool = False
) -> bool:
    way = resolve(model, names[:-1])
    if way is None:
        return False
    target, last = (way[-1].target if way else model), names[-1]
    _know(paths, (*prefix, *way))
    if is_column(target, last):
        return True
    hop = resolve(target, [last])
    if not hop:
        return False
    if not key or hop[0].kind != "forward":
        _know(paths, (*prefix, *way, *hop))
    return key


def _know(paths: Paths, path: Path) -> None:
    if path:
        paths.add(path)
    for end, hop in enumerate(path, 1):
        if hop.kind == "forward":
            continue
        # Its rows come by way of the default manager, with what that prefetches.
        manager: Any = hop.target._default_manager
        for lookup in prefetches(manager.all()):
            for way in prefetched_along(hop.target, lookup) or ():
                paths.add((*path[:end], *way))


__all__ = ["survey"]
