"""`@extend_schema_field` wins over what was found out; drf-spectacular is not needed for it."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import typing_extensions
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

import schema_gen
from schema_gen import SchemaWarning
from schema_gen.spectacular import annotation, scalar_of_schema
from tests.schema_gen.harness import field_types, schema_of, viewset
from tests.schema_gen.models import Tag


class TagSerializer(serializers.ModelSerializer[Tag]):
    class Meta:
        model = Tag
        fields = ["id", "name"]


def build(serializer_class: Any) -> Any:
    view = schema_gen.describe_view(
        viewset(serializer_class, Tag), prefix="rows", basename="row", type_name="Row"
    )
    return schema_of(view)[0]


def typed(override: Any) -> str:
    class RowSerializer(serializers.Serializer[Tag]):
        told = serializers.SerializerMethodField()

        @extend_schema_field(override)
        def get_told(self, tag):  # type: ignore[no-untyped-def]
            return None

    return field_types(build(RowSerializer), "Row")["told"]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (OpenApiTypes.STR, "String"),
        (OpenApiTypes.EMAIL, "String"),
        (OpenApiTypes.BINARY, "String"),
        (OpenApiTypes.INT, "Int"),
        (OpenApiTypes.INT64, "BigInt"),
        (OpenApiTypes.UINT16, "Int"),
        (OpenApiTypes.UINT32, "BigInt"),
        (OpenApiTypes.UINT64, "BigInt"),
        (OpenApiTypes.ANY, "JSON"),
        (OpenApiTypes.NONE, "JSON"),
        (OpenApiTypes.DECIMAL, "Decimal"),
        (OpenApiTypes.DATETIME, "DateTime"),
        (OpenApiTypes.OBJECT, "JSON"),
        (serializers.IntegerField, "Int"),
        (serializers.CharField(allow_null=True), "String"),
        (serializers.ListField(child=serializers.FloatField()), "[Float]"),
        (serializers.ChoiceField(["a"]), "RowToldEnum"),
        (TagSerializer, "Tag"),
        (TagSerializer(allow_null=True), "Tag"),
        (TagSerializer(many=True), "[Tag!]"),
        (str, "String"),
        (list[int], "[Int!]"),
        (float | None, "Float"),
        ({"type": "string", "format": "date"}, "Date"),
        ({"type": "integer", "format": "uint32"}, "BigInt"),
        ({"type": "string", "nullable": True}, "String"),
        ({"type": ["integer", "null"]}, "Int"),
        ({"type": ["integer", "string"]}, "JSON"),
        ({"type": "string", "enum": ["a", "b"]}, "RowToldEnum"),
        ({"type": "array", "items": {"type": "number"}}, "[Float!]"),
        ({"type": "array", "nullable": True, "items": {"type": "boolean"}}, "[Boolean!]"),
        ({"type": "array"}, "[JSON]"),
        ({"type": "object", "properties": {}}, "JSON"),
        ({"$ref": "#/x"}, "JSON"),
    ],
)
def test_an_override_says_the_type(override: Any, expected: str) -> None:
    assert typed(override) == expected


def test_what_an_override_may_be_but_graphql_can_t_say_is_json_with_a_warning() -> None:
    with pytest.warns(SchemaWarning, match=r"RowSerializer\.told.*extend_schema_field"):
        assert typed(Tag) == "JSON"


def test_an_optional_hint_beside_an_override_keeps_the_field_nullable() -> None:
    class RowSerializer(serializers.Serializer[Tag]):
        told = serializers.SerializerMethodField()

        @extend_schema_field(OpenApiTypes.DATE)
        def get_told(self, tag: Tag) -> str | None:
            return None

    assert field_types(build(RowSerializer), "Row") == {"told": "Date"}


def test_a_field_class_may_carry_an_override() -> None:
    @extend_schema_field(OpenApiTypes.FLOAT)
    class Odd(serializers.CharField):
        def to_representation(self, value: Any) -> str:
            return str(value)

    class RowSerializer(serializers.Serializer[Tag]):
        odd = Odd()

    assert field_types(build(RowSerializer), "Row") == {"odd": "Float"}


def test_a_serializer_s_overrides_are_read() -> None:
    @extend_schema_serializer(
        component_name="Badge", exclude_fields=("secret",), deprecate_fields=["old"]
    )
    class Inner(serializers.Serializer[Tag]):
        name = serializers.CharField()
        old = serializers.CharField()
        secret = serializers.CharField()

    class RowSerializer(serializers.Serializer[Tag]):
        inner = Inner()

    schema = build(RowSerializer)
    assert field_types(schema, "Row") == {"inner": "Badge"}
    fields: Any = schema._schema.type_map["Badge"].fields
    assert set(fields) == {"name", "old"}
    assert fields["old"].deprecation_reason == "Deprecated by its serializer."
    assert fields["name"].deprecation_reason is None


def test_nothing_of_ours_imports_drf_spectacular() -> None:
    import schema_gen.overrides
    import schema_gen.spectacular

    for module in (schema_gen.overrides, schema_gen.spectacular):
        assert "import drf_spectacular" not in inspect.getsource(module)
        assert "from drf_spectacular" not in inspect.getsource(module)


def test_an_annotation_that_is_none_is_empty() -> None:
    assert annotation(object()) == {}
    assert annotation(type("Odd", (), {"_spectacular_annotation": 1})) == {}


def test_an_unknown_schema_is_nullable_json() -> None:
    assert scalar_of_schema({}) == ("JSON", True)
    assert scalar_of_schema({"type": "integer", "format": "int64"}) == ("BigInt", False)


def test_every_open_api_type_has_a_scalar_of_its_kind() -> None:
    from drf_spectacular.plumbing import build_basic_type

    kinds = {"integer": {"Int", "BigInt"}, "number": {"Float", "Decimal"}, "boolean": {"Boolean"}}
    for member in OpenApiTypes:
        schema = build_basic_type(member) or {}
        found = typed(member).rstrip("!")
        if schema.get("type") in kinds:
            assert found in kinds[schema["type"]], member
        else:
            assert found not in {"Int", "BigInt", "Float", "Boolean"}, member


def test_a_property_may_carry_an_override() -> None:
    class Told(Tag):
        class Meta:
            proxy = True
            app_label = "schema_gen"

        @property
        @extend_schema_field(OpenApiTypes.DATE)
        def since(self):  # type: ignore[no-untyped-def]
            return "2024-01-02"

    class RowSerializer(serializers.ModelSerializer[Told]):
        since = serializers.ReadOnlyField()

        class Meta:
            model = Told
            fields = ["since"]

    assert field_types(build(RowSerializer), "Row") == {"since": "Date"}


def test_a_schema_carries_its_description_and_deprecation() -> None:
    class RowSerializer(serializers.Serializer[Tag]):
        told = serializers.SerializerMethodField()
        old = serializers.SerializerMethodField()

        @extend_schema_field({"type": "string", "description": "As told.", "deprecated": True})
        def get_told(self, tag):  # type: ignore[no-untyped-def]
            """Not this."""

        @typing_extensions.deprecated("Use told.")
        def get_old(self, tag: Tag) -> str:
            """The old one."""
            raise NotImplementedError

    fields: Any = build(RowSerializer)._schema.type_map["Row"].fields
    assert fields["told"].description == "As told."
    assert fields["told"].deprecation_reason == "Deprecated by its schema."
    assert fields["old"].description == "The old one."
    assert fields["old"].deprecation_reason == "Use told."


def test_a_serializer_s_description_wins_over_its_docstring() -> None:
    @extend_schema_serializer(description="In short.")
    class RowSerializer(serializers.Serializer[Tag]):
        """At length."""

        name = serializers.CharField()

    assert build(RowSerializer)._schema.type_map["Row"].description == "In short."


def test_a_name_that_a_serializer_inherits_is_its_parent_s() -> None:
    @extend_schema_serializer(component_name="Badge")
    class Parent(TagSerializer):
        pass

    class Referred(TagSerializer):
        class Meta(TagSerializer.Meta):
            ref_name = "Sticker"

    @extend_schema_serializer(exclude_fields=["name"])
    class Child(Parent):
        pass

    class Bare(Parent):
        pass

    class Further(Referred):
        class Meta(Referred.Meta):
            fields = ["id"]

    class RowSerializer(serializers.Serializer[Tag]):
        a = Parent()
        b = Child()
        c = Bare()
        d = Referred()
        e = Further()

    names = {
        name: type_.rstrip("!") for name, type_ in field_types(build(RowSerializer), "Row").items()
    }
    assert names == {"a": "Badge", "b": "Child", "c": "Bare", "d": "Sticker", "e": "Further"}
