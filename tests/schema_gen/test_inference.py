# mypy: disable-error-code="no-untyped-def, no-untyped-call"
"""Methods without a hint: typed where their code leaves no doubt, and never otherwise."""

from __future__ import annotations

import functools
import inspect
import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import pytest
from django.urls import reverse
from rest_framework import serializers

from schema_gen import inference
from schema_gen.inference import infer
from schema_gen.types import ListType, ScalarType
from tests.schema_gen.harness import round_trip
from tests.schema_gen.models import Author, Book

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from schema_gen.types import TypeDescription

LABEL = "label"
GLOBAL: Any = None


class Settings:
    LIMIT = 5
    NAMES = ("a",)

    @property
    def found(self) -> str:
        raise AssertionError


def written(type_: TypeDescription | None) -> str | None:
    if type_ is None:
        return None
    name = f"[{written(type_.of)}]" if isinstance(type_, ListType) else getattr(type_, "name", "?")
    return name if type_.nullable else f"{name}!"


def follow(names: Sequence[str], called: bool) -> TypeDescription | None:
    known = {
        ("title",): "String",
        ("pages",): "Int",
        ("price",): "Decimal",
        ("loud",): "Called",
    }
    found = known.get(tuple(names))
    return ScalarType(found) if found and called == (found == "Called") else None


# Each function is here as a user might write it: its source is what is read.


def text(self, obj):
    return str(obj.author)


def formatted(self, obj):
    return f"{obj.title}!"


def joined(self, obj):
    return ", ".join(tag.name for tag in obj.tags.all())


def added(self, obj):
    return "a" + obj.title


def percent(self, obj):
    return "%s" % obj.title  # noqa: UP031


def link(self, obj):
    return reverse("book", args=[obj.pk])


def absolute(self, obj):
    return self.context["request"].build_absolute_uri(obj.url)


def how_many(self, obj):
    return obj.tags.count()


def length(self, obj):
    found = obj.tags.filter(name="x")
    return len(found)


def is_there(self, obj):
    return obj.tags.exists()


def negated(self, obj):
    return not obj.author


def compared(self, obj):
    return obj.state == "open"


def identical(self, obj):
    return obj.editor is not None


def both(self, obj):
    return obj.editor is not None and obj.tags.exists()


def of_the_row(self, obj):
    return obj.title


def called_on_the_row(self, obj):
    return obj.loud()


def a_default(self, obj):
    return obj.title or LABEL


def a_limit(self, obj):
    return obj.pages or Settings.LIMIT


def by_branches(self, obj):
    if obj.title:
        return obj.title
    if obj.pages:
        return str(obj.pages)
    return None


def an_object(self, obj):
    if obj is None:
        return None
    return OrderedDict([("value", obj), ("label", str(obj))])


def a_dict(self, obj):
    return {"a": 1}


def comprehended(self, obj):
    return {name: len(name) for name in obj.names}


def texts(self, obj):
    return [str(tag.pk) for tag in obj.tags.all()]


def items(self, obj):
    return [tag.pk for tag in obj.tags.all()]


def an_empty_list(self, obj):
    if obj.tags:
        return [str(tag) for tag in obj.tags]
    return []


def a_filled_list(self, obj):
    found = []
    if obj.tags:
        return [str(tag) for tag in obj.tags]
    found.append(obj.pk)
    return found


def a_text_s_form(self, obj):
    return "{}/{}".format(obj.pk, obj.title)  # noqa: UP032


def a_variable(self, obj):
    label = f"{obj.title}"
    return label  # noqa: RET504


def by_its_class(self, obj):
    if hasattr(obj, "data"):
        if isinstance(obj.data, dict):
            return obj.data
        return {"en": str(obj.data)}
    return None


def a_list_by_its_class(self, obj):
    try:
        if isinstance(obj, list):
            return obj
    except ValueError:
        return []
    return []


def a_match(self, obj):
    found = self.regex.match(obj)
    return found.group(1)


def texts_of_two_kinds(self, obj):
    if obj.title:
        return obj.title
    return obj.price


def parsed(self, obj):
    return json.loads(obj.title)


def replaced(self, obj):
    obj = str(obj)
    if obj:
        return obj
    return "none"


