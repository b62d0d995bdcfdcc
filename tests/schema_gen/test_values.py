"""Every field class of DRF over null, blank, edge and wrong values: GraphQL answers what REST does.

What differs by design is in `written`: an id is text, a decimal keeps its digits, a choice that is
none is null. A value that its scalar can't say is null, with a warning, and costs nothing else.
"""

from __future__ import annotations

import copy
import datetime
import inspect
import logging
import uuid
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, models
from django.db.models import Sum
from django.urls import path
from rest_framework import relations, serializers

import schema_gen
from tests.schema_gen.harness import Trip, execute, round_trip, schema_of, viewset
from tests.schema_gen.models import Author, Book, Tag
from tests.schema_gen.test_serializers import fields_of

pytestmark = pytest.mark.django_db

urlpatterns = [path("things/<int:pk>/", lambda request, pk: None, name="thing")]

S = serializers
UUID = uuid.UUID("01234567-89ab-cdef-0123-456789abcdef")
MOMENT = datetime.datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=datetime.UTC)
EARLY = datetime.datetime(1, 1, 2, tzinfo=datetime.UTC)
ZONED = datetime.datetime(2024, 5, 6, 7, 8, tzinfo=datetime.timezone(datetime.timedelta(hours=5)))
SPAN = datetime.timedelta(days=-1, hours=2, microseconds=5)
AUTHOR = Author(pk=2**40, name="Ada", slug="ada")
FILE = models.FileField().attr_class(SimpleNamespace(), models.FileField(), "a b/ü.png")  # type: ignore[arg-type]
NO_FILE = models.FileField().attr_class(SimpleNamespace(), models.FileField(), None)  # type: ignore[arg-type]
TEXTS = ["a", "", " ", "0", "é\n\u2028\U0001f600", "null"]
COLOURS = [("red", "Red"), ("", "None"), ("dark-blue", "Dark blue")]


class Inner(serializers.Serializer[Any]):
    label = serializers.CharField(allow_null=True)
    size = serializers.IntegerField(allow_null=True)


class Telling(serializers.SerializerMethodField):
    """Its method is `get_value` of the row serializer, which answers the value itself."""


