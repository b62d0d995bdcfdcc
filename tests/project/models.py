"""A team board, and beside it one model for each shape that a live view may have."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models

__all__ = [
    "Announcement",
    "Article",
    "Comment",
    "Document",
    "Fence",
    "Label",
    "Membership",
    "Memo",
    "Note",
    "Project",
    "Reading",
    "Remark",
    "ServiceVehicle",
    "Task",
    "Truck",
    "Vehicle",
]


class Project(models.Model):
    name = models.CharField(max_length=80)
    slug = models.SlugField(unique=True)
    archived = models.BooleanField(default=False)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="projects"
    )

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    class Role(models.TextChoices):
        MEMBER = "member", "Member"
        OWNER = "owner", "Owner"

    project = models.ForeignKey(Project, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.project_id}"


class Label(models.Model):
    name = models.CharField(max_length=40)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Task(models.Model):
    class Status(models.TextChoices):
        OPEN = "open", "Open"
        DOING = "doing", "In progress"
        CLOSED = "closed", "Closed"

    class Priority(models.IntegerChoices):
        LOW = 1, "Low"
        NORMAL = 2, "Normal"
        HIGH = 3, "High"

    project = models.ForeignKey(Project, models.CASCADE, related_name="tasks")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="tasks"
    )
    title = models.CharField(max_length=120)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    priority = models.IntegerField(choices=Priority.choices, default=Priority.NORMAL)
    due = models.DateField(null=True, blank=True)
    estimate = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    labels = models.ManyToManyField(Label, blank=True, related_name="tasks")

    def __str__(self) -> str:
        return self.title


class Comment(models.Model):
    task = models.ForeignKey(Task, models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    text = models.TextField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text


class Note(models.Model):
    """Seen by its owner alone."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notes")
    text = models.CharField(max_length=200)
    pinned = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.text


class Article(models.Model):
    """Looked up by slug; its serializer has no `id`."""

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=120)
    body = models.TextField(blank=True)
    published = models.BooleanField(default=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="articles")

    def __str__(self) -> str:
        return self.slug


class Document(models.Model):
    """A UUID for a primary key; a confidential one is refused to all but its owner."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="documents")
    name = models.CharField(max_length=80)
    confidential = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class Announcement(models.Model):
    """For staff alone."""

    text = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.text


class LivingManager(models.Manager["Memo"]):
    """Without what was erased."""

    def get_queryset(self) -> models.QuerySet[Memo]:
        return super().get_queryset().filter(erased=False)


class Memo(models.Model):
    """Erased softly: the row stays, where the default manager no longer sees it. For editors."""

    text = models.CharField(max_length=200)
    erased = models.BooleanField(default=False)
    remarks = GenericRelation("Remark")

    objects = LivingManager()
    everything = models.Manager["Memo"]()

    def __str__(self) -> str:
        return self.text


class Remark(models.Model):
    """On a row of whatever model."""

    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.BigIntegerField()
    subject = GenericForeignKey()
    text = models.CharField(max_length=200)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text


class Reading(models.Model):
    """Read by a program with a token, page by page."""

    sensor = models.CharField(max_length=20)
    value = models.FloatField()

    def __str__(self) -> str:
        return f"{self.sensor}: {self.value}"


class Vehicle(models.Model):
    name = models.CharField(max_length=40)
    in_service = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class Truck(Vehicle):
    """A multi-table child: half of its row lives in Vehicle's table."""

    load = models.IntegerField(default=0)


class ServiceVehicle(Vehicle):
    """A proxy: the same table under another class."""

    class Meta:
        proxy = True


class Fence(models.Model):
    """Changed after other changes, so that a test sees that those have arrived."""

    number = models.IntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)
