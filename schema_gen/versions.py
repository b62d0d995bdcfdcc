"""Versions of an API: where a view finds out which one is asked for.

A versioning scheme reads the URL, a query parameter, a header, the host or the URL's namespace. Of
these GraphQL carries the first two as arguments; for the others a version has to be named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import versioning

from .arguments import ArgumentDescription
from .enums import enum_from_choices
from .exceptions import SchemaError
from .types import EnumType, ScalarType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .types import TypeDescription

__all__ = ["asked_version", "check_version", "url_version", "version_argument", "version_type"]


def check_version(view: str, scheme: Any, version: str) -> None:
    """A SchemaError where a view without versions, or with others, is registered for `version`."""
    if scheme is None:
        raise SchemaError(
            f"{view} is registered for version {version!r}, but it has no versioning_class. Leave "
            f"version= out, or give the view one."
        )
    if not scheme().is_allowed_version(version):
        raise SchemaError(
            f"{view} is registered for version {version!r}; its {scheme.__name__} expects one of "
            f"{', '.join(map(repr, scheme.allowed_versions))}."
        )


def url_version(scheme: Any, version: str | None) -> dict[str, str]:
    """The URL kwarg that says `version` where the scheme reads it there; else nothing.

    Without a `version`, one that the scheme takes, for hooks that read it at schema time.
    """
    if not (isinstance(scheme, type) and issubclass(scheme, versioning.URLPathVersioning)):
        return {}
    allowed = scheme.allowed_versions or ()
    return {scheme.version_param: version or scheme.default_version or next(iter(allowed), "v1")}


def asked_version(scheme: Any, version: str | None, kwargs: Mapping[str, Any]) -> Any:
    """The `request.version` of a GET at schema time."""
    if version is not None or scheme is None:
        return version
    if issubclass(scheme, versioning.URLPathVersioning):
        return kwargs.get(scheme.version_param) or scheme.default_version
    return scheme.default_version


def version_type(scheme: Any, base: str) -> TypeDescription:
    """The type of an argument that says a version: an enum where there are only so many."""
    allowed = scheme.allowed_versions or ()
    known = dict.fromkeys((*allowed, scheme.default_version)) if allowed else {}
    enum = enum_from_choices(f"{base}VersionEnum", list(known))
    return ScalarType("String") if enum is None else EnumType(enum)


def version_argument(scheme: Any, version: str | None, base: str) -> list[ArgumentDescription]:
    """The query parameter that says which version is asked for, where the scheme reads one."""
    if version is not None or not (
        isinstance(scheme, type) and issubclass(scheme, versioning.QueryParameterVersioning)
    ):
        return []
    type_ = version_type(scheme, base).optional()
    return [ArgumentDescription("version", scheme.version_param, type_)]
