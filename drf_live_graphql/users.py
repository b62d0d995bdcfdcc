"""Users as all processes can name them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model

from .changes import label_of

# The label of the user's model, and the primary key as text.
UserKey = tuple[str, str]


def user_key(user: Any) -> UserKey | None:
    """What tells ``user`` from every other, in any process; ``None`` where nobody is meant.

    A user without a model (a token that says it all, as stateless JWT authentication has) counts
    as one of the project's users.
    """
    pk = getattr(user, "pk", None)
    if pk is None:
        return None
    # Its class as it says itself: a lazy user's type is another.
    model = user.__class__ if hasattr(user, "_meta") else get_user_model()
    return label_of(model), str(pk)


def user_key_of_pk(pk: object) -> UserKey:
    """The same for the primary key of one of the project's users."""
    return label_of(get_user_model()), str(pk)


__all__ = ["UserKey", "user_key", "user_key_of_pk"]
