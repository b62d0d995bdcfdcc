from __future__ import annotations

from typing import Any

import pytest
from rest_framework import serializers

from schema_gen.nullability import may_be_null
from schema_gen.sources import follow
from tests.schema_gen.models import Author, Book, Remark, Shelf

Char = serializers.CharField


@pytest.mark.parametrize(
    ("model", "path", "field", "expected"),
    [
        (Book, "title", Char(), False),
        (Book, "title", Char(allow_null=True), True),
        (Book, "title", Char(required=False), False),
        (Book, "title", Char(default="x"), False),
        (Book, "title", Char(read_only=True), False),
        (Book, "subtitle", Char(), True),
        (Book, "subtitle", Char(required=True), True),
        (Book, "loud", Char(), True),
        (Book, "cover", serializers.FileField(), True),
        (Book, "author.slug", Char(), False),
        (Book, "editor.slug", Char(), True),
        (Book, "author.contract", Char(), True),
        (Book, "author.initials", Char(required=False), False),
        # What code computes: see test_ends.
        (Book, "author.nickname", Char(), False),
        (Book, "editor.nickname", Char(), True),
        (Author, "books", Char(), False),
        (Remark, "about", Char(), True),
        (Remark, "by", Char(), True),
        (Shelf, "remarks", Char(), False),
        (None, "anything", Char(), False),
        (None, "anything", Char(required=False), False),
        (Book, "", Char(), False),
        (Book, "editor.slug", serializers.SerializerMethodField(), False),
    ],
)
def test_output_is_null_only_where_a_hop_or_the_end_may_be(
    model: Any, path: str, field: Any, expected: bool
) -> None:
    source = follow(model, [name for name in path.split(".") if name], {})
    assert may_be_null(field, source) is expected
