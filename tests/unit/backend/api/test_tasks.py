"""Tasks: creation, completion, pages of the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from tests.support.service import Client

    Headers = dict[str, bytes]


@pytest.fixture
def alice(signed_in: Callable[[str], Headers]) -> Headers:
    return signed_in("alice")


def create(client: Client, headers: Headers, title: str) -> dict[str, Any]:
    response = client.post("/api/tasks", headers=headers, json={"title": title})
    assert response.status_code == 201
    task: dict[str, Any] = response.json()
    return task


@pytest.mark.requirement("003/FR-019")
@pytest.mark.parametrize(("count", "limit"), [(0, 1), (1, 1), (5, 2), (4, 2), (6, 3), (3, 100)])
def test_pages_contain_every_task_once_newest_first(
    client: Client, alice: Headers, count: int, limit: int
) -> None:
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


@pytest.fixture
def unindexed(database: psycopg.Connection[Any], empty_database: str) -> Iterator[psycopg.Connection[Any]]:
    """The database without the index, which would return rows in order even without `order by`."""
    assert empty_database
    row = database.execute("select pg_get_indexdef('tasks_owner_newest'::regclass)").fetchone()
    assert row
    database.execute("drop index tasks_owner_newest")
    yield database
    database.execute(row[0])


@pytest.mark.requirement("003/FR-019")
def test_tasks_of_the_same_time_have_a_total_order(
    client: Client, unindexed: psycopg.Connection[Any], alice: Headers
) -> None:
    made = {create(client, alice, f"Task {number}")["id"] for number in range(7)}
    unindexed.execute("update tasks set created_at = '2030-01-01T00:00:00.000001Z'")
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 2}
    while params.get("cursor") != "end":
        page = client.get("/api/tasks", params=params, headers=alice).json()
        seen += [task["id"] for task in page["items"]]
        params["cursor"] = page["next"] or "end"
    assert len(seen) == len(made)
    assert seen == sorted(made, reverse=True)


@pytest.mark.requirement("003/FR-019")
def test_completing_twice_changes_nothing(client: Client, alice: Headers) -> None:
    path = f"/api/tasks/{create(client, alice, 'Buy milk')['id']}/complete"
    assert client.post(path, headers=alice).json() == client.post(path, headers=alice).json()


@pytest.mark.requirement("003/FR-019")
def test_created_task_has_a_location_header(client: Client, alice: Headers) -> None:
    response = client.post("/api/tasks", headers=alice, json={"title": "Buy milk"})
    assert client.get(response.headers["Location"], headers=alice).json() == response.json()
    assert response.json()["description"] == ""
    assert response.json()["created_at"].endswith("Z")
