"""The view over the schema by hand, at one address for each way of setting it up."""

from __future__ import annotations

import strawberry
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import path
from strawberry.schema.config import StrawberryConfig

from drf_live_graphql.transport.http import LiveGraphQLView
from tests.transport.http_schema import Mutation, Query, Subscription, schema

batching = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(batching_config={"max_operations": 2}),
)

urlpatterns = [
    path("graphql/", LiveGraphQLView.as_view(schema=schema)),
    path("batch/", LiveGraphQLView.as_view(schema=batching)),
    path("uploads/", LiveGraphQLView.as_view(schema=schema, multipart_uploads_enabled=True)),
    path("post-only/", LiveGraphQLView.as_view(schema=schema, allow_queries_via_get=False)),
    path("plain/", LiveGraphQLView.as_view(schema=schema, graphql_ide=None)),
    *staticfiles_urlpatterns(),
]

__all__ = ["urlpatterns"]