def either_way(self, obj):
    if obj.title:
        return obj.title
    else:  # noqa: RET505
        return "none"


def inside_a_with(self, obj):
    with self.lock:
        return str(obj)


def beside_another_function(self, obj):
    def inner():
        return 5

    return str(inner())


def large(self, obj):
    return 2**40 if obj.title else 3_000_000_000


def large_alone(self, obj):
    return 3_000_000_000


def real(self, obj):
    return 1.5


def of_two_lists(self, obj):
    return [str(obj)] if obj.title else [obj.pages]


def more(self, obj):
    return obj.pages + 1


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (by_its_class, "JSON"),
        (a_list_by_its_class, "[JSON]!"),
        (a_match, "String"),
        (texts_of_two_kinds, "String!"),
        (parsed, "JSON"),
        (either_way, "String!"),
        (inside_a_with, "String!"),
        (beside_another_function, "String!"),
        (large_alone, "BigInt!"),
        (real, "Float"),
        (of_two_lists, "[JSON]!"),
        (replaced, "String!"),
        (more, "Int"),
        (text, "String!"),
        (formatted, "String!"),
        (joined, "String!"),
        (added, "String!"),
        (percent, "String!"),
        (link, "String!"),
        (absolute, "String!"),
        (how_many, "Int!"),
        (length, "Int!"),
        (is_there, "Boolean!"),
        (negated, "Boolean!"),
        (compared, "Boolean!"),
        (identical, "Boolean!"),
        (both, "Boolean!"),
        (of_the_row, "String!"),
        (called_on_the_row, "Called!"),
        (a_default, "String!"),
        (a_limit, "Int!"),
        (by_branches, "String"),
        (an_object, "JSON"),
        (a_dict, "JSON"),
        (comprehended, "JSON"),
        (texts, "[String!]!"),
        (items, "[JSON]!"),
        (an_empty_list, "[String!]!"),
        (a_filled_list, "[JSON]!"),
        (a_text_s_form, "String!"),
        (a_variable, "String!"),
    ],
)
def test_code_that_leaves_no_doubt(function: Callable[..., Any], expected: str) -> None:
    found = infer(function, 1, follow)
    assert written(found) == expected


def other_types(self, obj):
    return obj.title or 5


def unknown_call(self, obj):
    return helper(obj)


def helper(obj):
    return obj


def shadowed(self, obj):
    str = helper  # noqa: A001
    return str(obj)


def a_parameter(self, obj, len=helper):  # noqa: A002
    return len(obj)


def reassigned(self, obj):
    obj = obj.author
    return obj.title


def twice(self, obj):
    value = "a"
    if obj.pages:
        value = obj.pages
    return value


def grown(self, obj):
    value = "a"
    value += obj.anything
    return value


def looped(self, obj):
    for value in obj.names:
        return value
    return "a"


def circular(self, obj):
    value = value or 1  # type: ignore[has-type]  # noqa: F821
    return value  # noqa: RET504


def unknown_field(self, obj):
    return obj.nowhere


def not_called(self, obj):
    return obj.loud


def a_call_of_a_field(self, obj):
    return obj.title()


def a_call_with_arguments(self, obj):
    return obj.loud("x")


def equal(self, obj):
    return obj.a == obj.b


def a_sum(self, obj):
    return obj.pages + obj.nowhere


def another_class(self, obj):
    if isinstance(obj.data, dict):
        return obj.other
    return {}


def made_anew(self, obj):
    value = obj.data
    if isinstance(value, dict):
        value = value.get("a")
        return value  # noqa: RET504
    return {}


def the_other_branch(self, obj):
    if isinstance(obj.data, dict):
        return {}
    return obj.data


def replaced_too_late(self, obj):
    if obj.title:
        return obj
    obj = str(obj)
    return obj  # noqa: RET504


def groups(self, obj):
    return self.regex.match(obj).group(1, 2)


def overridden(self, obj):
    return super().overridden(obj)


def an_item(self, obj):
    return obj.names[0]


def nothing(self, obj):
    return None


def no_return(self, obj):
    obj.save()


def from_a_global(self, obj):
    return GLOBAL


