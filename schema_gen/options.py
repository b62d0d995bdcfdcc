"""What the registration of one view says of its fields, arguments and enums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .columns import column_path, says_as_much
from .exceptions import SchemaError
from .naming import checked_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import Model

    from .arguments import ArgumentDescription

__all__ = ["ViewOptions"]


class ViewOptions:
    """The options of one description of a view, and which of them have found what they name.

    One that finds nothing in any of the view's actions is a mistake: `check` says so. An excluded
    field that is misspelt would else be shown to everyone.
    """

    def __init__(
        self,
        view: str,
        *,
        model: type[Model] | None = None,
        exclude_fields: Iterable[str] = (),
        exclude_arguments: Iterable[str] = (),
        enum_names: Mapping[str, str] | None = None,
    ) -> None:
        """`view` is the view's name, for messages, `model` that of its rows.

        `exclude_fields` are keys of the row's serializer, `exclude_arguments` query parameters or
        their GraphQL names. `enum_names` maps such a key or parameter to the name of its enum.
        """
        self.view = view
        self.model = model
        self.fields = _names(view, "exclude_fields", exclude_fields)
        self.arguments = _names(view, "exclude_arguments", exclude_arguments)
        self.enums = {
            key: checked_name(name, f"enum_names[{key!r}] of {view}")
            for key, name in (enum_names or {}).items()
        }
        self._known: dict[str, set[str]] = {"fields": set(), "arguments": set(), "enums": set()}
        self._used: set[tuple[str, str]] = set()
        self._hidden: set[tuple[str, ...]] = {(key,) for key in self.fields}

    def drop_fields(self, serializer: Any) -> frozenset[str]:
        """Take the excluded fields out of a row's serializer that was just made; their keys.

        Before it is described, so that nothing of them is asked for or warned of.
        """
        self._known["fields"].update(serializer.fields)
        found = self.fields & set(serializer.fields)
        for key in found:
            source = str(serializer.fields[key].source).split(".")
            self._hidden.add(column_path(self.model, source))
            del serializer.fields[key]
            self._used.add(("fields", key))
        if found and all(field.write_only for field in serializer.fields.values()):
            raise SchemaError(
                f"{self.view}: exclude_fields leaves no field of {type(serializer).__name__} to "
                f"read. Exclude fewer, or don't register the view."
            )
        return self.fields

    def hides(self, lookup: str) -> bool:
        """Whether what a parameter or an ordering compares tells of an excluded field.

        Of those that `drop_fields` has met: let it see all the view's serializers first.
        """
        path = column_path(self.model, lookup.split("__"))
        return any(says_as_much(self.model, path, hidden) for hidden in self._hidden)

    def kept(self, arguments: Iterable[ArgumentDescription]) -> list[ArgumentDescription]:
        """The arguments that are not excluded. A SchemaError if a GET can't do without one."""
        kept = []
        for argument in arguments:
            names = {argument.key, argument.name} & self.arguments
            if argument.place == "query":
                self._known["arguments"].add(argument.key)
            self._used.update(("arguments", name) for name in names)
            if not names:
                kept.append(argument)
            elif not argument.type.nullable:
                what = "part of its URL" if argument.place == "path" else "required"
                raise SchemaError(
                    f"{self.view}: exclude_arguments names {argument.key!r}, which is {what}, so "
                    f"no GET could be made without it. Take it off exclude_arguments."
                )
        return kept

    def enum_name(self, key: str, default: str) -> str:
        """The name of the enum of a field of the row or of a query parameter."""
        self._known["enums"].add(key)
        if key not in self.enums:
            return default
        self._used.add(("enums", key))
        return self.enums[key]

    def names_enum(self, key: str) -> bool:
        """Whether the registration has a name for the enum of a field or parameter."""
        return key in self.enums

    def check(self) -> None:
        """A SchemaError for the first option that has found nothing to be about."""
        given = (
            ("fields", "exclude_fields", "no field of its row's serializer", self.fields),
            ("arguments", "exclude_arguments", "no query parameter that it reads", self.arguments),
            ("enums", "enum_names", "no enum of its row or arguments", self.enums),
        )
        for kind, option, what, keys in given:
            for key in sorted(keys):
                if (kind, key) not in self._used:
                    raise SchemaError(
                        f"{self.view}: {option} names {key!r}, which is {what}. Expected some of "
                        f"{sorted(self._known[kind])}."
                    )


def _names(view: str, option: str, names: Any) -> frozenset[str]:
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise SchemaError(
            f"{view}: {option} expected a list of names, {names!r} came. Write [{names!r}]."
            if isinstance(names, str)
            else f"{view}: {option} expected a list of names, {names!r} came."
        )
    return frozenset(names)
