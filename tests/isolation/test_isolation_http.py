"""Two users on a real PostgreSQL, through the API: neither learns that the other one's tasks exist."""

from __future__ import annotations

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