# The field class, the options that it is made with, and the values that a GET can meet.
VALUES: list[tuple[type, dict[str, Any], list[Any]]] = [
    (S.BooleanField, {}, [True, False, "true", "", 0, "odd"]),
    (S.CharField, {}, [*TEXTS, 5, Decimal("1.0"), True]),
    (S.EmailField, {}, ["a@example.org", "", "no address"]),
    (S.RegexField, {"regex": "x"}, TEXTS),
    (S.SlugField, {}, ["a-b", "", "no slug!"]),
    (S.URLField, {}, ["https://example.org/?a=b&c", "", "no url"]),
    (S.IPAddressField, {}, ["10.0.0.1", "::1", "no address"]),
    (S.FilePathField, {"path": "/"}, ["/etc", "", "gone"]),
    (S.UUIDField, {}, [UUID]),
    (S.UUIDField, {"format": "hex"}, [UUID]),
    (S.UUIDField, {"format": "urn"}, [UUID]),
    (S.IntegerField, {}, [0, -1, 2**31 - 1, -(2**31), "7", 3.9, True]),
    (S.IntegerField, {"max_value": 2**60}, [0, 2**31, -(2**63), 2**53 + 1]),
    (S.FloatField, {}, [0.0, -0.5, 1e300, 5e-324, "1.5", 7]),
    (S.DecimalField, {"max_digits": 9, "decimal_places": 3}, [Decimal("1.5"), Decimal("-0"), "2"]),
    (S.DecimalField, {"max_digits": None, "decimal_places": None}, [Decimal("1E+30")]),
    (S.DecimalField, {"max_digits": 9, "decimal_places": 1, "localize": True}, [Decimal("1.5")]),
    (
        S.DecimalField,
        {"max_digits": 9, "decimal_places": 3, "normalize_output": True},
        [Decimal("1.500"), Decimal(100)],
    ),
    (S.DateTimeField, {}, [MOMENT, EARLY, ZONED, "2024-01-02T03:04:05Z", ""]),
    (S.DateTimeField, {"format": None}, [MOMENT, ZONED, "as it is"]),
    (S.DateTimeField, {"format": "%d.%m.%Y"}, [MOMENT]),
    (S.DateField, {}, [datetime.date(2024, 2, 29), datetime.date(1, 1, 1), "2024-01-02", ""]),
    (S.DateField, {"format": None}, [datetime.date(2024, 2, 29)]),
    (S.DateField, {"format": "%Y"}, [datetime.date(2024, 2, 29)]),
    (S.TimeField, {}, [datetime.time(0, 0), datetime.time(23, 59, 59, 999999), "01:02", ""]),
    (S.TimeField, {"format": None}, [datetime.time(1, 2)]),
    (S.TimeField, {"format": "%H"}, [datetime.time(1, 2)]),
    (S.DurationField, {}, [SPAN, datetime.timedelta(0), datetime.timedelta.max]),
    (S.JSONField, {}, [{}, [], "text", "", 0, False, {"a": [1, None, {"b": 1.5}]}, "é\u2028"]),
    (S.JSONField, {"binary": True}, [{"a": [None, "é"]}]),
    (S.DictField, {}, [{}, {"a": None, 1: "x"}]),
    (S.DictField, {"child": S.DecimalField(5, 2)}, [{"a": Decimal("1.5")}]),
    (S.HStoreField, {}, [{"a": "b", "c": None}]),
    (S.ChoiceField, {"choices": COLOURS}, ["red", "dark-blue", "", "gone"]),
    (S.ChoiceField, {"choices": [(1, "One"), (2, "Two")]}, [1, "2", 3]),
    (S.ChoiceField, {"choices": [("Warm", [("r", "Red")]), ("b", "Blue")]}, ["r", "b"]),
    (S.MultipleChoiceField, {"choices": COLOURS}, [["red", "dark-blue"], [], ("red",)]),
    (S.ListField, {}, [[], [1, "a", None, {"b": []}]]),
    (S.ListField, {"child": S.IntegerField()}, [[], [1, -1], ("2",), {3}]),
    (S.ListField, {"child": S.CharField(allow_null=True)}, [["a", None, ""]]),
    (S.ListField, {"child": S.ListField(child=S.FloatField())}, [[[0.5], []]]),
    (S.ListField, {"child": S.ChoiceField(COLOURS)}, [["red", "gone", ""]]),
    (S.ListField, {"child": Inner()}, [[{"label": "a", "size": None}]]),
    (S.FileField, {}, [FILE, NO_FILE, "", "no file"]),
    (S.FileField, {"use_url": False}, [FILE, NO_FILE]),
    (S.ImageField, {}, [FILE, NO_FILE]),
    (S.ModelField, {"model_field": Book._meta.get_field("title")}, TEXTS),
    (S.ModelField, {"model_field": Book._meta.get_field("blob")}, [b"", b"\x00\xff"]),
    (S.ModelField, {"model_field": Book._meta.get_field("sold")}, [0, 2**62]),
    (S.ModelField, {"model_field": Book._meta.get_field("reading_time")}, [SPAN]),
    (S.PrimaryKeyRelatedField, {"read_only": True}, [AUTHOR, Author(pk="a")]),
    (S.PrimaryKeyRelatedField, {"read_only": True, "pk_field": S.CharField()}, [AUTHOR]),
    (S.StringRelatedField, {}, [AUTHOR, 5]),
    (S.SlugRelatedField, {"slug_field": "slug", "queryset": Author.objects.all()}, [AUTHOR]),
    (S.HyperlinkedRelatedField, {"view_name": "thing", "read_only": True}, [AUTHOR, Author()]),
    (S.ManyRelatedField, {"child_relation": S.StringRelatedField()}, [[], [AUTHOR, AUTHOR]]),
    (S.ListSerializer, {"child": Inner()}, [[], [{"label": "é", "size": 2**31 - 1}]]),
    (S.Serializer, {}, [{"label": None, "size": 0}, SimpleNamespace(label="", size=None)]),
    (S.SerializerMethodField, {"hint": Any}, [1, "a", [UUID, MOMENT], {"a": Decimal("1.5")}]),
    (S.SerializerMethodField, {"hint": str | None}, TEXTS),
    (S.SerializerMethodField, {"hint": datetime.datetime | None}, [MOMENT, ZONED]),
    (S.SerializerMethodField, {"hint": datetime.timedelta | None}, [SPAN]),
    (S.SerializerMethodField, {"hint": uuid.UUID | None}, [UUID]),
    (S.SerializerMethodField, {"hint": list[float] | None}, [[], [0.5, -1.0], (1.5,)]),
    (S.SerializerMethodField, {"hint": bool | None}, [True, False]),
]

