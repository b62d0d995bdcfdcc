"""Why the server closes a socket: close codes of graphql-transport-ws and RFC 6455.

The default graphql-ws client reconnects after 1012, 1013, 4403 and 4408, and gives up after the
others, so a code also says whether trying again makes sense. The reason given beside a code is
for people only; some servers deliver it empty.
"""

from __future__ import annotations

from enum import IntEnum


class CloseCode(IntEnum):
    """Server to client."""

    MESSAGE_TOO_BIG = 1009
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    CONNECTION_INITIALISATION_TIMEOUT = 4408
    SUBSCRIBER_ALREADY_EXISTS = 4409
    TOO_MANY_INITIALISATION_REQUESTS = 4429


__all__ = ["CloseCode"]
