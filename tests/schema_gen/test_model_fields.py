from __future__ import annotations

from typing import Any

import pytest
from django.db import models
from strawberry_django.fields.types import field_type_map

from schema_gen.model_fields import SCALARS, scalar_of_model_field
from tests.schema_gen.models import Book


class OwnChar(models.CharField):  # type: ignore[type-arg]
    pass


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (models.AutoField(primary_key=True), "ID"),
        (models.BigIntegerField(), "BigInt"),
        (models.PositiveBigIntegerField(), "BigInt"),
        (models.PositiveIntegerField(), "Int"),
        (models.BinaryField(), "String"),
        (models.DurationField(), "Duration"),
        (models.JSONField(), "JSON"),
        (OwnChar(), "String"),
        (Book._meta.get_field("author"), "ID"),
        (Book._meta.get_field("translator"), "String"),
        (Book._meta.get_field("loud"), "String"),
        (Book._meta.get_field("cover"), None),
        (Book._meta.get_field("tags"), None),
        (models.Field(), None),
        (None, None),
    ],
)
def test_the_scalar_of_a_model_field(field: Any, expected: str | None) -> None:
    assert scalar_of_model_field(field) == expected


def test_strawberry_django_s_own_map_decides_for_every_plain_class() -> None:
    ours = {models.BigIntegerField, models.PositiveBigIntegerField}
    for field_class, annotation in field_type_map.items():
        if annotation in SCALARS and field_class not in ours:
            assert scalar_of_model_field(field_class.__new__(field_class)) == SCALARS[annotation]
