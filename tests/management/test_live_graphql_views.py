"""`manage.py live_graphql_views`: what is said of each view, and of what is not live."""

from __future__ import annotations

import warnings
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework import permissions, routers, serializers, viewsets
from rest_framework.authentication import TokenAuthentication
from rest_framework.decorators import action

from drf_live_graphql import LiveRouter
from drf_live_graphql.discovery import named_routers
from drf_live_graphql.management import arguments
from tests.project import models
from tests.project import views as project
from tests.project.live import live as board

if TYPE_CHECKING:
    from rest_framework.response import Response

live = LiveRouter()
"""Found by its name in this module."""
live.register("fences", project.FenceViewSet)


class NoteSerializer(serializers.ModelSerializer[models.Note]):
    mood = serializers.SerializerMethodField()

    class Meta:
        model = models.Note
        fields = ["id", "text", "owner", "mood"]

    def get_mood(self, note):  # type: ignore[no-untyped-def]
        return note.text.partition(" ")


class NoteViewSet(viewsets.ModelViewSet[models.Note]):
    queryset = models.Note.objects.order_by("id")
    serializer_class = NoteSerializer
    permission_classes = [permissions.IsAdminUser | permissions.IsAuthenticated]
    authentication_classes = [TokenAuthentication]
    pagination_class = project.SmallPages

    @action(detail=False)
    def recent(self, request: Any) -> Response:
        raise AssertionError("never called")

    @action(detail=True, methods=["post"])
    def pin(self, request: Any, pk: str) -> Response:
        raise AssertionError("never called")


class OwnBodyViewSet(NoteViewSet):
    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        raise AssertionError("never called")

    def get_permissions(self) -> Any:
        raise AssertionError("never called")


class StatusViewSet(viewsets.ViewSet):
    def list(self, request: Any) -> Response:
        raise AssertionError("never called")


def run(monkeypatch: pytest.MonkeyPatch, router: LiveRouter, **options: Any) -> str:
    monkeypatch.setattr(arguments, "named_routers", lambda: {"app.live.live": router})
    out = StringIO()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call_command("live_graphql_views", stdout=out, **{"no_color": True, **options})
    assert [str(item.message) for item in caught] == []
    return out.getvalue()


def lines(text: str, label: str) -> list[str]:
    """What stands beside a label."""
    return [line[18:].strip() for line in text.splitlines() if line.startswith(f"  {label:<16}")]


def test_a_view_with_all_that_is_live_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    router = LiveRouter()
    router.register("notes", NoteViewSet)
    text = run(monkeypatch, router)
    assert text.startswith("app.live.live\n")
    assert f"{__name__}.NoteViewSet at notes\n" in text
    assert lines(text, "list") == ["notes: NotePage!"]
    assert lines(text, "retrieve") == ["note: Note"]
    assert lines(text, "arguments") == ["page: Int, pageSize: Int", "id: ID!"]
    assert lines(text, "model") == ["project.Note"]
    assert lines(text, "permissions") == ["OR(IsAdminUser, IsAuthenticated)"]
    assert lines(text, "authentication") == ["TokenAuthentication"]
    assert "1 views, 2 roots." in text


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (permissions.IsAdminUser, "IsAdminUser"),
        (~permissions.IsAdminUser, "NOT(IsAdminUser)"),
        (
            permissions.IsAuthenticated & (permissions.IsAdminUser | permissions.AllowAny),
            "AND(IsAuthenticated, OR(IsAdminUser, AllowAny))",
        ),
    ],
)
def test_permissions_by_name(monkeypatch: pytest.MonkeyPatch, item: Any, name: str) -> None:
    router = LiveRouter()
    view = type("Fences", (project.FenceViewSet,), {"permission_classes": [item]})
    router.register("fences", view)
    assert lines(run(monkeypatch, router), "permissions") == [name]


def test_what_falls_back_to_json_and_how_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    router = LiveRouter()
    router.register("notes", NoteViewSet)
    [json] = lines(run(monkeypatch, router), "JSON")
    assert json.startswith("NoteSerializer.mood: its method get_mood() has no return hint")
    assert json.endswith("Give the method a return hint, or decorate it with @extend_schema_field.")


def test_what_is_left_out_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    router = LiveRouter()
    router.register(
        "notes",
        NoteViewSet,
        actions=["list"],
        exclude_fields=["owner", "mood"],
        exclude_arguments=["page_size"],
    )
    text = run(monkeypatch, router)
    assert lines(text, "left out") == [
        "retrieve(): its registration leaves it out, or its router has no route for it.",
        "field 'mood': exclude_fields of its registration names it.",
        "field 'owner': exclude_fields of its registration names it.",
        "argument 'page_size': exclude_arguments of its registration names it.",
        (
            "recent(): an @action; list() and retrieve() go live. Name it in extra_actions if it"
            " answers a list."
        ),
    ]
    assert lines(text, "arguments") == ["page: Int"]
    assert lines(text, "retrieve") == []
    assert lines(text, "JSON") == []


def test_a_view_that_decides_by_its_own_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    router = LiveRouter()
    router.register("notes", OwnBodyViewSet, exclude_fields=["mood"])
    text = run(monkeypatch, router)
    assert lines(text, "permissions") == ["as OwnBodyViewSet.get_permissions() says"]
    assert lines(text, "retrieve") == ["note: Note"]
    assert not any(line.startswith("retrieve()") for line in lines(text, "left out"))


