"""System checks of the registered views: what each is for, and when it is silent."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from django.core.checks import INFO, WARNING, run_checks
from django.db.models import Index
from django.test import override_settings
from rest_framework import filters, pagination, permissions, serializers, viewsets

from drf_live_graphql import LiveRouter
from drf_live_graphql.checks import views as checks
from tests import servers
from tests.project import models
from tests.schema_gen.models import Author, Book, Tag

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

pytestmark = pytest.mark.django_db(databases="__all__")

PREFIX = "drf_live_graphql."


class NoteSerializer(serializers.ModelSerializer[models.Note]):
    class Meta:
        model = models.Note
        fields = ["id", "text"]


class NoteViewSet(viewsets.ReadOnlyModelViewSet[models.Note]):
    queryset = models.Note.objects.order_by("id")
    serializer_class = NoteSerializer
    permission_classes = [permissions.IsAuthenticated]


class Pages(pagination.PageNumberPagination):
    page_size = 10


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The messages of a router with one view, by the checks as Django runs them."""

    def run(
        view: type[Any] | LiveRouter, deploy: bool = False, **attributes: Any
    ) -> list[CheckMessage]:
        live = view
        if not isinstance(live, LiveRouter):
            live = LiveRouter()
            body = {"__module__": __name__, **attributes}
            live.register("rows", type("View", (view,), body), "row")
        monkeypatch.setattr(checks, "load_routers", lambda: [live])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            every = run_checks(include_deployment_checks=deploy)
        found = [message for message in every if str(message.id).startswith(PREFIX)]
        # What a check says is not said as a warning as well.
        assert [str(item.message) for item in caught] == []
        return [message for message in found if message.id != f"{PREFIX}W001"]

    return run


def _ids(found: list[CheckMessage]) -> list[str]:
    return [str(message.id).removeprefix(PREFIX) for message in found]


def test_a_view_with_nothing_to_say_of(messages: Any) -> None:
    assert messages(NoteViewSet) == []


# Who may read.


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"permission_classes": []}, ["W010"]),
        ({"permission_classes": [permissions.AllowAny]}, []),
        ({"permission_classes": [permissions.AllowAny, permissions.IsAdminUser]}, []),
        ({"permission_classes": [permissions.AllowAny | permissions.IsAdminUser]}, []),
        ({"permission_classes": [], "get_permissions": lambda self: []}, []),
    ],
)
def test_a_view_that_anybody_may_read(messages: Any, attributes: Any, expected: list[str]) -> None:
    found = messages(NoteViewSet, **attributes)
    assert _ids(found) == expected
    for message in found:
        assert message.obj == f"{__name__}.View"
        assert message.level == WARNING
        assert "[AllowAny]" in message.hint


def test_a_view_that_leaves_it_to_drf_s_default(messages: Any) -> None:
    class Plain(viewsets.ReadOnlyModelViewSet[models.Note]):
        queryset = models.Note.objects.order_by("id")
        serializer_class = NoteSerializer

    assert _ids(messages(Plain)) == ["W010"]
    allow = ["rest_framework.permissions.AllowAny"]
    with override_settings(REST_FRAMEWORK={"DEFAULT_PERMISSION_CLASSES": allow}):
        # The project has said so.
        assert _ids(messages(Plain)) == []


# Schemas that can't be.


def test_two_types_of_one_name(messages: Any) -> None:
    class Other(serializers.ModelSerializer[models.Label]):
        class Meta:
            model = models.Label
            fields = ["id", "name"]
            ref_name = "Note"

    class LabelViewSet(NoteViewSet):
        queryset = models.Label.objects.order_by("id")  # type: ignore[assignment]
        serializer_class = Other  # type: ignore[assignment]

    live = LiveRouter()
    live.register("notes", NoteViewSet)
    live.register("labels", LabelViewSet)
    [message] = messages(live)
    assert _ids([message]) == ["E003"]
    assert f"{__name__}.NoteSerializer" in message.msg
    assert ".Other. Give one of them another name" in message.msg
    assert "live_graphql_views" in message.hint


