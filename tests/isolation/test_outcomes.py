"""The texts that describe responses and database changes in the isolation matrix."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.isolation.outcomes import describe_change, describe_response

MOMENT = "2027-01-31T12:00:00.5+00:00"
ROW = {
    "id": "1",
    "user_id": "alice",
    "title": "a",
    "description": "",
    "completed": False,
    "created_at": MOMENT,
    "updated_at": MOMENT,
}
VIEW = {name: value for name, value in ROW.items() if name != "user_id"}
LATER = {"updated_at": "2027-01-31T13:00:00+00:00"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (VIEW, "own task"),
        (VIEW | {"created_at": "2027-01-31T12:00:00.500000Z"}, "own task"),
        (VIEW | {"title": "b"}, "something else"),
        (VIEW | {"id": "2"}, "something else"),
        (VIEW | {"user_id": "alice"}, "something else"),
        ({"items": [], "next": None}, "no task"),
        ({"items": [], "next": None, "total": 1}, "something else"),
        ({"items": [VIEW], "next": "x"}, "own task, and a next page"),
        ({"items": [VIEW, VIEW], "next": None}, "2 own tasks"),
        ({"user_id": "alice"}, "the caller"),
        ({"user_id": "bob"}, "another user"),
        ({"user_id": "alice", "email": "a@b"}, "something else"),
        ({"live": True, "ready": False}, "something else"),
        ([], "something else"),
    ],
    ids=str,
)
def test_body_is_described(body: Any, words: str) -> None:
    text = describe_response(httpx.Response(200, json=body), [ROW], subject="alice", sent={})
    assert text == f"200 {words}" or (words == "something else" and text.startswith(f"200 {words} "))


def test_description_names_another_users_task_sent_values_and_completion() -> None:
    row = ROW | {"completed": True}
    response = httpx.Response(200, json=VIEW | {"completed": True})
    text = describe_response(response, [row], subject="bob", sent={"title": "a", "description": ""})
    assert text == "200 another's task, as sent, completed"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ([ROW], [ROW], []),
        ([], [ROW], ["own task added"]),
        ([ROW], [], ["own task removed"]),
        ([ROW, ROW | {"id": "2"}], [], ["2 own tasks removed"]),
        ([ROW], [ROW | {"title": "b"} | LATER], ["own task changed (title)"]),
        ([ROW], [ROW | LATER], ["own task changed (updated_at)"]),
        ([ROW], [ROW | {"user_id": "bob"}], ["another's task changed (user_id)"]),
        ([], [ROW | {"user_id": "bob"}], ["another's task added"]),
    ],
)
def test_database_change_is_described(
    before: list[dict[str, Any]], after: list[dict[str, Any]], words: list[str]
) -> None:
    assert describe_change({"tasks": before}, {"tasks": after}, "alice") == words


def test_change_of_a_table_without_owners_is_described_too() -> None:
    after: dict[str, list[dict[str, Any]]] = {
        "tombstones": [{"digest": "a"}, {"digest": "b"}],
        "tasks": [ROW],
    }
    assert describe_change({}, after, "alice") == ["own task added", "2 tombstones added"]
