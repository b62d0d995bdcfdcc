"""What a view reads beside its rows by querysets of the project's own, compared with a GET."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db.models import Count, Manager, Prefetch, QuerySet
from django.urls import include, path
from rest_framework import serializers, viewsets

from drf_live_graphql import LiveRouter
from tests.live.shapes import Site, mount
from tests.project import models
from tests.project.serializers import PersonSerializer

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django.fixtures import SettingsWrapper

    from tests.live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")
User = get_user_model()


class BusySerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    size = serializers.IntegerField()

    class Meta:
        model = User
        fields = ["id", "size"]


class AssignedSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    assignee = BusySerializer()

    class Meta:
        model = models.Task
        fields = ["id", "assignee"]


class RemarkedSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    author = PersonSerializer()

    class Meta:
        model = models.Comment
        fields = ["id", "author"]


class RecentSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    recent = RemarkedSerializer(many=True)

    class Meta:
        model = models.Task
        fields = ["id", "recent"]


class NamesSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    """Shows users by a relation, and others by what was prefetched."""

    names = serializers.SerializerMethodField()
    assignee = PersonSerializer()

    class Meta:
        model = models.Task
        fields = ["id", "assignee", "names"]

    def get_names(self, task: Any) -> list[str]:
        return [comment.author.username for comment in task.recent]


@pytest.fixture
def site(
    connect: Connect, settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Site]:
    """A site of one list of tasks, read and shown as told."""

    def make(serializer: type[Any], *lookups: Any, of: Any = None) -> Site:
        tasks = models.Task.objects.order_by("id") if of is None else of

        class TaskViewSet(viewsets.ReadOnlyModelViewSet):  # type: ignore[type-arg]
            queryset = tasks.prefetch_related(*lookups)
            serializer_class = serializer

        patterns = [path("tasks/", TaskViewSet.as_view({"get": "list"}))]
        mount([path("api/", include(patterns))], settings, monkeypatch)
        live = LiveRouter()
        live.include(patterns)
        return Site(live, connect)

    return make


@pytest.fixture
async def board(live_db: None) -> dict[str, Any]:
    def build() -> dict[str, Any]:
        ada, bob = (User.objects.create(username=name) for name in ("ada", "bob"))
        project = models.Project.objects.create(name="x", slug="x")
        first, second = (
            models.Task.objects.create(project=project, title=title, assignee=ada)
            for title in ("first", "second")
        )
        comment = models.Comment.objects.create(task=first, author=bob, text="x")
        return locals()

    return await sync_to_async(build)()


async def test_rows_that_are_counted_for_one_they_lead_to_change_all_who_show_it(
    site: Callable[..., Site], board: dict[str, Any]
) -> None:
    """How many tasks an assignee has hangs on tasks that are none of the row's own."""

    async def reassign() -> None:
        board["first"].assignee = board["bob"]
        await board["first"].asave()

    one = site(AssignedSerializer, Prefetch("assignee", User.objects.annotate(size=Count("tasks"))))
    await one.keep_up("/api/tasks/", "tasks", "{ id assignee { id size } }", [reassign])


async def test_what_is_prefetched_within_a_prefetch_is_followed_by_its_own_way(
    site: Callable[..., Site], board: dict[str, Any]
) -> None:
    """Users are shown by another relation as well, which leads back to other tasks."""

    async def rename() -> None:
        board["bob"].username = "robert"
        await board["bob"].asave()

    comments = models.Comment.objects.prefetch_related("author")
    one = site(NamesSerializer, Prefetch("comments", comments, to_attr="recent"))
    await one.keep_up("/api/tasks/", "tasks", "{ id assignee { id username } names }", [rename])


async def test_rows_kept_in_an_attribute_are_shown_by_what_is_selected_of_them(
    site: Callable[..., Site], board: dict[str, Any]
) -> None:
    """Though nothing says of the attribute that it holds rows, a serializer makes objects of it."""
    one = site(RecentSerializer, Prefetch("comments", to_attr="recent"))
    found = await one.query("{ tasks { recent { author { username } } } }")
    assert [task["recent"] for task in found["tasks"]] == [[{"author": {"username": "bob"}}], []]


class Attached(QuerySet[models.Task]):
    """Reads on its own what it keeps at its rows."""

    def _fetch_all(self) -> None:
        super()._fetch_all()  # type: ignore[misc]
        texts = dict(models.Comment.objects.values_list("task", "text"))
        for task in self._result_cache or ():  # type: ignore[attr-defined]
            if isinstance(task, models.Task):
                task.__dict__["last"] = texts.get(task.pk, "")


class AttachedSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    last = serializers.CharField()

    class Meta:
        model = models.Task
        fields = ["id", "last"]


async def test_what_a_queryset_reads_for_its_rows_is_followed(
    site: Callable[..., Site], board: dict[str, Any]
) -> None:
    async def rewrite() -> None:
        board["comment"].text = "y"
        await board["comment"].asave()

    one = site(AttachedSerializer, of=Attached(models.Task).order_by("id"))
    await one.keep_up("/api/tasks/", "tasks", "{ id last }", [rewrite])


class WithAuthors(Manager[models.Comment]):
    def get_queryset(self) -> QuerySet[models.Comment]:
        return super().get_queryset().prefetch_related("author")


class SignedSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    by = serializers.SerializerMethodField()

    class Meta:
        model = models.Comment
        fields = ["id", "by"]

    def get_by(self, comment: models.Comment) -> str:
        return comment.author.username


class DiscussedSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
    comments = SignedSerializer(many=True)
    assignee = PersonSerializer()

    class Meta:
        model = models.Task
        fields = ["id", "assignee", "comments"]


async def test_what_a_manager_prefetches_for_nested_rows_is_followed(
    site: Callable[..., Site], board: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def rename() -> None:
        board["bob"].username = "robert"
        await board["bob"].asave()

    manager = WithAuthors()
    manager.model, manager.name = models.Comment, "objects"
    monkeypatch.setattr(models.Comment._meta, "default_manager", manager)
    one = site(DiscussedSerializer)
    selection = "{ id assignee { id username } comments { id by } }"
    await one.keep_up("/api/tasks/", "tasks", selection, [rename])
