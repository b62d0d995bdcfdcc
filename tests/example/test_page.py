"""The page in a real browser: two visitors see each other's changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.example.browser import Browser, Page, require_browser
from tests.example.site import visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.example.site import Site

CHECKOUT = "Checkout loses the basket in Safari"
NEWSLETTER = "Newsletter sign-up on every title page"
REDIRECT = "Redirect the old ISBN addresses"


@pytest.fixture(scope="module")
def running_browser() -> Iterator[Browser]:
    with Browser(require_browser()) as browser:
        yield browser


@pytest.fixture
def browser(running_browser: Browser) -> Iterator[Browser]:
    yield running_browser
    running_browser.close_pages()


def card(title: str, status: str = "") -> str:
    column = f'.column[data-status="{status}"] ' if status else ""
    return f'{column}[data-task]:has-text("{title}")'


def enter(browser: Browser, site: Site, username: str) -> Page:
    """The board as a demonstration account sees it, by a token of the tab's own."""
    page = browser.open(username, f"{site.url}/?visitor={username}")
    page.sees(card(CHECKOUT))
    page.sees('.line[data-phase="live"]')
    return page


def cards(page: Page) -> set[str]:
    return set(page.texts("[data-task] .title"))


def test_rows_enter_and_leave_a_filtered_list(board: Site, browser: Browser) -> None:
    ben = enter(browser, board, "ben")
    ben.click('.chip:has-text("Bug")')
    ben.misses(card(NEWSLETTER))
    assert cards(ben) == {CHECKOUT, "Search finds nothing for “Tolstoi”"}
    with visitor(board, "ada") as ada:
        labels = {label["name"]: label["id"] for label in ada.get("/api/labels/").json()}
        path = f"/api/tasks/{ada.task('Newsletter')['id']}/"
        assert ada.patch(path, json={"label_ids": [labels["Bug"]]}).is_success
        ben.sees(card(NEWSLETTER))
        assert ada.patch(path, json={"label_ids": [labels["Design"]]}).is_success
        ben.misses(card(NEWSLETTER))
        ada.post("/api/tasks/", json={"title": "Not a bug", "project": "website"})
        bug = {"title": "A bug", "project": "website", "label_ids": [labels["Bug"]]}
        ada.post("/api/tasks/", json=bug)
        ben.sees(card("A bug"))
    assert cards(ben) == {CHECKOUT, "Search finds nothing for “Tolstoi”", "A bug"}
    assert ben.objections() == []


def test_a_task_moved_out_of_sight_disappears(board: Site, browser: Browser) -> None:
    ada, ben = enter(browser, board, "ada"), enter(browser, board, "ben")
    ben.click(card(REDIRECT))
    ben.sees(".drawer .task-title")
    ada.click(card(REDIRECT))
    ada.choose('.field:has-text("Project") select', "Autumn list")
    ben.misses(card(REDIRECT))
    ben.sees(f'.drawer .notice:has-text("“{REDIRECT}” is gone")')
    ada.sees(f'{card(REDIRECT)} .home:has-text("Autumn list")')
    ada.choose('.field:has-text("Project") select', "Website relaunch")
    ben.sees(card(REDIRECT))
    assert ada.objections() == ben.objections() == []


def test_counters_move_though_no_code_moves_them(board: Site, browser: Browser) -> None:
    ada = enter(browser, board, "ada")
    assert ada.texts("[data-project=website] .counter") == ["8\nopen"]
    ada.click("[data-project=autumn-list]")
    with visitor(board, "ben") as ben:
        task = ben.task("Redirect")
        assert ben.patch(f"/api/tasks/{task['id']}/", json={"status": "done"}).is_success
        ada.sees('[data-project=website] .counter:has-text("7")')
        ada.misses('.projects:has-text("Choir")')
    with visitor(board, "ada") as rest:
        assert rest.post("/api/projects/", json={"name": "Choir", "slug": "choir"}).is_success
        ada.sees('[data-project=choir] .counter:has-text("0")')
    assert ada.objections() == []


def test_a_session_writes_and_the_other_visitor_sees_it(board: Site, browser: Browser) -> None:
    ben = enter(browser, board, "ben")
    ada = browser.open("ada", board.url)
    ada.click('.accounts button:has-text("Ada Lindqvist")')
    ada.press(f"{card(CHECKOUT, 'DOING')} .card", "Alt+ArrowRight")
    ben.sees(card(CHECKOUT, "REVIEW"))
    # The focus went along with the card, so the same keys carry it on.
    ada.press(f"{card(CHECKOUT, 'REVIEW')} .card:focus", "Alt+ArrowRight")
    ben.sees(card(CHECKOUT, "DONE"))
    ada.call("dragAndDrop", card(CHECKOUT, "DONE"), '.column[data-status="DOING"] h2')
    ben.sees(card(CHECKOUT, "DOING"))
    ada.click(".add")
    ada.fill(".new-task input", "Thank the readers who wrote in")
    ada.choose(".new-task select", "Website relaunch")
    ada.press(".new-task input", "Enter")
    ben.sees(card("Thank the readers who wrote in", "TODO"))
    ada.click(".account")
    ada.click('.menu button:has-text("Log out")')
    ada.sees(".accounts")
    assert ada.objections() == ben.objections() == []


