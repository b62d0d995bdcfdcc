from __future__ import annotations

from rest_framework.pagination import PageNumberPagination

__all__ = ["Pages"]


class Pages(PageNumberPagination):
    """`?page=2&page_size=20`, a hundred rows unless told otherwise."""

    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500
