"""The network between the process and Redis breaks, while Redis itself is fine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.network import Network

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests import servers
    from tests.faults.processes import CommandWriter

ROW = {"name": "Tug", "in_service": True}


@pytest.fixture
async def network(redis_server: servers.RedisServer) -> AsyncIterator[Network]:
    async with Network(redis_server.port) as network:
        yield network


@pytest.fixture
def reader(
    asgi_server: Callable[..., servers.AsgiServer], layer: dict[str, str], network: Network
) -> servers.AsgiServer:
    """Beyond the network that breaks; writers are on Redis' own side of it."""
    return asgi_server(**{**layer, "REDIS_URL": network.url})


async def test_a_network_that_is_gone_for_a_while(
    network: Network, writer: CommandWriter, client: Callable[..., Any]
) -> None:
    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    network.refuse()
    await writer.work("Vehicle", values=ROW, times=2)
    await writer.end()  # So that nobody repeats what was not heard.
    network.restore()
    await ada.agrees(vehicles)
    assert ada.socket.close_code is None


async def test_connections_whose_other_end_is_gone_without_a_word(
    network: Network, writer: CommandWriter, client: Callable[..., Any]
) -> None:
    """As after a firewall forgot them: only what never comes back tells."""
    ada = await client("ada")
    vehicles = await ada.watch("vehicles")
    network.swallow()
    await writer.work("Vehicle", values=ROW)
    await writer.end()
    await ada.agrees(vehicles)
    assert ada.socket.close_code is None
