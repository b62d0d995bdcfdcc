from __future__ import annotations

from django.urls import path

from board import page

urlpatterns = [
    path("", page.board, name="board"),
    path("two/", page.two_visitors, name="two-visitors"),
]
