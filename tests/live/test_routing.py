"""Which models concern a view."""

from __future__ import annotations

from drf_live_graphql.live.routing import labels_of
from tests.project import models


def test_a_plain_model_is_its_own_concern() -> None:
    assert labels_of(models.Task) == {"project.task": True}


def test_a_multi_table_child_changes_with_its_parent_under_the_same_key() -> None:
    assert labels_of(models.Truck) == {"project.truck": True, "project.vehicle": True}


def test_a_proxy_goes_by_its_concrete_model() -> None:
    assert labels_of(models.ServiceVehicle) == {"project.vehicle": True}
