"""What another process knows of a client that was connected to it before.

The process that a client comes back to asks the one that made its cursor, on that one's own
channel, and is answered on its own. Messages hold strings, integers and lists of them.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drf_live_graphql.conf import settings

from . import executor, history
from .gap import Gap, fingerprint
from .history import ABSENT
from .identity import digest
from .reads import Purpose, known
from .trace import trace_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from drf_live_graphql.requests import Connection
    from schema_gen import RootDescription

    from .cursor import Cursor
    from .history import Touched
    from .query import LiveQuery
    from .reads import Dependencies
    from .trace import Key

    Send = Callable[[str, dict[str, Any]], Awaitable[None]]

logger = logging.getLogger("drf_live_graphql.live")

ASK = "drf_live.ask"
ANSWER = "drf_live.answer"

# Seconds that another process may take to answer.
PATIENCE = 1.0
# Members above which a list is read anew rather than compared with that of another process.
MOST_MEMBERS = 100_000
# Processes that are remembered not to have answered, and for how many seconds.
MEMORY = 1_000
SILENCE = 10.0


@dataclass(frozen=True, slots=True)
class Told:
    """What another process told of a gap.

    ``query`` and ``number`` are the asker's own query, and its last round before it asked.
    """

    gap: Gap
    query: int
    number: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the process that made a cursor knows of its query.

    ``digest`` says whose query it is, by the facts called ``names``; ``reads`` what its evaluations
    were seen to read.
    """

    digest: str
    names: tuple[str, ...]
    reads: Dependencies
    gap: Gap

    def is_for(self, key: Key, connection: Connection) -> bool:
        """Whether ``connection``, which asks for ``key``, is entitled to it."""
        return self.digest == digest(key, self.names, connection.facts(self.names))


async def answer(query: LiveQuery, number: int, shape: str) -> dict[str, Any] | None:
    """What a query knows of the time since its round ``number``, as a message's content.

    For one who sees rows in ``shape``; ``None`` where it does not know. Everything published until
    now has to be received before.
    """
    if query.task is not None:
        # Rounds know more than what they were told to look at.
        await asyncio.wait((query.task,), timeout=PATIENCE / 2)
    if query.key.root.handler is not None:
        return None  # It is told as a whole, to those who come back as well.
    names = trace_of(query.key.root).names
    if len(names) != len(query.key.facts):
        return None
    whose = digest(query.key, names, query.key.facts)
    touched = query.missed(number, shape)
    if whose is None or touched is None or len(touched) > settings.RESUME_ROWS:
        return None
    content = {
        "digest": whose,
        "names": list(names),
        "reads": [[label, purpose.value] for label, purpose in known(query.key.root).items()],
        "touched": _encode(touched),
    }
    if query.key.root.action == "retrieve":
        return {**content, "then": _encode(query.then), "rest": ""}
    rest = query.rest(touched)
    if len(rest) > MOST_MEMBERS:
        return None
    return {**content, "then": [], "rest": await executor.run(lambda: fingerprint(rest))}


def _read(message: Mapping[str, Any], root: RootDescription) -> Answer:
    to_python = root.model._meta.pk.to_python
    gap = Gap(
        touched=_decode(message["touched"], to_python),
        then=_decode(message["then"], to_python),
        rest=message["rest"] or None,
    )
    reads = {label: Purpose(value) for label, value in message["reads"]}
    return Answer(message["digest"], tuple(message["names"]), reads, gap)


def _encode(touched: Touched) -> list[list[str]]:
    """A row that was absent is its key alone; one whose id is its key has that as its id."""
    return [
        [str(pk)] if known is ABSENT else [str(pk), "" if known is None else f"={known}"]
        for pk, known in touched.items()
    ]


def _decode(rows: list[list[str]], to_python: Callable[[str], Any]) -> Touched:
    return {to_python(pk): (id_[0][1:] if id_[0] else None) if id_ else ABSENT for pk, *id_ in rows}


class Questions:
    """The questions of one process that are not answered yet, and who did not answer."""

    def __init__(self, send: Send) -> None:
        """``send`` puts a message on a channel."""
        self._send = send
        self._open: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._asked: dict[tuple[Cursor, str, RootDescription], asyncio.Task[Answer | None]] = {}
        # Processes that did not answer, and until when (``history.clock``) nobody asks them.
        self._silent: dict[str, float] = {}

    async def ask(
        self, cursor: Cursor, shape: str, root: RootDescription, reply: str
    ) -> Answer | None:
        """What the process that made ``cursor`` knows of it, sent to the channel ``reply``.

        For one who sees the rows of ``root`` in ``shape``. ``None`` where it does not know, or does
        not answer in time. One question for all who ask the same at the same time.
        """
        if not cursor.hub or self._silent.get(cursor.hub, 0.0) > history.clock():
            return None
        question = (cursor, shape, root)
        task = self._asked.get(question)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._ask(cursor, shape, root, reply))
            self._asked[question] = task
            task.add_done_callback(lambda _: self._asked.pop(question, None))
        # The one who came first may give up; the others have not.
        return await asyncio.shield(task)

    async def _ask(
        self, cursor: Cursor, shape: str, root: RootDescription, reply: str
    ) -> Answer | None:
        token = uuid.uuid4().hex
        answered = self._open[token] = asyncio.get_running_loop().create_future()
        message = {
            "type": ASK,
            "token": token,
            "reply": reply,
            "query": cursor.query,
            "number": cursor.number,
            "shape": shape,
        }
        try:
            async with asyncio.timeout(PATIENCE):
                await self._send(cursor.hub, message)
                content = await answered
            return _read(content, root) if content["known"] else None
        except Exception as error:  # noqa: BLE001
            logger.info("A process that clients come from does not answer: %r", error)
            self._note_silence(cursor.hub)
            return None
        finally:
            del self._open[token]

    def _note_silence(self, hub: str) -> None:
        if len(self._silent) >= MEMORY:
            del self._silent[next(iter(self._silent))]
        self._silent[hub] = history.clock() + SILENCE

    def take(self, message: Mapping[str, Any]) -> None:
        """An answer came; one that comes too late is to a question that nobody waits for."""
        waiting = self._open.get(message["token"])
        if waiting is not None and not waiting.done():
            waiting.set_result(message)


__all__ = ["ANSWER", "ASK", "Answer", "Questions", "Told", "answer"]
