"""Views that show other fields to another asker: what one of them lacks is null, never an error."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework import serializers, versioning

import schema_gen
from schema_gen import SchemaWarning
from schema_gen.fickle import drops_fields
from tests.schema_gen.harness import execute, field_types, schema_of, viewset
from tests.schema_gen.models import Author, Tag


class Short(serializers.ModelSerializer[Author]):
    class Meta:
        model = Author
        fields = ["id", "name"]


class Long(serializers.ModelSerializer[Author]):
    class Meta:
        model = Author
        fields = ["id", "name", "slug"]


class Numbered(versioning.QueryParameterVersioning):
    allowed_versions = ("1", "2")
    default_version = "1"


def types(version: str | None = None, **attributes: Any) -> dict[str, str]:
    view = viewset(attributes.pop("serializer_class", None), Author, **attributes)
    described = schema_gen.describe_view(
        view, prefix="authors", type_name="Author", version=version
    )
    schema, _ = schema_of(described)
    return field_types(schema, "Author")


FIRM = {"id": "ID!", "name": "String!", "slug": "String!"}
LOOSE = {"id": "ID!", "name": "String", "slug": "String"}


def by_user(self: Any) -> Any:
    return Long if self.request.user.is_active else Short


def by_version(self: Any) -> Any:
    return Long if self.request.version == "1" else Short


def by_header(self: Any, *args: Any, **kwargs: Any) -> Any:
    cls = Short if "x-short" in self.request.headers else Long
    return cls(*args, **kwargs)


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ({"get_serializer_class": by_user}, "request.user"),
        ({"get_serializer_class": by_version, "versioning_class": Numbered}, "request.version"),
        ({"get_serializer": by_header}, "request.headers"),
    ],
)
def test_a_serializer_that_is_chosen_by_who_asks_promises_nothing(
    attributes: dict[str, Any], told: str
) -> None:
    with pytest.warns(SchemaWarning, match=rf"depends on the request \({told}\).*Long may be null"):
        assert types(**attributes) == LOOSE


def by_action(self: Any) -> Any:
    return Long if self.request.method == "GET" and self.action in ("list", "retrieve") else Short


def test_a_serializer_that_is_chosen_by_what_is_settled_is_firm() -> None:
    assert types(get_serializer_class=by_action) == FIRM
    settled = {"get_serializer_class": by_version, "versioning_class": Numbered}
    assert types(version="1", **settled) == FIRM


def test_what_only_its_context_reads_of_the_request_chooses_no_serializer() -> None:
    def get_serializer_context(self: Any) -> Any:
        return {"request": self.request, "user": self.request.user}

    def get_serializer(self: Any, *args: Any, **kwargs: Any) -> Any:
        return Long(*args, **kwargs, context=self.get_serializer_context())

    found = types(get_serializer_context=get_serializer_context, get_serializer=get_serializer)
    assert found == FIRM


def test_where_the_serializer_can_t_be_asked_for_the_declared_one_promises_nothing() -> None:
    def get_serializer_class(self: Any) -> Any:
        return Long if Tag.objects.exists() else Short

    with pytest.warns(SchemaWarning, match="its serializer_class is taken"):
        found = types(serializer_class=Long, get_serializer_class=get_serializer_class)
    assert found == LOOSE


class Dropping(Long):
    """Takes a field out for some, as many do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.context["request"].user.is_staff:
            self.drop()

    def drop(self) -> None:
        del self.fields["name"]


class Choosing(Long):
    """Asks who is there for what may be written, as many do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = str(self.context["request"].user.pk)


class Given(Long):
    """Takes out what it is told to, whoever asks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        without = kwargs.pop("without", ())
        super().__init__(*args, **kwargs)
        for name in without:
            self.fields.pop(name)


def test_a_serializer_that_takes_fields_out_for_some_promises_nothing() -> None:
    assert types(serializer_class=Dropping) == {"id": "ID!", "slug": "String"}
    assert types(serializer_class=Choosing) == types(serializer_class=Given) == FIRM
    assert [drops_fields(cls) for cls in (Dropping, Given, Choosing, Long)] == [
        True,
        True,
        False,
        False,
    ]


class Held(serializers.ModelSerializer[Tag]):
    class Meta:
        model = Tag
        fields = ["id", "name"]


class Holder(serializers.ModelSerializer[Author]):
    """What it declares as a row or a key it may write as the other."""

    books = Held(many=True, read_only=True)
    contract = Held(read_only=True)
    code = serializers.UUIDField()

    class Meta:
        model = Author
        fields = ["id", "contract", "books", "code", "edited"]

    def to_representation(self, instance: Any) -> Any:
        return instance


@pytest.mark.django_db
def test_a_row_where_a_key_was_declared_is_null_and_the_other_way_round(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tag = {"id": 1, "name": "t"}
    rows = [
        {"id": 1, "contract": tag, "books": [tag], "code": "c", "edited": [5]},
        {"id": 2, "contract": 5, "books": [5, "6"], "code": tag, "edited": [tag]},
    ]
    with pytest.warns(SchemaWarning, match="every field may be null"):
        view = schema_gen.describe_view(viewset(Holder, Author), prefix="rows", basename="row")
    schema, _ = schema_of(view, answers={"rows": rows})
    document = "{ rows { id contract { id name } books { id name } code edited } }"
    told = {"id": "1", "name": "t"}
    assert execute(schema, document)["rows"] == [
        {"id": "1", "contract": told, "books": [told], "code": "c", "edited": ["5"]},
        {"id": "2", "contract": None, "books": None, "code": None, "edited": None},
    ]
    assert "Holder.contract: 5 is no object" in caplog.text
    assert "a key was expected, dict came" in caplog.text
