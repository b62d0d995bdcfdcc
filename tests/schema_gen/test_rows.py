"""What a view answers as its rows."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import QuerySet

from schema_gen.rows import as_queryset, has_instances
from tests.schema_gen.models import Book


def test_a_manager_stands_for_its_queryset_and_all_else_for_itself() -> None:
    found = as_queryset(Book.objects)
    assert isinstance(found, QuerySet)
    assert found.model is Book
    for other in (Book.objects.all(), [], None):
        assert as_queryset(other) is other


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (lambda: Book.objects.all(), True),
        (lambda: Book.objects.values(), False),
        (lambda: Book.objects.values_list("pk", flat=True), False),
        (list, False),
        (lambda: None, False),
    ],
)
def test_only_querysets_of_instances_have_instances(rows: Any, expected: bool) -> None:
    assert has_instances(rows()) is expected
