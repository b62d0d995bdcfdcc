"""The strawberry types: the SDL that the design shows, and execution over plain dicts."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
import strawberry
from django_filters.rest_framework import DjangoFilterBackend
from graphql import execute_sync, parse
from rest_framework import filters, pagination, serializers
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

import schema_gen
from schema_gen import SchemaError
from tests.schema_gen.harness import Answers, execute, field_types, schema_of, sdl, viewset
from tests.schema_gen.models import Author, Book, Tag, Task

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPECTED = """
type Query {
  tasks(done: Boolean, titleIcontains: String, search: String, ordering: [TaskOrdering!], page: Int): TaskPage!
  task(id: ID!): Task
}

type TaskPage {
  count: Int!
  next: String
  previous: String
  results: [Task!]!
}

type Task {
  id: ID!
  title: String!
  done: Boolean!
}

enum TaskOrdering {
  TITLE_ASC
  TITLE_DESC
}

type Subscription {
  tasks(done: Boolean, titleIcontains: String, search: String, ordering: [TaskOrdering!], page: Int): TaskListChange!
  task(id: ID!): TaskChange!
}

type TaskListChange {
  snapshot: TaskPage
  created: [Task!]!
  updated: [Task!]!
  deleted: [ID!]!
  cursor: String!
  query: Query!
}

type TaskChange {
  action: ChangeAction!
  objectId: ID!
  instance: Task
  cursor: String!
  query: Query!
}

