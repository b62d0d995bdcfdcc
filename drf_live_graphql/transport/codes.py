"""Why the server closes a socket: close codes of graphql-transport-ws.

The default graphql-ws client gives up after 4400, 4401, 4406, 4409 and 4429 and reconnects after
other codes of that range, so a code also says whether trying again makes sense. Codes below 3000
are not used: daphne refuses to send them. The reason beside a code is for people only; some
servers deliver it empty.
"""

from __future__ import annotations

from enum import IntEnum


class CloseCode(IntEnum):
    """Server to client."""

    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    CONNECTION_INITIALISATION_TIMEOUT = 4408
    SUBSCRIBER_ALREADY_EXISTS = 4409
    TOO_MANY_INITIALISATION_REQUESTS = 4429
    TRY_AGAIN_LATER = 4503


__all__ = ["CloseCode"]
