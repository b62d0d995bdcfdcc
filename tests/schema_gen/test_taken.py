"""Two views, or two serializers, of one name in one schema: the second has a longer one."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from rest_framework import serializers

import schema_gen
from schema_gen import SchemaError, SchemaWarning, TakenNames
from schema_gen.names import RootNames
from schema_gen.routes import parse_route
from schema_gen.taken import type_names
from tests.schema_gen import test_serializers
from tests.schema_gen.harness import execute, field_types, schema_of, viewset
from tests.schema_gen.models import Author, Book, Tag


def fields_of(*args: Any, **declared: Any) -> Any:
    """A serializer class as one that is written in a module of the tests' app."""
    found = test_serializers.fields_of(*args, **declared)
    found.__module__ = __name__
    return found


def describe(taken: TakenNames, serializer_class: Any, model: Any = Book, **options: Any) -> Any:
    view = viewset(serializer_class, model)
    return schema_gen.describe_view(view, **{"prefix": "books", "taken": taken, **options})


def quietly(*views: tuple[Any, dict[str, Any]]) -> list[Any]:
    taken = TakenNames()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SchemaWarning)
        return [describe(taken, serializer, **options) for serializer, options in views]


# Types.


def test_the_second_serializer_of_a_name_has_its_app_in_front_and_the_first_stays() -> None:
    taken = TakenNames()
    first = describe(taken, fields_of(Book, "id", "title"))
    with pytest.warns(
        SchemaWarning, match=r"is called 'Book', so this one is 'SchemaGenTestsBook'"
    ):
        second = describe(taken, fields_of(Book, "id"), prefix="novels", basename="novel")
    schema, _ = schema_of(first, second)
    assert field_types(schema, "Book") == {"id": "ID!", "title": "String!"}
    assert field_types(schema, "SchemaGenTestsBook") == {"id": "ID!"}
    assert field_types(schema, "Query")["novels"] == "[SchemaGenTestsBook!]!"


def test_more_of_them_are_numbered() -> None:
    views = quietly(
        (fields_of(Book, "id", "title"), {}),
        (fields_of(Book, "id"), {"prefix": "a", "basename": "a"}),
        (fields_of(Book, "title"), {"prefix": "b", "basename": "b"}),
        (fields_of(Book, "id"), {"prefix": "c", "basename": "c"}),
    )
    names = [view.roots[0].row.name for view in views]
    assert names == ["Book", "SchemaGenTestsBook", "SchemaGenTestsBook2", "SchemaGenTestsBook"]
    schema_of(*views)


def test_a_serializer_inside_another_and_its_enums_are_renamed_with_it() -> None:
    author = fields_of(Author, "id", "name")
    other = fields_of(Author, "name", "mood", mood=serializers.ChoiceField(["good", "bad"]))
    views = quietly(
        (fields_of(Book, "author", author=author()), {}),
        (
            fields_of(Book, "id", "author", author=other()),
            {"prefix": "novels", "basename": "novel", "type_name": "Novel"},
        ),
    )
    schema, resolvers = schema_of(*views)
    assert field_types(schema, "Novel") == {"id": "ID!", "author": "SchemaGenTestsAuthor!"}
    assert field_types(schema, "SchemaGenTestsAuthor")["mood"] == "SchemaGenTestsAuthorMoodEnum"
    resolvers.answers["novels"] = [{"id": 1, "author": {"name": "Ada", "mood": "bad"}}]
    answer = execute(schema, "{ novels { author { name mood } } }")
    assert answer == {"novels": [{"author": {"name": "Ada", "mood": "BAD"}}]}


def test_a_list_and_a_row_of_one_view_are_variants_and_no_strangers() -> None:
    class Folding(fields_of(Book, "id", "title")):  # type: ignore[misc]
        def get_fields(self) -> Any:
            fields = super().get_fields()
            if self.context["view"].action == "list":
                del fields["title"]
            return fields

    [view] = quietly((Folding, {}))
    assert [root.row.name for root in view.roots] == ["FoldingListItem", "Folding"]


