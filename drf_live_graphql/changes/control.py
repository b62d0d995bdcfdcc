"""What is told to every process beside changes: whose connections are to end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from .message import encode_stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drf_live_graphql.users import UserKey

    from .message import Stamp

# Stands where a model's label stands; those have a dot in them.
CONTROL = "control"
DISCONNECT = "drf_live.disconnect"


@dataclass(frozen=True, slots=True)
class Disconnect:
    """The order to end the connections of one user; published as changes are."""

    label: ClassVar[str] = CONTROL
    # It is in no journal.
    journal: ClassVar[str] = ""
    user: UserKey

    def encode(self, stamp: Stamp) -> dict[str, Any]:
        """The channel-layer message."""
        return {"type": DISCONNECT, **encode_stamp(CONTROL, stamp), "user": list(self.user)}

    @classmethod
    def decode(cls, message: Mapping[str, Any]) -> Disconnect:
        """The order in ``message``."""
        model, pk = message["user"]
        return cls((model, pk))


__all__ = ["CONTROL", "DISCONNECT", "Disconnect"]
