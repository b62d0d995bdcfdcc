"""GraphQL documents, parsed and validated once however many clients send them, within limits."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    parse,
    specified_rules,
)
from strawberry.schema.schema import validate_document

from .conf import settings
from .exceptions import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strawberry.schema.base import BaseSchema

# Documents kept per schema, their characters in all (parsed, each takes about 125 bytes), and those
# above which one is not worth keeping.
KEPT = 500
KEPT_CHARACTERS = 1_000_000
LONGEST_KEPT = 20_000
# Tokens for each field that a document may select: name, alias, arguments, braces.
TOKENS_PER_FIELD = 8


class Document:
    """A document that is valid for its schema. Compared by identity: equal texts are one."""

    __slots__ = ("__weakref__", "fragments", "node", "operations")

    def __init__(self, node: DocumentNode) -> None:
        """``node`` is valid."""
        self.node = node
        self.operations = [d for d in node.definitions if isinstance(d, OperationDefinitionNode)]
        self.fragments = _fragments(node)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to execute (GraphQL specification, "GetOperation").

        Raises a ``GraphQLError`` where there is none of that name, or no name and several.
        """
        if name is None and len(self.operations) == 1:
            return self.operations[0]
        for operation in self.operations:
            if operation.name is not None and operation.name.value == name:
                return operation
        names = [operation.name.value for operation in self.operations if operation.name]
        if name is None:
            raise GraphQLError(f"Expected an operationName, one of {names}; none came.")
        raise GraphQLError(f"Expected an operationName, one of {names}; {name!r} came.")


class Documents:
    """The valid documents of one schema, the latest used kept. Threads may share it."""

    def __init__(self) -> None:
        """Empty."""
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._characters = 0
        self._lock = threading.Lock()

    def load(self, schema: BaseSchema, text: str) -> Document | Sequence[GraphQLError]:
        """The document of ``text``, or what is wrong with it."""
        with self._lock:
            kept = self._kept.get(text)
            if kept is not None:
                self._kept.move_to_end(text)
                return kept
        errors: Sequence[GraphQLError]
        try:
            node = parse(text, max_tokens=settings.QUERY_FIELDS * TOKENS_PER_FIELD)
            errors = excesses(node) or validate_document(
                schema._schema,  # type: ignore[attr-defined]
                node,
                tuple(specified_rules),
            )
        except GraphQLError as error:
            return [error]
        except RecursionError:  # As by a chain of fragments.
            return [Refusal("The document is nested too deeply.", "TOO_LARGE")]
        if errors:
            return errors
        document = Document(node)
        return self._keep(text, document) if len(text) <= LONGEST_KEPT else document

    def _keep(self, text: str, document: Document) -> Document:
        """Keep it, or take the one that another thread was faster with; the longest unused go."""
        with self._lock:
            kept = self._kept.setdefault(text, document)
            if kept is document:
                self._characters += len(text)
                while len(self._kept) > KEPT or self._characters > KEPT_CHARACTERS:
                    oldest, _ = self._kept.popitem(last=False)
                    self._characters -= len(oldest)
            return kept


_documents: WeakKeyDictionary[BaseSchema, Documents] = WeakKeyDictionary()


def load(schema: BaseSchema, text: str) -> Document | Sequence[GraphQLError]:
    """The valid document of ``text`` for ``schema``, or its errors, limits included."""
    return _documents.setdefault(schema, Documents()).load(schema, text)


def excesses(node: DocumentNode) -> list[GraphQLError]:
    """An error for each limit (settings ``QUERY_*``) that a document passes."""
    fragments = sum(isinstance(part, FragmentDefinitionNode) for part in node.definitions)
    if fragments > settings.QUERY_FRAGMENTS:
        # Validation compares each with each, on the event loop.
        return [_excess("QUERY_FRAGMENTS", settings.QUERY_FRAGMENTS, fragments)]
    measure = _Measure(node)
    errors: list[GraphQLError] = []
    for operation in node.definitions:
        if not isinstance(operation, OperationDefinitionNode):
            continue
        depth, fields = measure.of(operation)
        roots = measure.roots(operation)
        for what, limit, found in (
            ("QUERY_DEPTH", settings.QUERY_DEPTH, depth),
            ("QUERY_FIELDS", settings.QUERY_FIELDS, fields),
            ("QUERY_ROOTS", settings.QUERY_ROOTS, roots),
        ):
            if found > limit:
                errors.append(_excess(what, limit, found))
    return errors


def _excess(what: str, limit: int, found: int) -> GraphQLError:
    message = f"The document is too large: {what} is {limit}, it has {found}."
    return Refusal(message, "TOO_LARGE")


class _Measure:
    """Depth and number of fields, fragments unrolled; each fragment is measured once."""

    def __init__(self, node: DocumentNode) -> None:
        self._fragments = _fragments(node)
        self._known: dict[str, tuple[int, int]] = {}
        self._roots: dict[str, int] = {}

    def of(self, node: Any) -> tuple[int, int]:
        """The depth below ``node`` and the number of its fields."""
        depth = fields = 0
        for below in node.selection_set.selections if node.selection_set else ():
            below_depth, below_fields = self._one(below)
            depth = max(depth, below_depth)
            fields += below_fields
        return depth, fields

    def roots(self, node: Any) -> int:
        """The number of fields at the top of ``node``, those in fragments included."""
        return sum(self._roots_of(below) for below in node.selection_set.selections)

    def _roots_of(self, node: Any) -> int:
        if isinstance(node, FieldNode):
            return 1
        if not isinstance(node, FragmentSpreadNode):
            return self.roots(node)
        name = node.name.value
        if name not in self._roots:
            self._roots[name] = 0  # As with depth, a cycle ends here.
            fragment = self._fragments.get(name)
            if fragment is not None:
                self._roots[name] = self.roots(fragment)
        return self._roots[name]

    def _one(self, node: Any) -> tuple[int, int]:
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        if isinstance(node, FieldNode) and node.name.value.startswith("__"):
            return 1, 1  # Introspection is deep and cheap.
        depth, fields = self.of(node)
        return (depth + 1, fields + 1) if isinstance(node, FieldNode) else (depth, fields)

    def _fragment(self, name: str) -> tuple[int, int]:
        if name not in self._known:
            self._known[name] = (0, 0)  # A cycle ends here; validation reports it.
            fragment = self._fragments.get(name)
            if fragment is not None:
                self._known[name] = self.of(fragment)
        return self._known[name]


def _fragments(node: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {d.name.value: d for d in node.definitions if isinstance(d, FragmentDefinitionNode)}


__all__ = ["Document", "Documents", "excesses", "load"]
