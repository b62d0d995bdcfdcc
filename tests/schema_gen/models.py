"""A bookshop with a field of every kind."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.functions import Upper
from django.utils.functional import cached_property as django_cached_property

if TYPE_CHECKING:
    from somewhere_else import Unimportable  # type: ignore[import-not-found]

__all__ = ["Author", "Book", "Contract", "Edition", "Remark", "Shelf", "Tag", "Task"]


class Author(models.Model):
    name = models.CharField(max_length=40)
    slug = models.SlugField(unique=True)
    born = models.DateField(null=True)
    code = models.BigIntegerField(unique=True, null=True)

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        """The first letters of the name."""
        return "".join(word[0] for word in self.name.split())

    @property
    def unsure(self):  # type: ignore[no-untyped-def]
        return self.name if self.born else None

    @cached_property
    def nickname(self) -> str | None:
        return None

    @django_cached_property
    def length(self) -> int:
        return len(self.name)

    @property
    def untold(self):  # type: ignore[no-untyped-def]
        return self.name.title()

    @property
    def secret(self) -> Unimportable:
        return self.name.title()

    def shout(self) -> str:
        return self.name.upper()

    @property
    def first_book(self) -> Book | None:
        return self.books.first()

    @staticmethod
    def motto() -> str:
        return "sapere aude"


class Contract(models.Model):
    """One to one, seen from the author as `contract`, which may not exist."""

    author = models.OneToOneField(Author, models.CASCADE, primary_key=True)
    royalty = models.DecimalField(max_digits=4, decimal_places=2, default=Decimal("0.10"))

    def __str__(self) -> str:
        return f"contract of {self.author_id}"


class Tag(models.Model):
    name = models.CharField(max_length=20, unique=True)

    def __str__(self) -> str:
        return self.name


class Remark(models.Model):
    """Of anything, by someone who may be gone without a trace."""

    by = models.ForeignKey(Author, models.DO_NOTHING, db_constraint=False)
    kind = models.ForeignKey(ContentType, models.CASCADE)
    key = models.CharField(max_length=40)
    about = GenericForeignKey("kind", "key")

    def __str__(self) -> str:
        return f"of {self.key}"


class Shelf(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    label = models.CharField(max_length=20)
    remarks = GenericRelation(Remark, content_type_field="kind", object_id_field="key")

    def __str__(self) -> str:
        return self.label


class Book(models.Model):
    class Genre(models.TextChoices):
        SCI_FI = "sci-fi", "Science fiction"
        CRIME = "crime", "Crime"

    class Grade(models.IntegerChoices):
        POOR = 1, "Poor"
        GOOD = 2, "Good"

    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    editor = models.ForeignKey(Author, models.SET_NULL, null=True, related_name="edited")
    translator = models.ForeignKey(
        Author, models.CASCADE, null=True, to_field="slug", related_name="translated"
    )
    shelf = models.ForeignKey(Shelf, models.CASCADE, null=True)
    tags = models.ManyToManyField(Tag, related_name="books")
    sequel_to = models.ForeignKey("self", models.SET_NULL, null=True, related_name="sequels")

    title = models.CharField(max_length=80)
    subtitle = models.CharField(max_length=80, null=True)  # noqa: DJ001
    genre = models.CharField(max_length=10, choices=Genre.choices, default=Genre.CRIME)
    grade = models.IntegerField(choices=Grade.choices, default=Grade.GOOD)
    mood = models.CharField(max_length=10, choices=[("dark", "Dark")], blank=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    pages = models.PositiveIntegerField(default=1)
    sold = models.BigIntegerField(default=0)
    price = models.DecimalField(max_digits=6, decimal_places=2, default=Decimal("9.90"))
    rating = models.FloatField(default=0.5)
    available = models.BooleanField(default=True)
    signed = models.BooleanField(null=True)
    published = models.DateField(null=True)
    created = models.DateTimeField(
        default=datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=datetime.UTC)
    )
    opens = models.TimeField(default=datetime.time(9, 30))
    reading_time = models.DurationField(default=datetime.timedelta(days=1, hours=2))
    meta = models.JSONField(default=dict)
    blob = models.BinaryField(default=b"\x01\x02")
    cover = models.FileField(blank=True)
    picture = models.ImageField(blank=True)
    address = models.GenericIPAddressField(default="10.0.0.1")
    site = models.URLField(default="https://example.org/")
    mail = models.EmailField(default="a@example.org")
    loud = models.GeneratedField(
        expression=Upper("title"), output_field=models.CharField(max_length=80), db_persist=True
    )

    def __str__(self) -> str:
        return self.title


class Edition(Book):
    """A multi-table child."""

    number = models.IntegerField(default=1)


class Task(models.Model):
    title = models.CharField(max_length=80)
    done = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.title
