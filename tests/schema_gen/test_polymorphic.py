"""A row that is written by one of several serializers is one object of all their fields."""

from __future__ import annotations

import json
from typing import Any

import pytest
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

import schema_gen
from schema_gen import SchemaWarning
from tests.schema_gen.harness import execute, field_types, schema_of, selection, viewset
from tests.schema_gen.models import Author, Book, Edition, Tag
from tests.schema_gen.test_serializers import fields_of


class Standin(serializers.Serializer[Any]):
    """Has what is read of django-rest-polymorphic's serializer, under its name."""

    model_serializer_mapping: dict[Any, Any] = {}
    resource_type_field_name = "resource_type"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        made = {model: each(**kwargs) for model, each in self.model_serializer_mapping.items()}
        self.model_serializer_mapping = made

    def to_representation(self, instance: Any) -> Any:
        written = self.model_serializer_mapping[type(instance)].to_representation(instance)
        return {**written, self.resource_type_field_name: type(instance).__name__}


Standin.__module__ = "rest_polymorphic.serializers"
Standin.__qualname__ = "PolymorphicSerializer"

PlainSerializer = fields_of(Book, "id", "title", "subtitle", "genre")
NumberedSerializer = fields_of(
    Edition, "id", "title", "number", "subtitle", subtitle=serializers.CharField(default="")
)


class WorkSerializer(Standin):
    """Of any kind."""

    model_serializer_mapping = {Book: PlainSerializer, Edition: NumberedSerializer}


def describe(serializer_class: Any, model: Any = Book) -> Any:
    view = viewset(serializer_class, model)
    return schema_gen.describe_view(view, prefix="rows", basename="row")


def test_the_fields_of_all_variants_are_there_and_null_where_one_is_without() -> None:
    view = describe(WorkSerializer)
    schema, _ = schema_of(view)
    assert field_types(schema, "Work") == {
        "id": "ID!",
        "title": "String!",
        "subtitle": "String",
        "genre": "WorkGenreEnum",
        "number": "Int",
        "resourceType": "String!",
    }
    row = view.roots[0].row
    assert (row.id_key, row.id_source, row.prunable) == ("id", "pk", False)
    assert row.description == "Of any kind."


@pytest.mark.django_db
def test_each_row_answers_what_rest_writes_of_it() -> None:
    author = Author.objects.create(name="Ada", slug="ada")
    rows: list[Any] = [
        Book.objects.create(author=author, title="a", genre="crime"),
        Edition.objects.create(author=author, title="b", number=3),
    ]
    data = WorkSerializer(rows, many=True).data
    schema, _ = schema_of(describe(WorkSerializer), answers={"rows": data})
    row = schema._schema.type_map["Work"]
    answer = execute(schema, f"{{ rows {selection(row)} }}")["rows"]
    rest = json.loads(JSONRenderer().render(data))
    for found, written in zip(answer, rest, strict=True):
        written["id"] = str(written["id"])
        written["resourceType"] = written.pop("resource_type")
        if written.get("genre"):
            written["genre"] = written["genre"].upper()
        assert {key: value for key, value in found.items() if value is not None} == {
            key: value for key, value in written.items() if value is not None
        }
    assert [found["resourceType"] for found in answer] == ["Book", "Edition"]


def test_a_field_of_two_types_is_json_with_a_warning() -> None:
    class OddSerializer(Standin):
        model_serializer_mapping = {
            Book: PlainSerializer,
            Edition: fields_of(Edition, "id", "title", title=serializers.IntegerField()),
        }

    with pytest.warns(SchemaWarning, match=r"OddSerializer\.title: its serializers write diff"):
        view = describe(OddSerializer)
    assert field_types(schema_of(view)[0], "Odd")["title"] == "JSON"


class CatSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    lives = serializers.IntegerField()


class DogSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    tricks = serializers.ListField(child=serializers.CharField())


@pytest.mark.parametrize(
    "parts",
    [
        [CatSerializer, DogSerializer()],
        {"cat": CatSerializer, "dog": DogSerializer},
        lambda: [CatSerializer, DogSerializer],
    ],
)
def test_a_proxy_of_spectacular_s_says_the_same_of_a_field(parts: Any) -> None:
    def proxy(**options: Any) -> Any:
        return PolymorphicProxySerializer(
            component_name="any_pet",
            serializers=parts,
            resource_type_field_name="kind",
            **options,
        )

    class PersonSerializer(serializers.Serializer[Any]):
        pet = serializers.SerializerMethodField()
        pets = serializers.SerializerMethodField()

        @extend_schema_field(proxy())
        def get_pet(self, tag):  # type: ignore[no-untyped-def]
            return {"kind": "cat", "lives": 9}

        @extend_schema_field(proxy(many=True))
        def get_pets(self, tag):  # type: ignore[no-untyped-def]
            return [{"kind": "dog", "tricks": ["sit"]}, self.get_pet(tag)]

    tag = Tag(name="t")
    answers = {"rows": [PersonSerializer(tag).data]}
    schema, _ = schema_of(describe(PersonSerializer, Tag), answers=answers)
    assert field_types(schema, "Person") == {"pet": "AnyPet", "pets": "[AnyPet!]"}
    assert field_types(schema, "AnyPet") == {
        "kind": "String",
        "lives": "Int",
        "tricks": "[String!]",
    }
    assert schema._schema.type_map["AnyPet"].description is None
    answer = execute(schema, "{ rows { pet { lives } pets { kind tricks lives } } }")
    assert answer["rows"][0] == {
        "pet": {"lives": 9},
        "pets": [
            {"kind": "dog", "tricks": ["sit"], "lives": None},
            {"kind": "cat", "tricks": None, "lives": 9},
        ],
    }


class Recursive(serializers.Field[Any, Any, Any, Any]):
    """Has what is read of djangorestframework-recursive's field, under its name."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        super().__init__(**options)

    @property
    def proxied(self) -> Any:
        holder: Any = self.parent
        holder = holder.parent if getattr(holder, "child", None) is self else holder
        made = type(holder)(**self.options)
        made.bind("", self.parent)
        return made

    def to_representation(self, value: Any) -> Any:
        return self.proxied.to_representation(value)


Recursive.__module__ = "rest_framework_recursive.fields"
Recursive.__qualname__ = "RecursiveField"


class NodeSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()
    next = Recursive(allow_null=True)
    children = serializers.ListField(child=Recursive())


def test_a_recursive_field_is_the_serializer_that_holds_it() -> None:
    leaf = {"label": "b", "next": None, "children": []}
    tree = {"label": "a", "next": leaf, "children": [leaf]}
    data = NodeSerializer(tree).data
    schema, _ = schema_of(describe(NodeSerializer, Tag), answers={"rows": [data]})
    assert field_types(schema, "Node") == {
        "label": "String",
        "next": "Node",
        "children": "[Node!]",
    }
    answer = execute(schema, "{ rows { label next { label } children { label } } }")
    assert answer["rows"] == [{"label": "a", "next": {"label": "b"}, "children": [{"label": "b"}]}]
