"""Two views, or two serializers, of one name in one schema: who gives way, and to what."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from rest_framework import serializers

import schema_gen
from schema_gen import NameClashError, SchemaWarning, TakenNames, settled
from schema_gen.names import RootNames
from schema_gen.routes import parse_route
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
    known = {"prefix": "books", "taken": taken, "yielding": True, **options}
    return schema_gen.describe_view(view, **known)


def described(*views: tuple[Any, dict[str, Any]]) -> list[Any]:
    return settled(lambda taken: [describe(taken, item, **options) for item, options in views])


def quietly(*views: tuple[Any, dict[str, Any]]) -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SchemaWarning)
        return described(*views)


def rows(views: list[Any]) -> list[str]:
    return [view.roots[0].row.name for view in views]


NOVELS = {"prefix": "novels", "basename": "novel"}
BY_HAND: dict[str, Any] = {"yielding": False}


# Types.


def test_included_serializers_of_one_name_all_have_their_app_in_front() -> None:
    one, other = fields_of(Book, "id", "title"), fields_of(Book, "id")
    other.__module__ = "django.contrib.auth.serializers"
    with pytest.warns(SchemaWarning, match=r"is called 'Book', so this one is") as caught:
        views = described((one, {}), (other, NOVELS))
    assert len(caught) == 2
    schema, _ = schema_of(*views)
    assert field_types(schema, "SchemaGenTestsBook") == {"id": "ID!", "title": "String!"}
    assert field_types(schema, "AuthBook") == {"id": "ID!"}
    assert field_types(schema, "Query")["novels"] == "[AuthBook!]!"


def test_who_comes_first_makes_no_difference() -> None:
    one, other = fields_of(Book, "id", "title"), fields_of(Book, "id")
    other.__module__ = "django.contrib.auth.serializers"
    assert rows(quietly((one, {}), (other, NOVELS))) == ["SchemaGenTestsBook", "AuthBook"]
    assert rows(quietly((other, NOVELS), (one, {}))) == ["AuthBook", "SchemaGenTestsBook"]


def test_a_view_that_is_registered_by_hand_keeps_its_name_wherever_it_comes() -> None:
    one, other = fields_of(Book, "id", "title"), fields_of(Book, "id")
    assert rows(quietly((one, BY_HAND), (other, NOVELS))) == ["Book", "SchemaGenTestsBook"]
    assert rows(quietly((other, NOVELS), (one, BY_HAND))) == ["SchemaGenTestsBook", "Book"]


def test_two_views_that_are_registered_by_hand_are_an_error_that_says_the_mend() -> None:
    views = described(
        (fields_of(Book, "id", "title"), BY_HAND),
        (fields_of(Book, "id"), {**NOVELS, **BY_HAND}),
    )
    with pytest.raises(NameClashError, match=r"called 'Book'.*type_name= .*register_serializer"):
        schema_of(*views)


def test_serializers_of_one_app_and_name_are_numbered() -> None:
    views = quietly(
        (fields_of(Book, "id", "title"), {}),
        (fields_of(Book, "id"), {"prefix": "a", "basename": "a"}),
        (fields_of(Book, "title"), {"prefix": "b", "basename": "b"}),
    )
    names = ["SchemaGenTestsBook", "SchemaGenTestsBook2", "SchemaGenTestsBook3"]
    assert rows(views) == names
    schema_of(*views)


def test_a_serializer_inside_another_and_its_enums_are_renamed_with_it() -> None:
    author = fields_of(Author, "id", "name")
    other = fields_of(Author, "name", "mood", mood=serializers.ChoiceField(["good", "bad"]))
    views = quietly(
        (author, {"model": Author, "prefix": "authors", "basename": "author", **BY_HAND}),
        (fields_of(Book, "id", "author", author=other()), {"type_name": "Novel", **NOVELS}),
    )
    schema, resolvers = schema_of(*views)
    assert field_types(schema, "Novel") == {"id": "ID!", "author": "SchemaGenTestsAuthor!"}
    assert field_types(schema, "SchemaGenTestsAuthor")["mood"] == "SchemaGenTestsAuthorMoodEnum"
    resolvers.answers["novels"] = [{"id": 1, "author": {"name": "Ada", "mood": "bad"}}]
    answer = execute(schema, "{ novels { author { name mood } } }")
    assert answer == {"novels": [{"author": {"name": "Ada", "mood": "BAD"}}]}


def test_models_of_one_name_under_depth_have_their_apps_in_front() -> None:
    class Meta:
        model = Book
        fields = ["author"]
        depth = 1

    # DRF calls both NestedSerializer; their models alone tell them apart.
    one = type("TomeSerializer", (serializers.ModelSerializer,), {"Meta": Meta})
    other = type("Nested", (fields_of(Author, "id"),), {"__module__": "django.contrib.auth.x"})
    other.__qualname__ = "ModelSerializer.build_nested_field.<locals>.NestedSerializer"
    other.Meta.depth = 0  # type: ignore[attr-defined]
    tags = fields_of(Tag, "id", "author", author=other())
    views = quietly((one, BY_HAND), (tags, {"model": Tag, "prefix": "tags", **BY_HAND}))
    schema, _ = schema_of(*views)
    assert field_types(schema, "Tome") == {"author": "SchemaGenTestsAuthorDepth0!"}
    assert field_types(schema, "Tag")["author"] == "AuthAuthorDepth0"


def test_a_list_and_a_row_of_one_view_are_variants_and_no_strangers() -> None:
    class Folding(fields_of(Book, "id", "title")):  # type: ignore[misc]
        def get_fields(self) -> Any:
            fields = super().get_fields()
            if self.context["view"].action == "list":
                del fields["title"]
            return fields

    [view] = quietly((Folding, {}))
    assert [root.row.name for root in view.roots] == ["FoldingListItem", "Folding"]


def test_one_serializer_that_is_sure_of_its_values_at_one_place_only_is_one_type() -> None:
    class PlainSerializer(serializers.Serializer[Any]):
        title = serializers.CharField()

    books = fields_of(Book, "id", "plain", plain=PlainSerializer(source="*"))
    tags = fields_of(Tag, "id", "plain", plain=PlainSerializer(source="*"))
    views = described((books, {}), (tags, {"model": Tag, "prefix": "tags", "basename": "tag"}))
    schema, _ = schema_of(*views)
    assert field_types(schema, "Plain") == {"title": "String"}


def test_names_that_graphql_has_are_taken_from_the_start() -> None:
    [view] = quietly((fields_of(Tag, "id"), {"model": Tag}))
    assert view.roots[0].row.name == "Tag"
    date = type("DateSerializer", (fields_of(Tag, "id"),), {"__module__": __name__})
    [view] = quietly((date, {"model": Tag}))
    assert view.roots[0].row.name == "SchemaGenTestsDate"


def test_a_name_that_is_given_is_never_changed() -> None:
    views = quietly(
        (fields_of(Book, "id", "title"), {}),
        (fields_of(Book, "id"), {**NOVELS, "type_name": "Book"}),
    )
    assert rows(views) == ["SchemaGenTestsBook", "Book"]
    schema_of(*views)


def test_a_class_that_is_in_no_app_of_the_project_is_numbered_at_once() -> None:
    names = TakenNames().names_for("Thing", int)
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
    with pytest.raises(NameClashError, match="Two different types are called 'BookListChange'"):
        schema_of(*views)
