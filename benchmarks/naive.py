"""What one writes by hand: strawberry's own Channels consumer, the DRF view run per subscriber.

Each socket is a member of a channel-layer group; a signal handler sends the changed key to the
group on commit; each subscription runs the ordinary view for it, with its permissions, filters
and serializer, as the socket's own user.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator  # noqa: TC003  # strawberry reads it at run time
from typing import Any

import django
from asgiref.sync import async_to_sync
from django.db import transaction
from django.db.models.signals import post_save

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.project.settings")
django.setup()

import strawberry  # noqa: E402
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.db import database_sync_to_async  # noqa: E402
from channels.layers import get_channel_layer  # noqa: E402
from rest_framework.test import APIRequestFactory, force_authenticate  # noqa: E402
from strawberry.channels import GraphQLWSConsumer  # noqa: E402

from tests.project.models import Task  # noqa: E402
from tests.project.views import TaskViewSet  # noqa: E402

__all__ = ["application", "connect"]

GROUP = "benchmark-naive"

view = TaskViewSet.as_view({"get": "retrieve"})
factory = APIRequestFactory()


def connect() -> None:
    """Send the key of each saved task to the group, in the process that writes."""
    post_save.connect(publish, sender=Task, dispatch_uid="benchmark-naive")


def publish(instance: Task, **_: Any) -> None:
    message = {"type": "task.changed", "pk": instance.pk}
    transaction.on_commit(
        lambda: async_to_sync(get_channel_layer().group_send)(GROUP, message),
    )


@database_sync_to_async
def retrieve(user: Any, pk: int) -> dict[str, Any] | None:
    request = factory.get(f"/api/tasks/{pk}/")
    force_authenticate(request, user)
    response = view(request, pk=pk)
    return response.data if response.status_code == 200 else None


@strawberry.type
class Row:
    id: strawberry.ID
    title: str
    status: str
    priority: int
    project: strawberry.ID
    assignee: strawberry.ID | None

    @classmethod
    def of(cls, data: dict[str, Any]) -> Row:
        names = cls.__dataclass_fields__  # type: ignore[attr-defined]
        return cls(**{name: data[name] for name in names})


@strawberry.type
class Query:
    @strawberry.field
    def version(self) -> int:
        return 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def task_changed(self, info: strawberry.Info) -> AsyncGenerator[Row | None, None]:
        consumer = info.context["ws"]
        async with consumer.listen_to_channel("task.changed", groups=[GROUP]) as messages:
            yield None
            async for message in messages:
                data = await retrieve(consumer.scope["user"], message["pk"])
                if data is not None:
                    yield Row.of(data)


schema = strawberry.Schema(Query, subscription=Subscription)
application = AuthMiddlewareStack(GraphQLWSConsumer.as_asgi(schema=schema))
