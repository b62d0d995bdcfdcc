"""Users as all processes can name them."""

from __future__ import annotations

from types import SimpleNamespace

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.test.utils import isolate_apps
from django.utils.functional import SimpleLazyObject

from drf_live_graphql.users import user_key, user_key_of_pk


@isolate_apps("django.contrib.auth")
def test_a_user_is_the_same_however_it_was_loaded() -> None:
    class Proxy(get_user_model()):  # type: ignore[misc]
        class Meta:
            proxy = True
            app_label = "auth"

    key = ("auth.user", "7")
    user = get_user_model()(pk=7)
    assert user_key(user) == key
    assert user_key(SimpleLazyObject(lambda: user)) == key
    assert user_key(Proxy(pk=7)) == key
    assert user_key_of_pk(7) == user_key_of_pk("7") == key


def test_a_user_that_only_a_token_tells_of_is_one_of_the_projects() -> None:
    assert user_key(SimpleNamespace(pk="7")) == ("auth.user", "7")


def test_nobody_has_no_key() -> None:
    assert user_key(AnonymousUser()) is None
    assert user_key(SimpleNamespace()) is None
