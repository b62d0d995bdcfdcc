"""What a document selects, read as serializer keys, and serializers reduced to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from graphql import FieldNode, FragmentDefinitionNode, parse
from rest_framework import viewsets
from rest_framework.serializers import ModelSerializer, SerializerMethodField

from drf_live_graphql.live.selection import WHOLE, Scope, prune, select
from drf_live_graphql.live.wants import wants_of
from schema_gen import describe_view
from tests.project import models
from tests.project.live import live
from tests.project.serializers import TaskDetailSerializer

if TYPE_CHECKING:
    from schema_gen import RootDescription


def _root(name: str) -> RootDescription:
    return next(root for view in live.views for root in view.roots if root.name == name)


def _read(text: str, variables: dict[str, Any] | None = None) -> tuple[list[FieldNode], Scope]:
    document = parse(text)
    fragments = {
        d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
    }
    operation: Any = document.definitions[0]
    nodes: Any = operation.selection_set.selections
    return list(nodes), Scope(fragments, variables or {})


@pytest.mark.parametrize(
    ("text", "variables", "keys"),
    [
        ("{ task { id title } }", {}, ["id", "title"]),
        ("{ task { a: id b: id __typename } }", {}, ["id"]),
        ("{ task { createdAt } }", {}, ["created_at"]),
        ("{ task { ... on Task { id } ... { title } } }", {}, ["id", "title"]),
        ("{ task { ...T } } fragment T on Task { id ...U } fragment U on Task { due }", {},
         ["due", "id"]),
        ("{ task { id @skip(if: true) title @include(if: false) due } }", {}, ["due"]),
        ("{ task { id @skip(if: $no) title @include(if: $no) due @include(if: $yes) } }",
         {"no": False, "yes": True}, ["due", "id"]),
        ("{ task { ... @skip(if: true) { id } due } }", {}, ["due"]),
    ],
)  # fmt: skip
def test_keys_of_what_is_selected(text: str, variables: dict[str, Any], keys: list[str]) -> None:
    nodes, scope = _read(text, variables)
    assert [key for key, _ in select(_root("task").row, nodes, scope)] == keys


def test_one_field_selected_twice_selects_the_sum_below_it() -> None:
    nodes, scope = _read("{ taskDetailRow { project { id } again: project { name } } }")
    selection = dict(select(_root("taskDetailRow").row, nodes, scope))
    assert selection == {"project": (("id", None), ("name", None))}


def _wants(root: str, text: str) -> Any:
    nodes, scope = _read(text)
    return wants_of(_root(root), nodes, scope.fragments, scope.variables)


def test_what_is_not_selected_of_an_envelope_is_not_wanted() -> None:
    wants = _wants("tasks", "{ tasks { created { id } } }")
    assert wants.created == (("id", None),)
    assert (wants.snapshot, wants.updated, wants.deleted, wants.has_snapshot) == (None,) * 2 + (
        False,
    ) * 2
    assert wants.rows


def test_a_page_without_rows_is_a_snapshot_all_the_same() -> None:
    wants = _wants("tasks", "{ tasks { snapshot { count } } }")
    assert wants.snapshot == ()
    assert wants.has_snapshot
    assert not wants.rows


def test_only_a_query_makes_a_live_query() -> None:
    assert _wants("tasks", "{ tasks { query { tasks { count } notes { count } } } }").only_query
    assert not _wants("tasks", "{ tasks { deleted query { tasks { count } } } }").only_query
    assert not _wants("task", "{ task { action query { tasks { count } } } }").only_query


def test_equal_wants_are_one_object() -> None:
    text = "{ tasks { snapshot { results { id title } } created { id } } }"
    assert _wants("tasks", text) is _wants("tasks", text.replace("id title", "title a: id"))


class Shown(ModelSerializer[models.Vehicle]):
    shout = SerializerMethodField()

    class Meta:
        model = models.Vehicle
        fields = ("id", "name", "shout")

    def get_shout(self, vehicle: models.Vehicle) -> str:
        raise AssertionError("this was not selected")


def test_a_field_that_is_not_selected_is_not_computed() -> None:
    class View(viewsets.ReadOnlyModelViewSet):
        serializer_class = Shown
        queryset = models.Vehicle.objects.all()

    row = describe_view(View, prefix="vehicles").roots[0].row
    serializer = Shown(models.Vehicle(id=1, name="van"))
    prune(serializer, row, (("name", None),))
    assert serializer.data == {"name": "van"}


def test_the_whole_is_all_that_the_serializer_shows() -> None:
    root = _root("taskDetailRow")
    serializer = TaskDetailSerializer()
    prune(serializer, root.row, WHOLE)
    assert list(serializer.fields) == list(TaskDetailSerializer().fields)


def test_a_serializer_that_shapes_its_own_output_keeps_its_fields() -> None:
    class Own(ModelSerializer[models.Vehicle]):
        class Meta:
            model = models.Vehicle
            fields = ("id", "name")

        def to_representation(self, instance: Any) -> Any:
            data = super().to_representation(instance)
            return {**data, "name": f"{data['id']}"}

    class View(viewsets.ReadOnlyModelViewSet):
        serializer_class = Own
        queryset = models.Vehicle.objects.all()

    with pytest.warns(match="to_representation"):
        row = describe_view(View, prefix="vehicles").roots[0].row
    serializer = Own(models.Vehicle(id=1, name="van"))
    prune(serializer, row, (("name", None),))
    assert serializer.data["name"] == "1"


def test_a_nested_serializer_is_reduced_as_well() -> None:
    root = _root("taskDetailRow")
    nodes, scope = _read("{ taskDetailRow { project { name } comments { text } } }")
    serializer: Any = TaskDetailSerializer()
    prune(serializer, root.row, select(root.row, nodes, scope))
    assert list(serializer.fields) == ["project", "comments"]
    assert list(serializer.fields["project"].fields) == ["name"]
    assert list(serializer.fields["comments"].child.fields) == ["text"]
