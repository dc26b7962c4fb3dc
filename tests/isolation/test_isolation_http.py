"""Two users on a real PostgreSQL, through the API: neither learns that the other one's tasks exist."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from backend.testing.issuer import make_subject
from tests.support.service import Client, bearer

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from backend.testing.issuer import Issuer

    Headers = dict[str, bytes]

OPERATIONS: dict[str, tuple[str, str, Any]] = {
    "getTask": ("GET", "", None),
    "updateTask": ("PUT", "", {"title": "Taken over", "description": "by bob"}),
    "completeTask": ("POST", "/complete", None),
    "deleteTask": ("DELETE", "", None),
}
INJECTIONS = [
    "' or '1'='1",
    "'; drop table tasks; --",
    "' union select * from tasks --",
    "\\'; select pg_sleep(30); --",
    "%' or user_id like '%",
    "{user_id}",
    "$1",
    ":user_id",
]


@pytest.fixture
def alice(signed_in: Callable[[str], Headers]) -> Headers:
    return signed_in("alice")


@pytest.fixture
def bob(signed_in: Callable[[str], Headers]) -> Headers:
    return signed_in("bob")


def create(client: Client, headers: Headers, title: str) -> dict[str, Any]:
    answer = client.post("/api/tasks", headers=headers, json={"title": title})
    assert answer.status_code == 201
    task: dict[str, Any] = answer.json()
    return task


def rows(database: psycopg.Connection[Any]) -> list[Any]:
    return database.execute("select * from tasks order by id").fetchall()


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_task_of_another_user_is_as_if_it_never_was(
    *, client: Client, database: psycopg.Connection[Any], alice: Headers, bob: Headers, operation: str
) -> None:
    method, suffix, body = OPERATIONS[operation]
    task = create(client, alice, "Buy milk")
    create(client, bob, "Call home")
    before = rows(database)
    foreign = client.request(method, f"/api/tasks/{task['id']}{suffix}", headers=bob, json=body)
    missing = client.request(method, f"/api/tasks/{uuid4()}{suffix}", headers=bob, json=body)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "task_not_found")
    assert foreign.content == missing.content
    assert foreign.headers.multi_items() == missing.headers.multi_items()
    assert foreign.status_code == missing.status_code
    assert rows(database) == before


@pytest.mark.requirement("003/FR-009", "003/FR-019")
@pytest.mark.parametrize(
    ("operation", "status", "changed"),
    [
        ("getTask", 200, {}),
        ("updateTask", 200, {"title": "Taken over", "description": "by bob"}),
        ("completeTask", 200, {"completed": True}),
        ("deleteTask", 204, None),
    ],
)
def test_own_task_is_reached_and_no_other_one_touched(
    *,
    client: Client,
    alice: Headers,
    bob: Headers,
    operation: str,
    status: int,
    changed: dict[str, Any] | None,
) -> None:
    method, suffix, body = OPERATIONS[operation]
    task, sibling = create(client, alice, "Buy milk"), create(client, alice, "Buy bread")
    other = create(client, bob, "Call home")
    answer = client.request(method, f"/api/tasks/{task['id']}{suffix}", headers=alice, json=body)
    assert answer.status_code == status
    if changed is None:
        assert answer.content == b""
        assert client.get(f"/api/tasks/{task['id']}", headers=alice).status_code == 404
    else:
        assert answer.json() == task | changed | {"updated_at": answer.json()["updated_at"]}
        assert client.get(f"/api/tasks/{task['id']}", headers=alice).json() == answer.json()
    assert client.get(f"/api/tasks/{sibling['id']}", headers=alice).json() == sibling
    assert client.get("/api/tasks", headers=bob).json()["items"] == [other]


@pytest.mark.requirement("003/FR-009", "003/FR-019")
def test_list_holds_the_callers_tasks_only(client: Client, alice: Headers, bob: Headers) -> None:
    mine = [create(client, alice, f"Mine {number}") for number in range(3)]
    theirs = [create(client, bob, f"Theirs {number}") for number in range(3)]
    assert client.get("/api/tasks", headers=alice).json() == {"items": mine[::-1], "next": None}
    assert client.get("/api/tasks", headers=bob).json() == {"items": theirs[::-1], "next": None}


@pytest.mark.requirement("003/FR-009", "003/FR-019")
def test_cursor_of_another_user_opens_nothing(client: Client, alice: Headers, bob: Headers) -> None:
    for number in range(4):
        create(client, alice, f"Mine {number}")
    theirs = create(client, bob, "Theirs")
    for number in range(4):
        create(client, alice, f"Mine too {number}")
    cursor = client.get("/api/tasks?limit=2", headers=alice).json()["next"]
    assert client.get("/api/tasks", params={"cursor": cursor}, headers=bob).json()["items"] == [theirs]


@pytest.mark.requirement("003/FR-019")
@pytest.mark.parametrize(("count", "limit"), [(0, 1), (1, 1), (5, 2), (4, 2), (6, 3), (3, 100)])
def test_pages_hold_each_task_once_in_order(client: Client, alice: Headers, count: int, limit: int) -> None:
    tasks = [create(client, alice, f"Task {number}") for number in range(count)]
    seen: list[Any] = []
    pages = 0
    params: dict[str, Any] = {"limit": limit}
    while True:
        page = client.get("/api/tasks", params=params, headers=alice).json()
        assert len(page["items"]) <= limit
        seen += page["items"]
        pages += 1
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert seen == tasks[::-1]
    assert pages == max(1, -(-count // limit))


@pytest.mark.requirement("003/FR-019")
def test_order_is_total_among_tasks_of_one_moment(
    client: Client, database: psycopg.Connection[Any], alice: Headers
) -> None:
    made = {create(client, alice, f"Task {number}")["id"] for number in range(7)}
    database.execute("update tasks set created_at = '2030-01-01T00:00:00.000001Z'")
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 2}
    while params.get("cursor") != "end":
        page = client.get("/api/tasks", params=params, headers=alice).json()
        seen += [task["id"] for task in page["items"]]
        params["cursor"] = page["next"] or "end"
    assert len(seen) == len(made)
    assert set(seen) == made
    assert seen == sorted(seen, reverse=True)


@pytest.mark.requirement("003/FR-009", "003/FR-020")
@pytest.mark.parametrize("name", ["user_id", "owner", "sub", "userId", "id"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_body_that_names_an_owner_is_refused(
    *, client: Client, database: psycopg.Connection[Any], alice: Headers, name: str, method: str
) -> None:
    task = create(client, alice, "Buy milk")
    before = rows(database)
    path = "/api/tasks" if method == "POST" else f"/api/tasks/{task['id']}"
    answer = client.request(
        method, path, headers=alice, json={"title": "Not mine", name: make_subject("bob")}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    assert rows(database) == before


@pytest.mark.requirement("003/FR-009")
def test_query_that_names_an_owner_changes_nothing(client: Client, alice: Headers, bob: Headers) -> None:
    create(client, alice, "Buy milk")
    params = {"user_id": make_subject("alice"), "sub": make_subject("alice")}
    assert client.get("/api/tasks", params=params, headers=bob).json()["items"] == []


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("text", INJECTIONS)
def test_sql_in_any_parameter_is_only_text(
    *,
    client: Client,
    database: psycopg.Connection[Any],
    issuer: Issuer,
    alice: Headers,
    bob: Headers,
    text: str,
) -> None:
    mine = create(client, alice, "Buy milk")
    written = client.post("/api/tasks", headers=bob, json={"title": text, "description": text})
    assert (written.status_code, written.json()["title"]) == (201, text)
    replaced = client.put(
        f"/api/tasks/{written.json()['id']}", headers=bob, json={"title": text * 2, "description": text}
    )
    assert replaced.json()["title"] == text * 2
    for path in (f"/api/tasks/{text.replace('/', '')}", f"/api/tasks/{mine['id']}{text}"):
        assert client.get(path, headers=bob).status_code in {404, 422}
    for name in ("cursor", "limit"):
        assert client.get("/api/tasks", params={name: text}, headers=bob).status_code == 422
    as_subject = bearer(issuer.token(text))
    assert client.get("/api/tasks", headers=as_subject).json() == {"items": [], "next": None}
    assert client.get(f"/api/tasks/{mine['id']}", headers=as_subject).status_code == 404
    assert client.get("/api/tasks", headers=alice).json()["items"] == [mine]
    assert len(rows(database)) == 2


@pytest.mark.requirement("003/FR-009")
def test_subjects_that_look_alike_are_two_users(client: Client, issuer: Issuer) -> None:
    subjects = ["alice", "Alice", "alice ", "al%", "alic_", "álice", "a\u0301lice"]
    for subject in subjects:
        create(client, bearer(issuer.token(subject)), f"Task of {subject}")
    for subject in subjects:
        page = client.get("/api/tasks", headers=bearer(issuer.token(subject))).json()
        assert [task["title"] for task in page["items"]] == [f"Task of {subject}"]


@pytest.mark.requirement("003/FR-009")
def test_identities_of_concurrent_requests_never_mix(client: Client, issuer: Issuer) -> None:
    users = {f"user-{number}": bearer(issuer.token(f"user-{number}")) for number in range(8)}
    for name, headers in users.items():
        create(client, headers, f"Task of {name}")

    def look(name: str) -> tuple[str, str, list[str]]:
        me = client.get("/api/me", headers=users[name]).json()["user_id"]
        page = client.get("/api/tasks", headers=users[name]).json()
        return name, me, [task["title"] for task in page["items"]]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(look, [*users] * 25))
    assert len(answers) == 200
    assert all(me == name and titles == [f"Task of {name}"] for name, me, titles in answers)


@pytest.mark.requirement("003/FR-009")
def test_concurrent_writers_keep_to_their_own_rows(
    client: Client, database: psycopg.Connection[Any], issuer: Issuer
) -> None:
    users = {f"user-{number}": bearer(issuer.token(f"user-{number}")) for number in range(8)}

    def write(job: tuple[str, int]) -> None:
        name, number = job
        task = create(client, users[name], f"{name}/{number}")
        others = next(headers for other, headers in users.items() if other != name)
        path = f"/api/tasks/{task['id']}"
        assert client.put(path, headers=others, json={"title": "Taken over"}).status_code == 404
        assert client.put(path, headers=users[name], json={"title": f"{name}/{number}!"}).status_code == 200

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, [(name, number) for number in range(5) for name in users]))
    found = set(database.execute("select user_id, title from tasks").fetchall())
    assert found == {(name, f"{name}/{number}!") for number in range(5) for name in users}


@pytest.mark.requirement("003/FR-009", "003/FR-019")
def test_concurrent_writers_of_one_row_leave_one_whole_version(
    client: Client, alice: Headers, bob: Headers
) -> None:
    task = create(client, alice, "Buy milk")
    path = f"/api/tasks/{task['id']}"

    def write(number: int) -> int:
        if number % 3 == 0:
            return client.put(path, headers=bob, json={"title": "Taken over"}).status_code
        if number % 3 == 1:
            return client.post(f"{path}/complete", headers=alice).status_code
        draft = {"title": f"Version {number}", "description": f"Version {number}"}
        return client.put(path, headers=alice, json=draft).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(write, range(60)))
    assert statuses == [404 if number % 3 == 0 else 200 for number in range(60)]
    left = client.get(path, headers=alice).json()
    assert left["title"] == left["description"]
    assert left["completed"] is True


@pytest.mark.requirement("003/FR-019")
def test_task_can_be_deleted_once(client: Client, alice: Headers) -> None:
    path = f"/api/tasks/{create(client, alice, 'Buy milk')['id']}"
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: client.delete(path, headers=alice).status_code, range(8)))
    assert sorted(statuses) == [204, *[404] * 7]


@pytest.mark.requirement("003/FR-019")
def test_completing_twice_changes_nothing(client: Client, alice: Headers) -> None:
    path = f"/api/tasks/{create(client, alice, 'Buy milk')['id']}/complete"
    assert client.post(path, headers=alice).json() == client.post(path, headers=alice).json()


@pytest.mark.requirement("003/FR-019")
def test_new_task_says_where_it_is(client: Client, alice: Headers) -> None:
    answer = client.post("/api/tasks", headers=alice, json={"title": "Buy milk"})
    assert client.get(answer.headers["Location"], headers=alice).json() == answer.json()
    assert answer.json()["description"] == ""
    assert answer.json()["created_at"].endswith("Z")
