"""Concurrent requests: users, rows and versions are never mixed up."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.isolation.matrix import MATRIX, OPERATIONS
from tests.isolation.scene import Caller, Row, Scene, raw_response
from tests.support.service import Client, bearer

if TYPE_CHECKING:
    import httpx
    import psycopg

    from backend.testing.issuer import Issuer
    from specwitness.openapi.reading import Operation

    Headers = dict[str, bytes]


def create(client: Client, headers: Headers, title: str) -> dict[str, Any]:
    response = client.post("/api/tasks", headers=headers, json={"title": title})
    assert response.status_code == 201
    task: dict[str, Any] = response.json()
    return task


@pytest.mark.requirement("003/FR-009")
def test_concurrent_requests_keep_their_callers_apart(client: Client, issuer: Issuer) -> None:
    users = {f"user-{number}": bearer(issuer.token(f"user-{number}")) for number in range(8)}
    for name, headers in users.items():
        create(client, headers, f"Task of {name}")

    def read(name: str) -> tuple[str, str, list[str]]:
        me = client.get("/api/me", headers=users[name]).json()["user_id"]
        page = client.get("/api/tasks", headers=users[name]).json()
        return name, me, [task["title"] for task in page["items"]]

    with ThreadPoolExecutor(16) as pool:
        responses = list(pool.map(read, [*users] * 25))
    assert len(responses) == 200
    assert all(me == name and titles == [f"Task of {name}"] for name, me, titles in responses)


@pytest.mark.requirement("003/FR-009")
def test_concurrent_writers_change_only_their_own_rows(
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
def test_concurrent_writes_to_one_row_leave_one_complete_version(
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
def test_concurrent_deletions_of_a_task_succeed_once(client: Client, alice: Headers) -> None:
    path = f"/api/tasks/{create(client, alice, 'Buy milk')['id']}"
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: client.delete(path, headers=alice).status_code, range(8)))
    assert sorted(statuses) == [204, *[404] * 7]


@pytest.mark.requirement("003/FR-009", "003/FR-019")
def test_another_user_gets_404_while_the_owner_writes_and_deletes_the_row(scene: Scene) -> None:
    """Owner and another user call all operations on one task concurrently."""
    scene.insert_cell_rows(Caller.OWNER, Row.OWN)
    rows = {row["id"]: row for row in scene.read_state()["tasks"]}
    task_id = scene.users[Caller.OWNER].task_ids[0]
    on_a_row = [operation for operation in OPERATIONS.values() if "{task_id}" in operation.path]
    missing = {
        operation.id: raw_response(
            scene.call(operation, Caller.ANOTHER, str(uuid4()), body=MATRIX[operation.id].body)
        )
        for operation in on_a_row
    }
    all_calls = [(operation, caller) for operation in on_a_row for caller in (Caller.OWNER, Caller.ANOTHER)]
    # The owner deletes the row in the last rounds only.
    without_deletion = [
        (operation, caller)
        for operation, caller in all_calls
        if (operation.method, caller) != ("DELETE", Caller.OWNER)
    ]
    jobs = without_deletion * 12 + all_calls * 4

    def call(job: tuple[Operation, Caller]) -> httpx.Response:
        operation, caller = job
        return scene.call(operation, caller, task_id, body=MATRIX[operation.id].body)

    with ThreadPoolExecutor(16) as pool:
        responses = list(zip(jobs, pool.map(call, jobs), strict=True))
    differing = [
        (operation.id, response.status_code, response.text)
        for (operation, caller), response in responses
        if caller is Caller.ANOTHER and raw_response(response) != missing[operation.id]
    ]
    assert differing == []
    own = Counter(response.status_code for (_, caller), response in responses if caller is Caller.OWNER)
    assert own[204] == 1
    assert set(own) <= {200, 204, 404}
    del rows[task_id]
    assert {row["id"]: row for row in scene.read_state()["tasks"]} == rows
