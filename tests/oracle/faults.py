"""What goes wrong, as steps of the oracle: clients are right afterwards without doing anything.

Connections drop and come back with their cursors, the process is another one, the channel layer
swallows messages or is out of reach, an order ends a user's connections, a view raises.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from unittest import mock

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.apps import apps
from django.conf import settings
from django.db import models as db
from django.db import transaction
from django.test import override_settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from drf_live_graphql import notify_changed
from drf_live_graphql.changes import publisher
from drf_live_graphql.changes.message import CHANGES, decode_stamp
from drf_live_graphql.live.hub import Hub, _hubs, get_hub
from drf_live_graphql.live.resume import Questions
from drf_live_graphql.testing import settled
from tests.oracle.client import HeldList, resume
from tests.oracle.machine import Oracle, Watched, batches, users
from tests.oracle.wire import PATIENCE
from tests.project import views
from tests.project.live import live

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rest_framework.viewsets import ReadOnlyModelViewSet

    from tests.oracle import world

__all__ = ["FaultyOracle"]

METHODS = ("new_channel", "group_add", "group_discard", "group_send", "send", "receive")
PING = 0.02
"""Seconds between the pings of a hub, while a layer is out of reach and until it is heard again."""

fragile = st.sampled_from(
    [
        views.TaskDetailViewSet,
        views.TaskViewSet,
        views.ProjectViewSet,
        views.NoteViewSet,
        views.ArticleViewSet,
        views.DocumentViewSet,
        views.VehicleViewSet,
    ]
)


class FaultyOracle(Oracle):
    """The oracle, and faults between its steps."""

    tally: Counter[str] = Counter()
    """How many lists came back, by how: with a `snapshot` or told `exactly` what was missed."""

    @rule(user=users, batch=batches)
    def come_back(self, user: str, batch: list[world.Write]) -> None:
        """A connection drops, things change, and its owner goes on where it stood."""
        self.run(self._come_back([user], batch))

    @rule(batch=batches)
    def restart(self, batch: list[world.Write]) -> None:
        """Every connection drops, and when they come back the process is another one."""
        self.run(self._restart(batch))

    @rule(user=users, batch=batches)
    def disconnect(self, user: str, batch: list[world.Write]) -> None:
        """A user's connections are ended by order; its session is as good as before."""
        self.run(self._disconnect(user, batch))

    @rule(batch=batches)
    def lose(self, batch: list[world.Write]) -> None:
        """The layer swallows what is told of a few commits, and takes the next."""
        self.run(self._lose(batch))

    @rule(batch=batches)
    def outage(self, batch: list[world.Write]) -> None:
        """The layer is out of reach while things change, and then is back."""
        self.run(self._outage(batch))

    @rule(view=fragile, batch=batches)
    def stumble(self, view: type[ReadOnlyModelViewSet[Any]], batch: list[world.Write]) -> None:
        """A view raises the next time that it is asked, and never again."""
        fails = iter([True])
        usual = view.get_queryset

        def get_queryset(self: Any) -> Any:
            if next(fails, False):
                raise RuntimeError("The view stumbles.")
            return usual(self)

        async def write() -> None:
            with mock.patch.object(view, "get_queryset", get_queryset):
                await sync_to_async(self._atomically)(batch)
                await settled()
            await self._healed()

        self.run(write())

    # What they are made of.

    async def _healed(self) -> None:
        await self._quiet()
        await self._drop(one for one in self.watched if one.subscribed.operation.ended)

    async def _one_by_one(self, batch: Iterable[world.Write]) -> None:
        for step in batch:
            await sync_to_async(step)()
            await sync_to_async(self._look)()

    def _may_renew(self) -> None:
        """Anybody may be given a snapshot instead of what was missed."""
        for one in self.watched:
            one.racing = True

    async def _go(self, gone: Iterable[str]) -> None:
        for user in gone:
            if socket := self.sockets.pop(user, None):
                await socket.close()

    async def _return(self, gone: Iterable[str]) -> None:
        """Resume all that the users watched, each on one new connection."""
        back = [one for one in self.watched if one.user in gone]
        for one in back:
            await self._resume(one)
        for user in {one.user for one in back}:
            # What is asked now is answered once all before it has arrived.
            await (await self.sockets[user].subscribe("{ __typename }")).started()
        await settled()
        for one in back:
            held, payloads = one.held, one.subscribed.operation.payloads
            if isinstance(held, HeldList) and held.form == "full" and not held.renewed:
                type(self).tally["exactly"] += 1
            elif payloads and isinstance(held, HeldList) and held.form == "full":
                type(self).tally["snapshot"] += 1
        await self._healed()

    async def _resume(self, one: Watched) -> None:
        held, socket = one.held, await self._socket(one.user)
        # What it is sent now, a GET has to show now; what was shown meanwhile is none of its news.
        one.moments = [one.moments[0], one.moments[-1]]
        if isinstance(held, HeldList) and held.form == "delta":
            # Nothing would say that its cursor is not known: it begins anew.
            held.rows, one.moments = {}, one.moments[-1:]
        one.racing = True
        one.subscribed = await resume(socket, one.subscribed)

    async def _come_back(self, gone: list[str], batch: list[world.Write]) -> None:
        await self._go(gone)
        await self._one_by_one(batch)
        await self._return(gone)

    async def _restart(self, batch: list[world.Write]) -> None:
        gone = list(self.sockets)
        await self._go(gone)
        await settled()
        await _end(get_hub())
        _hubs[asyncio.get_running_loop()] = Hub()
        await self._one_by_one(batch)
        tally = type(self).tally
        before = tally["exactly"]
        with mock.patch.object(Questions, "ask", _nobody_answers):
            await self._return(gone)
        tally["exactly, by another process"] += tally["exactly"] - before

    async def _disconnect(self, user: str, batch: list[world.Write]) -> None:
        socket = self.sockets.get(user)
        live.disconnect(user=self.visitors[user].user)
        await settled()
        if socket is not None:
            async with asyncio.timeout(PATIENCE):
                await socket.closed.wait()
            assert socket.close_code == 4403, f"closed with {socket.close_code}"
        await self._come_back([user], batch)

    async def _lose(self, batch: list[world.Write]) -> None:
        layer: Any = get_channel_layer()
        send, lost = layer.group_send, set[str]()

        async def swallow(group: str, message: dict[str, Any]) -> None:
            if message["type"] == CHANGES:
                lost.add(decode_stamp(message)[0])
            else:
                await send(group, message)

        self._may_renew()
        with mock.patch.object(layer, "group_send", swallow):
            await self._one_by_one(batch)
            while not publisher.idle:
                await asyncio.to_thread(publisher.flush, 1.0)
        await sync_to_async(_touch)(lost)
        await self._healed()

    async def _outage(self, batch: list[world.Write]) -> None:
        hub, layer, noticed = get_hub(), get_channel_layer(), asyncio.Event()
        doubts = hub._ear._doubts

        def noticing(reason: str, error: Exception | None) -> None:
            doubts(reason, error)
            noticed.set()

        self._may_renew()
        with (
            override_settings(DRF_LIVE_GRAPHQL={**settings.DRF_LIVE_GRAPHQL, "HUB_PING": PING}),
            mock.patch.object(hub._ear, "_doubts", noticing),
        ):
            with ExitStack() as stack:
                for method in METHODS:
                    stack.enter_context(mock.patch.object(layer, method, _fail))
                await self._one_by_one(batch)
                if hub.address:
                    # Without waiting for the ping that is due at the usual time.
                    hub._ear._pulse._due = None
                    hub._ear._pulse._many.set()
                    async with asyncio.timeout(PATIENCE):
                        await noticed.wait()
            await settled()
        await self._healed()


async def _fail(*arguments: object) -> Any:
    raise ConnectionError("the layer is down")


async def _nobody_answers(*question: object) -> None:
    """As those do who are gone."""


async def _end(hub: Hub) -> None:
    """As a process ends that nobody is connected to any more."""
    for query in hub.retained:
        hub.drop(query)
    await hub.settle()
    tasks = [*hub._tasks, *hub._ear._tasks]
    if hub._follower is not None:
        tasks += [reader._task for reader in hub._follower._readers if reader._task is not None]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _touch(labels: Iterable[str]) -> None:
    """Commit something that changes nothing, but has a number."""
    with transaction.atomic():
        for label in labels:
            model = apps.get_model(label)
            of_uuids = isinstance(model._meta.pk, db.UUIDField)
            notify_changed(model(pk=uuid.UUID(int=0) if of_uuids else 0))
