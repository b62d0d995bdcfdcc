"""What every transport has in common, asked of each in the same words."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.db import transaction

from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.testing import settled
from tests.project import models
from tests.project.live import live
from tests.transport.peers import PEERS, Peer, Subject, Watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.usefixtures("live_db")

FENCES = Subject("fences", "fence", "project.Fence", "number")
NOTES = Subject("notes", "note", "project.Note", "text", pages=True)
TASKS = Subject("tasks", "task", "project.Task", "title", pages=True)
ANNOUNCEMENTS = Subject("announcements", "announcement", "project.Announcement", "text")
DOCUMENTS = Subject("documents", "document", "project.Document", "name")


class Open(Protocol):
    async def __call__(self, user: str = "") -> Peer: ...


@pytest.fixture(params=PEERS)
async def peer(request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:

        async def opened(user: str = "") -> Peer:
            one = PEERS[request.param]()
            await one.open(user)
            stack.push_async_callback(one.close)
            return one

        yield opened


async def _user(name: str, **values: object) -> Any:
    user, _ = await get_user_model().objects.aupdate_or_create(username=name, defaults=values)
    return user


async def _sees(watch: Watch, *expected: tuple[str, object, object]) -> None:
    """Wait for as much as is expected, then for silence: nothing else may have come."""
    wanted = [(action, str(key), row) for action, key, row in expected]
    await watch.until(lambda watch: len(watch.told) >= len(wanted))
    await settled()
    assert watch.told == wanted
    watch.told.clear()


async def test_rows_that_come_change_and_go(peer: Open) -> None:
    watch = await (await peer()).list(FENCES)
    fence = await models.Fence.objects.acreate(number=1)
    await _sees(watch, ("CREATED", fence.pk, 1))
    fence.number = 2
    await fence.asave()
    await _sees(watch, ("UPDATED", fence.pk, 2))
    pk = fence.pk
    await fence.adelete()
    await _sees(watch, ("DELETED", pk, None))


async def test_a_row_by_itself(peer: Open) -> None:
    fence, other = [await models.Fence.objects.acreate(number=number) for number in (1, 2)]
    watch = await (await peer()).row(FENCES, fence.pk)
    await other.asave()
    fence.number = 3
    await fence.asave()
    await _sees(watch, ("UPDATED", fence.pk, 3))
    pk = fence.pk
    await fence.adelete()
    await _sees(watch, ("DELETED", pk, None))


async def test_membership_is_what_the_filter_says(peer: Open) -> None:
    ada = await _user("ada")
    project = await models.Project.objects.acreate(name="P", slug="p")
    await models.Membership.objects.acreate(project=project, user=ada)
    task = await models.Task.objects.acreate(project=project, title="T", status="doing")
    watch = await (await peer("ada")).list(TASKS, status="open")
    for status, action, row in (
        ("open", "CREATED", "T"),
        ("open", "UPDATED", "T"),
        ("closed", "DELETED", None),
    ):
        task.status = status
        await task.asave()
        await _sees(watch, (action, task.pk, row))


async def test_each_user_is_told_of_their_own_rows(peer: Open) -> None:
    ada, ben = await _user("ada"), await _user("ben")
    hers, his = await (await peer("ada")).list(NOTES), await (await peer("ben")).list(NOTES)
    note = await models.Note.objects.acreate(owner=ada, text="mine")
    await _sees(hers, ("CREATED", note.pk, "mine"))
    note.owner = ben
    await note.asave()
    await _sees(hers, ("DELETED", note.pk, None))
    await _sees(his, ("CREATED", note.pk, "mine"))


async def test_a_commit_is_told_as_a_whole_and_a_rollback_not_at_all(peer: Open) -> None:
    watch = await (await peer()).list(FENCES)

    def write(*, keep: bool) -> list[Any]:
        with transaction.atomic():
            fences = [models.Fence.objects.create(number=number) for number in range(3)]
            fences[0].delete()
            transaction.set_rollback(not keep)
        return [fence.pk for fence in fences[1:]]

    await sync_to_async(write)(keep=False)
    first, second = await sync_to_async(write)(keep=True)
    await _sees(watch, ("CREATED", first, 1), ("CREATED", second, 2))


@pytest.mark.parametrize("user", ["", "ada"])
async def test_what_the_view_refuses_is_refused_and_not_subscribed(peer: Open, user: str) -> None:
    watch = await (await peer(user)).list(ANNOUNCEMENTS)
    assert watch.code == 403
    await models.Announcement.objects.acreate(text="secret")
    await settled()
    assert watch.told == []
    assert get_hub().queries == ()


async def test_a_missing_row_and_one_that_is_refused_by_itself(peer: Open) -> None:
    owner = await _user("owner")
    document = await models.Document.objects.acreate(owner=owner, name="D", confidential=True)
    one = await peer("ada")
    missing = await one.row(FENCES, 7)
    refused = await one.row(DOCUMENTS, document.pk)
    await missing.until(lambda watch: watch.code is not None)
    await refused.until(lambda watch: watch.code is not None)
    assert (missing.code, refused.code) == (404, 403)


async def test_a_right_that_is_lost_ends_it_before_anything_is_told(peer: Open) -> None:
    root = await _user("root", is_staff=True)
    watch = await (await peer("root")).list(ANNOUNCEMENTS)
    root.is_staff = False
    await root.asave()
    await models.Announcement.objects.acreate(text="secret")
    await watch.until(lambda watch: watch.code is not None)
    assert (watch.code, watch.told) == (403, [])


@pytest.mark.parametrize("how", ["deactivated", "disconnected"])
async def test_a_user_who_has_to_go(peer: Open, how: str) -> None:
    ada = await _user("ada")
    one, other = await peer("ada"), await peer("ben")
    notes, fences = await one.list(NOTES), await one.list(FENCES)
    others = await other.list(FENCES)
    await settled()
    if how == "disconnected":
        await sync_to_async(live.disconnect)(user=ada)
    else:
        ada.is_active = False
        await ada.asave()
    await notes.until(lambda watch: watch.code is not None)
    assert notes.code == 403
    await settled()
    fence = await models.Fence.objects.acreate(number=1)
    await _sees(others, ("CREATED", fence.pk, 1))
    if how == "disconnected":
        assert (fences.code, fences.told) == (403, [])


async def test_several_subscriptions_of_one_client(peer: Open) -> None:
    await _user("ada")
    one = await peer("ada")
    first, second, notes = await one.list(FENCES), await one.list(FENCES), await one.list(NOTES)
    fence = await models.Fence.objects.acreate(number=1)
    for watch in (first, second):
        await _sees(watch, ("CREATED", fence.pk, 1))
    await one.end(first)
    fence.number = 2
    await fence.asave()
    await _sees(second, ("UPDATED", fence.pk, 2))
    await settled()
    assert (first.told, notes.told) == ([], [])


async def test_a_client_that_has_gone_leaves_nothing_behind(peer: Open) -> None:
    one = await peer()
    await one.list(FENCES)
    assert len(get_hub().queries) == 1
    await one.close()
    await settled()
    assert get_hub().queries == ()
    assert len(get_hub().lines) == 0
