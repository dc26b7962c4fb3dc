"""No response depends on whether another user has rows: neither status, body, headers, pages nor cursors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from backend.models.cursor import Cursor
from tests.isolation.matrix import MATRIX, OPERATIONS
from tests.isolation.scene import Caller, Row, Scene, User, raw_response

if TYPE_CHECKING:
    from collections.abc import Iterator

ON_A_TASK = [name for name, operation in OPERATIONS.items() if "{task_id}" in operation.path]
# Further inputs of a request, so that error responses are compared too.
VARIANTS: dict[str, dict[str, Any]] = {
    "valid": {},
    "a body that does not match the schema": {"body": {"title": "", "user_id": "somebody"}},
    "a body that is not JSON": {"content": b"{"},
    "an unknown parameter": {"params": {"user_id": "somebody"}},
    "conditional headers": {
        "headers": {"If-None-Match": "*", "If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"}
    },
    "a range": {"headers": {"Range": "bytes=0-9"}},
    "another Accept header": {"headers": {"Accept": "text/html", "Accept-Language": "de"}},
}


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("operation", ON_A_TASK)
@pytest.mark.parametrize("caller", Caller)
def test_response_for_another_users_task_equals_the_one_for_a_missing_task(
    *, scene: Scene, caller: Caller, operation: str, variant: str
) -> None:
    scene.insert_cell_rows(caller, Row.OWN)
    before = scene.read_state()
    options = {"body": MATRIX[operation].body, **VARIANTS[variant]}
    if "content" in options:
        options["body"] = None
    others, missing = (
        scene.call(OPERATIONS[operation], caller, scene.choose_task_id(caller, row), **options)
        for row in (Row.OTHERS, Row.MISSING)
    )
    assert raw_response(others) == raw_response(missing)
    assert others.status_code in {401, 404, 422}
    assert scene.read_state() == before


@pytest.mark.requirement("003/FR-009", "003/FR-022")
@pytest.mark.parametrize("method", ["PATCH", "POST", "HEAD", "OPTIONS", "TRACE"])
def test_unsupported_method_gets_the_same_response_for_every_row(scene: Scene, method: str) -> None:
    scene.insert_cell_rows(Caller.ANOTHER, Row.OWN)
    others, own, missing = (
        scene.client.request(
            method,
            f"/api/tasks/{scene.choose_task_id(Caller.ANOTHER, row)}",
            headers=scene.headers(Caller.ANOTHER),
        )
        for row in (Row.OTHERS, Row.OWN, Row.MISSING)
    )
    assert raw_response(others) == raw_response(own) == raw_response(missing)
    assert others.status_code == 405


def read_pages(scene: Scene, limit: int, cursor: str | None = None) -> Iterator[Any]:
    """Yield all pages of bob's list, following the cursors."""
    while True:
        params = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        response = scene.client.get("/api/tasks", params=params, headers=scene.headers(Caller.ANOTHER))
        assert response.status_code == 200
        yield raw_response(response)
        cursor = response.json()["next"]
        if cursor is None:
            return


def remove_rows(scene: Scene, user: User) -> None:
    scene.database.execute("delete from tasks where user_id = %s", [user.subject])


@pytest.mark.requirement("003/FR-009", "003/FR-019")
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_and_cursors_are_the_same_with_and_without_another_users_rows(scene: Scene, limit: int) -> None:
    alice, bob = scene.users[Caller.OWNER], scene.users[Caller.ANOTHER]
    surround(scene, alice, bob)
    with_others = list(read_pages(scene, limit))
    remove_rows(scene, alice)
    assert list(read_pages(scene, limit)) == with_others
    assert len(with_others) == -(-len(bob.task_ids) // limit)


def surround(scene: Scene, alice: User, bob: User) -> None:
    """Insert rows of alice before, between and after those of bob."""
    scene.empty()
    others = "insert into tasks (id, user_id, title, description, completed) values (%s, %s, %s, '', false)"
    for number, task_id in enumerate((None, bob.task_ids[0], None, bob.task_ids[1], None)):
        for _ in range(1 if task_id else 3):
            owner = bob if task_id else alice
            scene.database.execute(others, [task_id or uuid4(), owner.subject, f"{owner.marker} {number}"])


@pytest.mark.requirement("003/FR-009", "003/FR-019")
def test_cursor_at_another_users_row_lists_own_rows_only(scene: Scene) -> None:
    alice, bob = scene.users[Caller.OWNER], scene.users[Caller.ANOTHER]
    surround(scene, alice, bob)
    places = scene.database.execute("select created_at, id from tasks order by 1, 2").fetchall()
    cursors = [Cursor(*place).encode() for place in places]
    with_others = [list(read_pages(scene, 1, cursor)) for cursor in cursors]
    remove_rows(scene, alice)
    assert [list(read_pages(scene, 1, cursor)) for cursor in cursors] == with_others
    assert [len(pages) for pages in with_others] == [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2]


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_error_does_not_repeat_ids_from_the_request(scene: Scene, operation: str) -> None:
    alice = scene.users[Caller.OWNER]
    scene.insert_cell_rows(Caller.ANOTHER, Row.OWN)
    sent = f"{alice.subject} {alice.task_ids[0]}"
    responses = [
        scene.call(
            OPERATIONS[operation],
            Caller.ANOTHER,
            quote(task_id),
            body={sent: sent, "title": [sent]},
            params={sent: sent, "limit": sent, "cursor": sent, "probe": sent},
            headers={"X-User-Id": sent},
        )
        for task_id in (sent, alice.task_ids[0])
    ]
    assert [scene.find_leaks(response, Caller.ANOTHER) for response in responses] == [(), ()]