def test_names_that_graphql_has_are_taken_from_the_start() -> None:
    [view] = quietly((fields_of(Tag, "id"), {"model": Tag}))
    assert view.roots[0].row.name == "Tag"
    date = type("DateSerializer", (fields_of(Tag, "id"),), {"__module__": __name__})
    [view] = quietly((date, {"model": Tag}))
    assert view.roots[0].row.name == "SchemaGenTestsDate"


def test_a_name_that_is_given_is_never_changed() -> None:
    first, second = quietly(
        (fields_of(Book, "id", "title"), {}),
        (fields_of(Book, "id"), {"prefix": "novels", "basename": "novel", "type_name": "Book"}),
    )
    with pytest.raises(SchemaError, match="Two different types are called 'Book'"):
        schema_of(first, second)


@pytest.mark.parametrize("origin", [int, test_serializers.fields_of(Book, "id")])
def test_a_class_that_is_in_no_app_of_the_project_is_numbered_at_once(origin: type) -> None:
    names = type_names("Thing", origin)
    assert [next(names), next(names)] == ["Thing", "Thing2"]


# Roots.


def claim(taken: TakenNames, route: str, *names: str, actions: Any = ("list", "retrieve")) -> Any:
    found = taken.claim_roots(RootNames(*names), actions, parse_route(route))
    return found.list, found.retrieve, found.base


def test_a_row_that_has_another_view_s_name_gets_the_words_of_its_route() -> None:
    taken = TakenNames()
    names = ("projectsCatalogs", "catalog", "Catalog")
    assert claim(taken, "projects/catalogs", *names) == names
    assert claim(taken, "questions/catalogs", "questionsCatalogs", *names[1:]) == (
        "questionsCatalogs",
        "questionsCatalog",
        "QuestionsCatalog",
    )


def test_envelopes_that_meet_leave_the_roots_as_they_are() -> None:
    taken = TakenNames()
    claim(taken, "checkins", "checkins", "checkin", "Checkin")
    # CheckinList + Change is Checkin + ListChange.
    assert claim(taken, "checkinlists", "checkinlists", "checkinList", "CheckinList") == (
        "checkinlists",
        "checkinList",
        "Checkinlists",
    )


def test_what_a_route_says_behind_the_key_names_a_row() -> None:
    taken = TakenNames()
    claim(taken, "products", "products", "product", "Product")
    names = ("productsPrice", "product", "Product")
    assert claim(taken, "products/{pk}/price", *names, actions=["retrieve"]) == (
        "productsPrice",
        "productsPrice",
        "ProductsPrice",
    )


def test_a_list_and_a_row_that_are_two_views_share_a_base() -> None:
    taken = TakenNames()
    names = ("books", "book", "Book")
    assert claim(taken, "books", *names, actions=["list"]) == names
    assert claim(taken, "books", *names, actions=["retrieve"]) == names


def test_what_nothing_tells_apart_is_numbered() -> None:
    taken = TakenNames()
    names = ("books", "book", "Book")
    claim(taken, "books", *names)
    assert claim(taken, "books", *names) == ("books2", "book2", "Book2")


def test_roots_that_were_renamed_are_a_warning_that_says_how_to_name_them() -> None:
    taken = TakenNames()
    serializer = fields_of(Book, "id")
    first = describe(taken, serializer, prefix="a/books")
    with pytest.warns(SchemaWarning, match=r"its roots are 'bBooks' and 'bBook'.*list_name="):
        second = describe(taken, serializer, prefix="b/books")
    schema, _ = schema_of(first, second)
    assert list(field_types(schema, "Query")) == ["aBooks", "book", "bBooks", "bBook"]


def test_without_names_to_share_a_clash_is_an_error() -> None:
    view = viewset(fields_of(Book, "id"), Book)
    views = [schema_gen.describe_view(view, prefix=prefix) for prefix in ("a/books", "b/books")]
    with pytest.raises(SchemaError, match="Two different types are called 'BookListChange'"):
        schema_of(*views)
