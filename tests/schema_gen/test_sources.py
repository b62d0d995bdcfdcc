from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Count, ExpressionWrapper, F, IntegerField

from schema_gen.sources import annotations_of, follow, model_field
from tests.schema_gen.models import Author, Book, Contract, Edition, Remark, Shelf, Tag


@pytest.mark.parametrize(
    ("model", "path", "related", "maybe"),
    [
        (Book, "author", Author, False),
        (Book, "author.contract", Contract, False),
        (Book, "editor.contract", Contract, True),
        (Book, "author.contract.author", Author, True),
        (Book, "author.books", Book, False),
        (Book, "tags", Tag, False),
        (Book, "author.first_book", Book, False),
        (Book, "author.first_book.editor", Author, True),
        (Book, "author.untold.name", None, True),
        (Edition, "book_ptr.author", Author, False),
        (Remark, "about", None, False),
        (Remark, "about.label", None, True),
        (Remark, "by.contract", Contract, True),
        (Shelf, "remarks", Remark, False),
        (Book, "nowhere.at.all", None, True),
    ],
)
def test_a_source_is_followed_hop_by_hop(model: Any, path: str, related: Any, maybe: bool) -> None:
    found = follow(model, path.split("."), {})
    assert found.related is related
    assert found.maybe is maybe


def test_no_names_is_the_row_itself() -> None:
    found = follow(Book, [], {})
    assert found.whole
    assert found.related is Book


@pytest.mark.parametrize(
    ("model", "name", "expected"),
    [
        (Book, "pk", "id"),
        (Contract, "pk", "author"),
        (Book, "author_id", "author"),
        (Author, "books", "books"),
        (Author, "book", None),
        (Shelf, "book_set", "book"),
        (Book, "get_genre_display", None),
    ],
)
def test_an_attribute_reads_a_model_field(model: Any, name: str, expected: str | None) -> None:
    field = model_field(model, name)
    assert (field.name if field is not None else None) == expected


def test_a_stored_key_is_told_from_its_row() -> None:
    assert follow(Book, ["author_id"], {}).raw_key
    assert not follow(Book, ["author"], {}).raw_key


def test_annotations_have_the_field_that_django_knows() -> None:
    rows = Book.objects.annotate(
        tag_count=Count("tags"),
        mixed=F("pages") + F("title"),
        wrapped=ExpressionWrapper(F("pages") + F("sold"), IntegerField()),
    )
    found = annotations_of(rows)
    assert isinstance(found["tag_count"].output, IntegerField)
    assert not found["tag_count"].maybe
    assert found["mixed"].output is None
    assert isinstance(found["wrapped"].output, IntegerField)
    assert found["wrapped"].maybe
    assert follow(Book, ["tag_count"], found).annotation is found["tag_count"]
    assert follow(Book, ["author", "tag_count"], found).output is None
