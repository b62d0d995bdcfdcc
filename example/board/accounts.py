"""The people of the demonstration, a small publishing house."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PASSWORD", "PEOPLE", "VISITORS", "Person"]

PASSWORD = "northlight"


@dataclass(frozen=True)
class Person:
    """A seeded account; with `about` it is offered on the login page."""

    username: str
    first_name: str
    last_name: str
    about: str = ""
    is_superuser: bool = False

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


PEOPLE = (
    Person("ada", "Ada", "Lindqvist", "Owns Website relaunch and Autumn list"),
    Person("ben", "Ben", "Okafor", "Works on Website relaunch, sees nothing else"),
    Person("cy", "Cy", "Moreau", "A guest: reads Website relaunch and Book fair"),
    Person("mira", "Mira", "Haddad"),
    Person("tom", "Tom", "Brandt"),
    Person("root", "Robin", "Root", "Superuser: sees and may do everything", is_superuser=True),
)
VISITORS = tuple(person for person in PEOPLE if person.about)
