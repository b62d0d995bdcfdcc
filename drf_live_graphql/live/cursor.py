"""Where a client stands, as a text that it hands back and can't make up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core import signing

from .standing import Standing

SALT = "drf_live_graphql.cursor"
# Characters above which a text is no cursor of ours, and not worth a signature's look.
LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class Cursor:
    """A round of a live query: whoever has it was told what stood after that round.

    ``hub`` is the channel of the process, empty where it had none; ``query`` and ``number`` count
    that process's live queries and the rounds of this one. ``standing`` is what others need who
    can't ask that process.
    """

    hub: str
    query: int
    number: int
    standing: Standing | None = None

    def encode(self) -> str:
        """A text that is safe in URLs, signed with the project's ``SECRET_KEY``.

        Where it would be too long it goes without the ``standing``.
        """
        content: list[str | int] = [self.hub, self.query, self.number]
        if self.standing is not None:
            text = _sign([*content, self.standing.encode()])
            if len(text) <= LONGEST:
                return text
        return _sign(content)


def _sign(content: list[str | int]) -> str:
    return signing.Signer(salt=SALT).sign_object(content)


def decode(text: object) -> Cursor | None:
    """The cursor in ``text``; ``None`` for anything that ``encode`` did not make.

    One that was signed with a key of ``SECRET_KEY_FALLBACKS`` counts.
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        return None
    try:
        hub, query, number, *standing = signing.Signer(salt=SALT).unsign_object(text)
    except signing.BadSignature:
        return None
    return Cursor(hub, query, number, Standing.decode(standing[0]) if standing else None)


def after_of(extensions: Any) -> Cursor | None:
    """The cursor that an operation is to go on from: ``extensions.live.after``."""
    live = extensions.get("live") if isinstance(extensions, dict) else None
    return decode(live.get("after")) if isinstance(live, dict) else None


__all__ = ["Cursor", "after_of", "decode"]
