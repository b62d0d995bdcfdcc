"""What is on the board when the demonstration begins."""

from __future__ import annotations

from dataclasses import dataclass

from board.models import Colour, Priority, Role, Status

__all__ = ["LABELS", "PROJECTS", "SeedProject", "SeedTask", "Words"]

TODO, DOING, REVIEW, DONE = Status.TODO, Status.DOING, Status.REVIEW, Status.DONE
LOW, NORMAL, HIGH, URGENT = Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT


@dataclass(frozen=True)
class Words:
    """Something said on a task, `hours` ago, and what was answered."""

    author: str
    hours: int
    body: str
    replies: tuple[Words, ...] = ()


@dataclass(frozen=True)
class SeedTask:
    """A task; `due` counts days from today."""

    title: str
    status: Status
    priority: Priority = NORMAL
    assignee: str | None = None
    labels: tuple[str, ...] = ()
    due: int | None = None
    description: str = ""
    comments: tuple[Words, ...] = ()


@dataclass(frozen=True)
class SeedProject:
    """A project, who is in it, and its tasks."""

    slug: str
    name: str
    description: str
    colour: Colour
    members: dict[str, Role]
    tasks: tuple[SeedTask, ...]


LABELS = {
    "Accessibility": Colour.TEAL,
    "Bug": Colour.RED,
    "Design": Colour.VIOLET,
    "Editorial": Colour.AMBER,
    "Print": Colour.PINK,
    "Shop": Colour.GREEN,
    "Travel": Colour.BLUE,
}

WEBSITE = SeedProject(
    slug="website",
    name="Website relaunch",
    description="A new home for the backlist: faster, readable, and a shop that works on a phone.",
    colour=Colour.BLUE,
    members={"ada": Role.OWNER, "ben": Role.MEMBER, "mira": Role.MEMBER, "cy": Role.GUEST},
    tasks=(
        SeedTask(
            "Checkout loses the basket in Safari",
            DOING,
            URGENT,
            "ben",
            ("Bug", "Shop"),
            due=1,
            description="Add a book, close the tab, come back: the basket is empty. Safari 17 and "
            "newer, private windows too. Firefox and Chrome keep it.",
            comments=(
                Words(
                    "ada",
                    30,
                    "Two readers wrote in about this over the weekend. Can we have it before the "
                    "newsletter goes out?",
                    (
                        Words(
                            "ben",
                            28,
                            "Yes. The cookie is set on the shop's subdomain and Safari drops it "
                            "after the redirect. I have a fix on a branch.",
                            (Words("ada", 27, "Lovely, thank you."),),
                        ),
                    ),
                ),
                Words("mira", 5, "Seen on my phone as well, with the gift voucher in the basket."),
            ),
        ),
        SeedTask(
            "Readable line length on long-form pages",
            REVIEW,
            NORMAL,
            "mira",
            ("Design", "Accessibility"),
            due=3,
            description="Essays run to 120 characters a line on a wide screen. Aim for 66.",
            comments=(
                Words("mira", 9, "Deployed to the preview. Please look at the interview pages."),
            ),
        ),
        SeedTask(
            "Redirect the old ISBN addresses",
            TODO,
            HIGH,
            "ben",
            ("Shop",),
            due=6,
            description="/book/978… has to land on the new title pages, 1,140 of them.",
        ),
        SeedTask(
            "Alternative texts for the author portraits",
            DOING,
            NORMAL,
            "ben",
            ("Accessibility", "Editorial"),
            due=-2,
            comments=(
                Words(
                    "ada",
                    52,
                    "Photographer's name does not belong in the text, it goes below the picture.",
                ),
            ),
        ),
        SeedTask("Search finds nothing for “Tolstoi”", TODO, NORMAL, None, ("Bug",), due=9),
        SeedTask("Newsletter sign-up on every title page", TODO, LOW, "mira", ("Design",)),
        SeedTask("Choose a typeface for headings", DONE, NORMAL, "mira", ("Design",), due=-9),
        SeedTask(
            "Import the backlist from the warehouse's export",
            REVIEW,
            HIGH,
            "ben",
            ("Shop", "Editorial"),
            due=2,
            description="1,140 titles, of which 37 have no cover and 12 have two.",
            comments=(
                Words(
                    "ben",
                    20,
                    "All in. The twelve doubles are listed in the sheet, somebody has to choose.",
                    (Words("ada", 19, "I will, this afternoon."),),
                ),
            ),
        ),
        SeedTask("Measure the front page on a slow phone", DONE, LOW, "ben", (), due=-5),
        SeedTask("Print style sheet for press releases", TODO, LOW, None, ("Print",)),
    ),
)

