"""Steps of story 4: users see and change only their own tasks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_bdd import given, parsers, then, when

from backend.testing.issuer import make_subject

if TYPE_CHECKING:
    from tests.support.world import World

ABSENT = "0190a5d2-0000-4000-8000-00000000dead"
DRAFT = {"title": "Buy oat milk", "description": "two bottles"}
BODIES: dict[str, bytes] = {
    "no title": b"{}",
    "an empty title": b'{"title": ""}',
    "a title of 201 characters": json.dumps({"title": "x" * 201}).encode(),
    "a title that holds NUL": b'{"title": "a\\u0000b"}',
    "a title that is a number": b'{"title": 1}',
    "a body that is not JSON": b"title=milk",
    "a body that is not UTF-8": b'{"title": "\xff"}',
}


@when(parsers.re(r'"(?P<name>\w+)" sends (?P<request>[A-Z]+ \S+) for the task of "(?P<owner>\w+)"$'))
def send_for_task(world: World, name: str, request: str, owner: str) -> None:
    path = request.replace("{task_id}", world.tasks[owner]["id"])
    world.send_as(name, path, json=DRAFT if request.startswith("PUT") else None)


@then(parsers.re(r'the task of "(?P<owner>\w+)" is (?P<state>unchanged|updated|completed|gone)$'))
def check_task(world: World, owner: str, state: str) -> None:
    before = world.tasks[owner]
    after = next((task for task in world.read_tasks(owner) if task["id"] == before["id"]), None)
    if state == "gone":
        assert after is None
        return
    assert after is not None
    changes = {name: value for name, value in after.items() if value != before[name] and name != "updated_at"}
    assert changes == {"unchanged": {}, "updated": DRAFT, "completed": {"completed": True}}[state]


@then(parsers.parse('the list holds "{title}" and nothing else'))
def check_list(world: World, title: str) -> None:
    assert [task["title"] for task in world.response.json()["items"]] == [title]


@when(parsers.parse('"{name}" asks for the task of "{owner}" and for a task that does not exist'))
def ask_for_both(world: World, name: str, owner: str) -> None:
    world.send_as(name, f"GET /api/tasks/{world.tasks[owner]['id']}")
    world.send_as(name, f"GET /api/tasks/{ABSENT}")


@then("both answers are the same")
def check_same(world: World) -> None:
    foreign, absent = world.responses[-2:]
    assert foreign.status_code == absent.status_code == 404
    assert foreign.content == absent.content
    assert _comparable_headers(foreign.headers) == _comparable_headers(absent.headers)


def _comparable_headers(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "x-request-id"}


@when(parsers.parse('"{name}" creates a task that names "{owner}" as its owner'))
def create_for_another(world: World, name: str, owner: str) -> None:
    world.send_as(name, "POST /api/tasks", json={"title": "Gift", "user_id": make_subject(owner)})


@then(parsers.parse('"{name}" has no task'))
def check_no_task(world: World, name: str) -> None:
    assert world.read_tasks(name) == []


@given(parsers.parse('"{name}" has {count:d} tasks'))
def have_tasks(world: World, name: str, count: int) -> None:
    world.notes["ids"] = [world.create_task(name, f"Task {number}")["id"] for number in range(count)]


@when(parsers.parse('"{name}" reads the list in pages of {size:d}'))
def read_pages(world: World, name: str, size: int) -> None:
    path, pages = f"GET /api/tasks?limit={size}", []
    while True:
        page = world.send_as(name, path).json()
        pages.append([task["id"] for task in page["items"]])
        if page["next"] is None or len(pages) > 9:
            break
        path = f"GET /api/tasks?limit={size}&cursor={page['next']}"
    world.notes["pages"] = pages


@then("the pages hold 2, 2 and 1 tasks")
def check_pages(world: World) -> None:
    assert [len(page) for page in world.notes["pages"]] == [2, 2, 1]


@then("together they hold each task once")
def check_no_duplicates(world: World) -> None:
    assert [identifier for page in world.notes["pages"] for identifier in page] == world.notes["ids"][::-1]


@when(parsers.re(r'"(?P<name>\w+)" sends (?P<request>[A-Z]+ \S+) with (?P<body>.+)$'))
def send_body(world: World, name: str, request: str, body: str) -> None:
    headers = world.authorization(name) | {"Content-Type": "application/json"}
    world.send(request, headers, content=BODIES[body])
