"""Django REST Framework in, strawberry types out: usable on its own.

`describe_view` says what a view's `list` and `retrieve` answer and can be asked, in plain frozen
dataclasses; `build_types` makes strawberry types of such descriptions.
"""

from __future__ import annotations

from .arguments import ArgumentDescription, Style
from .build import BuiltTypes, build_types
from .exceptions import ModelUnknownError, SchemaError, SchemaWarning
from .fields import FieldScope, register_field, register_field_type
from .parameters import ParameterScope, register_backend
from .root_fields import Resolvers, root_of
from .roots import RootDescription, ViewCall, ViewDescription
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
    "TypeDescription",
    "ViewCall",
    "ViewDescription",
    "build_types",
    "describe_view",
    "register_backend",
    "register_field",
    "register_field_type",
    "root_of",
]