if hasattr(S, "BigIntegerField"):  # DRF 3.17
    VALUES += [
        (S.BigIntegerField, {}, [0, 2**63, -(2**64)]),
        (S.BigIntegerField, {"coerce_to_string": True}, [0, 2**63]),
        (S.DurationField, {"format": "iso-8601"}, [SPAN]),
        (S.DurationField, {"format": None}, [SPAN]),
    ]

# What DRF has beside them: bases that are never fields, what is never sent, what is a row.
ELSEWHERE = {
    "Field",
    "RelatedField",
    "HiddenField",
    "HyperlinkedIdentityField",
    "ReadOnlyField",
    "BaseSerializer",
    "ModelSerializer",
    "HyperlinkedModelSerializer",
}


def made(cls: type, options: dict[str, Any], **more: Any) -> tuple[Any, dict[str, Any]]:
    """The field, and what its serializer needs beside it."""
    # A field is bound to its first serializer; the table's stay unbound.
    options = copy.deepcopy(options)
    if cls is S.SerializerMethodField:

        def get_value(self: Any, row: Any) -> Any:
            return row.value

        get_value.__annotations__["return"] = options["hint"]
        return Telling(), {"get_value": get_value}
    if cls is S.Serializer:
        return Inner(**more), {}
    if cls is S.ModelField:
        return S.ModelField(**options, source="value", **more), {}
    return cls(**options, **({} if cls is S.StringRelatedField else more)), {}


def row_serializer(cls: type, options: dict[str, Any], **more: Any) -> Any:
    field, beside = made(cls, options, **more)
    return type("RowSerializer", (serializers.Serializer,), {"value": field, **beside})


def trip(cls: type, options: dict[str, Any], value: Any) -> Trip:
    # The field has no model field behind it, so that any value can come: allow_null as on a column.
    if cls is S.ModelField:
        field = options["model_field"]
        row: Any = Book(**{field.attname: value})
        options = {**options, "read_only": True}
        serializer = type(
            "RowSerializer",
            (serializers.Serializer,),
            {"value": S.ModelField(**options, source=field.attname)},
        )
        return round_trip(serializer, row, queryset=Book.objects.all())
    more = {} if cls is S.SerializerMethodField else {"allow_null": True}
    tag = Tag(pk=1, name="t")
    tag.value = value  # type: ignore[attr-defined]
    return round_trip(row_serializer(cls, options, **more), tag)


def written(found: Trip, value: Any) -> Any:
    """REST's answer as the documented mapping writes it."""
    rest, type_ = found.rest["value"], found.types["value"].rstrip("!")
    if type_ == "ID":
        return str(rest)
    if type_.endswith("Enum"):
        known = {item.value for item in found.schema._schema.type_map[type_].values.values()}
        return rest if rest in known else None
    if type_ == "[RowValueEnum]":
        known = {"red", "dark-blue"}
        return [item if item in known else None for item in rest]
    return rest


