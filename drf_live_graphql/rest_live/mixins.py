"""``RealtimeMixin``: marks the views that a ``RealtimeRouter`` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from django.db.models import Model


class RealtimeMixin:
    """Marks a generic view or ViewSet as one that clients may subscribe to.

    It goes before or behind the view's other bases, and changes nothing of what the view does.
    """

    @classmethod
    def get_model_class(cls) -> type[Model]:
        """The model of the view's ``queryset`` attribute, by which clients know the view.

        Raises an ``AssertionError`` where there is none: ``get_queryset()`` may need a request.
        """
        queryset = getattr(cls, "queryset", None)
        # Raised, not asserted: it is part of the API and must not vanish under ``python -O``.
        if queryset is None:
            raise AssertionError(
                f"{cls.__name__} expected a `queryset` attribute, to know its model by; it has"
                " none. Beside a get_queryset(), write `queryset = Model.objects.none()`."
            )
        return cast("type[Model]", queryset.model)


__all__ = ["RealtimeMixin"]
