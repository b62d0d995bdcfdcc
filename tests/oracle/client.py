"""Model clients: they apply payloads as the schema describes them, and know no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from tests.oracle.targets import Query, Row, Target, camel

if TYPE_CHECKING:
    from tests.oracle.wire import Operation, Socket

__all__ = ["Form", "HeldList", "HeldRow", "Subscribed", "resume", "subscribe"]

Form = Literal["full", "delta", "query"]
"""Which parts of a list's envelope a client selects: everything, no snapshot, the query alone."""


class HeldList:
    """What a subscriber of a list holds."""

    def __init__(self, target: Target, query: Query, form: Form, parent: str = "") -> None:
        self.target = target
        self.query = query
        self.form = form
        self.parent = parent
        self.rows: dict[str, Row] = {}
        self.page: Any = None
        """The page that `query` selected, as of the last payload."""
        self.snapshot: Any = None
        self.renewed = False
        """Whether a snapshot came since this was last set back."""
        self.entered: set[str] = set()
        """Keys that must be held while they are in the list: in the snapshot, or entered since."""

    @property
    def document(self) -> str:
        target = self.target
        arguments = self.query.arguments(**{target.parent: self.parent})
        rows, page = target.shape.selection(), target.page_selection()
        again = f"query {{ {target.root}{arguments} {page} }}"
        delta = f"created {rows} updated {rows} deleted cursor"
        parts = {
            "full": f"snapshot {page} {delta} {again if not self.query.graphql else ''}",
            "delta": delta,
            "query": again,
        }
        return f"subscription {{ {target.root}{arguments} {{ {parts[self.form]} }} }}"

    @property
    def path(self) -> str:
        return self.target.path.format(parent=self.parent)

    def apply(self, payload: dict[str, Any]) -> None:
        assert "errors" not in payload, payload
        change = payload["data"][self.target.root]
        if change.get("snapshot") is not None:
            self.snapshot = self.target.sorted(change["snapshot"])
            self.renewed = True
            self.rows = self.target.by_key(self.target.rows_of_page(change["snapshot"]))
            self.entered = set(self.rows)
        created = self.target.by_key(change.get("created", []))
        updated = self.target.by_key(change.get("updated", []))
        deleted = set(change.get("deleted", []))
        assert not (set(created) & set(updated)), f"created and updated at once: {change}"
        assert not ((set(created) | set(updated)) & deleted), f"sent and deleted at once: {change}"
        twice = set(created) & set(self.rows)
        assert not twice, f"created, yet held already: {twice} in {change}"
        if self.form == "full" and not self.target.paginated:
            unknown = deleted - set(self.rows)
            assert not unknown, f"deleted, yet not held: {unknown} in {change}"
        self.rows |= created | updated
        self.entered |= set(created)
        for name in deleted:
            self.rows.pop(name, None)
        self.entered -= deleted
        if "query" in change:
            self.page = self.target.sorted(change["query"][self.target.root])

    def sent(self, payload: dict[str, Any]) -> list[Row]:
        """Every row in a payload."""
        change = payload["data"][self.target.root]
        pages = [change.get("snapshot"), change.get("query", {}).get(self.target.root)]
        rows = [row for page in pages if page is not None for row in self.target.rows_of_page(page)]
        return [*rows, *change.get("created", []), *change.get("updated", [])]


class HeldRow:
    """What a subscriber of one row holds."""

    def __init__(self, target: Target, name: str) -> None:
        self.target = target
        self.name = name
        self.row: Row | None = None

    @property
    def document(self) -> str:
        arguments = Query().arguments(**{self.target.lookup: self.name})
        rows = self.target.shape.selection()
        return (
            f"subscription {{ {self.target.root}{arguments} "
            f"{{ action objectId instance {rows} cursor }} }}"
        )

    @property
    def path(self) -> str:
        return f"{self.target.path}{self.name}/"

    def apply(self, payload: dict[str, Any]) -> None:
        assert "errors" not in payload, payload
        change = payload["data"][self.target.root]
        action, instance = change["action"], change["instance"]
        assert (instance is None) == (action == "DELETED"), change
        if action in {"UPDATED", "DELETED"}:
            assert self.row is not None, f"{action}, yet nothing was held: {change}"
        if action == "CREATED":
            assert self.row is None, f"created, yet held already: {change}"
        if instance is not None:
            assert change["objectId"] == instance[camel(self.target.shape.key)], change
        self.row = instance

    def sent(self, payload: dict[str, Any]) -> list[Row]:
        row = payload["data"][self.target.root]["instance"]
        return [] if row is None else [row]


Held = HeldList | HeldRow


class Subscribed:
    """A held state together with the operation that feeds it."""

    def __init__(self, held: Held, operation: Operation, after: str | None = None) -> None:
        self.held = held
        self.operation = operation
        self.after = after
        self.checked = 0
        """How many of the payloads were already checked for what they reveal."""

    @property
    def cursor(self) -> str | None:
        """Where the client stands: with the last payload, else where it went on from."""
        if not self.operation.payloads:
            return self.after
        cursor: str = self.operation.payloads[-1]["extensions"]["live"]["cursor"]
        return cursor

    def news(self) -> list[Row]:
        """The rows sent since this was last asked."""
        payloads = self.operation.payloads[self.checked :]
        self.checked = len(self.operation.payloads)
        return [row for payload in payloads for row in self.held.sent(payload)]


async def subscribe(socket: Socket, held: Held) -> Subscribed:
    """Start the subscription; returns at once, see `Operation.started`."""
    return Subscribed(held, await socket.subscribe(held.document, held.apply))


async def resume(socket: Socket, before: Subscribed) -> Subscribed:
    """Go on with what was subscribed on a connection that is gone; returns at once."""
    held, after = before.held, before.cursor
    extensions = {"live": {"after": after}} if after else {}
    return Subscribed(held, await socket.subscribe(held.document, held.apply, **extensions), after)
