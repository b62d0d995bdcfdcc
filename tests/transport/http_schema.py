"""A small schema by hand: one of each kind of operation, and streams that tell how they ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator  # noqa: TC003 - strawberry reads the annotations
from typing import Any

import strawberry

# What subscriptions went through, for tests that ask whether they were closed.
history: list[str] = []
_noted = asyncio.Condition()


async def note(what: str) -> None:
    """Add to the history and wake those who wait for it."""
    history.append(what)
    async with _noted:
        _noted.notify_all()


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"Hello {name}"

    @strawberry.field
    def fails(self) -> str | None:
        raise ValueError("this field always fails")

    @strawberry.field
    def must_not_fail(self) -> str:
        raise ValueError("this field always fails")

    @strawberry.field
    def extensions(self, info: strawberry.Info) -> str:
        return str(info.input_extensions)

    @strawberry.field
    def teapot(self, info: strawberry.Info) -> str:
        response = info.context.response
        response.status_code = 418
        response["X-Pot"] = "short and stout"
        response.set_cookie("pot", "tea")
        return "tea"

    @strawberry.field
    def history(self) -> list[str]:
        return history


@strawberry.type
class Mutation:
    @strawberry.mutation
    def double(self, number: int) -> int:
        return number * 2


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int = 3) -> AsyncGenerator[int, None]:
        for number in range(1, to + 1):
            yield number

    @strawberry.subscription
    async def endless(self) -> AsyncGenerator[int, None]:
        await note("open")
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            await note("closed")

    @strawberry.subscription
    async def flood(self, bytes: int = 65_536) -> AsyncGenerator[str, None]:  # noqa: A002
        await note("open")
        try:
            while True:
                yield "x" * bytes
        finally:
            await note("closed")

    @strawberry.subscription
    async def history_of(self, length: int) -> AsyncGenerator[int, None]:
        """One result, when the history has that length."""
        async with _noted:
            await _noted.wait_for(lambda: len(history) >= length)
        yield len(history)

    @strawberry.subscription
    async def breaks(self) -> AsyncGenerator[int, None]:
        yield 1
        raise ValueError("this stream always breaks")

    @strawberry.subscription
    async def unspeakable(self) -> AsyncGenerator[strawberry.scalars.JSON, None]:
        unspeakable: Any = object()
        yield unspeakable


schema = strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription)

__all__ = ["Mutation", "Query", "Subscription", "history", "schema"]
