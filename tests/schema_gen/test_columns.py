"""The names that one column has."""

from __future__ import annotations

import pytest

from schema_gen.columns import column_path, says_as_much
from tests.schema_gen.models import Book


@pytest.mark.parametrize(
    ("names", "path"),
    [
        ("author_id", "author"),
        ("author__pk", "author__id"),
        ("sequels__author_id", "sequels__author"),
        ("price__lte", "price__lte"),
        ("unknown__id", "unknown__id"),
        ("pk", "id"),
    ],
)
def test_fields_are_called_what_the_model_calls_them(names: str, path: str) -> None:
    assert column_path(Book, names.split("__")) == tuple(path.split("__"))
    assert column_path(None, names.split("__")) == tuple(names.split("__"))


@pytest.mark.parametrize(
    ("asked", "told", "expected"),
    [
        ("price", "price", True),
        ("price__lte", "price", True),
        ("author__name", "author", True),
        ("author__id", "author", True),
        ("author", "author__id", True),
        ("author__name", "author__id", False),
        ("author", "author__name", False),
        ("translator__id", "translator__slug", False),
        ("translator", "translator__slug", True),
        ("tags", "tags__id", False),
        ("title", "price", False),
    ],
)
def test_what_tells_of_a_column(asked: str, told: str, expected: bool) -> None:
    assert says_as_much(Book, asked.split("__"), told.split("__")) is expected
