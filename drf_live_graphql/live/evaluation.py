"""One asking of a view: what a GET does up to the rendering, step by step.

The order and the calls are those of DRF's ``APIView.dispatch``, ``ListModelMixin.list`` and
``RetrieveModelMixin.retrieve``; what a view overrides of them on its way is its own.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from django.conf import settings as django_settings
from django.db.models import Model, prefetch_related_objects
from django.http import Http404
from django.urls import get_script_prefix, set_script_prefix
from django.utils import translation
from rest_framework.exceptions import NotFound
from rest_framework.fields import UUIDField
from rest_framework.generics import GenericAPIView
from rest_framework.relations import PrimaryKeyRelatedField
from rest_framework.viewsets import ViewSetMixin

from drf_live_graphql.changes import label_of
from drf_live_graphql.conf import settings
from drf_live_graphql.exceptions import Refusal, refusal_of
from drf_live_graphql.requests import USER
from drf_live_graphql.users import user_key
from schema_gen.classes import is_drf_s_own

from . import answer
from .filtersets import keep
from .lazies import read_out
from .paths import Paths, resolve
from .prefetches import chains, prefetched_along, prefetches
from .read_only import ReadOnly
from .reads import Purpose, Reads
from .response import data_of
from .selection import prune, reduced
from .survey import survey
from .tables import labels_joined, noting
from .visit import Visit

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence

    from django.db.models import QuerySet

    from drf_live_graphql.changes import Changes
    from drf_live_graphql.location import Location
    from drf_live_graphql.requests import Connection
    from drf_live_graphql.users import UserKey
    from schema_gen import RootDescription, ViewCall

    from .selection import Selection

# The rows of a list by primary key, with their GraphQL ids; ``None`` where that is the key itself,
# so that a long list costs as little memory as may be.
Members = dict[Any, "str | None"]

# Parameters of one SQL statement; SQLite's builds stop at 999 at the least.
CHUNK = 500
_LOCALE_MIDDLEWARE = "django.middleware.locale.LocaleMiddleware"


@dataclass(slots=True)
class Page:
    """The rows that a list's GET answers, and the body they come in (``None``: bare rows)."""

    rows: list[Model]
    body: dict[str, Any] | None
    complete: bool


