"""The board's REST API on its own: who sees what, who may do what, how lists are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.example.site import Site, Visitor

    Enter = Callable[[str], Visitor]


@pytest.mark.parametrize(
    ("username", "projects"),
    [
        ("ada", ["Autumn list", "Book fair", "Website relaunch"]),
        ("ben", ["Website relaunch"]),
        ("cy", ["Book fair", "Website relaunch"]),
        ("root", ["Autumn list", "Book fair", "Website relaunch"]),
    ],
)
def test_a_visitor_sees_the_projects_they_are_in(
    enter: Enter, username: str, projects: list[str]
) -> None:
    rows = enter(username).get("/api/projects/").json()["results"]
    assert [row["name"] for row in rows] == projects


def test_a_project_counts_its_tasks_and_says_ones_own_role(enter: Enter) -> None:
    counts = {"todo_count": 4, "doing_count": 2, "review_count": 2, "done_count": 2}
    for username, role in [("ada", "owner"), ("ben", "member"), ("cy", "guest"), ("root", "owner")]:
        project = enter(username).get("/api/projects/website/").json()
        assert project["my_role"] == role
        assert {name: project[name] for name in counts} == counts


def test_a_stranger_is_turned_away(shared_board: Site) -> None:
    answer = httpx.get(f"{shared_board.url}/api/tasks/")
    assert answer.status_code == 401


def test_tasks_come_urgent_first_then_by_date_and_the_dateless_last(enter: Enter) -> None:
    tasks = enter("ada").get("/api/tasks/").json()["results"]
    keys = [(-task["priority"], task["due"] or "9999", task["id"]) for task in tasks]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"overdue": "true"}, {"Alternative texts for the author portraits"}),
        (
            {"label": ["Bug", "Accessibility"], "status": "doing"},
            {
                "Alternative texts for the author portraits",
                "Checkout loses the basket in Safari",
            },
        ),
        (
            {"unassigned": "true"},
            {"Print style sheet for press releases", "Search finds nothing for “Tolstoi”"},
        ),
        ({"search": "978"}, {"Redirect the old ISBN addresses"}),
        ({"priority_min": 4}, {"Checkout loses the basket in Safari"}),
    ],
)
def test_lists_are_filtered(enter: Enter, filters: dict[str, object], expected: set[str]) -> None:
    assert set(enter("ben").titles(project="website", **filters)) == expected


def test_a_project_out_of_sight_is_no_choice_of_the_filter(enter: Enter) -> None:
    answer = enter("ben").get("/api/tasks/", params={"project": "autumn-list"})
    assert answer.status_code == 400


def test_lists_come_in_pages(enter: Enter) -> None:
    page = enter("ada").get("/api/tasks/", params={"page_size": 10, "page": 3}).json()
    assert page["count"] == 24
    assert len(page["results"]) == 4
    assert page["next"] is None
    assert "page=2" in page["previous"]


def test_a_guest_reads_and_does_not_write(enter: Enter) -> None:
    cy = enter("cy")
    task = cy.task("Checkout")
    for answer in [
        cy.patch(f"/api/tasks/{task['id']}/", json={"status": "done"}),
        cy.delete(f"/api/tasks/{task['id']}/"),
        cy.post(f"/api/tasks/{task['id']}/comments/", json={"body": "Me too"}),
    ]:
        assert answer.status_code == 403, answer.text
    answer = cy.post("/api/tasks/", json={"title": "A wish", "project": "website"})
    assert answer.status_code == 400
    assert answer.json() == {"project": ["You may read Website relaunch, not change it."]}


def test_a_member_deletes_their_own_tasks_only(enter: Enter) -> None:
    ben, ada = enter("ben"), enter("ada")
    own = ben.post("/api/tasks/", json={"title": "Short-lived", "project": "website"}).json()
    other = ada.post("/api/tasks/", json={"title": "Ada's", "project": "website"}).json()
    assert ben.delete(f"/api/tasks/{other['id']}/").status_code == 403
    assert ben.delete(f"/api/tasks/{own['id']}/").status_code == 204
    assert ada.delete(f"/api/tasks/{other['id']}/").status_code == 204


def test_a_task_moved_to_another_project_is_out_of_sight_and_loses_its_stranger(
    enter: Enter,
) -> None:
    ada, ben = enter("ada"), enter("ben")
    task = ben.task("Redirect")
    path = f"/api/tasks/{task['id']}/"
    moved = ada.patch(path, json={"project": "autumn-list"}).json()
    assert moved["assignee"] is None
    assert ben.get(path).status_code == 404
    back = {"project": "website", "assignee_id": task["assignee"]["id"]}
    assert ada.patch(path, json=back).is_success
    assert ben.get(path).is_success


def test_a_task_is_assigned_to_members_only(enter: Enter) -> None:
    ada = enter("ada")
    tom = next(row for row in ada.get("/api/users/").json()["results"] if row["username"] == "tom")
    task = ada.task("Redirect")
    answer = ada.patch(f"/api/tasks/{task['id']}/", json={"assignee_id": tom["id"]})
    assert answer.json() == {"assignee_id": ["Tom Brandt is not in Website relaunch."]}


def test_comments_nest_and_count(enter: Enter) -> None:
    ben = enter("ben")
    task = ben.task("Newsletter")
    path = f"/api/tasks/{task['id']}/comments/"
    first = ben.post(path, json={"body": "Which page?"}).json()
    reply = ben.post(path, json={"body": "All.", "parent": first["id"]}).json()
    assert reply["parent"] == first["id"]
    assert ben.task("Newsletter")["comment_count"] == 2
    elsewhere = ben.task("Redirect")
    answer = ben.post(
        f"/api/tasks/{elsewhere['id']}/comments/", json={"body": "?", "parent": first["id"]}
    )
    assert answer.json() == {"parent": ["A reply belongs to a comment on the same task."]}
    assert ben.delete(f"{path}{first['id']}/").status_code == 204
    assert ben.get(path).json() == []


def test_comments_of_a_task_out_of_sight_cannot_be_read(enter: Enter) -> None:
    task = enter("ada").task("Catalogue to the printer")
    assert enter("ben").get(f"/api/tasks/{task['id']}/comments/").json() == []
    answer = enter("ben").post(f"/api/tasks/{task['id']}/comments/", json={"body": "Hello?"})
    assert answer.status_code == 404


def test_only_owners_choose_who_is_in_a_project(enter: Enter) -> None:
    ada, ben = enter("ada"), enter("ben")
    tom = next(row for row in ada.get("/api/users/").json()["results"] if row["username"] == "tom")
    path, tom_as_guest = "/api/projects/website/members/", {"user_id": tom["id"], "role": "guest"}
    assert ben.post(path, json=tom_as_guest).status_code in {400, 403}
    added = ada.post(path, json=tom_as_guest)
    assert added.status_code == 201, added.text
    assert ada.post(path, json=tom_as_guest).json() == {
        "user_id": ["Tom Brandt is a member already."]
    }
    member = f"{path}{added.json()['id']}/"
    assert ben.delete(member).status_code == 403
    assert ada.delete(member).status_code == 204


def test_whoever_founds_a_project_owns_it(enter: Enter) -> None:
    ben = enter("ben")
    answer = ben.post("/api/projects/", json={"name": "Choir", "slug": "choir"})
    assert answer.json()["my_role"] == "owner"
    assert enter("ada").get("/api/projects/choir/").status_code == 404
    assert ben.delete("/api/projects/choir/").status_code == 204


def test_a_session_is_opened_by_password_and_guarded_by_csrf(shared_board: Site) -> None:
    with httpx.Client(base_url=shared_board.url) as browser:
        assert browser.get("/api/session/").json()["user"] is None
        login = {"username": "ben", "password": "northlight"}
        assert browser.post("/api/session/", json=login).status_code == 403
        token = {"X-CSRFToken": browser.cookies["csrftoken"]}
        wrong = browser.post("/api/session/", json={**login, "password": "no"}, headers=token)
        assert wrong.status_code == 400
        assert browser.post("/api/session/", json=login, headers=token).is_success
        assert browser.get("/api/session/").json()["user"]["name"] == "Ben Okafor"
        assert browser.patch("/api/tasks/1/", json={"status": "done"}).status_code == 403
        token = {"X-CSRFToken": browser.cookies["csrftoken"]}
        assert browser.delete("/api/session/", headers=token).status_code == 204
        assert browser.get("/api/session/").json()["user"] is None


@pytest.mark.parametrize("path", ["/api/", "/api/tasks/", "/admin/", "/graphql/", "/two/"])
def test_every_page_is_sent_with_the_strict_policy(enter: Enter, path: str) -> None:
    answer = enter("root").get(path, headers={"Accept": "text/html"}, follow_redirects=True)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.split(";")[0] == "default-src 'self'"
