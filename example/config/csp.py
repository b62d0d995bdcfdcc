"""The policy under which everything here runs: own files only, nothing inline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import TypeAlias

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

__all__ = ["content_security_policy"]

POLICY = "default-src 'self'"
# The browsable API's templates carry style attributes.
STYLED = f"{POLICY}; style-src 'self' 'unsafe-inline'"

GetResponse: TypeAlias = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def content_security_policy(get_response: GetResponse) -> GetResponse:
    """Send the policy with every response that brings none of its own."""
    if iscoroutinefunction(get_response):

        async def policed_async(request: HttpRequest) -> HttpResponseBase:
            return with_policy(request, await get_response(request))

        return policed_async

    def policed(request: HttpRequest) -> HttpResponseBase:
        return with_policy(request, get_response(request))

    return policed


def with_policy(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    policy = STYLED if request.path.startswith("/api") else POLICY
    response.headers.setdefault("Content-Security-Policy", policy)
    return response