def from_a_property(self, obj):
    return Settings.found


def from_a_tuple(self, obj):
    return Settings.NAMES


def generated(self, obj):
    yield "a"


async def awaited(self, obj):
    return "a"


@functools.lru_cache
def decorated(self, obj):
    return "a"


@functools.wraps(text)
def wrapped(self, obj):
    return "a"


def closing(value: Any) -> Any:
    def inner(self, obj):
        return str(value)

    return inner


def in_an_unhashable_call(self, obj):
    return Settings.__dict__(obj)


made = eval("lambda self, obj: 'a'")


@pytest.mark.parametrize(
    "function",
    [
        other_types,
        unknown_call,
        shadowed,
        a_parameter,
        reassigned,
        twice,
        grown,
        looped,
        circular,
        unknown_field,
        not_called,
        a_call_of_a_field,
        a_call_with_arguments,
        equal,
        a_sum,
        another_class,
        made_anew,
        the_other_branch,
        replaced_too_late,
        large,
        groups,
        overridden,
        an_item,
        nothing,
        no_return,
        from_a_global,
        from_a_property,
        from_a_tuple,
        generated,
        awaited,
        decorated,
        wrapped,
        closing(1),
        in_an_unhashable_call,
        lambda self, obj: "a",
        made,
        str.upper,
        len,
        None,
    ],
)
def test_code_that_leaves_a_doubt(function: Any) -> None:
    assert infer(function, 1, follow) is None


def test_a_row_that_is_not_among_the_parameters() -> None:
    assert infer(of_the_row, 7, follow) is None
    assert infer(of_the_row) is None


def test_source_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "_trees", WeakKeyDictionary())

    def missing(_: Any) -> str:
        raise OSError("could not get source code")

    monkeypatch.setattr(inspect, "getsource", missing)
    assert infer(text, 1, follow) is None


# Through a serializer: the values are REST's.


class Shouted(serializers.Field[Any, Any, Any, Any]):
    def to_representation(self, value):
        return value and f"{value}!"


class Labelled(serializers.ChoiceField):
    def to_representation(self, value):
        if value == "":
            return None
        return OrderedDict([("value", value), ("label", self.choices[value])])


class BookSerializer(serializers.ModelSerializer[Book]):
    written_by = serializers.SerializerMethodField()
    born = serializers.SerializerMethodField()
    initials = serializers.SerializerMethodField()
    genre_label = serializers.SerializerMethodField()
    is_long = serializers.SerializerMethodField()
    tag_names = serializers.SerializerMethodField()
    price = serializers.SerializerMethodField()
    unsure = serializers.ReadOnlyField(source="author.unsure")
    shouted = Labelled(choices=[("poem", "Poem")], source="genre")

    class Meta:
        model = Book
        fields = [
            "written_by",
            "born",
            "initials",
            "genre_label",
            "is_long",
            "tag_names",
            "price",
            "unsure",
            "shouted",
        ]

    def get_written_by(self, book):
        return book.author.name if book.author else None

    def get_born(self, book):
        return book.author.born

    def get_initials(self, book):
        return book.author.initials

    def get_genre_label(self, book):
        return book.get_genre_display()

    def get_is_long(self, book):
        return book.pages is not None and book.pages > 100

    def get_tag_names(self, book):
        return [f"{tag}" for tag in book.tags.all()]

    def get_price(self, book):
        return book.price


@pytest.mark.django_db
@pytest.mark.parametrize("born", ["2000-01-02", None])
def test_inferred_fields_have_rest_s_values(born: str | None) -> None:
    author = Author.objects.create(name="Ada Lovelace", slug="ada", born=born)
    author.refresh_from_db()
    book = Book.objects.create(author=author, title="Notes", genre="poem", pages=120, price="9.90")
    book.refresh_from_db()
    found = round_trip(BookSerializer, book)
    assert found.types == {
        "written_by": "String",
        "born": "Date",
        "initials": "String!",
        "genre_label": "String!",
        "is_long": "Boolean!",
        "tag_names": "[String!]!",
        "price": "Decimal!",
        "unsure": "String",
        "shouted": "JSON",
    }
    # A decimal that no serializer field wrote is a float to DRF's renderer, digits to GraphQL.
    assert {**found.graphql, "price": float(found.graphql["price"])} == found.rest


