"""Run a view's own hooks while the schema is made: on a request, but never on the database."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connections
from django.http import HttpRequest
from django.utils.translation import override
from rest_framework.settings import api_settings
from rest_framework.viewsets import ViewSetMixin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rest_framework.generics import GenericAPIView

__all__ = ["SchemaSQLError", "probe", "without_sql"]


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


def probe(
    view_class: type[GenericAPIView[Any]],
    action: str,
    initkwargs: Mapping[str, Any],
    kwargs: Mapping[str, str],
) -> GenericAPIView[Any]:
    """The view as it stands inside a GET of `action` by some user, who is not in the database.

    `swagger_fake_view` is True, as other schema generators set it, so that a view can tell.
    """
    view = view_class(**initkwargs)
    view.args = ()
    view.kwargs = dict(kwargs)
    view.format_kwarg = None  # type: ignore[attr-defined]
    view.swagger_fake_view = True  # type: ignore[attr-defined]
    if isinstance(view, ViewSetMixin):
        view.action_map = {"get": action}
        view.action = action
    view.request = _request(view)
    return view


def _request(view: GenericAPIView[Any]) -> Any:
    raw = HttpRequest()
    raw.method = "GET"
    raw.META.update(SERVER_NAME="localhost", SERVER_PORT="80", HTTP_ACCEPT="application/json")
    request = view.initialize_request(raw, *view.args, **view.kwargs)
    request.user = _somebody()
    request.auth = None
    # With a version in the path or a header there is none to find on this request.
    scheme = view.versioning_class
    request.version = getattr(scheme, "default_version", None)
    request.versioning_scheme = scheme() if scheme else None
    return request


def _somebody() -> Any:
    """A user that querysets can be filtered by: most views filter by theirs.

    Django takes an instance for a related filter only if it has a primary key.
    """
    if not apps.is_installed("django.contrib.auth"):
        nobody = api_settings.UNAUTHENTICATED_USER
        return nobody() if nobody else None
    user = get_user_model()()
    if user.pk is None:
        user.pk = 1
    return user
