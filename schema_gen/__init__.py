"""Django REST Framework in, strawberry types out: usable on its own.

`describe_view` says what a view's `list` and `retrieve` answer and can be asked, in plain frozen
dataclasses; `build_types` makes strawberry types of such descriptions.
"""

from __future__ import annotations

from .arguments import ArgumentDescription, Style
from .build import BuiltTypes, build_types, check_names
from .exceptions import ModelUnknownError, NameClashError, SchemaError, SchemaWarning
from .fields import FieldScope, register_field, register_field_type
from .notes import Note
from .parameters import ParameterScope, register_backend
from .registry import register_filter, register_filter_type, register_serializer
from .root_fields import Resolvers, root_of
from .roots import RootDescription, ViewCall, ViewDescription
from .taken import TakenNames, settled
from .types import (
    EnumDescription,
    EnumType,
    EnumValueDescription,
    FieldDescription,
    ListType,
    ObjectDescription,
    ObjectType,
    PageDescription,
    ScalarType,
    TypeDescription,
)
from .views import describe_view

__all__ = [
    "ArgumentDescription",
    "BuiltTypes",
    "EnumDescription",
    "EnumType",
    "EnumValueDescription",
    "FieldDescription",
    "FieldScope",
    "ListType",
    "ModelUnknownError",
    "NameClashError",
    "Note",
    "ObjectDescription",
    "ObjectType",
    "PageDescription",
    "ParameterScope",
    "Resolvers",
    "RootDescription",
    "ScalarType",
    "SchemaError",
    "SchemaWarning",
    "Style",
    "TakenNames",
    "TypeDescription",
    "ViewCall",
    "ViewDescription",
    "build_types",
    "check_names",
    "describe_view",
    "register_backend",
    "register_field",
    "register_field_type",
    "register_filter",
    "register_filter_type",
    "register_serializer",
    "root_of",
    "settled",
]
