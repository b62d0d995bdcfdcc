"""The options of a registration, checked where they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schema_gen import SchemaError
from schema_gen.naming import checked_name

from .exceptions import LiveError

if TYPE_CHECKING:
    from collections.abc import Mapping


def checked_options(
    *, exclude_fields: Any, exclude_arguments: Any, enum_names: Any, **names: str | None
) -> Mapping[str, Any]:
    """The keyword arguments of ``schema_gen.describe_view`` that these options are.

    ``names`` are GraphQL names or ``None``. Raises ``LiveError`` for what is not of the right kind;
    whether the view has what they name is known when it is described.
    """
    enums = {} if enum_names is None else enum_names
    if not hasattr(enums, "items"):
        raise LiveError(
            "enum_names= expected a mapping of fields or query parameters to names of enums, such"
            f' as {{"status": "TaskState"}}; {enum_names!r} came.'
        )
    given = {**names, **{f"enum_names[{key!r}]": name for key, name in enums.items()}}
    try:
        for option, name in given.items():
            if name is not None or option not in names:
                checked_name(name, f"{option}=")
    except SchemaError as error:
        raise LiveError(str(error)) from error
    return {
        **names,
        "exclude_fields": _strings("exclude_fields", exclude_fields),
        "exclude_arguments": _strings("exclude_arguments", exclude_arguments),
        "enum_names": dict(enums),
    }


def _strings(option: str, given: Any) -> frozenset[str]:
    is_list = not isinstance(given, str) and hasattr(given, "__iter__")
    if not is_list or not all(isinstance(item, str) for item in given):
        raise LiveError(f'{option}= expected a list of names, such as ["secret"]; {given!r} came.')
    return frozenset(given)


__all__ = ["checked_options"]
