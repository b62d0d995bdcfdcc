"""Views at schema time: what they are asked, and what happens when they can't answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import models
from django.db.models import Count
from django.utils.translation import gettext_lazy, override
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import generics, mixins, serializers, versioning, viewsets
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_nested.viewsets import NestedViewSetMixin

import schema_gen
from schema_gen import SchemaError, SchemaWarning
from tests.schema_gen.harness import field_types, schema_of, sdl, viewset
from tests.schema_gen.models import Author, Book, Shelf, Tag
from tests.schema_gen.test_serializers import AuthorSerializer, TagSerializer, fields_of

BookSerializer = fields_of(Book, "id", "title")


def describe(view_class: Any, **options: Any) -> schema_gen.ViewDescription:
    return schema_gen.describe_view(view_class, **{"prefix": "books", **options})


def actions(view_class: Any, **options: Any) -> list[str]:
    return [root.action for root in describe(view_class, **options).roots]


class BookViewSet(viewsets.ModelViewSet[Book]):
    queryset = Book.objects.all()
    serializer_class = BookSerializer


def test_a_description_says_what_the_view_is() -> None:
    found = describe(BookViewSet, initkwargs={"suffix": "List"})
    assert (found.view_class, found.prefix, found.basename) == (BookViewSet, "books", "book")
    assert (found.model, found.lookup_field, found.lookup_url_kwarg) == (Book, "pk", "pk")
    assert found.initkwargs == {"suffix": "List"}
    rows, row = found.roots
    assert (rows.name, rows.action, row.name, row.action) == ("books", "list", "book", "retrieve")
    assert row.model is Book
    assert row.row.serializer_class is BookSerializer


def test_names_and_actions_can_be_given() -> None:
    found = describe(
        BookViewSet, list_name="all", retrieve_name="one", type_name="Tome", basename="x"
    )
    assert [root.name for root in found.roots] == ["all", "one"]
    assert found.basename == "x"
    assert found.roots[0].row.name == "Tome"
    assert actions(BookViewSet, actions=["retrieve"]) == ["retrieve"]


def test_initkwargs_are_those_of_as_view() -> None:
    found = describe(
        BookViewSet, initkwargs={"lookup_field": "uuid", "serializer_class": fields_of(Book, "id")}
    )
    assert found.lookup_url_kwarg == "uuid"
    assert [field.key for field in found.roots[1].row.fields] == ["id"]
    assert found.roots[1].arguments[0].type == schema_gen.ScalarType("UUID")


def test_a_nested_route_puts_its_parents_in_front() -> None:
    found = describe(
        BookViewSet, prefix="books", route=r"authors/(?P<author_pk>[^/.]+)/books", basename="book"
    )
    assert [root.name for root in found.roots] == ["authorBooks", "authorBook"]
    names = [[item.name for item in root.arguments] for root in found.roots]
    assert names == [["authorPk"], ["authorPk", "id"]]


def test_a_route_of_a_row_has_its_lookup_already() -> None:
    class Detail(generics.RetrieveAPIView[Book]):
        queryset = Book.objects.all()
        serializer_class = BookSerializer

    root = describe(Detail, route="books/<int:pk>").roots[0]
    assert (root.name, [item.key for item in root.arguments]) == ("book", ["pk"])
    assert root.encode({"id": "7"}).kwargs == (("pk", "7"),)


@pytest.mark.parametrize(
    "candidate", [APIView, viewsets.ViewSet, BookViewSet(), "BookViewSet", None]
)
def test_what_is_no_generic_view_is_an_error_that_says_how_to_mend_it(candidate: Any) -> None:
    with pytest.raises(SchemaError, match=r"GenericAPIView or GenericViewSet.*Derive the view"):
        describe(candidate)


def test_a_view_without_a_model_is_an_error_that_says_how_to_mend_it() -> None:
    class Homeless(viewsets.ReadOnlyModelViewSet[Any]):
        pass

    with pytest.raises(SchemaError) as caught:
        describe(Homeless)
    assert "Homeless can't be found" in str(caught.value)
    assert "Give Homeless a queryset" in str(caught.value)


def test_a_view_without_either_action_has_no_roots() -> None:
    class Writer(mixins.CreateModelMixin, viewsets.GenericViewSet[Book]):
        queryset = Book.objects.all()
        serializer_class = BookSerializer

    with pytest.warns(SchemaWarning, match="neither a list.. nor a retrieve"):
        assert actions(Writer) == []


class ListView(generics.ListAPIView[Book]):
    queryset = Book.objects.all()
    serializer_class = BookSerializer


class TutorialView(mixins.ListModelMixin, generics.GenericAPIView[Book]):
    queryset = Book.objects.all()
    serializer_class = BookSerializer

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)


class CountingView(ListView):
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        response = self.list(request, *args, **kwargs)
        response.data = len(response.data)
        return response


class GetlessView(mixins.RetrieveModelMixin, generics.GenericAPIView[Book]):
    queryset = Book.objects.all()
    serializer_class = BookSerializer


def test_generic_views_have_the_actions_of_their_mixins() -> None:
    assert actions(ListView) == ["list"]
    assert actions(TutorialView) == ["list"]
    assert actions(GetlessView) == ["retrieve"]
    assert actions(
        generics.RetrieveUpdateAPIView,
        initkwargs={
            "queryset": Book.objects.all(),
            "serializer_class": BookSerializer,
        },
    ) == ["retrieve"]


def handlers(view_class: Any) -> dict[str, str | None]:
    return {root.action: root.handler for root in describe(view_class).roots}


def test_a_get_of_one_s_own_is_to_be_called() -> None:
    assert handlers(CountingView) == {"list": "get"}
    assert handlers(ListView) == {"list": None}


class OwnList(BookViewSet):
    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response([])


class InheritedList(OwnList):
    pass


def decorator(function: Any) -> Any:
    from functools import wraps

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


class Decorated(BookViewSet):
    list = decorator(viewsets.ModelViewSet.list)


@pytest.mark.parametrize("view_class", [OwnList, InheritedList, Decorated])
def test_a_body_of_one_s_own_is_to_be_called(view_class: Any) -> None:
    assert handlers(view_class) == {"list": "list", "retrieve": None}


def test_a_list_of_the_view_s_own_tells_no_single_rows() -> None:
    schema, _ = schema_of(describe(OwnList))
    assert field_types(schema, "BookListChange") == {
        "snapshot": "[Book!]",
        "cursor": "String!",
        "query": "Query!",
    }


def test_a_dispatch_of_one_s_own_is_to_be_called() -> None:
    class Guarded(BookViewSet):
        def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            return super().dispatch(request, *args, **kwargs)

    assert handlers(Guarded) == {"list": "dispatch", "retrieve": "dispatch"}


def test_what_are_no_model_instances_is_told_by_the_view_alone() -> None:
    class Values(BookViewSet):
        def get_queryset(self) -> Any:
            return Book.objects.values("id", "title")

    assert handlers(Values) == {"list": "list", "retrieve": "retrieve"}


def test_a_manager_that_raises_costs_its_view_nothing_but_what_was_asked() -> None:
    """As one that serves a tenant where nobody said which; a GET may know."""

    class Tenants(models.Manager[Book]):
        def get_queryset(self) -> Any:
            raise RuntimeError("No tenant.")

    manager: Any = Tenants()
    manager.model = Book

    class Tenant(BookViewSet):
        def get_queryset(self) -> Any:
            return manager

    assert actions(Tenant) == ["list", "retrieve"]


def test_the_decorator_of_schemas_leaves_a_body_as_it_is() -> None:
    @extend_schema_view(list=extend_schema(summary="All"), retrieve=extend_schema(summary="One"))
    class Documented(BookViewSet):
        pass

    assert Documented.list is not BookViewSet.list
    assert handlers(Documented) == {"list": None, "retrieve": None}


def test_a_view_that_refuses_get_has_no_roots() -> None:
    class Closed(BookViewSet):
        http_method_names = ["post"]

    with pytest.warns(SchemaWarning, match="http_method_names"):
        assert actions(Closed) == []


def test_hooks_may_look_at_the_action() -> None:
    class ByAction(BookViewSet):
        def get_serializer_class(self) -> Any:
            if self.action == "list":
                return fields_of(Book, "id")
            assert self.action == "retrieve"
            return type("FullBookSerializer", (BookSerializer,), {})

    found = describe(ByAction)
    assert [root.row.name for root in found.roots] == ["Book", "FullBook"]


def test_fields_that_depend_on_the_action_make_a_type_of_the_list_s_rows() -> None:
    class Folding(BookSerializer):
        def get_fields(self) -> Any:
            fields = super().get_fields()
            if self.context["view"].action == "list":
                del fields["title"]
            return fields

    class Folded(BookViewSet):
        serializer_class = Folding

    found = describe(Folded)
    assert [root.row.name for root in found.roots] == ["FoldingListItem", "Folding"]
    schema, _ = schema_of(found)
    assert field_types(schema, "FoldingListItem") == {"id": "ID!"}
    assert field_types(schema, "BookListChange")["created"] == ("[FoldingListItem!]!")
    named = describe(Folded, type_name="Tome")
    assert [root.row.name for root in named.roots] == ["TomeListItem", "Tome"]


def test_hooks_may_look_at_the_request_and_the_url() -> None:
    class Curious(viewsets.ReadOnlyModelViewSet[Book]):
        def get_queryset(self) -> Any:
            assert self.request.method == "GET"
            assert self.request.query_params.get("x") is None
            assert self.request.user.is_authenticated
            assert self.request.build_absolute_uri() == "http://localhost"
            assert self.swagger_fake_view  # type: ignore[attr-defined]
            assert self.format_kwarg is None
            return Book.objects.filter(
                author=self.kwargs["author_pk"], shelf=self.kwargs["shelf_pk"]
            )

        def get_serializer_class(self) -> Any:
            return BookSerializer if self.request.query_params == {} else None

    found = describe(Curious, route="{author_pk}/{shelf_pk}/books")
    assert found.model is Book
    assert len(found.roots) == 2


def test_a_queryset_of_the_user_s_own_rows_can_be_asked_for() -> None:
    class Mine(viewsets.ReadOnlyModelViewSet[Any]):
        serializer_class = TagSerializer

        def get_queryset(self) -> Any:
            groups = self.request.user.groups.all()  # type: ignore[union-attr]
            return Tag.objects.filter(pk__in=groups.values("pk"))

    assert describe(Mine).model is Tag


def test_what_fails_for_a_user_is_asked_as_nobody() -> None:
    class Shy(viewsets.ReadOnlyModelViewSet[Any]):
        def get_queryset(self) -> Any:
            # A real user's permissions are in the database.
            return Tag.objects.all() if not self.request.user.has_perm("x.y") else None

        def get_serializer_class(self) -> Any:
            assert not self.request.user.is_authenticated
            return TagSerializer

    with pytest.warns(SchemaWarning, match=r"depends on the request \(request.user\)"):
        assert len(describe(Shy).roots) == 2


@pytest.mark.django_db
def test_sql_in_get_queryset_is_a_warning_and_the_serializer_s_model_is_taken() -> None:
    class Eager(viewsets.ReadOnlyModelViewSet[Any]):
        serializer_class = TagSerializer

        def get_queryset(self) -> Any:
            return Tag.objects.filter(pk__in=list(Tag.objects.values_list("pk", flat=True)))

    with pytest.warns(SchemaWarning) as caught:
        found = describe(Eager)
    assert found.model is Tag
    assert len(found.roots) == 2
    assert len(caught) == 1
    assert "Eager, get_queryset(): it failed (SchemaSQLError('it runs SQL" in str(caught[0].message)
    assert "swagger_fake_view" in str(caught[0].message)


@pytest.mark.django_db
def test_sql_in_get_serializer_class_is_a_warning_and_serializer_class_is_taken() -> None:
    class Eager(BookViewSet):
        def get_serializer_class(self) -> Any:
            return BookSerializer if Tag.objects.exists() else AuthorSerializer

    with pytest.warns(SchemaWarning, match="its serializer_class is taken") as caught:
        found = describe(Eager)
    assert [root.row.name for root in found.roots] == ["Book", "Book"]
    assert len(caught) == 2


def test_no_serializer_at_all_leaves_the_action_out() -> None:
    class Unsure(viewsets.ReadOnlyModelViewSet[Book]):
        queryset = Book.objects.all()

        def get_serializer_class(self) -> Any:
            raise KeyError("unsure")

    class Wrong(Unsure):
        def get_serializer_class(self) -> Any:
            return serializers.BaseSerializer

    class Broken(Unsure):
        class serializer_class(serializers.ModelSerializer[Book]):  # noqa: N801
            class Meta:
                model = Book
                fields = ["nowhere"]

    for view_class, reason in (
        (Unsure, "KeyError"),
        (Wrong, "expected a Serializer"),
        (Broken, "and so did making its"),
    ):
        with pytest.warns(SchemaWarning, match=reason):
            assert actions(view_class) == []


def test_get_serializer_is_asked_where_it_is_overridden() -> None:
    class Slim(BookViewSet):
        def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
            found = super().get_serializer(*args, many=self.action == "list", **kwargs)
            (found.child if self.action == "list" else found).fields.pop("title")
            return found

    for root in describe(Slim).roots:
        assert [field.key for field in root.row.fields] == ["id"]


def test_a_queryset_that_can_t_be_asked_for_leaves_out_only_its_annotations() -> None:
    class Counting(BookViewSet):
        serializer_class = fields_of(Book, "tag_count", tag_count=serializers.ReadOnlyField())
        broken = False

        def get_queryset(self) -> Any:
            if self.broken:
                raise RuntimeError
            return Book.objects.annotate(tag_count=Count("tags"))

    assert describe(Counting).roots[0].row.fields[0].type.signature == ("Int", False)
    with pytest.warns(SchemaWarning, match="nullable JSON"):
        row = describe(type("Broken", (Counting,), {"broken": True})).roots[0].row
    assert row.fields[0].type.signature == ("JSON", True)


def test_a_queryset_need_not_be_one() -> None:
    class Listed(BookViewSet):
        def get_queryset(self) -> Any:
            return []

    assert len(describe(Listed).roots) == 2


def test_a_version_is_there_to_be_looked_at() -> None:
    class Versioning(versioning.AcceptHeaderVersioning):
        default_version = "2"

    class Versioned(BookViewSet):
        versioning_class = Versioning

        def get_serializer_class(self) -> Any:
            assert isinstance(self.request.versioning_scheme, Versioning)
            return fields_of(Book, "title") if self.request.version == "2" else BookSerializer

    with pytest.warns(SchemaWarning, match=r"depends on the request \(request.version\)"):
        found = describe(Versioned)
    assert [field.key for field in found.roots[0].row.fields] == ["title"]


def test_the_schema_does_not_depend_on_the_language() -> None:
    choices = [(1, gettext_lazy("Yes")), (2, gettext_lazy("No"))]
    serializer = fields_of(Tag, "answer", answer=serializers.ChoiceField(choices))
    view = viewset(serializer, Tag)
    with override("de"):
        german = sdl(schema_of(describe(view))[0])
    assert german == sdl(schema_of(describe(view))[0])
    assert "YES" in german


def test_parent_lookups_of_nested_routers_give_the_path() -> None:
    class Nested(NestedViewSetMixin, viewsets.ReadOnlyModelViewSet):  # type: ignore[misc,type-arg]
        queryset = Book.objects.all()
        serializer_class = BookSerializer
        parent_lookup_kwargs = {"house_pk": "author__slug"}

    root = describe(Nested, route="houses/{house_pk}/books").roots[0]
    assert root.name == "houseBooks"
    assert root.arguments[0].type == schema_gen.ScalarType("String")


def test_uuid_keys_are_ids() -> None:
    view = viewset(fields_of(Shelf, "id", "label"), Shelf)
    schema, _ = schema_of(describe(view))
    assert field_types(schema, "Shelf") == {"id": "ID!", "label": "String!"}


def test_no_query_runs_and_nothing_is_left_behind(django_assert_num_queries: Any, db: None) -> None:
    with django_assert_num_queries(0):
        schema_of(describe(BookViewSet))
    assert Author.objects.count() == 0


def test_without_accounts_the_visitor_is_nobody(settings: Any) -> None:
    from schema_gen import probe

    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}
    real = probe.apps.is_installed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probe.apps, "is_installed", lambda name: "auth" not in name and real(name))
        assert list(probe.visitors()) == [None]

        class Anyone(BookViewSet):
            def get_queryset(self) -> Any:
                assert self.request.user is None
                return Book.objects.all()

        assert len(describe(Anyone).roots) == 2


def test_a_contradiction_inside_a_nested_serializer_is_an_error() -> None:
    class Twins(serializers.Serializer[Any]):
        x_1 = serializers.CharField()
        x1 = serializers.CharField()

    with pytest.raises(SchemaError, match="'x_1' and 'x1' of Twins"):
        describe(viewset(fields_of(Book, "author", author=Twins()), Book))


def test_an_unknown_converter_of_the_lookup_is_an_error() -> None:
    class Hexed(BookViewSet):
        lookup_value_converter = "hex"

    with pytest.raises(SchemaError, match="path converter 'hex'"):
        describe(Hexed)


def test_a_row_whose_description_fails_has_no_root() -> None:
    class Shifty(serializers.CharField):
        @property
        def help_text(self) -> str:
            raise RuntimeError("no help")

        @help_text.setter
        def help_text(self, value: Any) -> None:
            pass

    view = viewset(fields_of(Book, "title", title=Shifty()), Book)
    with pytest.warns(SchemaWarning, match="describing its row failed: RuntimeError"):
        assert actions(view) == []


def test_a_root_is_described_by_the_view_s_own_docstring() -> None:
    class Documented(BookViewSet):
        """All books."""

    assert describe(Documented).roots[0].description == "All books."
    assert describe(type("Silent", (Documented,), {})).roots[0].description is None


def test_the_model_is_not_told_before_it_is_known() -> None:
    from schema_gen.routes import parse_route
    from schema_gen.serializers import Describer
    from schema_gen.subject import Subject

    subject = Subject(BookViewSet, {}, parse_route("x"), "pk", "pk", Describer("BookViewSet"))
    with pytest.raises(LookupError, match="BookViewSet is not known yet"):
        assert subject.model


def test_a_parameter_with_the_name_of_a_url_kwarg_is_its_filter() -> None:
    from rest_framework import filters

    class ByAuthor(filters.BaseFilterBackend):
        def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
            return [{"name": "author", "schema": {"type": "string"}}]

    class Books(BookViewSet):
        filter_backends = [ByAuthor]

    root = describe(Books, route="authors/{author}/books").roots[0]
    assert [(item.name, item.key, item.place) for item in root.arguments] == [
        ("author", "author", "path"),
        ("authorFilter", "author", "query"),
    ]
    call = root.encode({"author": "7", "authorFilter": "Ada"})
    assert (call.kwargs, call.query) == ((("author", "7"),), (("author", "Ada"),))


def test_a_context_that_a_middleware_is_missing_for_is_drf_s_own() -> None:
    class Middled(BookViewSet):
        def get_serializer_context(self) -> Any:
            return {**super().get_serializer_context(), "tenant": self.request.tenant}  # type: ignore[attr-defined]

    assert [field.key for field in describe(Middled).roots[0].row.fields] == ["id", "title"]


def test_hooks_may_ask_which_renderer_it_is_for() -> None:
    class Rendering(BookViewSet):
        def get_serializer_class(self) -> Any:
            assert self.request.accepted_media_type == "application/json"
            assert self.request.accepted_renderer.format == "json"
            return BookSerializer

    assert actions(Rendering) == ["list", "retrieve"]


def test_a_view_that_answers_by_hand_promises_no_more_than_its_model_does() -> None:
    class Price(serializers.Serializer[Any]):
        title = serializers.CharField()
        amount = serializers.DecimalField(max_digits=9, decimal_places=2)

    class Prices(viewsets.ReadOnlyModelViewSet[Book]):
        queryset = Book.objects.all()
        serializer_class = Price

    class ByHand(Prices):
        def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
            return Response([{"title": "x", "amount": None}])

    def types(view: Any) -> dict[str, str]:
        return field_types(schema_of(describe(view, actions=["list"]))[0], "Price")

    assert types(Prices) == {"title": "String!", "amount": "Decimal"}
    assert types(ByHand) == {"title": "String!", "amount": "Decimal"}


def test_what_changes_with_the_action_inside_a_serializer_is_seen() -> None:
    class Folding(AuthorSerializer):  # type: ignore[misc, valid-type]
        def get_fields(self) -> Any:
            fields = super().get_fields()
            if self.context["view"].action == "list":
                del fields["born"]
            return fields

    class Books(BookViewSet):
        serializer_class = fields_of(Book, "id", "author", author=Folding())

    with pytest.warns(SchemaWarning, match="another type of the schema is called 'Folding'"):
        rows, row = describe(Books).roots
    inside = [root.row.fields[1].type.object for root in (rows, row)]
    assert [[field.key for field in item.fields] for item in inside if item] == [
        ["id", "name"],
        ["id", "name", "born"],
    ]


def test_a_backend_of_the_project_s_own_is_asked_for_each_action() -> None:
    from django_filters.rest_framework import DjangoFilterBackend

    asked: list[str] = []

    class Backend(DjangoFilterBackend):
        def get_filterset_class(self, view: Any, queryset: Any = None) -> Any:
            asked.append(view.action)
            return super().get_filterset_class(view, queryset)

    class Books(BookViewSet):
        filter_backends = [Backend]
        filterset_fields = ["title"]

    assert [item.name for item in describe(Books).roots[0].arguments] == ["title"]
    assert set(asked) == {"list", "retrieve"}
