"""Serializers as objects: nesting, names, recursion, and what makes an output unsure."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Count, Sum
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

import schema_gen
from schema_gen import SchemaError, SchemaWarning
from tests.schema_gen.harness import execute, field_types, round_trip, schema_of, viewset
from tests.schema_gen.models import Author, Book, Edition, Shelf, Tag


def fields_of(model_: Any, *names: str, **declared: Any) -> Any:
    meta = type("Meta", (), {"model": model_, "fields": list(names)})
    name = f"{model_.__name__}Serializer"
    return type(name, (serializers.ModelSerializer,), {"Meta": meta, **declared})


def describe(serializer_class: Any, model: Any = Book, **options: Any) -> Any:
    view = viewset(serializer_class, model, **options.pop("attributes", {}))
    return schema_gen.describe_view(view, **{"prefix": "rows", "basename": "row", **options})


def types(serializer_class: Any, name: str, model: Any = Book) -> dict[str, str]:
    return field_types(schema_of(describe(serializer_class, model))[0], name)


AuthorSerializer = fields_of(Author, "id", "name", "born")
TagSerializer = fields_of(Tag, "id", "name")


@pytest.mark.django_db
def test_nested_serializers_are_objects_with_rest_s_values() -> None:
    author = Author.objects.create(name="Ada", slug="ada")
    book = Book.objects.create(author=author, title="Notes", editor=None)
    book.tags.add(Tag.objects.create(name="x"), Tag.objects.create(name="y"))
    serializer = fields_of(
        Book,
        "author",
        "editor",
        "tags",
        author=AuthorSerializer(),
        editor=AuthorSerializer(),
        tags=TagSerializer(many=True),
    )
    found = round_trip(serializer, book)
    assert found.types == {"author": "Author!", "editor": "Author", "tags": "[Tag!]!"}
    assert found.graphql["author"] == {"id": str(author.pk), "name": "Ada", "born": None}
    assert found.graphql["editor"] is None
    names = [tag["name"] for tag in found.graphql["tags"]]
    assert names == [tag["name"] for tag in found.rest["tags"]] == ["x", "y"]


def test_a_plain_serializer_inside_reads_the_model_that_it_is_given() -> None:
    class Writer(serializers.Serializer[Author]):
        id = serializers.IntegerField()
        name = serializers.CharField(required=False)
        born = serializers.DateField()

    assert types(fields_of(Book, "author", author=Writer()), "Writer") == {
        "id": "ID!",
        "name": "String!",
        "born": "Date",
    }


def test_without_a_model_any_field_may_be_null() -> None:
    class Loose(serializers.Serializer[Any]):
        sure = serializers.CharField()
        unsure = serializers.CharField(required=False)
        null = serializers.CharField(allow_null=True)
        derived = serializers.CharField(read_only=True)

    class RowSerializer(serializers.Serializer[Any]):
        loose = Loose(source="anything.at.all")

    assert types(RowSerializer, "Loose") == {
        "sure": "String",
        "unsure": "String",
        "null": "String",
        "derived": "String",
    }


def test_depth_names_its_types_by_model_and_depth() -> None:
    class BookSerializer(serializers.ModelSerializer[Book]):
        class Meta:
            model = Book
            fields = ["title", "shelf", "sequel_to"]
            depth = 1

    described = describe(BookSerializer)
    schema, _ = schema_of(described)
    assert field_types(schema, "Book")["shelf"] == "ShelfDepth0"
    assert field_types(schema, "ShelfDepth0") == {"id": "ID!", "label": "String!"}


def test_depth_with_links_and_depth_without_are_two_types() -> None:
    def deep(base: Any, name: str) -> Any:
        meta = type("Meta", (), {"model": Book, "fields": ["title", "shelf"], "depth": 1})
        return type(name, (base,), {"Meta": meta})

    keyed = describe(deep(serializers.ModelSerializer, "KeyedSerializer"))
    linked = describe(
        deep(serializers.HyperlinkedModelSerializer, "LinkedSerializer"),
        prefix="others",
        basename="other",
    )
    schema, _ = schema_of(keyed, linked)
    assert field_types(schema, "ShelfDepth0") == {"id": "ID!", "label": "String!"}
    assert field_types(schema, "ShelfLinksDepth0") == {"url": "String!", "label": "String!"}


class ReplySerializer(serializers.ModelSerializer[Book]):
    sequels = serializers.SerializerMethodField()

    class Meta:
        model = Book
        fields = ["title", "sequels"]

    def get_sequels(self, book: Book) -> Any:
        return ReplySerializer(book.sequels.all(), many=True).data


extend_schema_field(ReplySerializer(many=True))(ReplySerializer.get_sequels)


def test_a_serializer_may_hold_itself() -> None:
    view = describe(ReplySerializer)
    row = view.roots[0].row
    assert row.fields[1].type.object is row
    tree = {"title": "a", "sequels": [{"title": "b", "sequels": []}]}
    schema, _ = schema_of(view, answers={"rows": [tree]})
    assert field_types(schema, "Reply") == {"title": "String!", "sequels": "[Reply!]"}
    answer = execute(schema, "{ rows { title sequels { title sequels { title } } } }")
    assert answer == {"rows": [tree]}


def test_names_come_from_override_component_ref_name_and_class() -> None:
    named = fields_of(Tag, "id")
    named.Meta.ref_name = "label_of"
    serializer = fields_of(Book, "tags", tags=named(many=True))
    assert describe(serializer).roots[0].row.name == "Book"
    assert describe(serializer, type_name="Volume").roots[0].row.name == "Volume"
    assert types(serializer, "LabelOf") == {"id": "ID!"}


def test_two_keys_of_one_graphql_name_are_an_error_that_names_both() -> None:
    class Twins(serializers.Serializer[Any]):
        x_1 = serializers.CharField()
        x1 = serializers.CharField()

    with pytest.raises(SchemaError, match=r"'x_1' and 'x1' of Twins are both 'x1'.*source="):
        describe(Twins)


def test_a_serializer_without_a_readable_field_has_no_root() -> None:
    class Silent(serializers.Serializer[Any]):
        secret = serializers.CharField(write_only=True)

    with pytest.warns(SchemaWarning, match="Silent has no field that can be read"):
        assert describe(Silent).roots == ()


def test_a_nested_serializer_without_a_readable_field_is_json() -> None:
    class Silent(serializers.Serializer[Any]):
        secret = serializers.CharField(write_only=True)

    with pytest.warns(SchemaWarning, match=r"BookSerializer\.author"):
        assert types(fields_of(Book, "author", author=Silent()), "Book") == {"author": "JSON"}


def test_an_overridden_output_makes_every_field_nullable() -> None:
    class Rewriting(serializers.ModelSerializer[Author]):
        class Meta:
            model = Author
            fields = ["id", "name"]

        def to_representation(self, instance: Author) -> dict[str, Any]:
            return {**super().to_representation(instance), "extra": 1}

    with pytest.warns(SchemaWarning, match="Rewriting: it overrides how it is written"):
        described = describe(fields_of(Book, "title", "author", author=Rewriting()))
    row = described.roots[0].row
    inner = row.fields[1].type.object
    assert row.prunable
    assert not inner.prunable
    assert field_types(schema_of(described)[0], "Rewriting") == {"id": "ID", "name": "String"}


def test_a_list_serializer_that_rewrites_its_output_is_json() -> None:
    class Grouping(serializers.ListSerializer[Any]):
        def to_representation(self, data):  # type: ignore[no-untyped-def]
            return {"all": super().to_representation(data)}

    class Grouped(serializers.ModelSerializer[Tag]):
        class Meta:
            model = Tag
            fields = ["name"]
            list_serializer_class = Grouping

    with pytest.warns(SchemaWarning, match=r"BookSerializer\.tags: Grouping makes its output"):
        assert types(fields_of(Book, "tags", tags=Grouped(many=True)), "Book") == {"tags": "JSON"}
    with pytest.warns(SchemaWarning, match="its list serializer Grouping overrides"):
        described = describe(Grouped, Tag)
    assert [root.action for root in described.roots] == ["retrieve"]


def test_a_list_serializer_may_hold_plain_fields() -> None:
    class RowSerializer(serializers.Serializer[Any]):
        numbers = serializers.ListSerializer[Any](child=serializers.IntegerField())

    assert types(RowSerializer, "Row") == {"numbers": "[Int]"}


def test_descriptions_come_from_help_text_label_and_docstring() -> None:
    class Described(serializers.ModelSerializer[Author]):
        """An author,
        by name.
        """

        name = serializers.CharField(help_text="In full.")
        slug = serializers.CharField(label="Short name")
        born = serializers.DateField(label="Born")
        initials = serializers.ReadOnlyField()
        shout = serializers.ReadOnlyField()

        class Meta:
            model = Author
            fields = ["name", "slug", "born", "initials", "shout"]

    row = describe(Described, Author).roots[0].row
    assert row.description == "An author,\nby name."
    assert {field.key: field.description for field in row.fields} == {
        "name": "In full.",
        "slug": "Short name",
        "born": None,
        "initials": "The first letters of the name.",
        "shout": None,
    }
    assert describe(fields_of(Author, "name"), Author).roots[0].row.description is None


@pytest.mark.parametrize(
    ("model", "names", "declared", "expected"),
    [
        (Book, ["id"], {}, ("id", "pk")),
        (Shelf, ["id"], {}, ("id", "pk")),
        (Edition, ["id"], {}, ("id", "pk")),
        (Book, ["title"], {}, (None, None)),
        (Book, ["id"], {"id": serializers.UUIDField(source="uuid")}, ("id", "uuid")),
        (Book, ["id"], {"id": serializers.CharField(source="author.slug")}, ("id", None)),
        (Book, ["id"], {"id": serializers.CharField(source="__str__")}, ("id", None)),
        (Book, ["ID"], {"ID": serializers.IntegerField(source="pk")}, ("ID", "pk")),
    ],
)
def test_the_id_of_a_row_is_known_by_key_and_source(
    model: Any, names: list[str], declared: Any, expected: Any
) -> None:
    row = describe(fields_of(model, *names, **declared), model).roots[0].row
    assert (row.id_key, row.id_source) == expected


@pytest.mark.django_db
def test_what_is_the_row_itself_has_its_annotations() -> None:
    class Stats(serializers.Serializer[Any]):
        total = serializers.IntegerField()
        books = serializers.ReadOnlyField(source="books_count")

    class Inside(serializers.Serializer[Any]):
        stats = Stats(source="*")

    class AuthorSerializer(serializers.ModelSerializer[Author]):
        inside = Inside(source="*")

        class Meta:
            model = Author
            fields = ["name", "inside"]

    author = Author.objects.create(name="Ada", slug="ada")
    for title in ("a", "b"):
        Book.objects.create(author=author, title=title, pages=2**31 - 1)
    rows = Author.objects.annotate(total=Sum("books__pages"), books_count=Count("books"))
    found = round_trip(AuthorSerializer, rows.get(), queryset=rows)
    # A sum is wider than an Int, and null where there is nothing to add; a count never is.
    assert field_types(found.schema, "Stats") == {"total": "BigInt", "books": "Int!"}
    assert found.graphql == found.rest
    assert found.rest["inside"] == {"stats": {"total": 2**32 - 2, "books": 2}}


def test_an_item_of_a_list_in_the_row_has_not_the_row_s_annotations() -> None:
    class Item(serializers.Serializer[Any]):
        total = serializers.IntegerField(allow_null=True)

    class AuthorSerializer(serializers.ModelSerializer[Author]):
        items = serializers.ListField(child=Item(), source="*")

        class Meta:
            model = Author
            fields = ["name", "items"]

    view = viewset(
        AuthorSerializer, Author, queryset=Author.objects.annotate(total=Sum("books__pages"))
    )
    schema, _ = schema_of(schema_gen.describe_view(view, prefix="authors"))
    assert field_types(schema, "Item") == {"total": "Int"}
