"""Serializer → object description."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import field_types as _field_types  # noqa: F401 (DRF's own fields register themselves)
from .classes import is_drf_s_own, own_doc
from .exceptions import SchemaError, SchemaWarning
from .fields import FieldScope, describe_field
from .naming import camel, pascal, type_name
from .sources import follow
from .spectacular import annotation
from .taken import TakenNames, type_names
from .types import FieldDescription, ObjectDescription, ObjectReference, ObjectType, reference_to

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.db.models import Model
    from rest_framework.serializers import Serializer

    from .sources import Annotation, Source

__all__ = ["Describer"]


@dataclass
class Describer:
    """Describes the serializers of one view. `view` is its name, for messages.

    `taken` are the names that the schema has given to other types, where somebody keeps them.
    `by_hand` says that the view's own code makes the answer, of whatever objects.
    """

    view: str
    taken: TakenNames | None = None
    by_hand: bool = False
    filtersets: dict[Any, Any] = field(default_factory=dict)
    annotations: Mapping[str, Annotation] = field(default_factory=dict)
    _open: dict[Any, ObjectReference] = field(default_factory=dict)
    _warned: set[str] = field(default_factory=set)

    def warn(self, place: str, problem: str, mend: str) -> None:
        """Warn once that `place` (serializer and field, or an action) is described loosely."""
        text = f"{self.view}, {place}: {problem}. {mend}"
        if text not in self._warned:
            self._warned.add(text)
            warnings.warn(SchemaWarning(text), stacklevel=2)

    def row(
        self, serializer: Serializer[Any], model: type[Model], name: str | None
    ) -> ObjectDescription:
        """The row type of a view; `name` overrides the serializer's own name for it.

        A ValueError if the serializer has nothing to read.
        """
        return self._described(serializer, model, name or self._name(serializer), self.annotations)

    def nested(self, serializer: Serializer[Any], model: type[Model] | None) -> ObjectType:
        """The type of a serializer inside another; one under description is referred to.

        A ValueError if the serializer has nothing to read.
        """
        known = self._open.get(_key(serializer))
        if known is not None:
            return ObjectType(known)
        return reference_to(self._nested(serializer, model, self._name(serializer)))

    def claimed(self, name: str, found: ObjectDescription) -> bool:
        """Whether an object may have its name: no other object of the schema has it."""
        return self.taken is None or self.taken.claim(name, found.signature)

    def renamed(self, old: str, new: str, origin: type) -> None:
        """Warn that something else has the name of the type that `origin` is."""
        self.warn(
            origin.__name__,
            f"another type of the schema is called {old!r}, so this one is {new!r}",
            "Give one of them a name of its own: type_name= of register() for the row of a view, "
            "Meta.ref_name for any serializer.",
        )

    def _nested(
        self, serializer: Serializer[Any], model: type[Model] | None, wanted: str
    ) -> ObjectDescription:
        cls = type(serializer)
        found = self._described(serializer, model, wanted, {})
        for name in type_names(wanted, cls):
            if name != wanted:
                found = self._described(serializer, model, name, {})
            if self.claimed(name, found):
                if name != wanted:
                    self.renamed(wanted, name, cls)
                break
        return found

    def _described(
        self,
        serializer: Serializer[Any],
        model: type[Model] | None,
        name: str,
        annotations: Mapping[str, Annotation],
    ) -> ObjectDescription:
        reference = self._open[_key(serializer)] = ObjectReference(name)
        try:
            model = getattr(getattr(type(serializer), "Meta", None), "model", None) or model
            found = reference.target = self._object(serializer, model, name, annotations)
        finally:
            del self._open[_key(serializer)]
        return found

    def make_object(
        self, name: str, origin: Any, fields: Callable[[], tuple[FieldDescription, ...]]
    ) -> ObjectType:
        """The object of a class with hints; see `HintScope`."""
        if origin in self._open:
            return ObjectType(self._open[origin])
        reference = self._open[origin] = ObjectReference(name)
        try:
            reference.target = ObjectDescription(name, fields(), origin)
        finally:
            del self._open[origin]
        return ObjectType(reference)

    def _name(self, serializer: Serializer[Any]) -> str:
        cls = type(serializer)
        meta = getattr(cls, "Meta", None)
        explicit = annotation(serializer).get("component_name") or getattr(meta, "ref_name", None)
        if explicit:
            return pascal(explicit)
        if "build_nested_field" in cls.__qualname__:
            # Meta.depth makes classes that are all called NestedSerializer.
            return f"{meta.model.__name__}Depth{meta.depth}"  # type: ignore[union-attr]
        return type_name(cls.__name__)

    def _object(
        self,
        serializer: Serializer[Any],
        model: type[Model] | None,
        name: str,
        annotations: Mapping[str, Annotation],
    ) -> ObjectDescription:
        cls = type(serializer)
        loose = self._is_loose(serializer)
        hidden = annotation(serializer).get("exclude_fields") or ()
        deprecated = annotation(serializer).get("deprecate_fields") or ()
        fields: dict[str, FieldDescription] = {}
        id_source = None
        for key, item in serializer.fields.items():
            if item.write_only or key in hidden:
                continue
            source = follow(model, getattr(item, "source_attrs", []), annotations)
            scope = FieldScope(self, serializer, key, item, source, name)
            found = describe_field(scope)
            described = FieldDescription(
                camel(key),
                key,
                found.optional() if loose else found,
                scope.description(),
                "Deprecated by its serializer." if key in deprecated else None,
            )
            self._keep(fields, described, cls)
            if described.name == "id":
                id_source = _id_source(source, item.source_attrs)
        if not fields:
            raise ValueError(f"{cls.__name__} has no field that can be read")
        return ObjectDescription(
            name,
            tuple(fields.values()),
            cls,
            prunable=not _overrides_output(cls),
            description=own_doc(cls),
            id_key=fields["id"].key if "id" in fields else None,
            id_source=id_source,
        )

    def _keep(
        self, fields: dict[str, FieldDescription], described: FieldDescription, cls: type
    ) -> None:
        other = fields.setdefault(described.name, described)
        if other is not described:
            raise SchemaError(
                f"{self.view}: the fields {other.key!r} and {described.key!r} of {cls.__name__} "
                f"are both {described.name!r} in GraphQL. Rename one of them (its source= keeps "
                f"the value)."
            )

    def _is_loose(self, serializer: Serializer[Any]) -> bool:
        cls = type(serializer)
        if not _overrides_output(cls):
            return False
        self.warn(
            cls.__name__,
            "it overrides how it is written (to_representation()), so what that adds is not in the "
            "schema and every field may be null",
            "Declare what it adds as fields (a SerializerMethodField with a return hint) instead.",
        )
        return True


def _key(serializer: Serializer[Any]) -> Any:
    """Tells serializers apart: one class may have other fields at another place."""
    return type(serializer), tuple(serializer.fields)


def _overrides_output(cls: type) -> bool:
    return any(
        not is_drf_s_own(cls, name) for name in ("to_representation", "data", "_readable_fields")
    )


def _id_source(source: Source, names: list[str]) -> str | None:
    if len(names) != 1 or source.field is None:
        return None
    return "pk" if source.is_pk else names[0]
