"""Which tables a statement reads."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Count, OuterRef, Subquery

from drf_live_graphql.live import tables
from drf_live_graphql.live.tables import labels_in, labels_joined, noting, occurrences
from tests.project import models


def test_every_table_of_a_query_counts_those_inside_of_it_too() -> None:
    comments = models.Comment.objects.filter(author__is_staff=True).values("task")
    tasks = models.Task.objects.filter(pk__in=comments).select_related("project")
    assert labels_in(str(tasks.query)) == {
        "project.task",
        "project.project",
        "project.comment",
        get_user_model()._meta.label_lower,
    }


def test_raw_sql_counts_whatever_it_quotes() -> None:
    assert labels_in("select * from project_note n, PROJECT_TASK, `project_label`") == {
        "project.note",
        "project.label",
    }
    assert labels_in("SELECT 1") == frozenset()


def test_a_table_whose_name_is_no_word_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    labels_in.cache_clear()
    monkeypatch.setattr(tables, "_tables", lambda: ({}, {'other"."odd table': "other.odd"}))
    assert labels_in('SELECT 1 FROM "other"."odd table"') == {"other.odd"}
    labels_in.cache_clear()


def test_a_table_that_is_joined_to_itself_is_named_twice() -> None:
    twice = models.Project.objects.filter(tasks__project__name="x")
    assert occurrences(str(models.Project.objects.all().query), "project.project") == 1
    assert occurrences(str(twice.query), "project.project") == 2


@pytest.mark.django_db
def test_what_runs_is_noted_and_nothing_after_it() -> None:
    noted: list[str] = []
    with noting(noted.append):
        list(models.Note.objects.all())
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    list(models.Fence.objects.all())
    assert len(noted) == 2
    assert labels_in(noted[0]) == {"project.note"}


def test_what_is_joined_is_told_from_what_is_only_selected() -> None:
    tasks = models.Task.objects.select_related("assignee").annotate(size=Count("comments"))
    assert labels_joined(tasks.query) == {"project.task", "project.comment"}
    members = models.Membership.objects.filter(project=OuterRef("project"))
    inner = models.Task.objects.annotate(role=Subquery(members.values("role")[:1]))
    assert labels_joined(inner.query) >= {"project.membership"}
