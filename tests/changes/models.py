"""Models with what makes a write hard to notice: odd keys, odd managers, odd relations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Barge",
    "Berth",
    "Bollard",
    "Buoy",
    "Crane",
    "Dock",
    "Hire",
    "Port",
    "Sailor",
    "Tug",
    "Vessel",
    "Voyage",
    "Wharf",
]

# Django 5.2 has these; the typed stubs may be older.
CompositePrimaryKey: Callable[..., Any] = models.CompositePrimaryKey
# And Django 6.1 these, by which the database does it.
DB_CASCADE: Callable[..., Any] = getattr(models, "DB_CASCADE", models.CASCADE)
DB_SET_NULL: Callable[..., Any] = getattr(models, "DB_SET_NULL", models.SET_NULL)


class Port(models.Model):
    name = models.CharField(max_length=20)
    code = models.SlugField(unique=True)

    def __str__(self) -> str:
        return self.name


def harbour_of_refuge() -> int:
    """What SET() is given: called by Django once a delete, and by nobody else."""
    calls.append(1)
    return Port.objects.get(code="refuge").pk


calls: list[int] = []


class Voyage(models.Model):
    """Points to ports in every way that outlives them."""

    nullable = models.ForeignKey(Port, models.SET_NULL, null=True, related_name="+")
    defaulting = models.ForeignKey(Port, models.SET_DEFAULT, null=True, default=1, related_name="+")
    fixed = models.ForeignKey(Port, models.SET(1), null=True, related_name="+")
    called = models.ForeignKey(Port, models.SET(harbour_of_refuge), null=True, related_name="+")
    by_code = models.ForeignKey(
        Port, models.SET_NULL, null=True, to_field="code", related_name="voyages_by_code"
    )

    def __str__(self) -> str:
        return f"voyage {self.pk}"


class Afloat(models.Manager["Vessel"]):
    """Leaves out what was deleted softly."""

    def get_queryset(self) -> models.QuerySet[Vessel]:
        return super().get_queryset().filter(sunk=False)


class Vessel(models.Model):
    """Deleted softly: its default manager hides what is sunk."""

    name = models.CharField(max_length=20)
    sunk = models.BooleanField(default=False)
    home = models.ForeignKey(Port, models.SET_NULL, null=True, related_name="vessels")
    calls_at = models.ManyToManyField(Port, related_name="callers")

    objects = Afloat()

    def __str__(self) -> str:
        return self.name


class Tug(Vessel):
    """A multi-table child with a foreign key of its own."""

    station = models.ForeignKey(Port, models.SET_NULL, null=True, related_name="tugs")


class Barge(Tug):
    """A child of a child."""

    load = models.IntegerField(default=0)


class Sailor(models.Model):
    name = models.SlugField(unique=True)
    friends = models.ManyToManyField("self")
    ships = models.ManyToManyField(Vessel, through="Berth", related_name="crew")
    hired_on = models.ManyToManyField(Vessel, through="Hire", related_name="hired")

    def __str__(self) -> str:
        return self.name


class Berth(models.Model):
    """A through model of the project's own, by a name instead of a primary key."""

    sailor = models.ForeignKey(Sailor, models.CASCADE, to_field="name")
    ship = models.ForeignKey(Vessel, models.CASCADE)

    def __str__(self) -> str:
        return f"{self.sailor_id} on {self.ship_id}"


class Hire(models.Model):
    """One that points to a third row as well."""

    sailor = models.ForeignKey(Sailor, models.CASCADE)
    ship = models.ForeignKey(Vessel, models.CASCADE)
    signed_at = models.ForeignKey(Port, models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.sailor_id} hired on {self.ship_id}"


class Crane(models.Model):
    """One for each port, whose key is its own."""

    port = models.OneToOneField(Port, models.CASCADE, primary_key=True)
    lifts = models.IntegerField(default=1)

    def __str__(self) -> str:
        return f"crane of {self.port_id}"


class Buoy(models.Model):
    """Known by two numbers."""

    pk = CompositePrimaryKey("row", "column")
    row = models.IntegerField()
    column = models.IntegerField()
    port = models.ForeignKey(Port, models.CASCADE, null=True)

    def __str__(self) -> str:
        return f"{self.row}/{self.column}"


class Dock(models.Model):
    name = models.CharField(max_length=20)

    def __str__(self) -> str:
        return self.name


class Wharf(models.Model):
    """Goes with its dock."""

    dock = models.ForeignKey(Dock, DB_CASCADE, related_name="wharves")

    def __str__(self) -> str:
        return f"wharf {self.pk}"


class Bollard(models.Model):
    """Goes with its wharf, and with another bollard."""

    wharf = models.ForeignKey(Wharf, DB_CASCADE, null=True, related_name="bollards")
    beside = models.ForeignKey("self", DB_CASCADE, null=True, related_name="+")
    painted_by = models.ForeignKey(Dock, DB_SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return f"bollard {self.pk}"