enum ChangeAction {
  SNAPSHOT
  CREATED
  UPDATED
  DELETED
}
"""  # noqa: E501


class TaskSerializer(serializers.ModelSerializer[Task]):
    class Meta:
        model = Task
        fields = ["id", "title", "done"]


class Pages(pagination.PageNumberPagination):
    page_size = 10


def tasks(**options: Any) -> schema_gen.ViewDescription:
    view = viewset(
        TaskSerializer,
        Task,
        pagination_class=Pages,
        filter_backends=[DjangoFilterBackend, filters.SearchFilter, filters.OrderingFilter],
        filterset_fields={"done": ["exact"], "title": ["icontains"]},
        search_fields=["title"],
        ordering_fields=["title"],
    )
    return schema_gen.describe_view(view, **{"prefix": "tasks", **options})


def definitions(text: str) -> set[str]:
    """The definitions of an SDL, without descriptions and in one line for each field."""
    text = re.sub(r'"""[\s\S]*?"""', "", text)
    text = re.sub(r"\(([^)]*)\)", lambda args: f"({', '.join(args[1].split(chr(10)))})", text)
    text = re.sub(r"\(,?\s*", "(", re.sub(r"[\s,]*\)", ")", re.sub(r"(,\s*)+", ", ", text)))
    return {
        "\n".join(line.strip() for line in block.splitlines() if line.strip())
        for block in re.split(r"(?<=\})\n", text)
        if block.strip()
    }


def test_a_task_view_set_has_the_schema_of_the_design() -> None:
    schema, _ = schema_of(tasks())
    assert definitions(sdl(schema)) == definitions(EXPECTED)


def test_the_envelope_is_described_as_in_the_design() -> None:
    schema, _ = schema_of(tasks())
    described = schema._schema.type_map["TaskListChange"].description
    assert described == "All that one commit changed in `tasks`, as this client may see it."
    for envelope in ("TaskListChange", "TaskChange", "TaskPage"):
        found: Any = schema._schema.type_map[envelope]
        assert all(field.description for field in found.fields.values())
        assert "id" not in found.fields


def test_two_builds_print_the_same_schema() -> None:
    assert sdl(schema_of(tasks())[0]) == sdl(schema_of(tasks())[0])


def test_a_page_a_row_and_nothing_are_answered_from_dicts() -> None:
    page = {"count": 1, "next": None, "previous": None, "results": [{"id": 1, "title": "a"}]}
    schema, resolvers = schema_of(tasks(), answers={"tasks": page, "task": None})
    answer = execute(
        schema,
        """query Q($done: Boolean) {
             tasks(done: $done, ordering: [TITLE_DESC, TITLE_ASC], page: 2, search: null) {
               count results { id title }
             }
             task(id: 5) { title }
           }""",
        done=False,
    )
    assert answer == {
        "tasks": {"count": 1, "results": [{"id": "1", "title": "a"}]},
        "task": None,
    }
    calls = {name: call for name, _, call in resolvers.calls}
    assert calls["tasks"].query == (("done", "false"), ("ordering", "-title,title"), ("page", "2"))
    assert calls["task"].kwargs == (("pk", "5"),)


def subscribe(schema: strawberry.Schema, document: str) -> list[Mapping[str, Any]]:
    async def collect() -> list[Mapping[str, Any]]:
        found = []
        async for result in await schema.subscribe(document):  # type: ignore[union-attr]
            assert result.errors is None, result.errors
            assert result.data is not None
            found.append(result.data)
        return found

    return asyncio.run(collect())


CHANGE = {"snapshot": None, "created": [{"id": 1, "title": "a"}], "updated": [], "deleted": ["7"]}


def test_a_subscription_streams_its_envelopes() -> None:
    page = {"count": 0, "results": []}
    first = {"action": "SNAPSHOT", "objectId": 1, "instance": {"title": "a"}, "cursor": "c"}
    answers = {
        "tasks": [{**CHANGE, "cursor": "1"}, {**CHANGE, "snapshot": page, "cursor": "2"}],
        "task": [first],
    }
    schema, _ = schema_of(tasks(), answers=answers)
    document = "subscription { tasks { snapshot { count } created { title } deleted cursor } }"
    row = {"created": [{"title": "a"}], "deleted": ["7"]}
    assert subscribe(schema, document) == [
        {"tasks": {"snapshot": None, **row, "cursor": "1"}},
        {"tasks": {"snapshot": {"count": 0}, **row, "cursor": "2"}},
    ]
    document = "subscription { task(id: 1) { action objectId instance { title } } }"
    assert subscribe(schema, document) == [
        {"task": {"action": "SNAPSHOT", "objectId": "1", "instance": {"title": "a"}}}
    ]


def test_an_envelope_answers_the_root_again() -> None:
    page = {"count": 3, "results": []}
    schema, resolvers = schema_of(tasks(), answers={"tasks": [{**CHANGE, "cursor": "1"}]})

    async def query(root: Any, info: Any, arguments: Any) -> Any:
        return page

    resolvers.query = query  # type: ignore[method-assign]
    document = "subscription { tasks { query { tasks(page: 1) { count } } } }"
    assert subscribe(schema, document) == [{"tasks": {"query": {"tasks": {"count": 3}}}}]


def test_an_envelope_executes_synchronously_as_a_root_value() -> None:
    schema, _ = schema_of(tasks())
    document = parse("subscription { tasks { created { title } } }")
    result = execute_sync(schema._schema, document, root_value={**CHANGE, "cursor": "1"})
    # The subscription's root field hands on the event itself, as graphql-core executes it.
    assert result.errors is None
    assert result.data == {"tasks": {"created": [{"title": "a"}]}}


@strawberry.type
class MyQuery:
    @strawberry.field
    def hello(self) -> str:
        return "hello"


def merged(built: schema_gen.BuiltTypes, how: str) -> strawberry.Schema:
    if how == "inheritance":
        inherited = type("Query", (MyQuery, built.query_type), {})
        query = strawberry.type(inherited)
    else:
        query = merge_types("Query", (built.query_type, MyQuery))
    return strawberry.Schema(query=query, subscription=built.subscription_type)


@pytest.mark.parametrize("how", ["inheritance", "merge_types"])
def test_an_envelope_s_query_is_the_root_of_the_schema_that_it_is_in(how: str) -> None:
    resolvers = Answers({"tasks": [{**CHANGE, "cursor": "1"}]})
    built = schema_gen.build_types([tasks()], resolvers)
    plain = strawberry.Schema(query=built.query_type, subscription=built.subscription_type)
    both = merged(built, how)
    document = "subscription { tasks { query { hello } } }"
    assert subscribe(both, document) == [{"tasks": {"query": {"hello": "hello"}}}]
    assert both._schema.type_map["TaskListChange"].fields["query"].type.of_type is (
        both._schema.query_type
    )
    assert plain._schema.type_map["TaskListChange"].fields["query"].type.of_type is (
        plain._schema.query_type
    )
    assert set(field_types(plain, "Query")) == {"tasks", "task"}
    assert set(field_types(both, "Query")) == {"tasks", "task", "hello"}
    assert plain.execute_sync("{ hello }").errors is not None


def test_two_builds_of_different_views_live_in_one_schema() -> None:
    class TagSerializer(serializers.ModelSerializer[Tag]):
        class Meta:
            model = Tag
            fields = ["id", "name"]

    tags = schema_gen.describe_view(viewset(TagSerializer, Tag), prefix="tags")
    answers = {"tasks": [{**CHANGE, "cursor": "1"}], "tags": [{**CHANGE, "cursor": "2"}]}
    built = [schema_gen.build_types([view], Answers(answers)) for view in (tasks(), tags)]
    schema = strawberry.Schema(
        query=merge_types("Query", tuple(types.query_type for types in built)),
        subscription=merge_types("Subscription", tuple(types.subscription_type for types in built)),
    )
    assert set(field_types(schema, "Query")) == {"tasks", "task", "tags", "tag"}
    for name in ("tasks", "tags"):
        document = f"subscription {{ {name} {{ deleted query {{ __typename }} }} }}"
        expected = {"deleted": ["7"], "query": {"__typename": "Query"}}
        assert subscribe(schema, document) == [{name: expected}]


def test_a_root_of_another_name_leaves_the_generated_root_under_its_own() -> None:
    built = schema_gen.build_types([tasks()], Answers())
    query = strawberry.type(type("Root", (MyQuery, built.query_type), {}))
    schema = strawberry.Schema(query=query, subscription=built.subscription_type)
    assert set(field_types(schema, "Query")) == {"tasks", "task"}
    assert set(field_types(schema, "Root")) == {"tasks", "task", "hello"}


def test_an_unrelated_query_is_not_taken_for_the_generated_one() -> None:
    built = schema_gen.build_types([tasks()], Answers())

    @strawberry.type
    class Query:
        hello: str

    with pytest.raises(Exception, match="Query"):
        strawberry.Schema(query=Query, subscription=built.subscription_type)


def test_types_of_two_builds_don_t_pass_for_each_other() -> None:
    first, second = (schema_gen.build_types([tasks()], Answers()) for _ in range(2))
    with pytest.raises(Exception, match="Task"):
        strawberry.Schema(query=first.query_type, subscription=second.subscription_type)


def test_the_root_value_of_a_merged_schema_can_be_made() -> None:
    built = schema_gen.build_types([tasks()], Answers())
    query = strawberry.type(type("Query", (MyQuery, built.query_type), {}))
    assert query().hello() == "hello"


@pytest.mark.parametrize("with_map", [True, False])
def test_dates_come_out_as_drf_wrote_them_whatever_the_scalar_map(with_map: bool) -> None:
    class BookSerializer(serializers.ModelSerializer[Book]):
        class Meta:
            model = Book
            fields = ["created", "published", "opens", "reading_time", "sold"]

    row = {
        "created": "2024-05-06T07:08:09Z",
        "published": "2024-05-06",
        "opens": "09:30:00",
        "reading_time": "1 02:00:00",
        "sold": 2**40,
    }
    view = schema_gen.describe_view(viewset(BookSerializer, Book), prefix="books")
    built = schema_gen.build_types([view], Answers({"books": [row]}))
    config = StrawberryConfig(scalar_map=built.scalar_map if with_map else {})
    schema = strawberry.Schema(query=built.query_type, config=config)
    answer = execute(schema, "{ books { created published opens readingTime sold } }")["books"][0]
    assert list(answer.values()) == list(row.values())


def test_the_user_s_own_resolver_and_naming_change_nothing() -> None:
    def refuse(source: Any, name: str) -> Any:
        raise AssertionError(name)

    view = schema_gen.describe_view(viewset(TaskSerializer, Task), prefix="tasks")
    built = schema_gen.build_types([view], Answers({"tasks": [{"id": 1}]}))
    config = StrawberryConfig(default_resolver=refuse, auto_camel_case=False)
    schema = strawberry.Schema(query=built.query_type, config=config)
    assert execute(schema, "{ tasks { id } }") == {"tasks": [{"id": "1"}]}


def test_every_root_field_leads_to_its_description() -> None:
    view = tasks()
    schema, _ = schema_of(view)
    for operation in (schema._schema.query_type, schema._schema.subscription_type):
        assert operation is not None
        found = {name: schema_gen.root_of(field) for name, field in operation.fields.items()}
        assert found == {root.name: root for root in view.roots}
    other: Any = schema._schema.type_map["Task"]
    assert schema_gen.root_of(other.fields["title"]) is None


def test_no_view_at_all_is_an_error_that_says_so() -> None:
    with pytest.raises(SchemaError, match="nothing to build"):
        schema_gen.build_types([], Answers())


def test_fields_may_be_called_like_python_s_own_words() -> None:
    class Words(serializers.Serializer[Any]):
        locals()["class"] = serializers.CharField()
        locals()["from"] = serializers.CharField()
        mro = serializers.CharField()
        name = serializers.CharField()
        __str = serializers.CharField()

    view = schema_gen.describe_view(viewset(Words, Tag), prefix="tags")
    row = {"class": "a", "from": "b", "mro": "c", "name": "d"}
    schema, _ = schema_of(view, answers={"tags": [row]})
    assert execute(schema, "{ tags { class from mro name } }") == {"tags": [row]}


def test_authors_and_books_live_in_one_schema() -> None:
    class AuthorSerializer(serializers.ModelSerializer[Author]):
        class Meta:
            model = Author
            fields = ["id", "name"]

    class BookSerializer(serializers.ModelSerializer[Book]):
        author = AuthorSerializer()

        class Meta:
            model = Book
            fields = ["title", "author"]

    views = [
        schema_gen.describe_view(viewset(BookSerializer, Book), prefix="books"),
        schema_gen.describe_view(viewset(AuthorSerializer, Author), prefix="authors"),
    ]
    schema, _ = schema_of(*views)
    assert field_types(schema, "Book") == {"title": "String!", "author": "Author!"}
    assert field_types(schema, "Query")["author"] == "Author"