class Evaluation:
    """A view asked on behalf of one connection. For one thread, and for one use.

    Every method may raise what the view raises (DRF's ``APIException``, ``Http404``, ...).
    """

    def __init__(
        self,
        root: RootDescription,
        call: ViewCall,
        location: Location,
        connection: Connection,
        *,
        may_write: bool = False,
    ) -> None:
        """``location`` is where a GET would go with the arguments in ``call``.

        ``may_write`` says that a body of the view's own is asked this once, as by a GET.
        """
        self.root = root
        self.connection = connection
        kwargs = root.url_kwargs(call)
        self.request = http_request = connection.request(location.path, call.query, location.match)
        view: Any = root.view_class(**root.initkwargs)
        if isinstance(view, ViewSetMixin):
            view.action_map = {"get": root.view_action}
            view.detail = root.action == "retrieve"  # As a router's as_view() says it.
        view.args, view.kwargs = (), kwargs
        if root.version is not None:
            view.determine_version = self._version
        keep(view)
        self.view: GenericAPIView[Any] = view
        self.facts = http_request.reads
        self.reads = Reads(root.model)
        self.missing: Refusal | None = None
        self._read_only = None if may_write else ReadOnly()
        self._authenticate = view.perform_authentication
        view.perform_authentication = self._authenticated
        self._visit: Visit | None = None
        if root.handler == "dispatch":
            view.request = http_request
            self._visit = Visit(root, view, http_request, self.reads, self._read_only)
        else:
            view.request = view.initialize_request(http_request, **kwargs)
            view.headers = view.default_response_headers
        self._handled: Exception | None = None
        self._queryset: QuerySet[Any] | None = None

    @contextlib.contextmanager
    def surroundings(self) -> Iterator[None]:
        """What Django sets up around a GET, for the thread: the prefix of URLs, the language."""
        before = get_script_prefix()
        set_script_prefix(f"{self.connection.script_name}/")
        try:
            with self._language(), noting(self.reads.note):
                yield
        except Exception as error:
            if (other := self._as_handled(error)) is not error:
                raise other from error
            raise
        finally:
            set_script_prefix(before)

    def _version(self, *_: Any, **__: Any) -> tuple[str | None, Any]:
        """The version that the root is registered for, in the place of what a request would say."""
        return self.root.version, cast("Any", self.view.versioning_class)()

    def _language(self) -> contextlib.AbstractContextManager[None]:
        """The language that Django's ``LocaleMiddleware`` would answer in, where it is used."""
        if _LOCALE_MIDDLEWARE not in django_settings.MIDDLEWARE:
            return contextlib.nullcontext()
        return translation.override(translation.get_language_from_request(self.request))

    def authorise(self, *, throttle: bool) -> None:
        """Authenticate, check permissions, and charge throttles if asked to.

        What a throttle reads of the request (an address, mostly) says who pays, not what the
        answer is, so it does not count as read. Where a dispatch of the view's own does all that,
        it answers as well, and is not asked again.
        """
        if self._visit is not None:
            visit = self._visited(self._visit, throttle=throttle)
            if visit.error is not None and not visit.gone:
                raise visit.error
            return
        charge = self.view.check_throttles
        self.view.check_throttles = lambda request: None  # type: ignore[method-assign]
        self.view.initial(self.view.request, **self.view.kwargs)
        if throttle:
            facts = set(self.facts)
            charge(self.view.request)
            self.facts &= facts

    def identity(self) -> Hashable:
        """Who the view's authentication says is asking; ``None`` is anonymous.

        With a dispatch of its own, that is whom it came to. Raises the fault if that failed.
        """
        if self._visit is not None:
            visit = self._visited(self._visit, throttle=False)
            if visit.failed:
                visit.answer()
        with noting(self.reads.note), self._asking():
            user = self.view.request.user
        if user is None or not user.is_authenticated:
            return None
        if USER in self.facts and self.request.visitor not in (None, user_key(user)):
            self.reads.widen()  # Its dispatch knows somebody, and DRF knows somebody else.
        # A user without a key (a program, by an authentication of the project's own) cannot be
        # compared, and is made anew each time: nobody but this connection is it.
        # Its class as it says itself: users that are read only when they are needed share a type.
        cls = user.__class__
        name = label_of(cls) if hasattr(user, "_meta") else cls.__qualname__
        return name, getattr(user, "pk", None) or id(self.connection)

    def refusal(self) -> Refusal | None:
        """With what a dispatch of the view's own answers, whoever DRF says is asking."""
        visit = self._visit
        if visit is None or visit.error is None or visit.gone:
            return None
        return refusal_of(visit.error, self.root)

    def user(self) -> UserKey | None:
        """Whom the view's authentication found, as all processes can name them."""
        user = self.view.request.user
        return user_key(user) if user is not None and user.is_authenticated else None

    def _visited(self, visit: Visit, *, throttle: bool) -> Visit:
        if not visit.done:
            with self.surroundings():
                visit.run(throttle=throttle)
        return visit

    def _authenticated(self, request: Any) -> None:
        with self._asking():
            self._authenticate(request)

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """What is read inside says who is asking, which is known of each answer in any case."""
        known = USER in self.facts
        try:
            with self.reads.during(Purpose.SELF):
                yield
        finally:
            if not known:
                self.facts.discard(USER)

    def _as_handled(self, error: Exception) -> Exception:
        """What the view's own ``handle_exception()`` makes of an error.

        DRF's makes the response that a refusal is read from as it is.
        """
        handle = self.view.handle_exception
        if (
            error is self._handled
            or self._visit is not None
            or isinstance(error, Refusal)
            or is_drf_s_own(type(self.view), "handle_exception")
        ):
            return error
        try:
            data_of(self.root, handle(error), error)
            what = f"answered {error!r} with something else than an error"
            other: Exception = answer.unfit(self.root, what, method="handle_exception")
        except Exception as raised:  # noqa: BLE001 (that is what it makes of it)
            other = raised
        self._handled = other
        return other

    def queryset(self) -> QuerySet[Any]:
        """Every row that the pages of the list show, not read yet.

        The view is asked once; filters can cost more than the query that they make.
        """
        if self._queryset is None:
            with self.reads.during(Purpose.WHICH | Purpose.OPAQUE):
                found = self.view.filter_queryset(self.view.get_queryset())
            self._queryset = answer.rows_of(self.root, found)
        return self._queryset.all()

    def fit(self, rows: Iterable[Any], selection: Selection) -> None:
        """Refuse rows of the view's own body that lack what a client is promised of each.

        DRF's own steps make rows by the serializer that the promise was read from.
        """
        promised = {field.key for field in self.root.row.fields if not field.type.nullable}
        names = [key for key, _ in selection if key in promised]
        missing = {name for row in rows for name in names if row.get(name) is None}
        if missing:
            what = f"answered rows without {', '.join(sorted(missing))}, which are never null"
            raise answer.unfit(self.root, what)

    def answered_list(self) -> tuple[list[Any], dict[str, Any] | None]:
        """What the view's own body answers for a list; see ``answer.list_of``."""
        return answer.list_of(self.root, self._answered())

    def answered_row(self) -> answer.Row:
        """What the view's own body answers for a single row."""
        lookup = self.view.kwargs.get(self.root.lookup_url_kwarg)
        return answer.row_of(self.root, self._answered(), lookup)

    def _answered(self) -> Any:
        if self._visit is not None:
            return self._visit.answer()
        assert self.root.handler is not None
        watch = contextlib.nullcontext() if self._read_only is None else self._read_only.refusing()
        with self.reads.during(Purpose.WHICH | Purpose.OPAQUE), watch:
            handle = getattr(self.view, self.root.handler)
            return data_of(
                self.root, handle(self.view.request, *self.view.args, **self.view.kwargs)
            )

    def narrows(self) -> bool:
        """Whether the list's rows can be asked for one by one."""
        return _narrows(self.queryset())

    def asker(self) -> str | None:
        """A digest of the user's own row as it is now; but for what each login changes."""
        user = self.view.request.user
        if not isinstance(user, Model):
            return None
        # It may be wrapped (``SimpleLazyObject``), so its ``vars`` would say nothing.
        skipped = _OF_LOGINS | user.get_deferred_fields()
        names = (field.attname for field in user._meta.concrete_fields)
        text = repr([(name, getattr(user, name)) for name in names if name not in skipped])
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def page(self) -> Page:
        """The page that a GET of the list answers."""
        queryset = self.queryset()
        rows = self._paginated(queryset)
        if rows is None:
            every = self._fetch(queryset)
            return Page(every, self._unpaginated(every), complete=True)
        with self.reads.during(Purpose.WHICH | Purpose.OPAQUE):
            body = self.view.get_paginated_response(rows).data
            return Page(rows, self._around(body), complete=False)

    def _paginated(self, queryset: QuerySet[Any]) -> list[Model] | None:
        paginate = type(self.view).paginate_queryset
        paginator = getattr(self.view, "paginator", None)
        methods = (paginate, getattr(type(paginator), "paginate_queryset", paginate))
        if not all(method.__module__.startswith("rest_framework.") for method in methods):
            # A paginator of the project's own may make of the rows what it likes.
            with self.reads.during(Purpose.ROWS | Purpose.WHICH | Purpose.OPAQUE):
                rows = self.view.paginate_queryset(queryset)
            return None if rows is None else list(rows)
        with self.reads.during(self._main(queryset)):
            rows = self.view.paginate_queryset(_bare(queryset))
        return None if rows is None else self._prefetched(rows, queryset)

    def _fetch(self, queryset: QuerySet[Any]) -> list[Model]:
        """The rows of ``queryset``, with what it prefetches read apart from them."""
        with self.reads.during(self._main(queryset)):
            rows = list(_bare(queryset))
        return self._prefetched(rows, queryset)

    def _main(self, queryset: QuerySet[Any]) -> Purpose:
        """What a query for rows reads beside their own table, where it is shown, is shown how."""
        query = queryset.query
        if query.extra or query.select_related is True or not _narrows(queryset):
            return Purpose.ROWS | Purpose.WHICH | Purpose.OPAQUE
        selected = Paths(self.root.model)
        for names in chains(query.select_related or {}):
            path = resolve(self.root.model, names)
            if path is None:
                return Purpose.ROWS | Purpose.WHICH | Purpose.OPAQUE
            selected.add(path)
        self.reads.paths.update(selected)
        if query.annotations:
            self.reads.compute(selected.labels() - labels_joined(query))
        return Purpose.ROWS

    def _prefetched(self, rows: Sequence[Model], queryset: QuerySet[Any]) -> list[Model]:
        rows = list(rows)
        for lookup in prefetches(queryset):
            paths = prefetched_along(self.root.model, lookup)
            reading = (
                self.reads.during(Purpose.OPAQUE) if paths is None else self.reads.along(paths)
            )
            with reading:
                prefetch_related_objects(rows, lookup)
        return rows

    def _around(self, body: Any) -> dict[str, Any] | None:
        """What is around a page's rows; ``None`` where a paginator tells it in headers."""
        page = self.root.page
        if page is None:
            return None
        return {key: read_out(body[key]) for key in body if key != page.results_key}

    def _unpaginated(self, rows: list[Model]) -> dict[str, Any] | None:
        """A list whose paginator stood aside (no page size): its rows are the one page."""
        page = self.root.page
        return None if page is None else {page.results_key: rows, "count": len(rows)}

    def rows(self, pks: Collection[Any]) -> dict[Any, Model]:
        """Those of ``pks`` that are in the list, by primary key."""
        queryset = self.queryset()
        if not _narrows(queryset):
            wanted = set(pks)
            return {row.pk: row for row in self._fetch(queryset) if row.pk in wanted}
        found: dict[Any, Model] = {}
        keys = list(pks)
        for start in range(0, len(keys), CHUNK):
            chunk = queryset.filter(pk__in=keys[start : start + CHUNK])
            found.update((row.pk, row) for row in self._fetch(chunk))
        return found

    def instance(self) -> Model | answer.Row | None:
        """The row that a GET of the detail answers; ``None`` where that is a 404.

        Then ``missing`` is the 404.
        """
        try:
            if self.root.handler is not None:
                return self.answered_row()
            self.reads.await_row()
            with self.reads.during(Purpose.OPAQUE):
                return self.view.get_object()  # type: ignore[no-any-return]
        except Exception as raised:
            error = self._as_handled(raised)
            if isinstance(error, Http404 | NotFound):
                self.missing = refusal_of(error)
                return None
            if error is raised:
                raise
            raise error from raised

    def serialise(self, rows: Sequence[Model], selection: Selection) -> list[Any]:
        """The rows as the view's serializer shows them, reduced to what is selected."""
        if not rows:
            return []
        serializer = self._serializer(rows, selection, many=True)
        with self.reads.during(Purpose.WHAT):
            shown = list(serializer.data)
        return self._read_out(shown)  # type: ignore[no-any-return]

    def serialise_one(self, row: Model | answer.Row, selection: Selection) -> Any:
        """One row as the view's serializer for it shows it, reduced to what is selected."""
        if isinstance(row, answer.Row):
            self.fit([row.data], selection)
            return reduced(row.data, selection)
        serializer = self._serializer(row, selection)
        with self.reads.during(Purpose.WHAT):
            shown = serializer.data
        return self._read_out(shown)

    def _read_out(self, shown: Any) -> Any:
        # Which rows a queryset in a value reads is its own affair, whatever path names its table.
        with self.reads.during(Purpose.OPAQUE):
            return read_out(shown)

    def survey(self, selection: Selection) -> None:
        """Learn along which relations the serializer would show rows, if there were any."""
        self._serializer(None, selection)

    def sample(self, selection: Selection) -> None:
        """Learn what showing a row reads, by the first of the list if there is one."""
        queryset = self.queryset()
        with self.reads.during(self._main(queryset)):
            first = list(_bare(queryset)[:1])
        self.serialise(self._prefetched(first, queryset), selection)

    def parents(self, paths: Paths, related: Iterable[Changes]) -> set[Any] | None:
        """The keys of the rows that show the changed ones; ``None`` where it may be any row."""
        using = self.queryset().db
        parents: set[Any] = set()
        with self.reads.during(Purpose.NOTHING):
            for changes in related:
                found = paths.parents(changes, using, settings.MAX_PARENTS)
                if found is None:
                    return None
                parents |= found
        return parents

    def _serializer(self, shown: Any, selection: Selection, **options: Any) -> Any:
        with self.reads.during(Purpose.OPAQUE):
            serializer = self.view.get_serializer(shown, **options)
            prune(getattr(serializer, "child", serializer), self.root.row, selection)
            survey(serializer, self.root.model, self.reads.paths, self.reads.opaque)
        return serializer

    def members(self) -> Members:
        """All rows of the list, read without ordering and, if possible, by their keys alone."""
        if not self._id_is_pk():
            # Their joins say which rows there are as well.
            queryset = self.queryset()
            with self.reads.during(Purpose.ROWS | Purpose.WHICH):
                rows = list(_bare(queryset))
            return self.ids(self._prefetched(rows, queryset))
        return dict.fromkeys(self.keys())

    def keys(self) -> list[Any]:
        """The primary keys of all rows of the list, without ordering."""
        queryset = self.queryset()
        if _narrows(queryset):
            queryset = queryset.order_by()
        with self.reads.during(Purpose.ROWS | Purpose.WHICH):
            return list(queryset.values_list("pk", flat=True))

    def ids(self, rows: Sequence[Model | answer.Row]) -> Members:
        """The GraphQL ids of ``rows``, by primary key."""
        if self.root.handler is not None:
            return {row.pk: row.pk for row in rows}
        return self._ids(cast("Sequence[Model]", rows))

    def _ids(self, rows: Sequence[Model]) -> Members:
        if self._id_is_pk():
            return dict.fromkeys(row.pk for row in rows)
        key = self.root.row.id_key
        if key is None:
            path = self.root.lookup_field.split("__")
            return {row.pk: str(_follow(row, path)) for row in rows}
        shown = self.serialise(rows, ((key, None),))
        return {row.pk: str(data[key]) for row, data in zip(rows, shown, strict=True)}

    def _id_is_pk(self) -> bool:
        """Whether a row's id is its primary key as it stands, so that no row need be read."""
        pk = self.root.model._meta.pk
        names = ("pk", pk.name, pk.attname)
        if self.root.row.id_key is None:
            return self.root.lookup_field in names
        if self.root.row.id_source not in names:
            return False
        if type(self.view).get_serializer is not GenericAPIView.get_serializer:
            return self._shows_pk()
        # Making a serializer's fields costs as much as a query; its class says the same each time.
        serializer_class = self.view.get_serializer_class()
        if serializer_class not in _shows_pk:
            _shows_pk[serializer_class] = self._shows_pk()
        return _shows_pk[serializer_class]

    def _shows_pk(self) -> bool:
        serializer: Any = self.view.get_serializer()
        field = getattr(serializer, "child", serializer).fields.get(self.root.row.id_key)
        if isinstance(field, UUIDField):
            return field.uuid_format == "hex_verbose"
        if isinstance(field, PrimaryKeyRelatedField):
            return field.pk_field is None
        return type(field) in _PLAIN


