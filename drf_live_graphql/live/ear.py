"""The ear of a process at the channel layer, and every doubt whether it missed something.

One channel, joined to one group for each model that somebody watches. A gap in a publisher's
numbers concerns what its group is about; a ping that did not come back, a layer that raised or was
full, a connection made anew, a process that stood still concern everything.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from typing import TYPE_CHECKING, Any, Protocol

from channels.layers import get_channel_layer

from drf_live_graphql.changes import group_of, publisher
from drf_live_graphql.changes.control import CONTROL, DISCONNECT
from drf_live_graphql.changes.message import ALIVE, CHANGES, PING, decode_stamp
from drf_live_graphql.conf import settings
from drf_live_graphql.exceptions import LiveError

from .pulse import Pulse
from .sequence import Sequence
from .tasks import Tasks
from .wires import Wires

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

logger = logging.getLogger("drf_live_graphql.live")

# Seconds that a fence, sent through a group that was just joined, may take to come back.
FENCE_TIMEOUT = 2.0
# Seconds after which groups are joined again: layers forget members after a day
# (``group_expiry`` in Channels' layer specification).
REJOIN = 3600.0
# Seconds that this process may have stood still (stopped, suspended, busy elsewhere) without its
# messages being in doubt; channel layers keep them for a minute.
STANDSTILL = 10.0


class Recipient(Protocol):
    """Who listens through an ear."""

    def needed(self) -> Collection[str]:
        """The labels of which it wants to hear; while there is none, no layer is looked for."""

    def followed(self) -> Collection[str]:
        """The databases whose journals tell it what is in them."""

    def take(self, message: dict[str, Any], publisher_id: str) -> None:
        """Be told a message, other than a ping, and of which publisher (empty for a process's)."""

    def missed(self, label: str) -> None:
        """Be told that messages about ``label`` were missed."""

    def beat(self) -> None:
        """Do what is to be done every now and then."""

    async def recover(self) -> None:
        """The layer is likely to be heard again: start ``afresh``, listen and read anew."""


class Ear:
    """The channel of one event loop and the groups that it is in."""

    def __init__(self, recipient: Recipient) -> None:
        """Not connected yet: that happens with the first call of ``listen``."""
        self._recipient = recipient
        self._id = uuid.uuid4().hex
        self._channel: str | None = None
        self._joined: dict[str, float] = {}
        self._membership = asyncio.Lock()
        self._sequence = Sequence()
        # Fences of groups that were just joined: until they are back, changes may be unheard.
        self._fences: dict[str, asyncio.Task[None]] = {}
        self._fencing = asyncio.Lock()
        # What fences wait for, by label and token.
        self._echoes: dict[tuple[str, str], asyncio.Event] = {}
        self._pulse = Pulse()
        self._wires = Wires(self._reconnected)
        self._turn = 0
        self._doubt = False
        self._restarter: asyncio.Task[None] | None = None
        self._tasks = Tasks()
        # Groups that are being joined, and left.
        self._moves = Tasks()

    @property
    def address(self) -> str:
        """The channel on which other processes reach this one; empty while there is none."""
        return self._channel or ""

    @property
    def joined(self) -> Mapping[str, float]:
        """The labels whose groups it is in, and since when (the clock's time)."""
        return self._joined

    @property
    def doubtful(self) -> bool:
        """Whether anything may have been missed that was not read anew yet."""
        return self._doubt

    @property
    def moves(self) -> Tasks:
        """What is joining groups and leaving them."""
        return self._moves

    def hears(self, label: str) -> bool:
        """Whether messages about ``label`` arrive, if its group was joined at all."""
        return label not in self._fences

    # Groups.

    async def listen(self, labels: Iterable[str]) -> None:
        """Be in the groups of ``labels``; a layer that is down is joined when it is back.

        Returns once a message sent to each new group has come back: from then on a commit's
        message cannot be missed, and what was committed before is read. Where the layer hangs,
        whoever meets that first waits for it, and nobody else. Raises ``LiveError`` where no layer
        is configured.
        """
        if self._recovering:
            return
        try:
            await self._start()
            # To its end, whoever is cancelled meanwhile: else a group is joined that nobody leaves.
            await asyncio.shield(self._moves.spawn(self._join_groups(labels)))
        except LiveError:
            raise
        except Exception as error:  # noqa: BLE001
            self._doubts("the channel layer could not be joined", error)
            self._start_again()

    @property
    def _recovering(self) -> bool:
        """Whether all groups are joined and everything is read as soon as the layer is heard."""
        if self._channel is None:
            return self._restarter is not None and not self._restarter.done()
        return self._doubt

    def leave_unneeded(self) -> None:
        """Leave the groups that the recipient needs no more."""
        if self._unneeded():
            self._moves.spawn(self._leave_groups())

    async def afresh(self) -> None:
        """Forget all doubts, all groups and what was heard in them."""
        self._doubt = False
        await self._leave_groups()
        if not self._doubt:
            self._joined.clear()
            self._sequence.clear()

    def _start_again(self) -> None:
        if self._restarter is None or self._restarter.done():
            self._restarter = self._tasks.spawn(self._start_later())

    async def _start_later(self) -> None:
        """Go on trying to get a channel; the doubt is then put right like any other."""
        while self._recipient.needed() and self._channel is None:
            await asyncio.sleep(settings.HUB_PING)
            try:
                await self._start(again=True)
            except Exception as error:  # noqa: BLE001
                logger.info("The channel layer is still out of reach: %r", error)

    async def _start(self, *, again: bool = False) -> None:
        async with self._membership:
            if self._channel is not None or (self._recovering and not again):
                return
            layer = self._layer()
            publisher.bind(asyncio.get_running_loop())
            channel = await asyncio.wait_for(layer.new_channel(), settings.PUBLISH_TIMEOUT)
            self._channel = channel
            capacity = getattr(layer, "get_capacity", None)
            self._pulse.limit(None if capacity is None else capacity(channel))
            self._wires.watch(layer)
            self._tasks.spawn(self._receive(channel))
            self._tasks.spawn(self._watch(channel))

    @staticmethod
    def _layer() -> Any:
        layer = get_channel_layer(settings.CHANNEL_LAYER)
        if layer is None:
            raise LiveError(
                f"There is no channel layer {settings.CHANNEL_LAYER!r}. Expected it in the"
                " setting CHANNEL_LAYERS; RedisPubSubChannelLayer is the one of choice."
            )
        return layer

    async def _join_groups(self, labels: Iterable[str]) -> None:
        labels = (CONTROL, *labels)
        async with self._membership:
            for label in labels:
                if label in self._joined:
                    continue
                if self._recovering or not await self._group("group_add", label):
                    break
                self._joined[label] = time.time()
                self._fences[label] = self._tasks.spawn(self._await_fence(label))
            self.leave_unneeded()  # They may have been given up meanwhile.
        # Those that others wait for as well, and not theirs alone: they may be cancelled.
        fences = [self._fences[label] for label in labels if label in self._fences]
        if fences:
            await asyncio.wait(fences)

    async def _await_fence(self, label: str) -> None:
        try:
            await self.fence(label)
        finally:
            if self._fences.get(label) is asyncio.current_task():
                del self._fences[label]

    async def _leave_groups(self) -> None:
        async with self._membership:
            for label in self._unneeded():
                if self._doubt:
                    return  # They are left once the layer is heard again.
                del self._joined[label]
                self._sequence.forget(label)
                # No echo will come, and that is no doubt.
                self._pulse.leave(label)
                if fence := self._fences.pop(label, None):
                    fence.cancel()
                for (through, _), echo in self._echoes.items():
                    if through == label:
                        echo.set()
                await self._group("group_discard", label)

    async def _group(self, method: str, label: str) -> bool:
        """Join a group or leave it; whether the layer took that."""
        join = getattr(self._layer(), method)
        try:
            await asyncio.wait_for(join(group_of(label), self._channel), settings.PUBLISH_TIMEOUT)
        except Exception as error:  # noqa: BLE001
            self._doubts(f"the group of {label} could not be joined or left", error)
            return False
        return True

    def _unneeded(self) -> set[str]:
        return self._joined.keys() - self._recipient.needed()

    # Echoes.

    async def echo(self, label: str) -> None:
        """Return once a message of our own came through the group, and all before it.

        Raises what the layer raises, and ``TimeoutError``.
        """
        token = uuid.uuid4().hex
        echo = self._echoes[label, token] = asyncio.Event()
        try:
            message = {"type": PING, "hub": self._id, "label": label, "token": token}
            await asyncio.wait_for(
                self._layer().group_send(group_of(label), message), FENCE_TIMEOUT
            )
            await asyncio.wait_for(echo.wait(), FENCE_TIMEOUT)
        finally:
            del self._echoes[label, token]

    async def fence(self, label: str) -> None:
        """As ``echo``, where the group is joined; what goes wrong is a doubt and not raised."""
        # One after the other: many at once would fill a layer up, which then drops some of them.
        async with self._fencing:
            if self._doubt or label not in self._joined:
                return  # All is read anew; or it was left meanwhile, and no echo would come.
            try:
                await self.echo(label)
            except Exception as error:  # noqa: BLE001
                self._doubts(f"no echo from the group of {label}", error)

    # Messages.

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        """Send to another process's channel; raises what the layer raises, and ``TimeoutError``."""
        await asyncio.wait_for(self._layer().send(channel, message), settings.PUBLISH_TIMEOUT)

    async def _receive(self, channel: str) -> None:
        retry = 0.1
        while True:
            try:
                message = await self._layer().receive(channel)
            except Exception as error:  # noqa: BLE001
                self._doubts("receiving failed", error)
                await asyncio.sleep(retry)
                retry = min(retry * 2, 2.0)
                continue
            retry = 0.1
            self._pulse.received()
            try:
                self._take(message)
            except Exception:
                logger.exception("A message from the channel layer could not be used.")
                self._doubt = True

    def _take(self, message: dict[str, Any]) -> None:
        kind, sender = message.get("type"), ""
        if kind == PING:
            self._take_ping(message)
            return
        if kind in (CHANGES, ALIVE, DISCONNECT):
            label, stamp = decode_stamp(message)
            sender = stamp.publisher
            if self._sequence.missed(
                label,
                stamp,
                self._joined.get(label),
                alive=kind == ALIVE,
                journal=message.get("journal", ""),
                followed=self._recipient.followed(),
            ):
                logger.warning("Messages about %s were missed; reading anew.", label)
                self._recipient.missed(label)
        self._recipient.take(message, sender)

    def _take_ping(self, message: dict[str, Any]) -> None:
        if message["hub"] != self._id:
            return  # Another process's fence.
        if echo := self._echoes.get((message.get("label", ""), message.get("token", ""))):
            echo.set()
        number = message.get("number")
        reason = None if number is None else self._pulse.echo(number)
        if reason is not None:
            self._doubts(reason, None)

    # Beats.

    async def _watch(self, channel: str) -> None:
        """Send ourselves a ping every now and then, and put right what a lost one may mean."""
        rejoin_at = time.monotonic() + REJOIN
        while True:
            slept_at = time.monotonic()
            regular = await self._pulse.next(settings.HUB_PING)
            self._recipient.beat()
            if time.monotonic() - slept_at > settings.HUB_PING + STANDSTILL:
                self._doubts("this process stood still", None)
            if regular and time.monotonic() > rejoin_at:
                rejoin_at = time.monotonic() + REJOIN
                self._joined.clear()
                await self.listen(self._recipient.needed())
            taken = await self._ping(channel)
            if regular:
                await self._look(taken=taken)

    async def _look(self, *, taken: bool) -> None:
        """Recover where there is doubt, as soon as the layer is likely to be heard again."""
        self._wires.watch(self._layer())
        overdue = self._pulse.overdue
        if overdue:
            self._doubts("pings do not come back", None)
            self._pulse.forget()
            await self._wires.cut(self._layer())
        if self._doubt and taken and (overdue or self._pulse.answered):
            await self._recipient.recover()

    async def _ping(self, channel: str) -> bool:
        """Ping ourselves through one of the groups, each in its turn; whether it was taken.

        A group's membership can be lost while the channel is fine, and the other way round.
        """
        labels = tuple(self._joined)
        self._turn += 1
        label = labels[self._turn % len(labels)] if labels else None
        number = self._pulse.send(label)
        message = {"type": PING, "hub": self._id, "number": number}
        try:
            async with asyncio.timeout(settings.PUBLISH_TIMEOUT):
                if label is None:
                    await self._layer().send(channel, message)
                else:
                    await self._layer().group_send(group_of(label), message)
        except Exception as error:  # noqa: BLE001
            self._pulse.withdraw(number)
            self._doubts("the channel layer takes no ping", error)
            if isinstance(error, TimeoutError):
                # The other end may be gone without having closed the connection.
                await self._wires.cut(self._layer())
            return False
        return True

    def _reconnected(self) -> None:
        self._doubts("the connection to the channel layer was made anew", None)

    def _doubts(self, reason: str, error: Exception | None) -> None:
        if not self._doubt:
            logger.warning("Changes may be missed: %s (%r).", reason, error)
        self._doubt = True


__all__ = ["Ear", "Recipient"]
