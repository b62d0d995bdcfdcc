"""What serializers follow, and what of them nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from rest_framework import serializers

from drf_live_graphql.live.paths import Paths
from drf_live_graphql.live.survey import survey
from tests.project import models
from tests.project.serializers import PersonSerializer, ProjectSerializer, TaskDetailSerializer

if TYPE_CHECKING:
    from collections.abc import Callable


def _survey(serializer: Any, model: Any = models.Task) -> tuple[set[str], set[str]]:
    """The ways that are known, and the fields that may read anything."""
    paths, opaque = Paths(model), set()

    def note(method: Callable[..., Any]) -> Callable[..., Any]:
        owner = method.__self__  # type: ignore[attr-defined]
        opaque.add(getattr(owner, "field_name", None) or type(owner).__name__)
        return method

    survey(serializer, model, paths, note)
    return {".".join(hop.lookup for hop in path) for path in paths}, opaque


def _of(**fields: Any) -> Any:
    meta = type("Meta", (), {"model": models.Task, "fields": list(fields)})
    base = (serializers.ModelSerializer,)
    return type("TaskSerializer", base, {**fields, "Meta": meta})()


def test_nested_serializers() -> None:
    known, opaque = _survey(TaskDetailSerializer(many=True))
    assert known == {"project", "assignee", "labels", "comments", "comments.author"}
    assert opaque == set()


class Shouting(serializers.CharField):
    """A field class of the project's own."""


class Listed(serializers.ListSerializer):  # type: ignore[type-arg]
    def to_representation(self, data: Any) -> Any:
        return super().to_representation(data)


class OwnProject(ProjectSerializer):
    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(instance)


class ListedPerson(PersonSerializer):
    class Meta(PersonSerializer.Meta):
        list_serializer_class = Listed


Related = serializers.PrimaryKeyRelatedField
CASES: dict[str, tuple[Any, set[str], bool]] = {
    "a column": (serializers.CharField(source="title"), set(), False),
    "a key": (Related(source="project", read_only=True), set(), False),
    "a key by its column": (serializers.IntegerField(source="project_id"), set(), False),
    "a column of another row": (
        serializers.CharField(source="assignee.username"),
        {"assignee"},
        False,
    ),
    "a key of another row": (
        Related(source="project.tasks", many=True, read_only=True),
        {"project", "project.tasks"},
        False,
    ),
    "keys": (Related(source="labels", many=True, read_only=True), {"labels"}, False),
    "a slug": (
        serializers.SlugRelatedField(source="assignee", slug_field="username", read_only=True),
        {"assignee"},
        False,
    ),
    "slugs that are no column": (
        serializers.SlugRelatedField(
            source="labels", slug_field="shout", many=True, read_only=True
        ),
        {"labels"},
        True,
    ),
    "a hyperlink": (
        serializers.HyperlinkedRelatedField(
            source="project", view_name="project-detail", read_only=True
        ),
        {"project"},
        False,
    ),
    "a hyperlink to itself": (
        serializers.HyperlinkedIdentityField(view_name="task-detail"),
        set(),
        False,
    ),
    "a string": (serializers.StringRelatedField(source="project"), {"project"}, True),
    "a method": (serializers.SerializerMethodField(method_name="get_it"), set(), True),
    "a property": (serializers.ReadOnlyField(source="shout"), set(), True),
    "a property of another row": (serializers.ReadOnlyField(source="project.shout"), set(), True),
    "a method of the model": (serializers.CharField(source="__str__"), set(), True),
    "what is no relation": (serializers.CharField(source="shout.name"), set(), True),
    "a field of its own": (Shouting(source="title"), set(), True),
    "a whole relation": (serializers.ReadOnlyField(source="project"), {"project"}, True),
    "a nested one at no relation": (ProjectSerializer(source="shout"), set(), True),
    "keys of no relation": (Related(source="shout", many=True, read_only=True), set(), True),
}


@pytest.mark.parametrize("case", CASES)
def test_a_field(case: str) -> None:
    field, ways, is_opaque = CASES[case]
    known, opaque = _survey(_of(field=field))
    assert known >= ways
    assert bool(opaque) is is_opaque


def test_what_is_only_written_is_not_read() -> None:
    assert _survey(_of(field=Shouting(write_only=True))) == (set(), set())


def test_a_nested_serializer_of_the_row_itself() -> None:
    class Part(serializers.ModelSerializer):  # type: ignore[type-arg]
        project = ProjectSerializer()

        class Meta:
            model = models.Task
            fields = ["project"]

    known, opaque = _survey(_of(field=Part(source="*")))
    assert (known, opaque) == ({"project"}, set())


def test_a_representation_of_its_own_may_read_anything() -> None:
    assert _survey(OwnProject(), models.Project) == (set(), {"OwnProject"})
    known, opaque = _survey(_of(field=OwnProject(source="project")))
    assert (known, opaque) == ({"project"}, {"field"})
    known, opaque = _survey(_of(field=ListedPerson(source="project.members", many=True)))
    assert (known, opaque) == ({"project", "project.members"}, {"field"})
