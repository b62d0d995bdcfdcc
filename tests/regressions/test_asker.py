"""Rows show something of the user who asks, and that user's own row changes.

With sessions Django hands views a wrapped user, whose own attributes were taken for the row's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from rest_framework.permissions import IsAuthenticated
from rest_framework.serializers import ModelSerializer, SerializerMethodField
from rest_framework.viewsets import ReadOnlyModelViewSet

from drf_live_graphql import LiveRouter
from drf_live_graphql.changes import label_of
from drf_live_graphql.live.hub import get_hub
from drf_live_graphql.testing import settled
from tests.live.test_query import _nowhere
from tests.live.test_resume import begin, told, user_of
from tests.project import models

if TYPE_CHECKING:
    from tests.live.conftest import Connect

pytestmark = pytest.mark.usefixtures("live_db")


class _Greeting(ModelSerializer[models.Fence]):
    greeting = SerializerMethodField()

    class Meta:
        model = models.Fence
        fields = ("id", "greeting")

    def get_greeting(self, fence: models.Fence) -> str:
        return f"Hello, {self.context['request'].user.first_name}"


class _Greetings(ReadOnlyModelViewSet[models.Fence]):
    queryset = models.Fence.objects.all()
    serializer_class = _Greeting
    permission_classes = (IsAuthenticated,)


async def test_rows_show_the_asker_as_he_is_now(connect: Connect) -> None:
    router = LiveRouter()
    router.register("greetings", _Greetings)
    fence = await models.Fence.objects.acreate()
    document = "subscription { greetings { snapshot { greeting } updated { id greeting } } }"
    operation = await begin(await connect("ada", application=router.asgi(_nowhere)), document)
    ada, _ = await user_of("ada")
    ada.first_name = "Ada"
    await ada.asave()
    await settled()
    shown: list[Any] = [{"id": str(fence.pk), "greeting": "Hello, Ada"}]
    assert told(operation)[1:] == [{"snapshot": None, "updated": shown}]


async def test_a_user_that_is_read_when_needed_is_known_by_its_own_model(connect: Connect) -> None:
    """Two models of users may have rows of one key; wrapped, both are of one type."""
    router = LiveRouter()
    router.register("greetings", _Greetings)
    document = "subscription { greetings { snapshot { greeting } } }"
    await begin(await connect("ada", application=router.asgi(_nowhere)), document)
    ada, _ = await user_of("ada")
    found = {query.key.identity for query in get_hub().queries}
    assert (label_of(type(ada)), ada.pk) in found
