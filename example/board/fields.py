"""Related fields that offer and accept only what the requesting user may see."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from rest_framework import serializers

from board.models import Comment, Project
from board.visibility import visible_comments, visible_people, visible_projects

__all__ = ["CommentField", "PersonField", "ProjectField"]


class ProjectField(serializers.SlugRelatedField):
    """A project by its slug."""

    def __init__(self, **options: Any) -> None:
        super().__init__(slug_field="slug", **options)

    def get_queryset(self) -> QuerySet[Project]:
        return visible_projects(self.context["request"].user)


class PersonField(serializers.PrimaryKeyRelatedField):
    """A person by id."""

    def get_queryset(self) -> QuerySet[User]:
        return visible_people(self.context["request"].user)


class CommentField(serializers.PrimaryKeyRelatedField):
    """A comment by id."""

    def get_queryset(self) -> QuerySet[Comment]:
        return visible_comments(self.context["request"].user)
