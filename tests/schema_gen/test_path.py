from __future__ import annotations

from typing import Any

import pytest

from schema_gen.path import path_arguments, placeholders
from schema_gen.routes import parse_route
from tests.schema_gen.models import Book, Contract, Shelf


class View:
    parent_lookup_kwargs = {"house_pk": "author__pk", "house_slug": "author__slug"}


def arguments(route: str, lookup: tuple[str, str] = ("pk", "pk"), model: Any = Book) -> Any:
    found = path_arguments(parse_route(route), View, model, lookup)  # type: ignore[arg-type]
    assert all(item.place == "path" and not item.type.nullable for item in found)
    return {item.name: (item.key, item.type.name) for item in found}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("route", "lookup", "expected"),
    [
        ("{pk}", ("pk", "pk"), {"id": ("pk", "ID")}),
        ("<int:pk>", ("pk", "pk"), {"id": ("pk", "ID")}),
        ("{uuid}", ("uuid", "uuid"), {"uuid": ("uuid", "UUID")}),
        ("{book_id}", ("book_id", "pk"), {"bookId": ("book_id", "ID")}),
        ("{code}", ("code", "author__code"), {"code": ("code", "BigInt")}),
        ("{author_pk}", ("pk", "pk"), {"authorPk": ("author_pk", "ID")}),
        ("{author_id}", ("pk", "pk"), {"authorId": ("author_id", "ID")}),
        ("{author}", ("pk", "pk"), {"author": ("author", "ID")}),
        (
            "{parent_lookup_author}",
            ("pk", "pk"),
            {"parentLookupAuthor": ("parent_lookup_author", "ID")},
        ),
        ("{author__slug}", ("pk", "pk"), {"authorSlug": ("author__slug", "String")}),
        ("{author_code}", ("pk", "pk"), {"authorCode": ("author_code", "BigInt")}),
        ("{translator}", ("pk", "pk"), {"translator": ("translator", "String")}),
        ("{house_pk}", ("pk", "pk"), {"housePk": ("house_pk", "ID")}),
        ("{house_slug}", ("pk", "pk"), {"houseSlug": ("house_slug", "String")}),
        ("{sequel_to_pk}", ("pk", "pk"), {"sequelToPk": ("sequel_to_pk", "ID")}),
        ("{stranger_pk}", ("pk", "pk"), {"strangerPk": ("stranger_pk", "ID")}),
        ("{stranger}", ("pk", "pk"), {"stranger": ("stranger", "String")}),
        ("<int:year>", ("pk", "pk"), {"year": ("year", "Int")}),
        ("<uuid:token>", ("pk", "pk"), {"token": ("token", "UUID")}),
        ("<slug:word>", ("pk", "pk"), {"word": ("word", "String")}),
        ("{info}", ("pk", "pk"), {"info_": ("info", "String")}),
    ],
)
def test_a_url_kwarg_has_the_type_of_what_it_is_compared_with(
    route: str, lookup: tuple[str, str], expected: Any
) -> None:
    assert arguments(route, lookup) == expected


def test_placeholders_are_of_the_right_kind() -> None:
    route = parse_route("{pk}/{author_pk}/{author_slug}/{published}/{shelf_pk}/{uuid}/{any}")
    found = placeholders(route, View, Book, ("pk", "pk"))  # type: ignore[arg-type]
    zero = "00000000-0000-0000-0000-000000000000"
    assert found == {
        "pk": "1",
        "author_pk": "1",
        "author_slug": "x",
        "published": "2000-01-01",
        "shelf_pk": zero,
        "uuid": zero,
        "any": "x",
    }


@pytest.mark.parametrize(("model", "expected"), [(Shelf, "0000"), (Contract, "1"), (None, "1")])
def test_the_placeholder_of_a_primary_key_fits_its_model(model: Any, expected: str) -> None:
    found = placeholders(parse_route("{pk}"), View, model, ("pk", "pk"))  # type: ignore[arg-type]
    assert found["pk"].startswith(expected)
