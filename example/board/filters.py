"""The query parameters of the task list."""

from __future__ import annotations

import django_filters as filters
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from board.models import Label, Priority, Project, Status, Task
from board.visibility import visible_people, visible_projects

__all__ = ["TaskFilter"]


def projects(request: HttpRequest) -> QuerySet[Project]:
    return visible_projects(request.user)


def people(request: HttpRequest) -> QuerySet[User]:
    return visible_people(request.user)


class TaskFilter(filters.FilterSet):
    """`?project=website&status=todo&status=doing&assignee=3&label=Design&overdue=true`"""

    project = filters.ModelChoiceFilter(queryset=projects, to_field_name="slug")
    status = filters.MultipleChoiceFilter(choices=Status.choices)
    priority = filters.ChoiceFilter(choices=Priority.choices)
    priority_min = filters.NumberFilter(field_name="priority", lookup_expr="gte")
    assignee = filters.ModelChoiceFilter(queryset=people)
    unassigned = filters.BooleanFilter(field_name="assignee", lookup_expr="isnull")
    label = filters.ModelMultipleChoiceFilter(
        field_name="labels__name", queryset=Label.objects.all(), to_field_name="name"
    )
    due_before = filters.DateFilter(field_name="due", lookup_expr="lte")
    due_after = filters.DateFilter(field_name="due", lookup_expr="gte")
    overdue = filters.BooleanFilter(method="filter_overdue", label="Overdue")

    class Meta:
        model = Task
        fields: list[str] = []

    def filter_overdue(self, tasks: QuerySet[Task], name: str, value: bool) -> QuerySet[Task]:
        late = tasks.model._default_manager.filter(due__lt=timezone.localdate()).exclude(
            status=Status.DONE
        )
        return tasks.filter(pk__in=late) if value else tasks.exclude(pk__in=late)