def test_an_action_of_its_own_that_is_live(monkeypatch: pytest.MonkeyPatch) -> None:
    router = LiveRouter()
    router.register("notes", NoteViewSet, extra_actions=["recent"])
    text = run(monkeypatch, router)
    assert lines(text, "list") == ["notes: NotePage!", "notesRecent: NotesRecentPage!"]
    assert lines(text, "left out") == []


def test_a_view_that_takes_no_get(monkeypatch: pytest.MonkeyPatch) -> None:
    router = LiveRouter()
    router.register("fences", project.FenceViewSet)
    router.register("notes", type("Posted", (NoteViewSet,), {"http_method_names": ["post"]}))
    text = run(monkeypatch, router)
    assert lines(text, "left out")[0].startswith("list(): its http_method_names have no 'get', so")


def test_views_of_a_drf_router_that_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    drf = routers.SimpleRouter()
    drf.register("fences", project.FenceViewSet)
    drf.register("status", StatusViewSet, basename="status")
    router = LiveRouter()
    router.include(drf)
    text = run(monkeypatch, router)
    assert f"not live: {__name__}.StatusViewSet It is no GenericAPIView" in text
    assert lines(text, "permissions") == ["AllowAny"]


def test_a_view_without_permission_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Open(project.FenceViewSet):
        permission_classes = []
        authentication_classes = []

    router = LiveRouter()
    router.register("fences", Open)
    text = run(monkeypatch, router)
    assert lines(text, "permissions") == ["none: open to everyone"]
    assert lines(text, "authentication") == ["none: everyone is anonymous"]


def test_long_lists_go_on_below(monkeypatch: pytest.MonkeyPatch) -> None:
    router = LiveRouter()
    router.register("tasks", project.TaskViewSet, "task")
    text = run(monkeypatch, router)
    assert max(len(line) for line in text.splitlines()) <= 100
    start = text.index("arguments")
    listed = " ".join(text[start : text.index("  retrieve")].split())
    assert listed == "arguments " + ", ".join(
        [
            *("status: TaskStatusEnum", "project: ID", "assignee: ID", "assigneeIsnull: Boolean"),
            *("priority: TaskPriorityEnum", "priorityGte: Int", "priorityIn: [Int!]"),
            *("titleIcontains: String", "search: String", "ordering: [TaskOrdering!]"),
            *("page: Int", "pageSize: Int"),
        ]
    )


def test_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    router = LiveRouter()
    router.register("fences", project.FenceViewSet)
    coloured = run(monkeypatch, router, no_color=False, force_color=True)
    assert "\x1b[" in coloured
    assert "\x1b[" not in run(monkeypatch, router)


def test_a_router_by_its_name() -> None:
    out = StringIO()
    call_command("live_graphql_views", f"{__name__}.live", stdout=out, no_color=True)
    assert out.getvalue().startswith(f"{__name__}.live\n")
    with pytest.raises(CommandError, match="Expected a LiveRouter"):
        call_command("live_graphql_views", f"{__name__}.NoteViewSet")


def test_a_schema_that_can_t_be_built(monkeypatch: pytest.MonkeyPatch) -> None:
    router = LiveRouter()
    router.register("notes", NoteViewSet, exclude_fields=["txet"])
    with pytest.raises(CommandError, match=r"app\.live\.live: .*'txet'"):
        run(monkeypatch, router)


def test_views_whose_names_clash_are_shown_with_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clashing, empty, fine = LiveRouter(), LiveRouter(), LiveRouter()
    clashing.register("notes", NoteViewSet)
    clashing.register("more/notes", OwnBodyViewSet, list_name="notes", retrieve_name="other")
    fine.register("fences", project.FenceViewSet)
    found = {"a.live": clashing, "b.live": empty, "c.live": fine}
    monkeypatch.setattr(arguments, "named_routers", lambda: found)
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("live_graphql_views", stdout=out, no_color=True)
    text = out.getvalue()
    assert lines(text, "list") == ["notes: NotePage!", "notes: OtherPage!", "fences: [Fence!]!"]
    first, second = str(caught.value).splitlines()
    assert first.startswith("a.live: Two roots are called 'notes'")
    assert second.startswith("b.live: It has no view with a list or retrieve action")
    assert f"no schema: {first.removeprefix('a.live: ')}" in text


def test_types_are_written_as_the_schema_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    text = run(monkeypatch, board)
    query: Any = board.schema._schema.query_type
    roots = [*lines(text, "list"), *lines(text, "retrieve")]
    assert sorted(roots) == sorted(f"{name}: {f.type}" for name, f in query.fields.items())
    words = " ".join(line.strip() for line in text.splitlines())
    for field in query.fields.values():
        for name, argument in field.args.items():
            assert f"{name}: {argument.type}" in words


def test_routers_have_their_name_in_the_live_module() -> None:
    """`urls.py` and `asgi.py` have the same object, under names of their own."""
    names = list(named_routers())
    assert "tests.project.live.live" in names
    assert f"{__name__}.live" in names
    assert "tests.project.urls.live" not in names
    assert names == sorted(names)