# Whether a serializer class shows the primary key as it stands.
_shows_pk: WeakKeyDictionary[type[Any], bool] = WeakKeyDictionary()


def _plain_classes() -> frozenset[type[Any]]:
    from rest_framework import fields

    names = ("IntegerField", "BigIntegerField", "CharField", "SlugField")
    return frozenset(getattr(fields, name) for name in names if hasattr(fields, name))


_PLAIN = _plain_classes()
# Columns of a user that each login may write, and that no answer depends on.
_OF_LOGINS = frozenset({"last_login", "password"})


def _bare(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """The queryset without what it prefetches; a union can't even be asked to have nothing."""
    return queryset.prefetch_related(None) if prefetches(queryset) else queryset


def _follow(row: Any, path: Sequence[str]) -> Any:
    for name in path:
        row = getattr(row, name, None)
    return row


def _narrows(queryset: QuerySet[Any]) -> bool:
    """Whether ``filter(pk__in=...)`` on this query gives exactly those of its rows, unchanged.

    Not so where a row's presence or content depends on other rows of the query: a slice, a
    union, DISTINCT ON, a window function.
    """
    query = queryset.query
    return not (
        query.is_sliced
        or query.combinator
        or query.distinct_fields
        or any(
            getattr(annotation, "contains_over_clause", False)
            for annotation in query.annotations.values()
        )
    )


__all__ = ["Evaluation", "Members", "Page"]
