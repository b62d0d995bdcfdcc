"""The document that a visitor finds in GraphiQL's first tab: a subscription that runs as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import (
    GraphQLObjectType,
    get_named_type,
    is_composite_type,
    is_required_argument,
    parse,
    print_ast,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import GraphQLField, GraphQLSchema

_DEPTH = 3
_BREADTH = 8
_HELP = """\
# Ctrl-Enter runs this; it stays open,
# and the latest result is on the right.
# A token goes into the tab "Headers":
# {"Authorization": "Token …"}

"""


def welcome(schema: GraphQLSchema) -> str:
    """The first subscription of ``schema`` that needs no arguments, or else such a query.

    The selection is a part of what there is: ``_BREADTH`` fields an object, ``_DEPTH`` objects
    deep. Where every field needs arguments, only the words of help are left.
    """
    for kind, root in (("subscription", schema.subscription_type), ("query", schema.query_type)):
        for name, field in _free_fields(root):
            selection = _selection(field, _DEPTH, _roots(schema))
            if selection is not None:
                title = name[:1].upper() + name[1:]
                document = f"{kind} {title} {{ {name} {selection} }}"
                return _HELP + print_ast(parse(document)) + "\n"
    return _HELP


def _roots(schema: GraphQLSchema) -> frozenset[str]:
    """The root types: a payload that leads back to one would start all over again."""
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    return frozenset(root.name for root in roots if root)


def _free_fields(parent: GraphQLObjectType | None) -> Iterator[tuple[str, GraphQLField]]:
    for name, field in parent.fields.items() if parent else ():
        if not any(is_required_argument(argument) for argument in field.args.values()):
            yield name, field


def _selection(field: GraphQLField, depth: int, seen: frozenset[str]) -> str | None:
    """The braces behind a field: empty for a leaf, ``None`` where nothing can be selected."""
    kind = get_named_type(field.type)
    if not is_composite_type(kind):
        return ""
    if kind.name in seen or not depth:
        return None
    if not isinstance(kind, GraphQLObjectType):
        return "{ __typename }"
    fields = []
    for name, child in _free_fields(kind):
        selection = _selection(child, depth - 1, seen | {kind.name})
        if selection is not None:
            fields.append(f"{name} {selection}")
    return f"{{ {' '.join(fields[:_BREADTH])} }}" if fields else None


__all__ = ["welcome"]
