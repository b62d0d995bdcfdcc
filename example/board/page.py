"""The page on which visitors see each other's changes."""

from __future__ import annotations

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from board.accounts import VISITORS

__all__ = ["BUILD_COMMAND", "board", "is_built", "two_visitors"]

BUILD_COMMAND = "cd example/frontend && npm ci && npm run build"
SCRIPT = "board/build/board.js"


def is_built() -> bool:
    """Whether the page's script has been built from example/frontend."""
    return finders.find(SCRIPT) is not None


@require_safe
@ensure_csrf_cookie
def board(request: HttpRequest) -> HttpResponse:
    """The board; without its script, what is missing and how to get it."""
    if not is_built():
        return missing(request)
    return render(request, "board/board.html")


@require_safe
def two_visitors(request: HttpRequest) -> HttpResponse:
    """Two visitors side by side, each with a token of their own."""
    if not is_built():
        return missing(request)
    return render(request, "board/two.html", {"visitors": VISITORS[:2]})


def missing(request: HttpRequest) -> HttpResponse:
    return render(request, "board/missing.html", {"command": BUILD_COMMAND}, status=503)