CASES = [
    pytest.param(cls, options, value, id=f"{cls.__name__}-{number}-{value!r:.40}")
    for number, (cls, options, values) in enumerate(VALUES)
    for value in values
]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(("cls", "options", "value"), CASES)
def test_a_value_is_answered_as_rest_answers_it(
    cls: type, options: dict[str, Any], value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    found = trip(cls, options, value)
    assert found.graphql == {"value": written(found, value)}
    wrong = "gone" in str(value) or value == 3
    assert bool(caplog.records) is (wrong and cls in (S.ChoiceField, S.ListField))


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("cls", "options"),
    [
        pytest.param(cls, options, id=f"{cls.__name__}-{number}")
        for number, (cls, options, _) in enumerate(VALUES)
        if cls is not S.ModelField and options.get("hint") is not Any
    ],
)
def test_null_is_null_and_a_warning_to_nobody(
    cls: type, options: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    found = trip(cls, options, None)
    if cls is S.StringRelatedField:
        assert found.types == {"value": "String"}
    assert not found.types["value"].endswith("!")
    assert found.graphql == found.rest == {"value": None}
    assert caplog.records == []


def test_no_field_class_of_drf_s_is_forgotten() -> None:
    classes = {
        name: found
        for module in (serializers, relations)
        for name, found in vars(module).items()
        if inspect.isclass(found) and issubclass(found, serializers.Field) and name[0] != "_"
    }
    tested = {cls.__name__ for cls, _, _ in VALUES}
    assert set(classes) - ELSEWHERE == tested
    assert set(classes) >= ELSEWHERE


WRONG: list[tuple[str, str, Any]] = [
    ("pages", "Int", 2**31),
    ("pages", "Int", -(2**40)),
    ("rating", "Float", float("inf")),
    ("rating", "Float", float("-inf")),
]


@pytest.mark.parametrize(("column", "scalar", "value"), WRONG)
def test_a_stored_number_that_graphql_can_t_say_is_null_and_costs_nothing_else(
    column: str, scalar: str, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    author = Author.objects.create(name="Ada", slug="ada")
    book = Book.objects.create(author=author, title="Notes")
    setattr(book, column, value)
    serializer = fields_of(Book, "title", column)
    view = schema_gen.describe_view(viewset(serializer, Book), prefix="books")
    schema, _ = schema_of(view, answers={"books": [serializer(book).data]})
    answer = execute(schema, f"{{ books {{ title {column} }} }}")
    assert answer == {"books": [{"title": "Notes", column: None}]}
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("schema_gen", logging.WARNING)
    assert record.getMessage().startswith(f"Book.{column}: {value!r} is no {scalar}")


@pytest.mark.parametrize("column", ["published", "created", "opens"])
def test_a_stored_date_that_django_can_t_read_is_null_and_costs_nothing_else(column: str) -> None:
    author = Author.objects.create(name="Ada", slug="ada")
    book = Book.objects.create(author=author, title="Notes")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE schema_gen_tests_book SET {column} = '0000-00-00?'")
        book.refresh_from_db()
    else:
        setattr(book, column, None)  # What Django makes of MySQL's zero dates.
    found = round_trip(fields_of(Book, "title", column), book)
    assert found.graphql == found.rest == {"title": "Notes", column: None}


TOLD_WRONG: list[tuple[Any, Any, Any, str]] = [
    (int | None, 2**31, None, "is no Int"),
    (int | None, "many", None, "is no Int"),
    (float | None, float("nan"), None, "is no Float"),
    (bool | None, "", None, "is no Boolean"),
    (str | None, ["a"], None, "is no String"),
    (str | None, True, None, "is no String"),
    (str | None, "\ud800", None, "is no String"),
    (str | None, object(), None, "is no String"),
    (datetime.date | None, 5, None, "is no Date"),
    (dict[str, Any] | None, {"a": [float("nan")]}, None, "is no JSON"),
    (dict[str, Any] | None, {"a": "\udfff"}, None, "is no JSON"),
    (list[str] | None, "text", None, "is no list"),
    (list[str] | None, {"a": 1}, None, "is no list"),
    (list[str] | None, 5, None, "is no list"),
    (list[int], [1, 2**31, 3], None, "is no Int"),
    (list[int | None], [1, 2**31, 3], [1, None, 3], "is no Int"),
    (list[str], ["a", None], None, "has items that are null"),
]


@pytest.mark.parametrize(("hint", "value", "expected", "message"), TOLD_WRONG)
def test_a_value_that_is_not_what_its_hint_says_is_null_with_a_warning(
    hint: Any, value: Any, expected: Any, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    serializer = row_serializer(S.SerializerMethodField, {"hint": hint})
    view = viewset(serializer, Tag)
    described = schema_gen.describe_view(view, prefix="rows", type_name="Row")
    schema, _ = schema_of(described, answers={"rows": [{"value": value}]})
    assert execute(schema, "{ rows { value } }") == {"rows": [{"value": expected}]}
    assert message in caplog.text
    assert "Row.value" in caplog.text


class Listing(Tag):
    given: Any

    @property
    def told(self):  # type: ignore[no-untyped-def]
        return list(self.given)

    class Meta:
        proxy = True
        app_label = "schema_gen_tests"


def answered(serializer: Any, row: Any, expected: list[Any]) -> Any:
    """What GraphQL answers for `value`; REST can't write an infinite number at all."""
    inside = " { label size }" if any(isinstance(item, dict) for item in expected) else ""
    view = schema_gen.describe_view(viewset(serializer, type(row)), prefix="rows", basename="row")
    schema, _ = schema_of(view, answers={"rows": [serializer(row).data]})
    return execute(schema, f"{{ rows {{ value{inside} }} }}")["rows"][0]["value"]


S_INT, S_FLOAT, S_TEXT = S.IntegerField(), S.FloatField(), S.CharField()


@pytest.mark.parametrize(
    ("child", "stored", "expected"),
    [
        (S_FLOAT, [1.0, float("inf"), 2.0], [1.0, None, 2.0]),
        (S_INT, [1, 2**31, 3], [1, None, 3]),
        (S_TEXT, ["a", None, "b"], ["a", None, "b"]),
        (S.ListField(child=S_TEXT), [["a", None], None], [["a", None], None]),
        (Inner(), [None, {"label": "a", "size": 1}], [None, {"label": "a", "size": 1}]),
    ],
)
def test_every_item_of_a_stored_list_keeps_its_place(
    child: Any, stored: Any, expected: Any
) -> None:
    class Row(serializers.Serializer[Any]):
        value = S.ListField(child=copy.deepcopy(child), source="meta")

    assert answered(Row, Book(meta=stored), expected) == expected


@pytest.mark.parametrize(
    ("child", "value", "expected"),
    [
        (S_FLOAT, [1.0, float("nan"), 2.0], [1.0, None, 2.0]),
        (S_INT, [1, 2**31, 3], [1, None, 3]),
        (S_TEXT, ["a", None], ["a", None]),
    ],
)
def test_a_list_of_the_project_s_own_code_is_never_another_list(
    child: Any, value: Any, expected: Any
) -> None:
    class Row(serializers.Serializer[Any]):
        value = S.ListField(child=copy.deepcopy(child), source="told")

    tag = Listing(name="t")
    tag.given = value
    assert answered(Row, tag, expected) == expected


def test_json_s_own_null_in_a_column_that_is_not_null(caplog: pytest.LogCaptureFixture) -> None:
    author = Author.objects.create(name="Ada", slug="ada")
    book = Book.objects.create(
        author=author, title="Notes", meta=models.Value(None, models.JSONField())
    )
    book.refresh_from_db()
    found = round_trip(fields_of(Book, "meta"), book)
    assert found.types == {"meta": "JSON"}
    assert found.graphql == found.rest == {"meta": None}
    assert caplog.records == []


def test_a_sum_of_integers_may_be_wider_than_they_are() -> None:
    author = Author.objects.create(name="Ada", slug="ada")
    for title in ("a", "b"):
        Book.objects.create(author=author, title=title, pages=2**31 - 1)
    rows = Author.objects.annotate(pages=Sum("books__pages"))
    serializer = fields_of(Author, "pages", pages=serializers.IntegerField())
    found = round_trip(serializer, rows.get(), queryset=rows)
    assert found.types == {"pages": "BigInt"}
    assert found.graphql == found.rest == {"pages": 2**32 - 2}


def test_a_label_is_null_only_where_its_value_may_be() -> None:
    author = Author.objects.create(name="Ada", slug="ada")
    book = Book.objects.create(author=author, title="Notes", grade=7)
    label = serializers.CharField(source="get_grade_display", read_only=True)
    found = round_trip(fields_of(Book, "label", label=label), book)
    assert found.types == {"label": "String!"}
    assert found.graphql == found.rest == {"label": "7"}
    raw = serializers.ReadOnlyField(source="get_grade_display")
    found = round_trip(fields_of(Book, "label", label=raw), book)
    # No choice has this value, so Django answers the number: it comes as its digits.
    assert (found.types, found.graphql) == ({"label": "String!"}, {"label": "7"})
    assert found.rest == {"label": 7}


def test_raw_bytes_are_json_because_databases_hand_them_out_differently() -> None:
    author = Author.objects.create(name="Ada", slug="ada")
    book = Book.objects.create(author=author, title="Notes", blob=b"abc")
    serializer = fields_of(Book, "raw", raw=serializers.ReadOnlyField(source="blob"))
    for value in (b"abc", memoryview(b"abc")):
        book.blob = value
        with pytest.warns(schema_gen.SchemaWarning, match=r"raw bytes in different forms"):
            found = round_trip(serializer, book)
        assert found.types == {"raw": "JSON"}
        assert found.graphql == found.rest


def test_a_field_that_its_serializer_leaves_out_for_some_is_null_for_them() -> None:
    class RowSerializer(serializers.ModelSerializer[Tag]):
        class Meta:
            model = Tag
            fields = ["id", "name"]

        def get_fields(self) -> Any:
            fields = super().get_fields()
            if self.context.get("hide"):
                del fields["name"]
            return fields

    view = schema_gen.describe_view(viewset(RowSerializer, Tag), prefix="rows", type_name="Row")
    tag = Tag.objects.create(name="t")
    data = RowSerializer(tag, context={"hide": True}).data
    schema, _ = schema_of(view, answers={"rows": [data]})
    assert execute(schema, "{ rows { id name } }") == {"rows": [{"id": str(tag.pk), "name": None}]}
