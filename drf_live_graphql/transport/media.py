"""Which media type an answer gets: the ``Accept`` header, read as GraphQL over HTTP reads it.

Sources: the GraphQL over HTTP draft ("Media Types"), RFC 9110 section 12.5.1, and
graphql-sse's distinct connections mode.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Media(StrEnum):
    """The media types that the HTTP view speaks."""

    JSON = "application/json"
    RESPONSE = "application/graphql-response+json"
    STREAM = "text/event-stream"


_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_WILDCARDS = frozenset({"*/*", "application/*"})


@dataclass(frozen=True)
class Accept:
    """What a client takes: media ranges, the most wanted first."""

    wanted: tuple[str, ...]
    unwanted: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, header: str | None) -> Accept:
        """Read the header; an absent or empty one takes anything, as RFC 9110 has it.

        The weight decides first and the order second, because GraphQL clients rank by order.
        A weight that is no number counts as 1: a typo is not a refusal.
        """
        ranges = [_range(part) for part in (header or "").split(",") if part.strip()]
        ranges.sort(key=lambda item: -item[1])
        return cls(
            wanted=tuple(name for name, weight in ranges if weight > 0) or _nothing(ranges),
            unwanted=frozenset(name for name, weight in ranges if weight <= 0),
        )

    @property
    def single(self) -> Media | None:
        """The media type for one whole result, or ``None`` where none of ours is taken.

        A wildcard means ``application/json``: that is what clients got before
        ``application/graphql-response+json`` existed.
        """
        for name in self.wanted:
            if name in {Media.JSON, Media.RESPONSE}:
                return Media(name)
            if name in _WILDCARDS:
                return Media.RESPONSE if Media.JSON in self.unwanted else Media.JSON
        return None

    @property
    def stream_first(self) -> bool:
        """Whether an event stream is wanted for every operation."""
        return self.wanted[:1] == (Media.STREAM,)

    @property
    def stream(self) -> bool:
        """Whether an event stream is taken; wildcards don't count, nobody expects one of them."""
        return Media.STREAM in self.wanted

    @property
    def page(self) -> bool:
        """Whether this is a browser that wants a page rather than a result."""
        first = next((name for name in self.wanted if name in _PAGES or name in list(Media)), "")
        return first in _PAGES


def _range(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            return name, _weight(value.strip())
    return name, 1.0


def _weight(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return 1.0


def _nothing(ranges: list[tuple[str, float]]) -> tuple[str, ...]:
    return () if ranges else ("*/*",)


__all__ = ["Accept", "Media"]
