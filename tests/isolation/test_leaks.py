"""Nothing that a caller is told depends on whether another user has rows: no oracle, no count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from backend.models.cursor import Cursor
from tests.isolation.matrix import MATRIX, OPERATIONS
from tests.isolation.scene import Caller, Row, Scene, User, wire

if TYPE_CHECKING:
    from collections.abc import Iterator

WITH_A_ROW = [name for name, each in OPERATIONS.items() if "{task_id}" in each.path]
# What else a request may carry, so that refusals of every kind are compared too.
VARIANTS: dict[str, dict[str, Any]] = {
    "as it should be": {},
    "a body that does not fit": {"body": {"title": "", "user_id": "somebody"}},
    "a body that is no JSON": {"content": b"{"},
    "an unknown parameter": {"params": {"user_id": "somebody"}},
    "a condition": {"headers": {"If-None-Match": "*", "If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"}},
    "a range": {"headers": {"Range": "bytes=0-9"}},
    "a wish for another format": {"headers": {"Accept": "text/html", "Accept-Language": "de"}},
}


@pytest.mark.requirement("003/FR-009")
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("operation", WITH_A_ROW)
@pytest.mark.parametrize("caller", Caller)
def test_row_of_another_user_is_answered_byte_for_byte_as_a_missing_one(
    *, scene: Scene, caller: Caller, operation: str, variant: str
) -> None:
    scene.plant(caller, Row.OWN)
    before = scene.read_state()
    options = {"body": MATRIX[operation].body, **VARIANTS[variant]}
    if "content" in options:
        options["body"] = None
    others, missing = (
        scene.call(OPERATIONS[operation], caller, scene.name_row(caller, row), **options)
        for row in (Row.OTHERS, Row.MISSING)
    )
    assert wire(others) == wire(missing)
    assert others.status_code in {401, 404, 422}
    assert scene.read_state() == before


@pytest.mark.requirement("003/FR-009", "003/FR-022")
@pytest.mark.parametrize("method", ["PATCH", "POST", "HEAD", "OPTIONS", "TRACE"])
def test_method_that_no_task_has_is_answered_alike_for_every_row(scene: Scene, method: str) -> None:
    scene.plant(Caller.ANOTHER, Row.OWN)
    others, own, missing = (
        scene.client.request(
            method,
            f"/api/tasks/{scene.name_row(Caller.ANOTHER, row)}",
            headers=scene.headers(Caller.ANOTHER),
        )
        for row in (Row.OTHERS, Row.OWN, Row.MISSING)
    )
    assert wire(others) == wire(own) == wire(missing)
    assert others.status_code == 405


def read_pages(scene: Scene, limit: int, cursor: str | None = None) -> Iterator[Any]:
    """Every page of a list as the caller gets to see it, each from the cursor of the one before."""
    while True:
        params = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        answer = scene.client.get("/api/tasks", params=params, headers=scene.headers(Caller.ANOTHER))
        assert answer.status_code == 200
        yield wire(answer)
        cursor = answer.json()["next"]
        if cursor is None:
            return


def remove_rows(scene: Scene, user: User) -> None:
    scene.database.execute("delete from tasks where user_id = %s", [user.subject])


@pytest.mark.requirement("003/FR-009", "003/FR-019")
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_and_their_cursors_are_the_same_with_and_without_rows_of_others(
    scene: Scene, limit: int
) -> None:
    alice, bob = scene.users[Caller.OWNER], scene.users[Caller.ANOTHER]
    surround(scene, alice, bob)
    with_others = list(read_pages(scene, limit))
    remove_rows(scene, alice)
    assert list(read_pages(scene, limit)) == with_others
    assert len(with_others) == -(-len(bob.task_ids) // limit)


def surround(scene: Scene, alice: User, bob: User) -> None:
    """Put rows of alice before, between and after those of bob."""
    scene.empty()
    others = "insert into tasks (id, user_id, title, description, completed) values (%s, %s, %s, '', false)"
    for number, task_id in enumerate((None, bob.task_ids[0], None, bob.task_ids[1], None)):
        for _ in range(1 if task_id else 3):
            owner = bob if task_id else alice
            scene.database.execute(others, [task_id or uuid4(), owner.subject, f"{owner.marker} {number}"])


@pytest.mark.requirement("003/FR-009", "003/FR-019")
def test_cursor_at_a_row_of_another_user_opens_own_rows_alone(scene: Scene) -> None:
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
def test_error_says_nothing_of_what_was_asked_for(scene: Scene, operation: str) -> None:
    """Neither the id nor the identity that a request names comes back, whoever's they are."""
    alice = scene.users[Caller.OWNER]
    scene.plant(Caller.ANOTHER, Row.OWN)
    sent = f"{alice.subject} {alice.task_ids[0]}"
    answers = [
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
    assert [scene.find_leaks(answer, Caller.ANOTHER) for answer in answers] == [(), ()]
