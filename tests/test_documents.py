"""Documents are parsed and validated once, and within limits."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import pytest
import strawberry
from graphql import GraphQLError, parse

from drf_live_graphql import documents
from drf_live_graphql.documents import Document, Documents, excesses, load

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper


@strawberry.type
class Node:
    name: str = "n"

    @strawberry.field
    def below(self) -> Node:
        return Node()


@strawberry.type
class Query:
    node: Node = strawberry.field(default_factory=Node)


schema = strawberry.Schema(Query)


def _load(text: str) -> Document:
    document = Documents().load(schema, text)
    assert isinstance(document, Document), document
    return document


def _excesses(text: str) -> list[str]:
    errors = excesses(parse(text))
    assert all(error.extensions == {"code": "TOO_LARGE"} for error in errors)
    return [error.message for error in errors]


# Keeping.


def test_equal_texts_are_one_document_of_a_schema() -> None:
    text = "{ node { name } }"
    assert load(schema, text) is load(schema, text)
    assert load(schema, text) is not load(strawberry.Schema(Query), text)


def test_the_latest_used_documents_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "KEPT", 2)
    store = Documents()
    texts = [f"query q{number} {{ node {{ name }} }}" for number in range(3)]
    first, second = store.load(schema, texts[0]), store.load(schema, texts[1])
    assert store.load(schema, texts[0]) is first
    store.load(schema, texts[2])
    assert store.load(schema, texts[0]) is first
    assert store.load(schema, texts[1]) is not second


def test_documents_are_kept_up_to_a_number_of_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Documents()
    texts = [f"query q{number} {{ node {{ name }} }}" for number in range(3)]
    monkeypatch.setattr(documents, "KEPT_CHARACTERS", 2 * len(texts[0]))
    first, second = store.load(schema, texts[0]), store.load(schema, texts[1])
    store.load(schema, texts[2])
    assert store.load(schema, texts[1]) is second
    assert store.load(schema, texts[0]) is not first
    assert len(store._kept) == 2


def test_a_document_that_two_threads_load_at_once_counts_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, text = Documents(), "{ node { name } }"

    def other_thread(*arguments: Any) -> Any:
        monkeypatch.undo()
        assert isinstance(store.load(schema, text), Document)
        return parse(*arguments[:1])

    monkeypatch.setattr(documents, "parse", lambda text, **_: other_thread(text))
    document = store.load(schema, text)
    assert isinstance(document, Document)
    assert document is store.load(schema, text)
    assert store._characters == len(text)


def test_a_document_that_is_being_taken_is_not_dropped_by_another_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(documents, "KEPT", 1)
    store, others = Documents(), list[threading.Thread]()

    class Interrupted(OrderedDict[str, Document]):
        def get(self, text: str, default: Any = None) -> Any:
            found = super().get(text, default)
            if found is not None:
                others.append(threading.Thread(target=store.load, args=(schema, "{ __typename }")))
                others[-1].start()
                others[-1].join(0.5)  # Time to drop it; it is to wait for its turn.
            return found

    store._kept = Interrupted()
    document = store.load(schema, "{ node { name } }")
    assert store.load(schema, "{ node { name } }") is document
    (other,) = others
    other.join()
    assert list(store._kept) == ["{ __typename }"]


def test_a_long_document_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "{ node { name } }"
    monkeypatch.setattr(documents, "LONGEST_KEPT", len(text) - 1)
    store = Documents()
    assert store.load(schema, text) is not store.load(schema, text)


def test_what_is_wrong_is_not_kept_and_told_again() -> None:
    store = Documents()
    for _ in range(2):
        [syntax] = _errors(store.load(schema, "{ node {"))
        assert "Syntax Error" in syntax.message
        [unknown] = _errors(store.load(schema, "{ node { wings } }"))
        assert "wings" in unknown.message


def _errors(loaded: Any) -> list[GraphQLError]:
    assert not isinstance(loaded, Document)
    return list(loaded)


# Operations.


def test_the_only_operation_needs_no_name() -> None:
    document = _load("query a { node { name } }")
    assert document.operation(None) is document.operations[0]
    assert document.operation("a") is document.operations[0]


def test_one_of_several_is_chosen_by_name() -> None:
    document = _load("query a { node { name } } query b { node { name } }")
    assert document.operation("b") is document.operations[1]
    with pytest.raises(GraphQLError, match=r"one of \['a', 'b'\]; none came"):
        document.operation(None)
    with pytest.raises(GraphQLError, match=r"one of \['a', 'b'\]; 'c' came"):
        document.operation("c")


def test_a_name_does_not_fit_an_operation_without_one() -> None:
    with pytest.raises(GraphQLError, match="'a' came"):
        _load("{ node { name } }").operation("a")


def test_fragments_are_by_name() -> None:
    document = _load("{ node { ...f } } fragment f on Node { name }")
    assert list(document.fragments) == ["f"]


# Limits.


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("{ node { name } }", 2),
        ("{ node { below { name } name } }", 3),
        ("{ node { ... on Node { below { name } } } }", 3),
        ("{ node { ...f } } fragment f on Node { below { ...g } } fragment g on Node { name }", 3),
        ("{ __schema { types { fields { type { name } } } } }", 1),
    ],
)
def test_depth(settings: SettingsWrapper, text: str, depth: int) -> None:
    settings.DRF_LIVE_GRAPHQL = {"QUERY_DEPTH": depth}
    assert _excesses(text) == []
    settings.DRF_LIVE_GRAPHQL = {"QUERY_DEPTH": depth - 1}
    assert _excesses(text) == [
        f"The document is too large: QUERY_DEPTH is {depth - 1}, it has {depth}."
    ]


def test_fragments_count_as_often_as_they_are_used(settings: SettingsWrapper) -> None:
    """Each doubles the one below: two to the power of thirty fields, measured at once."""
    levels = "".join(
        f"fragment f{n} on Node {{ a: below {{ ...f{n + 1} }} b: below {{ ...f{n + 1} }} }}"
        for n in range(30)
    )
    text = f"{{ node {{ ...f0 }} }} {levels} fragment f30 on Node {{ name }}"
    settings.DRF_LIVE_GRAPHQL = {"QUERY_DEPTH": 100}
    # node, two fields on each level and per path, and the names at the bottom.
    found = 1 + sum(2 ** (n + 1) for n in range(30)) + 2**30
    assert _excesses(text) == [f"The document is too large: QUERY_FIELDS is 2000, it has {found}."]


def test_the_top_of_a_document_is_limited(settings: SettingsWrapper) -> None:
    settings.DRF_LIVE_GRAPHQL = {"QUERY_ROOTS": 3}
    fragment = "fragment f on Query { b: node { name } c: node { name } }"
    assert _excesses(f"{{ a: node {{ name }} ...f }} {fragment}") == []
    [message] = _excesses(f"{{ a: node {{ name }} ...f ... on Query {{ ...f }} }} {fragment}")
    assert message == "The document is too large: QUERY_ROOTS is 3, it has 5."


def test_fragments_are_limited(settings: SettingsWrapper) -> None:
    settings.DRF_LIVE_GRAPHQL = {"QUERY_FRAGMENTS": 2}
    text = "{ fences { ...a } } " + " ".join(f"fragment {name} on Fence {{ id }}" for name in "abc")
    assert _excesses(text) == ["The document is too large: QUERY_FRAGMENTS is 2, it has 3."]
    settings.DRF_LIVE_GRAPHQL = {"QUERY_FRAGMENTS": 3}
    assert _excesses(text) == []


def test_a_chain_of_fragments_is_refused(settings: SettingsWrapper) -> None:
    settings.DRF_LIVE_GRAPHQL = {"QUERY_FRAGMENTS": 1_500}
    chain = " ".join(f"fragment f{n} on Node {{ ...f{n + 1} }}" for n in range(1_499))
    errors = load(schema, f"{{ node {{ ...f0 }} }} {chain} fragment f1499 on Node {{ name }}")
    assert not isinstance(errors, Document)
    assert [error.message for error in errors] == ["The document is nested too deeply."]


def test_each_operation_is_measured(settings: SettingsWrapper) -> None:
    settings.DRF_LIVE_GRAPHQL = {"QUERY_DEPTH": 2}
    assert len(_excesses("query a { node { name } } query b { node { below { name } } }")) == 1


def test_a_fragment_within_itself_is_validation_s_to_refuse() -> None:
    text = "{ ...q } fragment q on Query { node { ...f } ...q } fragment f on Node { name ...f }"
    assert _excesses(text) == []
    messages = [error.message for error in _errors(Documents().load(schema, text))]
    assert any("within itself" in message for message in messages)


def test_a_fragment_that_is_not_there_is_validation_s_to_refuse() -> None:
    assert _excesses("{ ...q node { ...f } }") == []
    messages = [e.message for e in _errors(Documents().load(schema, "{ ...q node { ...f } }"))]
    assert any("Unknown fragment" in message for message in messages)


def test_a_document_that_is_too_large_is_not_validated(settings: SettingsWrapper) -> None:
    settings.DRF_LIVE_GRAPHQL = {"QUERY_DEPTH": 1}
    [error] = _errors(Documents().load(schema, "{ node { wings } }"))
    assert error.extensions == {"code": "TOO_LARGE"}


def test_a_text_of_too_many_tokens_is_not_parsed_to_its_end(settings: SettingsWrapper) -> None:
    settings.DRF_LIVE_GRAPHQL = {"QUERY_FIELDS": 10}
    [error] = _errors(Documents().load(schema, "{ node { " + "name " * 200 + "} } %"))
    assert "token" in error.message
