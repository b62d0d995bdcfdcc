"""Which GraphQL error an exception of a view is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext_lazy
from rest_framework import exceptions as drf
from rest_framework import status
from rest_framework.views import exception_handler

from drf_live_graphql.exceptions import Refusal, refusal_of
from schema_gen import ArgumentDescription, ScalarType

if TYPE_CHECKING:
    from schema_gen import RootDescription


class ConflictError(drf.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = "Somebody was faster."


class SpecialDenial(drf.PermissionDenied):
    default_detail = "Not you."


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (drf.NotAuthenticated(), "NOT_AUTHENTICATED", drf.NotAuthenticated.default_detail),
        (drf.AuthenticationFailed("Bad token."), "NOT_AUTHENTICATED", "Bad token."),
        (drf.PermissionDenied("Members only."), "PERMISSION_DENIED", "Members only."),
        (SpecialDenial(), "PERMISSION_DENIED", "Not you."),
        (PermissionDenied(), "PERMISSION_DENIED", drf.PermissionDenied.default_detail),
        (PermissionDenied("Members only."), "PERMISSION_DENIED", "Members only."),
        (drf.NotFound(), "NOT_FOUND", "Not found."),
        (Http404(), "NOT_FOUND", "Not found."),
        (Http404("No such fence."), "NOT_FOUND", "No such fence."),
        (drf.ParseError("Not a number."), "INVALID", "Not a number."),
        (drf.NotAcceptable("XML only."), "INVALID", "XML only."),
        (ConflictError(), "INVALID", "Somebody was faster."),
        (drf.ValidationError({}), "INVALID", drf.ValidationError.default_detail),
    ],
)
def test_code_and_message(error: Exception, code: str, message: str) -> None:
    refusal = refusal_of(error)
    assert refusal is not None
    assert (refusal.code, refusal.message) == (code, str(message))


@pytest.mark.parametrize(
    "error", [Http404(), Http404("No such fence."), PermissionDenied("No."), ConflictError("No.")]
)
def test_the_message_is_the_one_that_rest_answers(error: Exception) -> None:
    response = exception_handler(error, {})
    refusal = refusal_of(error)
    assert response is not None
    assert refusal is not None
    assert refusal.message == response.data["detail"]


def test_a_validation_error_carries_the_errors_of_its_fields() -> None:
    detail = {
        "name": [gettext_lazy("This field is required.")],
        "rows": [{}, {"size": ["Too large."]}],
    }
    refusal = refusal_of(drf.ValidationError(detail))
    assert refusal is not None
    assert refusal.message == "This field is required. Too large."
    extensions = json.loads(json.dumps(refusal.extensions))
    assert extensions == {
        "code": "INVALID",
        "errors": {
            "name": ["This field is required."],
            "rows": [{}, {"size": ["Too large."]}],
        },
    }


def test_a_validation_error_of_no_field() -> None:
    refusal = refusal_of(drf.ValidationError("Not today."))
    assert refusal is not None
    assert refusal.extensions == {"code": "INVALID", "errors": ["Not today."]}


@pytest.mark.parametrize("wait", [None, 30])
def test_a_throttle_carries_the_wait(wait: int | None) -> None:
    refusal = refusal_of(drf.Throttled(wait))
    assert refusal is not None
    assert refusal.extensions == {"code": "THROTTLED", "wait": wait}


@pytest.mark.parametrize(
    "error", [RuntimeError("a secret"), drf.APIException("a secret"), KeyError("a secret")]
)
def test_a_fault_is_no_refusal(error: Exception) -> None:
    assert refusal_of(error) is None


def test_a_refusal_stays_what_it_is() -> None:
    refusal = Refusal("No.", "TOO_MANY", limit=3)
    assert refusal_of(refusal) is refusal
    assert refusal.extensions == {"code": "TOO_MANY", "limit": 3}


def test_messages_are_told_by_the_arguments_that_they_are_about() -> None:
    class Tasks:
        arguments = (
            ArgumentDescription("titleIcontains", "title__icontains", ScalarType("String")),
            ArgumentDescription("priceMin", "price_min", ScalarType("Decimal")),
            ArgumentDescription("priceMax", "price_max", ScalarType("Decimal")),
        )

    root = cast("RootDescription", Tasks())
    detail = {"title__icontains": ["Too long."], "price": ["Not a range."], "other": ["No."]}
    refusal = refusal_of(drf.ValidationError(detail), root)
    assert refusal is not None
    assert refusal.extensions == {
        "code": "INVALID",
        "errors": detail,
        "arguments": {
            "titleIcontains": ["Too long."],
            "priceMin": ["Not a range."],
            "priceMax": ["Not a range."],
        },
    }
    for plain in (drf.ValidationError(["No."]), drf.ValidationError({"other": ["No."]})):
        told = refusal_of(plain, root)
        assert told is not None
        assert "arguments" not in (told.extensions or {})
