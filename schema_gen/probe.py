"""Run a view's own hooks while the schema is made: on a request, but never on the database."""

from __future__ import annotations

import uuid
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connections
from django.http import HttpRequest
from django.utils.translation import override
from rest_framework.settings import api_settings
from rest_framework.viewsets import ViewSetMixin

from .versions import asked_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rest_framework.generics import GenericAPIView

__all__ = ["SchemaSQLError", "probe", "visitors", "without_sql"]

USER_KEYS: dict[str, Any] = {"UUIDField": uuid.UUID(int=0), "CharField": "x"}


class SchemaSQLError(Exception):
    """A hook of the view reached for the database while the schema was made."""


def _refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    raise SchemaSQLError(f"it runs SQL, which a schema must not depend on: {sql[:200]}")


@contextmanager
def without_sql() -> Iterator[None]:
    """Refuse SQL on every connection, and read lazy texts untranslated.

    Names that came from translated labels would make the schema depend on the active language.
    """
    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(_refuse))
        stack.enter_context(override(None))
        yield


def visitors() -> list[Any]:
    """Who asks at schema time: a user that is in no database, then nobody.

    A queryset filtered by `request.user` can be made for the first alone; permissions of the
    first may need the database, those of the second never do.
    """
    unauthenticated: Any = api_settings.UNAUTHENTICATED_USER
    found = [unauthenticated() if unauthenticated else None]
    if apps.is_installed("django.contrib.auth"):
        model: Any = get_user_model()
        found.insert(0, model(pk=USER_KEYS.get(type(model._meta.pk).__name__, 0)))
    return found


def probe(
    view_class: type[GenericAPIView[Any]],
    action: str,
    initkwargs: Mapping[str, Any],
    kwargs: Mapping[str, Any],
    user: Any,
    version: str | None = None,
) -> GenericAPIView[Any]:
    """The view as it stands inside a GET of `action` by `user`, for a `version` of the API.

    `swagger_fake_view` is True, as other schema generators set it, so that a view can tell.
    """
    view = view_class(**initkwargs)
    view.args = ()
    view.kwargs = dict(kwargs)
    view.format_kwarg = None
    view.swagger_fake_view = True  # type: ignore[attr-defined]
    if isinstance(view, ViewSetMixin):
        view.action_map = {"get": action}
        view.action = action
    view.request = _request(view, user, version)
    return view


def _request(view: GenericAPIView[Any], user: Any, version: str | None) -> Any:
    raw = HttpRequest()
    raw.method = "GET"
    raw.META.update(SERVER_NAME="localhost", SERVER_PORT="80", HTTP_ACCEPT="application/json")
    request: Any = view.initialize_request(raw, *view.args, **view.kwargs)
    request.user = user
    request.auth = None
    scheme: Any = view.versioning_class
    request.version = asked_version(scheme, version, view.kwargs)
    request.versioning_scheme = scheme() if scheme else None
    return request
