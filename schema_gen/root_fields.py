"""The root fields: they hand their arguments to the resolvers and know their description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from strawberry.types.field import StrawberryField

from .output import coercion, inert
from .roots import RootDescription
from .types import ListType, reference_to

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Coroutine, Mapping

    import strawberry
    from graphql import GraphQLField

__all__ = ["QueryField", "QueryRootField", "Resolvers", "SubscriptionField", "root_of"]

ROOT = "drf_live_graphql"
RESOLVERS = "schema_gen.resolvers"
DEFINITION = "strawberry-definition"


class Resolvers(Protocol):
    """Answers the roots. Arguments are by GraphQL name, values as strawberry parses them."""

    async def query(
        self, root: RootDescription, info: strawberry.Info, arguments: dict[str, Any]
    ) -> Any:
        """A list of row dicts or the page dict for a list; the row dict or None for a row."""
        ...

    def subscribe(
        self, root: RootDescription, info: strawberry.Info, arguments: dict[str, Any]
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        """The envelope dicts of a subscription, its `query` left out."""
        ...


class _RootField(StrawberryField):
    """Works without a resolver function: strawberry asks get_result()."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inert(self)
        self.root: RootDescription = self.metadata[ROOT]
        self.resolvers: Resolvers = self.metadata[RESOLVERS]

    @property
    def is_basic_field(self) -> bool:
        """Basic fields get no arguments."""
        return False


class QueryField(_RootField):
    """A root of Query."""

    @property
    def is_async(self) -> bool:
        """Whether strawberry shall await the result."""
        return True

    def get_result(
        self, source: Any, info: Any, args: list[Any], kwargs: dict[str, Any]
    ) -> Coroutine[Any, Any, Any]:
        """What the resolvers answer for these arguments."""
        answer = self.resolvers.query(self.root, info, kwargs)
        # A page's rows are made fit by the page's own field.
        own = self.root.page is None and self.root.row.own is not None
        return _fit(answer, self.root) if own else answer


async def _fit(answer: Awaitable[Any], root: RootDescription) -> Any:
    """The rows as instances of the project's own type."""
    row = reference_to(root.row)
    coerce: Any = coercion(ListType(row) if root.action == "list" else row, root.name)
    found = await answer
    return None if found is None else coerce(found)


class SubscriptionField(_RootField):
    """A root of Subscription."""

    def get_result(
        self, source: Any, info: Any, args: list[Any], kwargs: dict[str, Any]
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        """The stream of envelopes for these arguments."""
        return self.resolvers.subscribe(self.root, info, kwargs)


class QueryRootField(StrawberryField):
    """An envelope's `query`: the root of the schema again. Its fields need nothing of it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inert(self)

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: Any) -> Any:
        """An empty root value: the payload of a subscription must not pass for one."""
        return {}


def root_of(field: GraphQLField) -> RootDescription | None:
    """The description of a root field of an executable schema, None for a field of the user's."""
    definition = field.extensions.get(DEFINITION)
    root = definition.metadata.get(ROOT) if isinstance(definition, StrawberryField) else None
    return root if isinstance(root, RootDescription) else None
