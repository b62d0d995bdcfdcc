"""The types that subscriptions answer with: what one commit changed, as one client may see it."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import strawberry

from .types import (
    EnumDescription,
    EnumType,
    EnumValueDescription,
    FieldDescription,
    ListType,
    ObjectDescription,
    PageDescription,
    ScalarType,
    TypeDescription,
    reference_to,
)

if TYPE_CHECKING:
    from .roots import RootDescription

__all__ = ["CHANGE_ACTION", "QUERY_DESCRIPTION", "ChangeAction", "envelope", "page_object"]

QUERY_DESCRIPTION = (
    "The root again, read after the change. Select the query that a client's cache holds here, and "
    "the cache rewrites it by itself."
)
CURSOR = FieldDescription("cursor", "cursor", ScalarType("String"), "The point to resume from.")


@strawberry.enum(
    name="ChangeAction",
    description="What happened to a row, always relative to what the subscriber can see.",
)
class ChangeAction(enum.Enum):
    """What happened to a row, always relative to what the subscriber can see."""

    SNAPSHOT = "SNAPSHOT"
    CREATED = "CREATED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"


CHANGE_ACTION = EnumDescription(
    "ChangeAction", tuple(EnumValueDescription(item.name, item.value) for item in ChangeAction)
)


def page_object(page: PageDescription, root: RootDescription) -> ObjectDescription:
    """A page as an object type."""
    return ObjectDescription(
        page.name, page.fields, description=f"A page of `{root.name}`, as a GET answers it."
    )


def envelope(root: RootDescription) -> ObjectDescription:
    """The envelope of a root, all but its `query`, which is the schema's own root."""
    if root.action == "retrieve":
        return _row_envelope(root)
    return _list_envelope(root) if root.handler is None else _answer_envelope(root)


def _answer(root: RootDescription) -> TypeDescription:
    if root.page is not None:
        return reference_to(page_object(root.page, root))
    return ListType(reference_to(root.row))


def _answer_envelope(root: RootDescription) -> ObjectDescription:
    """Of a list that only the view itself can tell: nobody knows the rows of its other pages."""
    snapshot = FieldDescription(
        "snapshot",
        "snapshot",
        _answer(root).optional(),
        "What a GET answers: in the first payload, and again whenever that has changed.",
    )
    return ObjectDescription(
        f"{root.type_base}ListChange",
        (snapshot, CURSOR),
        description=f"`{root.name}` as it is after a change, as this client may see it.",
    )


def _list_envelope(root: RootDescription) -> ObjectDescription:
    rows = ListType(reference_to(root.row))
    snapshot = _answer(root)
    fields = (
        FieldDescription(
            "snapshot",
            "snapshot",
            snapshot.optional(),
            "What a GET answers: in the first payload, and again only after changes may have been "
            "missed; else null.",
        ),
        FieldDescription(
            "created",
            "created",
            rows,
            "Rows that entered the list: new, or changed so that they now match and are visible.",
        ),
        FieldDescription("updated", "updated", rows, "Rows of the list that changed."),
        FieldDescription(
            "deleted",
            "deleted",
            ListType(ScalarType("ID")),
            "Ids of rows that left the list: deleted, or changed so that they no longer match or "
            "are no longer visible.",
        ),
        CURSOR,
    )
    return ObjectDescription(
        f"{root.type_base}ListChange",
        fields,
        description=f"All that one commit changed in `{root.name}`, as this client may see it.",
    )


def _row_envelope(root: RootDescription) -> ObjectDescription:
    fields = (
        FieldDescription(
            "action",
            "action",
            EnumType(CHANGE_ACTION),
            "What happened, relative to what this client can see.",
        ),
        FieldDescription("objectId", "objectId", ScalarType("ID"), "The id of the row."),
        FieldDescription(
            "instance",
            "instance",
            reference_to(root.row).optional(),
            "The row as a GET answers it; null once it is deleted or out of sight.",
        ),
        CURSOR,
    )
    return ObjectDescription(
        f"{root.type_base}Change",
        fields,
        description=f"A change of one `{root.name}`, as this client may see it.",
    )