def test_two_roots_of_one_name(messages: Any) -> None:
    live = LiveRouter()
    live.register("notes", NoteViewSet)
    live.register("more/notes", NoteViewSet, list_name="notes", retrieve_name="other")
    [message] = messages(live)
    assert _ids([message]) == ["E003"]
    assert "at 'notes'" in message.msg
    assert "at 'more/notes'" in message.msg


def test_a_router_without_views(messages: Any) -> None:
    live = LiveRouter()
    [message] = messages(live)
    assert _ids([message]) == ["W015"]
    assert "register(prefix, ViewSet)" in message.hint
    live.register("notes", NoteViewSet)
    assert messages(live) == []


def test_a_registration_that_names_what_is_not_there(messages: Any) -> None:
    live = LiveRouter()
    live.register("notes", NoteViewSet, exclude_fields=["txet"])
    [message] = messages(live)
    assert _ids([message]) == ["E004"]
    assert "'txet'" in message.msg


def test_a_check_does_not_end_the_registering(messages: Any) -> None:
    live = LiveRouter()
    live.register("notes", NoteViewSet)
    assert messages(live) == []
    live.register("others", NoteViewSet, list_name="others", retrieve_name="other")
    assert messages(live) == []
    assert "others" in live.schema.as_str()
    assert messages(live) == []


# What is less than exact.


def test_a_field_without_a_type(messages: Any) -> None:
    class Loose(serializers.ModelSerializer[models.Note]):
        mood = serializers.SerializerMethodField()

        class Meta:
            model = models.Note
            fields = ["id", "mood"]

        def get_mood(self, note):  # type: ignore[no-untyped-def]
            return note.text.partition(" ")

    [message] = messages(NoteViewSet, serializer_class=Loose)
    assert _ids([message]) == ["W011"]
    assert "Loose.mood" in message.msg
    assert "nullable JSON" in message.msg
    assert "return hint" in message.hint


def test_a_view_that_can_t_say_its_queryset(messages: Any) -> None:
    def get_queryset(self: Any) -> Any:
        raise RuntimeError("not before there is a request")

    found = messages(NoteViewSet, queryset=None, get_queryset=get_queryset)
    assert _ids(found) == ["W012"]
    assert "not before there is a request" in found[0].msg
    assert "swagger_fake_view" in found[0].hint


def test_an_action_that_takes_no_get(messages: Any) -> None:
    found = messages(NoteViewSet, http_method_names=["post"])
    assert _ids(found) == ["W014", "W014"]
    assert "list(): its http_method_names have no 'get'" in found[0].msg


def test_a_filter_backend_whose_parameters_are_not_known(messages: Any) -> None:
    class Silent(filters.BaseFilterBackend):
        def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
            return queryset

    [message] = messages(NoteViewSet, filter_backends=[Silent])
    assert _ids([message]) == ["W014"]
    assert "Silent" in message.msg


# Indexes.


class AuthorSerializer(serializers.ModelSerializer[Author]):
    class Meta:
        model = Author
        fields = ["id", "name", "slug"]


class BookSerializer(serializers.ModelSerializer[Book]):
    class Meta:
        model = Book
        fields = ["id", "title"]


class TagSerializer(serializers.ModelSerializer[Tag]):
    class Meta:
        model = Tag
        fields = ["id", "name"]


SERIALIZERS: dict[Any, Any] = {Author: AuthorSerializer, Book: BookSerializer, Tag: TagSerializer}


