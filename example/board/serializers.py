"""What the API shows and accepts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework import serializers

from board.fields import CommentField, PersonField, ProjectField
from board.models import Comment, Label, Membership, Project, Role, Task
from board.permissions import WORKERS
from board.visibility import role_in

__all__ = [
    "CommentSerializer",
    "LabelSerializer",
    "MembershipSerializer",
    "ProjectSerializer",
    "TaskSerializer",
    "UserSerializer",
]


class UserSerializer(serializers.ModelSerializer):
    """A person, as colleagues see them."""

    name = serializers.CharField(source="get_full_name", read_only=True)

    class Meta:
        model = User
        fields = ["id", "username", "name"]
        read_only_fields = fields


class LabelSerializer(serializers.ModelSerializer):
    class Meta:
        model = Label
        fields = ["id", "name", "colour"]


class ProjectSerializer(serializers.ModelSerializer):
    """A project with the state of its tasks and the reader's own role in it."""

    my_role = serializers.ChoiceField(choices=Role.choices, read_only=True, allow_null=True)
    todo_count = serializers.IntegerField(read_only=True)
    doing_count = serializers.IntegerField(read_only=True)
    review_count = serializers.IntegerField(read_only=True)
    done_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Project
        fields = [
            "id",
            "slug",
            "name",
            "description",
            "colour",
            "my_role",
            "todo_count",
            "doing_count",
            "review_count",
            "done_count",
            "created_at",
        ]


class MembershipSerializer(serializers.ModelSerializer):
    user = UserSerializer(read_only=True)
    user_id = PersonField(source="user", write_only=True)

    class Meta:
        model = Membership
        fields = ["id", "user", "user_id", "role", "since"]

    def validate_user_id(self, user: User) -> User:
        project = self.context["view"].project
        others = project.memberships.exclude(pk=self.instance.pk if self.instance else None)
        if others.filter(user=user).exists():
            raise serializers.ValidationError(f"{user.get_full_name()} is a member already.")
        return user


class TaskSerializer(serializers.ModelSerializer):
    """A task as it lies on the board."""

    project = ProjectField()
    assignee = UserSerializer(read_only=True)
    assignee_id = PersonField(source="assignee", write_only=True, required=False, allow_null=True)
    labels = LabelSerializer(many=True, read_only=True)
    label_ids = serializers.PrimaryKeyRelatedField(
        source="labels", queryset=Label.objects.all(), many=True, write_only=True, required=False
    )
    comment_count = serializers.IntegerField(read_only=True)
    created_by = UserSerializer(read_only=True)

    class Meta:
        model = Task
        fields = [
            "id",
            "project",
            "title",
            "description",
            "status",
            "priority",
            "assignee",
            "assignee_id",
            "labels",
            "label_ids",
            "due",
            "comment_count",
            "created_by",
            "created_at",
            "updated_at",
        ]

    def validate_project(self, project: Project) -> Project:
        """Whoever creates a task in a project or moves it there has to be able to work in it."""
        if role_in(project, self.context["request"].user) not in WORKERS:
            raise serializers.ValidationError(f"You may read {project.name}, not change it.")
        return project

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A task is assigned to members of its project; moved elsewhere it loses a stranger."""
        project = attrs.get("project") or self.instance.project
        person = attrs.get("assignee", getattr(self.instance, "assignee", None))
        if person is None or project.memberships.filter(user=person).exists():
            return attrs
        if "assignee" in attrs:
            name = person.get_full_name()
            raise serializers.ValidationError({"assignee_id": f"{name} is not in {project.name}."})
        return {**attrs, "assignee": None}


class CommentSerializer(serializers.ModelSerializer):
    """A comment, or with a `parent` a reply to one."""

    author = UserSerializer(read_only=True)
    parent = CommentField(required=False, allow_null=True)

    class Meta:
        model = Comment
        fields = ["id", "parent", "author", "body", "created_at", "edited_at"]
        read_only_fields = ["created_at", "edited_at"]

    def validate_parent(self, parent: Comment | None) -> Comment | None:
        if parent and parent.task_id != self.context["view"].task.pk:
            raise serializers.ValidationError("A reply belongs to a comment on the same task.")
        return parent

    def update(self, comment: Comment, validated_data: dict[str, Any]) -> Comment:
        validated_data.pop("parent", None)
        return super().update(comment, {**validated_data, "edited_at": timezone.now()})
