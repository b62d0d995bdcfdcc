"""Whose method answers a GET."""

from __future__ import annotations

from typing import Any

import pytest
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, viewsets
from rest_framework.response import Response

from schema_gen.bodies import Body, body_of


class Plain(viewsets.ReadOnlyModelViewSet[Any]):
    pass


class OwnList(Plain):
    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    def recent(self, request: Any) -> Response:
        raise AssertionError


class OwnGet(generics.ListAPIView[Any]):
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs) or Response()


class Tutorial(generics.ListAPIView[Any]):
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)


class Doubtful(generics.ListAPIView[Any]):
    """It has a word to say, though `list` is all that it looks up."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return self.list(request, *args, **kwargs) if kwargs else None


@extend_schema_view(get=extend_schema(summary="All"))
class Documented(generics.ListAPIView[Any]):
    pass


class Guarded(OwnGet):
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().dispatch(request, *args, **kwargs)


@pytest.mark.parametrize(
    ("view", "action", "expected"),
    [
        (Plain, "list", Body("list", known=True)),
        (Plain, "retrieve", Body("retrieve", known=True)),
        (OwnList, "list", Body("list", known=False)),
        (OwnList, "retrieve", Body("retrieve", known=True)),
        (OwnList, "recent", Body("recent", known=False)),
        (generics.ListAPIView, "list", Body("list", known=True)),
        (Tutorial, "list", Body("list", known=True)),
        (Documented, "list", Body("list", known=True)),
        (OwnGet, "list", Body("get", known=False)),
        (Doubtful, "list", Body("get", known=False)),
        (Guarded, "list", Body("dispatch", known=False)),
    ],
)
def test_the_outermost_method_of_the_view_s_own_answers(
    view: Any, action: str, expected: Body
) -> None:
    assert body_of(view, action) == expected
