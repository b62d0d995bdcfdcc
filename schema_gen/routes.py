"""Routes below the mount point: their URL kwargs, and whether a value could have come by them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.urls.converters import get_converters

from .exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ANY_SEGMENT", "Kwarg", "Route", "converted", "parse_route"]

ANY_SEGMENT = "[^/.]+"
PART = re.compile(
    r"\(\?P<(?P<named>\w+)>|<(?:(?P<converter>\w+):)?(?P<path>\w+)>|\{(?P<braces>\w+)\}"
)


@dataclass(frozen=True)
class Kwarg:
    """One URL kwarg: what its values must match, and the path converter's name if it has one."""

    name: str
    pattern: str
    converter: str | None = None

    def check(self, value: str) -> str:
        """`value` as a URL would carry it. Http404 if no URL of this route could."""
        if not re.fullmatch(self.pattern, value):
            raise Http404(f"{value!r} can't be the {self.name!r} of a URL of this view.")
        return value

    def convert(self, value: str) -> Any:
        """What the view gets for it: the converter's value, or the text itself. May be Http404."""
        if self.converter is None:
            return value
        try:
            return get_converters()[self.converter].to_python(value)
        except ValueError:
            raise Http404(f"{value!r} can't be the {self.name!r} of a URL of this view.") from None


@dataclass(frozen=True)
class Route:
    """`segments` are the fixed words and the kwargs in the order of the URL."""

    text: str
    segments: tuple[str | Kwarg, ...]

    @property
    def kwargs(self) -> tuple[Kwarg, ...]:
        """The URL kwargs, from left to right."""
        return tuple(part for part in self.segments if isinstance(part, Kwarg))

    def convert(self, kwargs: Mapping[str, str]) -> dict[str, Any]:
        """URL kwargs as the view gets them from Django's resolver."""
        known = {kwarg.name: kwarg for kwarg in self.kwargs}
        return {name: known[name].convert(value) for name, value in kwargs.items()}


def parse_route(text: str) -> Route:
    """Read a route: a regex with named groups, `<int:pk>` converters or `{project_pk}` braces.

    A SchemaError if a group is not closed or a converter is not registered.
    """
    segments: list[str | Kwarg] = []
    rest = text
    while found := PART.search(rest):
        segments.extend(_words(rest[: found.start()]))
        end = found.end()
        if found["named"]:
            end = _closing(rest, found.end(), text)
            segments.append(Kwarg(found["named"], rest[found.end() : end - 1]))
        elif found["braces"]:
            segments.append(Kwarg(found["braces"], ANY_SEGMENT))
        else:
            segments.append(converted(found["path"], found["converter"] or "str", text))
        rest = rest[end:]
    segments.extend(_words(rest))
    return Route(text, tuple(segments))


def converted(name: str, converter: str, route: str) -> Kwarg:
    """The kwarg of a path converter. A SchemaError if no such converter is registered."""
    known = get_converters()
    if converter not in known:
        raise SchemaError(
            f"The route {route!r} uses the path converter {converter!r}, which is none of "
            f"{', '.join(sorted(known))}. Register it before the schema is made."
        )
    return Kwarg(name, known[converter].regex, converter)


def _words(text: str) -> list[str]:
    plain = re.sub(r"\\[AZbBdDsSwW]|[\^$?+*()\[\]|\\]", " ", text)
    return [word for word in re.split(r"[/\s]+", plain) if re.search(r"\w", word)]


def _closing(text: str, start: int, route: str) -> int:
    depth, index, in_class = 1, start, False
    while index < len(text):
        sign = text[index]
        if sign == "\\":
            index += 1
        elif in_class:
            in_class = sign != "]"
        elif sign == "[":
            in_class = True
            index += text[index + 1 : index + 2] == "]"
        elif sign in "()":
            depth += 1 if sign == "(" else -1
            if depth == 0:
                return index + 1
        index += 1
    raise SchemaError(f"The route {route!r} has a group that is not closed. Close its bracket.")
