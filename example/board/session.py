"""Coming and going, for the page: who am I, log in, log out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect, ensure_csrf_cookie
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from board.accounts import PASSWORD, VISITORS
from board.serializers import UserSerializer

__all__ = ["SessionView"]


class Credentials(serializers.Serializer):
    username = serializers.CharField()
    password = serializers.CharField(style={"input_type": "password"}, trim_whitespace=False)


class LoginThrottle(ScopedRateThrottle):
    """Guessing passwords is slow; asking who one is, and leaving, are free."""

    scope_attr = "login_scope"

    def allow_request(self, request: Request, view: APIView) -> bool:
        return request.method != "POST" or super().allow_request(request, view)


@method_decorator(csrf_protect, name="dispatch")
@method_decorator(ensure_csrf_cookie, name="dispatch")
class SessionView(APIView):
    """GET tells who you are, POST logs in, DELETE logs out."""

    permission_classes = [AllowAny]
    throttle_classes = [LoginThrottle]
    login_scope = "login"

    def get_serializer(self, *args: Any, **kwargs: Any) -> Credentials:
        return Credentials(*args, **kwargs)

    def get(self, request: Request) -> Response:
        user = UserSerializer(request.user).data if request.user.is_authenticated else None
        return Response({"user": user, "accounts": demo_accounts()})

    def post(self, request: Request) -> Response:
        credentials = self.get_serializer(data=request.data)
        credentials.is_valid(raise_exception=True)
        user = authenticate(request, **credentials.validated_data)
        if user is None:
            raise serializers.ValidationError("That name and password do not belong together.")
        login(request, user)
        return Response({"user": UserSerializer(user).data})

    def delete(self, request: Request) -> Response:
        logout(request)
        return Response(status=status.HTTP_204_NO_CONTENT)


def demo_accounts() -> list[dict[str, str]]:
    """The seeded accounts that the login page offers, with the password they share."""
    if not settings.DEMO_ACCOUNTS:
        return []
    return [
        {
            "username": person.username,
            "name": person.name,
            "about": person.about,
            "password": PASSWORD,
        }
        for person in VISITORS
    ]
