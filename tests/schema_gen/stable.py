"""Views with everything in them that could make a schema depend on more than itself."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import filters, pagination, serializers, viewsets

import schema_gen
from tests.schema_gen.harness import schema_of, sdl
from tests.schema_gen.models import Author, Book, Tag

__all__ = ["text", "unrelated"]


class Fork(TypedDict, total=False):
    left: Literal["up", "down"]
    right: int
    middle: str


class BookSerializer(serializers.ModelSerializer[Book]):
    # Django has translations of these.
    answer = serializers.ChoiceField([(1, _("Yes")), (2, _("No"))], help_text=_("Yes"))
    fork = serializers.SerializerMethodField(label=_("Password"))
    huge = serializers.IntegerField(source="sold")

    class Meta:
        model = Book
        exclude = ["blob"]
        depth = 1

    def get_fork(self, book: Book) -> Fork:
        raise NotImplementedError


class TagSerializer(serializers.ModelSerializer[Tag]):
    class Meta:
        model = Tag
        fields = "__all__"


class Pages(pagination.PageNumberPagination):
    page_size = 10


class BookViewSet(viewsets.ReadOnlyModelViewSet[Book]):
    queryset = Book.objects.all()
    serializer_class = BookSerializer
    pagination_class = Pages
    filter_backends = [DjangoFilterBackend, filters.SearchFilter, filters.OrderingFilter]
    filterset_fields = {"title": ["icontains"], "genre": ["exact", "in"], "pages": ["gte", "lt"]}
    search_fields = ["title"]
    ordering_fields = "__all__"


class TagViewSet(viewsets.ReadOnlyModelViewSet[Tag]):
    queryset = Tag.objects.all()
    serializer_class = TagSerializer


def text() -> str:
    """The SDL of the two views."""
    views = [
        schema_gen.describe_view(BookViewSet, prefix="books"),
        schema_gen.describe_view(TagViewSet, prefix="tags"),
    ]
    return sdl(schema_of(*views)[0])


def unrelated() -> None:
    """Other serializers of the same names, choices and types, described and built elsewhere."""

    class AuthorSerializer(serializers.ModelSerializer[Author]):
        class Meta:
            model = Author
            fields = ["id"]

    class OtherSerializer(serializers.ModelSerializer[Book]):
        answer = serializers.ChoiceField([(1, _("Yes")), (2, _("No"))])
        author = AuthorSerializer()

        class Meta:
            model = Book
            fields = ["genre", "grade", "answer", "author"]

    OtherSerializer.__name__ = "BookSerializer"

    class OtherViewSet(BookViewSet):
        serializer_class: Any = OtherSerializer

    schema_of(schema_gen.describe_view(OtherViewSet, prefix="books"))
