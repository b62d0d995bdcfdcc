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
        return Response(super().list(request, *args, **kwargs).data)

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


class Passing(Plain):
    """What is there to carry a decorator or a docstring."""

    @extend_schema(summary="All")
    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """All of them."""
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)


class PassingOwn(OwnList):
    def list(self, request: Any) -> Response:  # type: ignore[override]
        return super().list(request)


class PassingElsewhere(Plain):
    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)


class PassingGet(generics.RetrieveAPIView[Any]):
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


@extend_schema_view(get=extend_schema(summary="All"))
class Documented(generics.ListAPIView[Any]):
    pass


class Guarded(OwnGet):
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().dispatch(request, *args, **kwargs)


class PassingMore(Plain):
    """More variables than DRF's have, which shifts the operands of instructions."""

    def list(self, req: Any, kind: Any = None) -> Response:  # type: ignore[override]
        return super().list(req)

    def retrieve(self, request: Any, pk: Any, *rest: Any, **more: Any) -> Response:
        return super().retrieve(request, *rest, **more)

    def recent(self, request: Any, other: Any) -> Response:
        return super().list(other)


class Final(Plain):
    def finalize_response(self, *args: Any, **kwargs: Any) -> Any:
        return super().finalize_response(*args, **kwargs)


class SetUp(generics.ListAPIView[Any]):
    def setup(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)


class NeverSetUp(Plain):
    """The views that DRF's routers make are not."""

    def setup(self, request: Any, *args: Any, **kwargs: Any) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    ("view", "action", "expected"),
    [
        (Plain, "list", Body("list", known=True)),
        (Plain, "retrieve", Body("retrieve", known=True)),
        (OwnList, "list", Body("list", known=False)),
        (OwnList, "retrieve", Body("retrieve", known=True)),
        (OwnList, "recent", Body("recent", known=False)),
        (Passing, "list", Body("list", known=True)),
        (Passing, "retrieve", Body("retrieve", known=True)),
        (PassingOwn, "list", Body("list", known=False)),
        (PassingElsewhere, "list", Body("list", known=False)),
        (PassingGet, "retrieve", Body("retrieve", known=True)),
        (generics.ListAPIView, "list", Body("list", known=True)),
        (Tutorial, "list", Body("list", known=True)),
        (Documented, "list", Body("list", known=True)),
        (OwnGet, "list", Body("get", known=False)),
        (Doubtful, "list", Body("get", known=False)),
        (Guarded, "list", Body("dispatch", known=False)),
        (PassingMore, "list", Body("list", known=True)),
        (PassingMore, "retrieve", Body("retrieve", known=False)),
        (PassingMore, "recent", Body("recent", known=False)),
        (Final, "list", Body("dispatch", known=False)),
        (SetUp, "list", Body("dispatch", known=False)),
        (NeverSetUp, "list", Body("list", known=True)),
    ],
)
def test_the_outermost_method_of_the_view_s_own_answers(
    view: Any, action: str, expected: Body
) -> None:
    assert body_of(view, action) == expected