class Named(serializers.ModelSerializer[Author]):
    class Meta:
        model = Author
        fields = ["id", "name"]


class Told(Named):
    def to_representation(self, instance):
        return {**super().to_representation(instance), "told": True}


class Dropping(Named):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "short" in self.context:
            self.fields.pop("name")


class Listed(Named):
    class Meta(Named.Meta):
        list_serializer_class = type(
            "ByName",
            (serializers.ListSerializer,),
            {"to_representation": lambda self, rows: {row.name: row.pk for row in rows}},
        )


class Titled(serializers.ModelSerializer[Book]):
    class Meta:
        model = Book
        fields = ["id", "title"]


class Shelved(serializers.ModelSerializer[Book]):
    """Methods that hand a row to another serializer, as DRF's users write them."""

    author = serializers.SerializerMethodField()
    editor = serializers.SerializerMethodField()
    everybody = serializers.SerializerMethodField()
    sequels = serializers.SerializerMethodField()
    told = serializers.SerializerMethodField()
    dropping = serializers.SerializerMethodField()
    listed = serializers.SerializerMethodField()
    partial = serializers.SerializerMethodField()
    broken = serializers.SerializerMethodField()
    itself = serializers.SerializerMethodField()
    filled = serializers.SerializerMethodField()
    rows_filled = serializers.SerializerMethodField()

    class Meta:
        model = Book
        fields = [
            *("author", "editor", "everybody", "sequels", "told", "dropping", "listed"),
            *("partial", "broken", "itself", "filled", "rows_filled"),
        ]

    def get_author(self, book):
        return Named(book.author, context=self.context).data

    def get_editor(self, book):
        if book.editor is None:
            return None
        return Named(instance=book.editor).data

    def get_everybody(self, book):
        if not book.title:
            return []
        return Named([book.author, book.editor or book.author], many=True).data

    def get_sequels(self, book):
        return Shelved(book.sequels.all(), many=True, context=self.context).data

    def get_told(self, book):
        return Told(book.author).data

    def get_dropping(self, book):
        return Dropping(book.author, context={"short": True}).data

    def get_listed(self, book):
        return Listed([book.author], many=True).data

    def get_partial(self, book):
        return Named(book.author, partial=True).data

    def get_broken(self, book):
        # Without a row, DRF shows the initial values of a form: no author has no id.
        return Named(book.editor).data

    def get_itself(self, book):
        return Titled(instance=book).data if book.title else None

    def get_filled(self, book):
        data = Named(book.author).data
        data["role"] = "author"
        return data

    def get_rows_filled(self, book):
        rows = Named([book.author], many=True).data
        for row in rows:
            row["role"] = "author"
        return rows


@pytest.mark.django_db
@pytest.mark.filterwarnings("ignore::schema_gen.SchemaWarning")
def test_what_a_method_has_another_serializer_show_is_that_serializer_s_type() -> None:
    author = Author.objects.create(name="Ada", slug="ada")
    book = Book.objects.create(author=author, title="Notes", editor=author)
    Book.objects.create(author=author, title="More notes", sequel_to=book)
    found = round_trip(Shelved, book)
    assert found.types == {
        "author": "Named",
        "editor": "JSON",
        "everybody": "[Named!]",
        "sequels": "[Row!]",
        "told": "JSON",
        "dropping": "JSON",
        "listed": "JSON",
        "partial": "JSON",
        "broken": "JSON",
        "itself": "Titled",
        "filled": "JSON",
        "rows_filled": "JSON",
    }
    shown = {"id": str(author.pk), "name": "Ada"}
    assert found.graphql["author"] == shown
    for name in ("editor", "broken", "filled", "rows_filled"):
        assert found.graphql[name] == found.rest[name]
    assert found.graphql["everybody"] == [shown, shown]
    (sequel,) = found.graphql["sequels"]
    assert (sequel["editor"], sequel["broken"], sequel["told"]) == (
        None,
        {"name": ""},
        {"id": author.pk, "name": "Ada", "told": True},
    )
    assert found.graphql["listed"] == found.rest["listed"] == ["Ada"]