AUTUMN = SeedProject(
    slug="autumn-list",
    name="Autumn list",
    description="Nine new titles and the catalogue that sells them.",
    colour=Colour.AMBER,
    members={"ada": Role.OWNER, "mira": Role.MEMBER, "tom": Role.MEMBER},
    tasks=(
        SeedTask(
            "Proofread chapters 4 to 6 of “The Salt Road”",
            DOING,
            HIGH,
            "tom",
            ("Editorial",),
            due=2,
            comments=(
                Words("tom", 26, "Chapter 5 spells the village three ways. Asked the author."),
            ),
        ),
        SeedTask(
            "Cover for “Night Ferries”: second round",
            REVIEW,
            HIGH,
            "mira",
            ("Design", "Print"),
            due=0,
            description="Darker water, smaller ship, the title readable as a thumbnail.",
            comments=(
                Words(
                    "ada",
                    7,
                    "The blue one. Sales would like to see it next to the paperback.",
                    (Words("mira", 6, "Mock-up follows before lunch."),),
                ),
            ),
        ),
        SeedTask("Blurbs for all nine titles", DOING, NORMAL, "ada", ("Editorial",), due=5),
        SeedTask("Paper sample for the poetry volume", TODO, NORMAL, "tom", ("Print",), due=11),
        SeedTask(
            "Chase the rights for the cover photograph",
            TODO,
            URGENT,
            "ada",
            ("Print",),
            due=-1,
            description="The agency answered once, in March. Without it we need another cover.",
        ),
        SeedTask("Catalogue to the printer", TODO, HIGH, None, ("Print",), due=16),
        SeedTask("Settle the price of the hardback", DONE, NORMAL, "ada", ("Shop",), due=-6),
        SeedTask("Translator's contract for “Ilmarinen”", DONE, NORMAL, "tom", (), due=-12),
    ),
)

FAIR = SeedProject(
    slug="book-fair",
    name="Book fair",
    description="Four days in October, stand 4.1 C 38, and everybody's shoes.",
    colour=Colour.TEAL,
    members={"mira": Role.OWNER, "ada": Role.MEMBER, "tom": Role.MEMBER, "cy": Role.GUEST},
    tasks=(
        SeedTask("Shelves for 120 books, not 80", DOING, HIGH, "tom", (), due=4),
        SeedTask(
            "Book rooms before they are gone",
            TODO,
            URGENT,
            "mira",
            ("Travel",),
            due=0,
            comments=(
                Words(
                    "mira",
                    3,
                    "Two left at the old price. One of us sleeps at the aunt's, then.",
                    (Words("tom", 2, "I volunteer. She has a cat."),),
                ),
            ),
        ),
        SeedTask("Readings: who, when, which chair", REVIEW, NORMAL, "ada", ("Editorial",), due=8),
        SeedTask(
            "Banner with the new lettering", TODO, NORMAL, "mira", ("Design", "Print"), due=13
        ),
        SeedTask("Coffee machine: rent or bring", TODO, LOW, None, ()),
        SeedTask("Pay the second instalment for the stand", DONE, HIGH, "mira", (), due=-4),
    ),
)

PROJECTS = (WEBSITE, AUTUMN, FAIR)
