"""The mixin marks a view, and changes nothing of it."""

from __future__ import annotations

import pytest
from rest_framework import generics, viewsets

from drf_live_graphql.rest_live import RealtimeMixin
from drf_live_graphql.rest_live.mixins import RealtimeMixin as Mixin
from tests.project import models


def test_it_is_found_where_django_rest_live_has_it() -> None:
    assert Mixin is RealtimeMixin


@pytest.mark.parametrize("first", [True, False])
def test_it_goes_before_or_behind_the_other_bases(first: bool) -> None:
    bases: tuple[type, ...] = (viewsets.ModelViewSet, RealtimeMixin)
    view = type("View", bases[::-1] if first else bases, {"queryset": models.Fence.objects.all()})
    assert view.get_model_class() is models.Fence  # type: ignore[attr-defined]
    assert view.as_view({"get": "list"})  # type: ignore[attr-defined]


def test_a_view_that_knows_its_rows_by_a_method_alone_is_told_what_to_add() -> None:
    class View(generics.ListAPIView[models.Fence], RealtimeMixin):
        def get_queryset(self):  # type: ignore[no-untyped-def]
            return models.Fence.objects.all()

    with pytest.raises(AssertionError, match=r"`queryset = Model.objects.none\(\)`"):
        View.get_model_class()
