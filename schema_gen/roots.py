"""What a view becomes: its roots, and the call of the view that a root's arguments stand for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import strawberry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import Model

    from .arguments import ArgumentDescription
    from .routes import Route
    from .types import ObjectDescription, PageDescription

__all__ = ["RootDescription", "ViewCall", "ViewDescription"]


@dataclass(frozen=True, slots=True)
class ViewCall:
    """A GET of a view: URL kwargs as text, and the pairs of its query string, sorted by name."""

    kwargs: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class RootDescription:
    """A `list` or `retrieve` action as a root field of Query and Subscription.

    `page` is None for a list without pages and for a single row. `type_base` is what the names of
    the root's envelope and page begin with. `view_action` is what the view calls the action.
    `handler` is the view's method that has to be called for the answer, which is told as a whole
    then; None where DRF's own steps give it. `given` are URL kwargs that are no arguments,
    `version` is the one of the API that is asked for, None where the view finds out. `finds_row`
    says that the view has its own way to a single row, so that any row may become the one it shows.
    """

    name: str
    action: Literal["list", "retrieve"]
    view_class: type
    initkwargs: Mapping[str, Any]
    model: type[Model]
    basename: str
    prefix: str
    lookup_field: str
    lookup_url_kwarg: str
    row: ObjectDescription
    page: PageDescription | None
    arguments: tuple[ArgumentDescription, ...]
    route: Route
    type_base: str
    view_action: str
    handler: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    version: str | None = None
    finds_row: bool = False
    description: str | None = None

    def encode(self, arguments: Mapping[str, Any]) -> ViewCall:
        """The call that GraphQL argument values, by GraphQL name, stand for.

        What is absent, UNSET or None is left out. Http404 where a URL kwarg has a value that no
        URL of the view could carry: GraphQL does not go through the URL resolver that would say
        so. A ValidationError (DRF's) where a list's item can't be written.
        """
        patterns = {kwarg.name: kwarg for kwarg in self.route.kwargs}
        kwargs: list[tuple[str, str]] = []
        query: list[tuple[str, str]] = []
        for argument in self.arguments:
            value = arguments.get(argument.name)
            if value is None or value is strawberry.UNSET:
                continue
            texts = argument.texts(value)
            if argument.place == "path":
                kwargs.append((argument.key, patterns[argument.key].check(texts[0])))
            else:
                query.extend((argument.key, text) for text in texts)
        return ViewCall(tuple(sorted(kwargs)), tuple(sorted(query, key=lambda pair: pair[0])))

    def url_kwargs(self, call: ViewCall) -> dict[str, Any]:
        """`call.kwargs` as Django's resolver hands them to the view, converters applied."""
        return {**self.route.convert(dict(call.kwargs)), **self.given}


@dataclass(frozen=True, eq=False)
class ViewDescription:
    """A view and the roots it has; a view none of whose actions can be described has none."""

    view_class: type
    initkwargs: Mapping[str, Any]
    prefix: str
    basename: str
    model: type[Model]
    lookup_field: str
    lookup_url_kwarg: str
    roots: tuple[RootDescription, ...] = field(default=())
