"""Orders to every process, beside changes."""

from __future__ import annotations

import json

from drf_live_graphql.changes import Disconnect, group_of
from drf_live_graphql.changes.control import CONTROL, DISCONNECT
from drf_live_graphql.changes.message import Stamp, decode_stamp


def test_an_order_travels_as_any_serialiser_takes_it() -> None:
    order, stamp = Disconnect(("auth.user", "7")), Stamp("p", 3, 1.5)
    message = json.loads(json.dumps(order.encode(stamp)))
    assert message["type"] == DISCONNECT
    assert Disconnect.decode(message) == order
    assert decode_stamp(message) == (CONTROL, stamp)


def test_no_model_has_the_group_of_orders() -> None:
    assert "." not in CONTROL
    assert group_of(CONTROL) == "drf_live.control"
