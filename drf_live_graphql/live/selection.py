"""What a document selects of a row, in the serializer's own words.

A selection is a frozen tree of serializer keys, so that two documents that want the same of a row
share one serialisation, and what nobody selected is never computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    VariableNode,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from graphql import DirectiveNode, FragmentDefinitionNode, OperationDefinitionNode
    from rest_framework.serializers import BaseSerializer

    from schema_gen import ObjectDescription

Selection = tuple[tuple[str, "Selection | None"], ...]

# All that a serializer shows, for protocols in which nobody selects. No key of GraphQL's is this.
WHOLE: Selection = (("*", None),)


@dataclass(frozen=True, slots=True)
class Scope:
    """What it takes to read a selection set: the document's fragments and coerced variables."""

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def fields(
        self, nodes: Iterable[FieldNode | OperationDefinitionNode]
    ) -> dict[str, list[FieldNode]]:
        """The fields selected below ``nodes``, by name, however often and under any alias."""
        found: dict[str, list[FieldNode]] = {}
        for node in nodes:
            if node.selection_set is not None:
                for field in self._walk(node.selection_set.selections):
                    found.setdefault(field.name.value, []).append(field)
        return found

    def _walk(self, selections: Iterable[Any]) -> Iterator[FieldNode]:
        for node in selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                yield from self._walk(node.selection_set.selections)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                yield from self._walk(fragment.selection_set.selections)

    def _included(self, node: Any) -> bool:
        """Whether ``@skip`` and ``@include`` leave the node in (GraphQL specification, 3.13)."""
        for directive in node.directives or ():
            name = directive.name.value
            if name in ("skip", "include") and self._condition(directive) == (name == "skip"):
                return False
        return True

    def _condition(self, directive: DirectiveNode) -> bool:
        value: Any = (directive.arguments or ())[0].value
        if isinstance(value, VariableNode):
            return bool(self.variables.get(value.name.value))
        return bool(value.value)


def select(row: ObjectDescription, nodes: Iterable[FieldNode], scope: Scope) -> Selection:
    """The serializer keys of ``row`` that ``nodes`` select, nested ones below them."""
    fields = {field.name: field for field in row.fields}
    tree: dict[str, Selection | None] = {}
    for name, below in scope.fields(nodes).items():
        field = fields.get(name)
        if field is None:
            continue  # __typename
        nested = field.type.object
        tree[field.key] = None if nested is None else select(nested, below, scope)
    return tuple(sorted(tree.items()))


def prune(serializer: BaseSerializer[Any], row: ObjectDescription, selection: Selection) -> None:
    """Take the fields that are not in ``selection`` out of a serializer that was just made.

    A serializer whose ``to_representation`` is its author's own keeps all its fields, as it may
    read any of them, but for those that the view's registration excludes: nobody reads these.
    """
    fields = getattr(serializer, "fields", None)
    if fields is None:
        return
    for key in row.excluded & set(fields):
        del fields[key]
    if not row.prunable or selection == WHOLE:
        return
    wanted = dict(selection)
    described = {field.key: field for field in row.fields}
    for key in list(fields):
        if key not in wanted:
            del fields[key]
            continue
        below, nested = wanted[key], described[key].type.object
        if below is not None and nested is not None:
            prune(getattr(fields[key], "child", fields[key]), nested, below)


def reduced(data: Any, selection: Selection | None) -> Any:
    """What ``selection`` has of rows that were made without it; ``None`` is all of them."""
    if selection is None or selection == WHOLE:
        return data
    if isinstance(data, list | tuple):
        return [reduced(item, selection) for item in data]
    if not isinstance(data, Mapping):
        return data
    return {key: reduced(data[key], below) for key, below in selection if key in data}


__all__ = ["WHOLE", "Scope", "Selection", "prune", "reduced", "select"]
