"""Serializers of the test project: none of them knows of live views."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from rest_framework import serializers

from tests.project import models

__all__ = [
    "AnnouncementSerializer",
    "ArticleSerializer",
    "CommentSerializer",
    "DocumentSerializer",
    "FenceSerializer",
    "LabelSerializer",
    "MemoSerializer",
    "NoteSerializer",
    "PersonSerializer",
    "ProjectSerializer",
    "ReadingSerializer",
    "RemarkSerializer",
    "ServiceVehicleSerializer",
    "TaskDetailSerializer",
    "TaskSerializer",
    "TruckSerializer",
    "VehicleSerializer",
]


class PersonSerializer(serializers.ModelSerializer):
    class Meta:
        model = get_user_model()
        fields = ["id", "username"]


class LabelSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Label
        fields = ["id", "name"]


class ProjectSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Project
        fields = ["id", "name", "slug", "archived"]


class CommentSerializer(serializers.ModelSerializer):
    author = PersonSerializer(read_only=True)

    class Meta:
        model = models.Comment
        fields = ["id", "author", "text"]


class TaskSerializer(serializers.ModelSerializer):
    """Flat, with related keys."""

    overdue = serializers.SerializerMethodField()

    class Meta:
        model = models.Task
        fields = [
            "id",
            "title",
            "project",
            "assignee",
            "status",
            "priority",
            "due",
            "estimate",
            "created_at",
            "overdue",
        ]

    def get_overdue(self, task: models.Task) -> bool:
        return task.due is not None and task.due.year < 2020


class TaskDetailSerializer(serializers.ModelSerializer):
    """Nested two levels deep."""

    project = ProjectSerializer(read_only=True)
    assignee = PersonSerializer(read_only=True)
    labels = LabelSerializer(many=True, read_only=True)
    comments = CommentSerializer(many=True, read_only=True)

    class Meta:
        model = models.Task
        fields = ["id", "title", "status", "project", "assignee", "labels", "comments"]


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Note
        fields = ["id", "text", "pinned", "owner"]
        read_only_fields = ["owner"]


class ArticleSerializer(serializers.ModelSerializer):
    author = serializers.SlugRelatedField(slug_field="username", read_only=True)

    class Meta:
        model = models.Article
        fields = ["slug", "title", "body", "published", "author"]


class DocumentSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Document
        fields = ["id", "name", "confidential", "owner"]
        read_only_fields = ["owner"]


class AnnouncementSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Announcement
        fields = ["id", "text"]


class RemarkSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Remark
        fields = ["id", "text"]


class MemoSerializer(serializers.ModelSerializer):
    remarks = RemarkSerializer(many=True, read_only=True)

    class Meta:
        model = models.Memo
        fields = ["id", "text", "remarks"]


class ReadingSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Reading
        fields = ["id", "sensor", "value"]


class VehicleSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Vehicle
        fields = ["id", "name", "in_service"]


class TruckSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Truck
        fields = ["id", "name", "in_service", "load"]


class ServiceVehicleSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.ServiceVehicle
        fields = ["id", "name"]


class FenceSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Fence
        fields = ["id", "number"]
