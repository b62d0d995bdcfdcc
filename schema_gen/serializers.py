"""Serializer → object description."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rest_framework.serializers import HyperlinkedModelSerializer

from . import field_types as _field_types  # noqa: F401 (DRF's own fields register themselves)
from .classes import is_drf_s_own, overrides_output, own_doc
from .ends import checked
from .exceptions import SchemaError, SchemaWarning
from .fields import FieldScope, describe_field
from .naming import camel, pascal, type_name
from .notes import Note
from .options import ViewOptions
from .own_types import definition_of, shown_as
from .polymorphic import joined, proxy_name, tag_of, variants_of
from .registry import own_type_of, serializer_name
from .sources import follow
from .spectacular import annotation
from .taken import TakenNames
from .types import (
    FieldDescription,
    ObjectDescription,
    ObjectReference,
    ObjectType,
    ScalarType,
    reference_to,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.db.models import Model
    from rest_framework.serializers import Serializer

    from .notes import NoteKind
    from .sources import Annotation, Source
    from .types import TypeDescription

__all__ = ["Describer"]


@dataclass
class Describer:
    """Describes the serializers of one view. `view` is its name, for messages.

    `taken` are the names that the schema has given to other types.
    `by_hand` says that the view's own code makes the answer, of whatever objects, `fickle` that
    it may show other fields of its rows to another asker.
    """

    view: str
    taken: TakenNames = field(default_factory=TakenNames)
    by_hand: bool = False
    fickle: bool = False
    filtersets: dict[Any, Any] = field(default_factory=dict)
    annotations: Mapping[str, Annotation] = field(default_factory=dict)
    options: ViewOptions = field(default_factory=lambda: ViewOptions(""))
    notes: list[Note] = field(default_factory=list)
    _row: Any = None
    _open: dict[Any, ObjectReference] = field(default_factory=dict)
    _warned: set[str] = field(default_factory=set)

    def warn(self, place: str, problem: str, mend: str, kind: NoteKind = "loose") -> None:
        """Warn and note once that `place` (serializer and field, or an action) is loose."""
        text = f"{self.view}, {place}: {problem}. {mend}"
        if text not in self._warned:
            self._warned.add(text)
            self.notes.append(Note(kind, place, problem, mend))
            warnings.warn(SchemaWarning(text), stacklevel=2)

    def row(
        self, serializer: Serializer[Any], model: type[Model], name: str | None
    ) -> ObjectDescription:
        """The row type of a view; `name` overrides the serializer's own name for it.

        A ValueError if the serializer has nothing to read.
        """
        self._row = serializer
        own = own_type_of(type(serializer))
        if own is not None and name not in (None, definition_of(own).name):
            raise SchemaError(
                f"{self.view}: its rows would be called {name!r}, but {type(serializer).__name__} "
                f"is registered with a strawberry type of its own, {own.__name__}. Leave "
                f"type_name= out; where list and retrieve show other fields, register both "
                f"serializers."
            )
        return self._described(serializer, model, name or self._name(serializer), self.annotations)

    def enum_name(self, serializer: Any, key: str, default: str) -> str:
        """The name of the enum of a serializer's field: a row's may be given by its view."""
        return self.options.enum_name(key, default) if serializer is self._row else default

    def nested(
        self,
        serializer: Serializer[Any],
        model: type[Model] | None,
        annotations: Mapping[str, Annotation] | None = None,
    ) -> ObjectType:
        """The type of a serializer inside another; one under description is referred to.

        `annotations` are those of the row that it reads. A ValueError if the serializer has nothing
        to read.
        """
        known = self._open.get(_key(serializer))
        if known is not None:
            return ObjectType(known)
        given = self._given_name(serializer)
        if given is None:
            wanted = self._name(serializer)
            return reference_to(self._nested(serializer, model, wanted, annotations or {}))
        found = self._described(serializer, model, given, annotations or {})
        self.taken.claim(given, found, firm=True)
        return reference_to(found)

    def _nested(
        self,
        serializer: Serializer[Any],
        model: type[Model] | None,
        wanted: str,
        annotations: Mapping[str, Annotation],
    ) -> ObjectDescription:
        cls = type(serializer)
        for name in self.taken.names_for(wanted, cls):  # pragma: no branch (numbers never end)
            found = self._described(serializer, model, name, annotations)
            if self.taken.claim(name, found):
                break
        self.renamed(wanted, name, cls)
        return found

    def renamed(self, wanted: str, name: str, origin: type) -> None:
        """Warn where something else has the name that the type of `origin` wants."""
        if name != wanted:
            self.warn(
                origin.__name__,
                f"another type of the schema is called {wanted!r}, so this one is {name!r}",
                "Give one of them a name of its own: type_name= of register() for the row of a "
                "view, register_serializer(..., name=) or Meta.ref_name for any serializer.",
            )

    def _described(
        self,
        serializer: Serializer[Any],
        model: type[Model] | None,
        name: str,
        annotations: Mapping[str, Annotation],
    ) -> ObjectDescription:
        reference = self._open[_key(serializer)] = ObjectReference(name)
        try:
            model = _model_of(serializer) or model
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

    def is_named(self, cls: type) -> bool:
        """Whether the project has given a name to the type of the serializer class."""
        return bool(own_type_of(cls) or serializer_name(cls) or _own_name(cls))

    def _given_name(self, serializer: Serializer[Any]) -> str | None:
        """The name that the project has given to the serializer's type, if it has."""
        cls = type(serializer)
        own = own_type_of(cls)
        if own is not None:
            return str(definition_of(own).name)
        said = serializer_name(cls)
        if said is not None:
            return said
        explicit = _own_name(cls) or proxy_name(serializer)
        return pascal(explicit) if explicit else None

    def _name(self, serializer: Serializer[Any]) -> str:
        given = self._given_name(serializer)
        if given is not None:
            return given
        cls = type(serializer)
        meta = getattr(cls, "Meta", None)
        if "build_nested_field" in cls.__qualname__:
            # Meta.depth makes classes that are all called NestedSerializer.
            links = "Links" if issubclass(cls, HyperlinkedModelSerializer) else ""
            return f"{meta.model.__name__}{links}Depth{meta.depth}"  # type: ignore[union-attr]
        return type_name(cls.__name__)

    def _object(
        self,
        serializer: Serializer[Any],
        model: type[Model] | None,
        name: str,
        annotations: Mapping[str, Annotation],
    ) -> ObjectDescription:
        cls = type(serializer)
        said = annotation(serializer).get("description")
        # A proxy's docstring tells what drf-spectacular's class is for.
        doc = own_doc(cls) if proxy_name(serializer) is None else None
        fields, id_source = self._fields(serializer, model, name, annotations)
        if not fields:
            raise ValueError(f"{cls.__name__} has no field that can be read")
        whole = ObjectDescription(
            name,
            tuple(fields.values()),
            cls,
            prunable=not overrides_output(cls),
            description=str(said) if said else doc,
            id_key=fields["id"].key if "id" in fields else None,
            id_source=id_source,
        )
        own = own_type_of(cls)
        return whole if own is None else shown_as(own, whole, self.view)

    def _fields(
        self,
        serializer: Serializer[Any],
        model: type[Model] | None,
        name: str,
        annotations: Mapping[str, Annotation],
    ) -> tuple[dict[str, FieldDescription], str | None]:
        """The fields by GraphQL name, and where the one called `id` is read."""
        variants = variants_of(serializer)
        if variants:
            return self._joined(serializer, variants, model, name, annotations)
        cls = type(serializer)
        loose = self._is_loose(serializer)
        # Which fields there are may depend on who asks: one that is left out is null.
        own = not all(is_drf_s_own(cls, name) for name in ("fields", "get_fields"))
        fickle = own or (self.fickle and serializer is self._row)
        hidden = annotation(serializer).get("exclude_fields") or ()
        deprecated = annotation(serializer).get("deprecate_fields") or ()
        fields: dict[str, FieldDescription] = {}
        id_source = None
        for key, item in serializer.fields.items():
            if item.write_only or key in hidden:
                continue
            source = follow(model, getattr(item, "source_attrs", []), annotations)
            scope = FieldScope(self, serializer, key, item, source, name, annotations)
            found = describe_field(scope)
            if loose or fickle:
                # An object may have come where a key was declared, and the other way round.
                found = checked(found)
            described = FieldDescription(
                camel(key),
                key,
                found.optional() if loose or (fickle and not source.is_pk) else found,
                scope.description(),
                "Deprecated by its serializer." if key in deprecated else scope.deprecation(),
            )
            self._keep(fields, described, cls)
            if described.name == "id":
                id_source = _id_source(source, item.source_attrs)
        return fields, id_source

    def _joined(
        self,
        serializer: Serializer[Any],
        variants: list[tuple[Serializer[Any], type[Model] | None]],
        model: type[Model] | None,
        name: str,
        annotations: Mapping[str, Annotation],
    ) -> tuple[dict[str, FieldDescription], str | None]:
        """The fields of a polymorphic serializer; see `polymorphic`."""
        found = [
            self._fields(each, _model_of(each) or of or model, name, annotations)
            for each, of in variants
        ]

        def differs(key: str) -> TypeDescription:
            self.warn(
                f"{type(serializer).__name__}.{key}",
                "its serializers write different types for it, so it is nullable JSON",
                "Give it another name in one of them (its source= keeps the value).",
            )
            return ScalarType("JSON", nullable=True)

        fields = joined([each for each, _ in found], differs)
        tag = tag_of(serializer)
        if tag is not None:
            fields = {**fields, tag.name: tag}
        sources = {id_source for _, id_source in found}
        return fields, sources.pop() if len(sources) == 1 else None

    def _keep(
        self, fields: dict[str, FieldDescription], described: FieldDescription, cls: type
    ) -> None:
        other = fields.setdefault(described.name, described)
        if other is not described:
            raise SchemaError(
                f"{self.view}: the fields {other.key!r} and {described.key!r} of {cls.__name__} "
                f"are both {described.name!r} in GraphQL. Rename one of them (its source= keeps "
                f"the value), or leave one out of the view's rows: exclude_fields= of register()."
            )

    def _is_loose(self, serializer: Serializer[Any]) -> bool:
        cls = type(serializer)
        if not overrides_output(cls):
            return False
        self.warn(
            cls.__name__,
            "it overrides how it is written (to_representation()), so what that adds is not in the "
            "schema and every field may be null",
            "Declare what it adds as fields (a SerializerMethodField with a return hint) instead.",
        )
        return True


def _model_of(serializer: Any) -> type[Model] | None:
    found: type[Model] | None = getattr(getattr(type(serializer), "Meta", None), "model", None)
    return found


def _own_name(cls: type) -> str | None:
    """The name that a serializer gives itself; one that it inherits is its parent's."""
    said = vars(cls).get("_spectacular_annotation", {}).get("component_name")
    parents = [annotation(base).get("component_name") for base in cls.__mro__[1:]]
    if said and said not in parents:
        return str(said)
    name = vars(vars(cls)["Meta"]).get("ref_name") if "Meta" in vars(cls) else None
    return str(name) if name else None


def _key(serializer: Serializer[Any]) -> Any:
    """Tells serializers apart: one class may have other fields at another place."""
    return type(serializer), proxy_name(serializer), tuple(serializer.fields)


def _id_source(source: Source, names: list[str]) -> str | None:
    if len(names) != 1 or source.field is None:
        return None
    return "pk" if source.is_pk else names[0]
