"""The policy under which everything here runs: own files only, nothing inline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import TypeAlias

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

__all__ = ["POLICY", "content_security_policy"]

POLICY = "default-src 'self'"

GetResponse: TypeAlias = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def content_security_policy(get_response: GetResponse) -> GetResponse:
    """Send `Content-Security-Policy: default-src 'self'` with every response."""
    if iscoroutinefunction(get_response):

        async def policed_async(request: HttpRequest) -> HttpResponseBase:
            return with_policy(await get_response(request))

        return policed_async

    def policed(request: HttpRequest) -> HttpResponseBase:
        return with_policy(get_response(request))

    return policed


def with_policy(response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    return response