def test_a_conversation_is_live(board: Site, browser: Browser) -> None:
    ben = enter(browser, board, "ben")
    ben.click(card(NEWSLETTER))
    ben.sees('.comments:has-text("Nothing has been said yet.")')
    ada = enter(browser, board, "ada")
    ada.click(card(NEWSLETTER))
    ada.fill(".say textarea", "Before the footer, please.")
    ada.click('.say button:has-text("Send")')
    ben.click('.comment:has-text("Before the footer, please.") button:has-text("Reply")')
    ben.fill(".comment .say textarea", "Done.")
    ben.press(".comment .say textarea", "Enter")
    ada.sees('.thread .thread:has-text("Done.")')
    ada.sees(f'{card(NEWSLETTER)} .talk:has-text("2")')


def test_a_guest_is_shown_and_told_no_more_than_reading(
    shared_board: Site, browser: Browser
) -> None:
    cy = enter(browser, shared_board, "cy")
    assert cy.texts(".add") == []
    cy.click(card(CHECKOUT))
    cy.sees(".facts-form:disabled")
    assert cy.texts(".say") == []


def test_the_page_recovers_from_a_server_that_died(board: Site, browser: Browser) -> None:
    ben = enter(browser, board, "ben")
    board.kill()
    ben.sees('.line[data-phase="waiting"]')
    board.start()
    with visitor(board, "ada") as ada:
        task = ada.task("Newsletter")
        assert ada.patch(f"/api/tasks/{task['id']}/", json={"status": "done"}).is_success
        gone = ada.task("Redirect")
        assert ada.delete(f"/api/tasks/{gone['id']}/").status_code == 204
        ben.sees('.line[data-phase="live"]')
        ben.sees(card(NEWSLETTER, "DONE"))
        ben.misses(card(REDIRECT))
        # And it is live again, not only right.
        assert ada.patch(f"/api/tasks/{task['id']}/", json={"status": "review"}).is_success
        ben.sees(card(NEWSLETTER, "REVIEW"))


def test_a_dropped_connection_comes_back_when_asked(board: Site, browser: Browser) -> None:
    ben = enter(browser, board, "ben")
    ben.click('.line button:has-text("Drop connection")')
    ben.sees('.line[data-phase="waiting"]')
    with visitor(board, "ada") as ada:
        task = ada.task("Newsletter")
        assert ada.patch(f"/api/tasks/{task['id']}/", json={"status": "done"}).is_success
    ben.click('.line button:has-text("Now")')
    ben.sees(card(NEWSLETTER, "DONE"))


@pytest.mark.parametrize("width", [360, 700, 1000, 1440])
def test_nothing_is_wider_than_the_window(shared_board: Site, browser: Browser, width: int) -> None:
    context = {"viewport": {"width": width, "height": 800}}
    page = browser.open("ben", f"{shared_board.url}/?visitor=ben", **context)
    page.sees(card(CHECKOUT))
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.call("evaluate", overflow) == 0


def test_two_visitors_stand_side_by_side(shared_board: Site, browser: Browser) -> None:
    page = browser.open("both", f"{shared_board.url}/two/", viewport={"width": 1600, "height": 900})
    for name in ["Ada Lindqvist", "Ben Okafor"]:
        page.sees(f'iframe[title="The board as {name} sees it"]')
    assert page.objections() == []


def test_the_browsable_api_writes_and_the_page_shows_it(board: Site, browser: Browser) -> None:
    ben = enter(browser, board, "ben")
    ada = browser.open("ada", f"{board.url}/api-auth/login/?next=/api/tasks/")
    ada.fill("[name=username]", "ada")
    ada.fill("[name=password]", "northlight")
    ada.click("[type=submit]")
    ada.fill("#post-object-form [name=title]", "Written in the browsable API")
    ada.choose("#post-object-form [name=project]", "Website relaunch")
    ada.click('#post-object-form button:has-text("POST")')
    ada.sees('text="HTTP 201 Created"')
    ben.sees(card("Written in the browsable API", "TODO"))
    ada.click('button:has-text("Log out ada")')
    ada.sees('a:has-text("Log in")')
    assert [text for text in ada.objections() if "Content Security" in text] == []