@pytest.mark.parametrize(
    ("model", "lookup_field", "indexed"),
    [
        (Author, "pk", True),
        (Author, "id", True),
        (Author, "slug", True),
        (Author, "name", False),
        (Book, "author", True),
        (Book, "author_id", True),
        (Book, "author__slug", True),
        (Book, "author__name", False),
        (Book, "nothing", True),
        (Book, "title__nothing", True),
        (Tag, "name", True),
        (models.Membership, "user", True),
    ],
)
def test_a_row_is_looked_up_by_an_index(
    messages: Any, model: Any, lookup_field: str, indexed: bool
) -> None:
    serializer_class = SERIALIZERS.get(model, NoteSerializer)
    if model is models.Membership:
        meta = type("Meta", (), {"model": model, "fields": ["id"]})
        serializer_class = type("Serializer", (serializers.ModelSerializer,), {"Meta": meta})
    found = messages(
        NoteViewSet,
        queryset=model.objects.order_by("pk"),
        serializer_class=serializer_class,
        lookup_field=lookup_field,
        lookup_url_kwarg="key",
    )
    assert _ids(found) == ([] if indexed else ["W013"])


@pytest.mark.parametrize("model", [models.Truck, models.ServiceVehicle])
@pytest.mark.parametrize("indexed", [False, True])
def test_the_index_of_a_parent_counts_for_its_children_and_proxies(
    messages: Any, model: Any, indexed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexes = [Index(fields=["name"], name="by_name")] if indexed else []
    monkeypatch.setattr(models.Vehicle._meta, "indexes", indexes)
    meta = type("Meta", (), {"model": model, "fields": ["id", "name"]})
    found = messages(
        NoteViewSet,
        queryset=model.objects.order_by("pk"),
        serializer_class=type("Serializer", (serializers.ModelSerializer,), {"Meta": meta}),
        lookup_field="name",
    )
    assert _ids(found) == ([] if indexed else ["W013"])


class Cursors(pagination.CursorPagination):
    page_size = 10
    ordering = "-name"


@pytest.mark.parametrize(
    ("attributes", "indexed"),
    [
        ({"queryset": Author.objects.order_by("name")}, False),
        ({"queryset": Author.objects.order_by("-name", "id")}, False),
        ({"queryset": Author.objects.order_by("-slug", "name")}, True),
        ({"queryset": Author.objects.order_by("?")}, True),
        ({"queryset": Author.objects.all()}, True),
        ({"ordering": ["-name"], "filter_backends": [filters.OrderingFilter]}, False),
        ({"ordering": "name", "filter_backends": [filters.OrderingFilter]}, False),
        ({"ordering": ["slug"], "filter_backends": [filters.OrderingFilter]}, True),
        # Nobody reads it.
        ({"ordering": ["-name"], "filter_backends": []}, True),
        ({"pagination_class": Cursors}, False),
        (
            {
                "pagination_class": Cursors,
                "ordering": "slug",
                "filter_backends": [filters.OrderingFilter],
            },
            True,
        ),
        ({"queryset": Author.objects.order_by("name"), "pagination_class": None}, True),
    ],
)
def test_pages_are_sorted_by_an_index(messages: Any, attributes: Any, indexed: bool) -> None:
    attributes = {
        "queryset": Author.objects.order_by("id"),
        "serializer_class": AuthorSerializer,
        "pagination_class": Pages,
        **attributes,
    }
    found = messages(NoteViewSet, deploy=True, **attributes)
    assert _ids(found) == ([] if indexed else ["I001"])
    assert all(message.level == INFO for message in found)
    assert messages(NoteViewSet, **attributes) == []


def test_what_can_t_be_described_is_told_once(messages: Any) -> None:
    live = LiveRouter()
    live.register("notes", NoteViewSet, exclude_fields=["txet"])
    assert _ids(messages(live, deploy=True)) == ["E004"]


# The command.


def test_manage_py_check_tells_them() -> None:
    """A process of its own, in which only `urls.py` and `live.py` know of the router."""
    done = subprocess.run(
        [sys.executable, "-m", "django", "check"],
        env=servers.environment(),
        cwd=servers.ROOT,
        capture_output=True,
        text=True,
        check=False,  # Another app's check may fail: an ImageField without Pillow.
    )
    told = done.stdout + done.stderr
    assert "tests.project.views.VehicleViewSet: (drf_live_graphql.W010)" in told
    assert "tests.project.views.NoteViewSet" not in told
