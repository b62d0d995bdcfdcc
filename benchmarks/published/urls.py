"""The package's own URLs, and its API over GraphQL beside them."""

from __future__ import annotations

from importlib import import_module

from django.urls import include, path

from benchmarks.published.live import live
from benchmarks.published.packages import current

package = current()
urlpatterns = [path("proof/graphql/", live.as_view())]
if package.mount is not None:
    urlpatterns.append(path(package.mount, include(package.api)))
if package.site:
    urlpatterns += import_module(package.site).urlpatterns
