"""What goes wrong while views are described and types are built."""

from __future__ import annotations

__all__ = ["ModelUnknownError", "SchemaError", "SchemaWarning"]


class SchemaError(Exception):
    """A view can't be described or two descriptions contradict each other.

    The text says what was expected, what came and how to mend it.
    """


class ModelUnknownError(SchemaError):
    """A view does not say which model its rows are of, so nobody knows what to listen to."""


class SchemaWarning(UserWarning):
    """Something was described less exactly than the view deserves.

    The text names the view, the serializer and the field, and how to mend it.
    """
