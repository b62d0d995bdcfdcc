"""Access that ends while somebody is subscribed in another process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.oracle.client import HeldRow, subscribe
from tests.oracle.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.processes import CommandWriter


async def test_a_view_that_refuses_ends_the_operation_and_no_other(
    writer: CommandWriter, client: Callable[..., Any]
) -> None:
    root, grace = await client("root", is_staff=True), await client("grace", is_staff=True)
    hers, his = await grace.watch("announcements"), await root.watch("announcements")
    vehicles = await root.watch("vehicles")
    first = await writer.work("Announcement", values={"text": "for staff"})
    await root.agrees(his)
    await writer.work("auth.User", pk=root.visitor.user.pk, values={"is_staff": False})
    await writer.work("Announcement", pk=first["pk"], values={"text": "secret"})
    await his.operation.until(lambda: his.operation.ended)
    assert his.operation.errors[0]["extensions"]["code"] == "PERMISSION_DENIED"
    assert "secret" not in str(his.operation.payloads)
    await grace.agrees(hers)
    await writer.work("Vehicle", values={"name": "Tug"})
    await root.agrees(vehicles)


async def test_a_row_moved_out_of_sight_is_deleted(
    writer: CommandWriter, client: Callable[..., Any]
) -> None:
    ada, grace = await client("ada"), await client("grace")
    of_ada, of_grace = await ada.watch("notes"), await grace.watch("notes")
    note = await writer.work("Note", values={"owner_id": ada.visitor.user.pk, "text": "mine"})
    await ada.agrees(of_ada)
    target = TARGETS["note"]
    one = await subscribe(ada.socket, HeldRow(target, note["pk"]))
    await one.operation.started()
    await writer.work(
        "Note", pk=note["pk"], values={"owner_id": grace.visitor.user.pk, "text": "hers"}
    )
    await ada.agrees(of_ada)
    await grace.agrees(of_grace)
    await one.operation.until(lambda: one.held.row is None)
    assert of_ada.held.rows == {}
    assert "hers" not in str([*of_ada.operation.payloads, *one.operation.payloads])


async def test_a_closed_account_is_sent_nothing_more(
    writer: CommandWriter, client: Callable[..., Any]
) -> None:
    ada, grace = await client("ada"), await client("grace")
    notes, vehicles = await ada.watch("notes"), await grace.watch("vehicles")
    note = await writer.work("Note", values={"owner_id": ada.visitor.user.pk, "text": "mine"})
    await ada.agrees(notes)
    await writer.work("auth.User", pk=ada.visitor.user.pk, values={"is_active": False})
    await writer.work("Note", pk=note["pk"], values={"text": "secret"})
    await notes.operation.until(lambda: notes.operation.ended)
    assert notes.operation.errors[0]["extensions"]["code"] in {
        "NOT_AUTHENTICATED",
        "PERMISSION_DENIED",
    }
    assert "secret" not in str(notes.operation.payloads)
    await writer.work("Vehicle", values={"name": "Tug"})
    await grace.agrees(vehicles)
