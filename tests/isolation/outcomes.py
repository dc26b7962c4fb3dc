"""Describes responses and database changes as text of the isolation matrix, such as `200 own task`.

An unknown response becomes `something else …`, which equals no expectation.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import httpx

    Record = Mapping[str, Any]
    State = Mapping[str, Sequence[Record]]

PROBLEM = "application/problem+json"
NOUN = re.compile(r"\w+(?=,| added| changed| removed|$)")
EXPORT = {"format", "exported_at", "user_id", "tasks", "revocations", "audit"}
MOMENTS = ("created_at", "updated_at")


def describe_response(
    response: httpx.Response, tasks: Sequence[Record], *, subject: str, sent: Record
) -> str:
    """Describe the status and the body, such as `200 own task`.

    Args:
        response: The response.
        tasks: The tasks in the database after the request.
        subject: The user id of the caller; empty without a token.
        sent: The body of the request.
    """
    if not response.content:
        return f"{response.status_code} no body"
    body = response.json()
    if response.headers["content-type"] == PROBLEM:
        return f"{response.status_code} {body['code']}"
    views = {row["id"]: row for row in tasks}

    def name_task(view: Record) -> str:
        row = views.get(str(view.get("id")))
        if row is None or view_of(row) != read_view(view):
            return f"something else {view}"
        words = "own task" if row["user_id"] == subject else "another's task"
        is_sent = bool(sent) and all(view.get(name) == value for name, value in sent.items())
        return words + (", as sent" if is_sent else "") + (", completed" if view["completed"] else "")

    return f"{response.status_code} {_name_body(body, subject, name_task)}"


def _name_body(body: Any, subject: str, name_task: Callable[[Record], str]) -> str:
    """Describe a body. A new kind of response needs a case here."""
    match body:
        case {"user_id": str(user_id), **others} if not others:
            return "the caller" if user_id == subject else "another user"
        case {"live": True, "ready": True, **others} if not others:
            return "live and ready"
        case {"items": list(items), "next": following, **others} if not others:
            more = ", and a next page" if following is not None else ""
            return ", ".join(_count(name_task(item) for item in items) or ["no task"]) + more
        case {"tasks": list(items), "user_id": str(user_id), "audit": [{"action": "export"}]} if (
            user_id == subject and set(body) == EXPORT and body["revocations"] == []
        ):
            return "export of " + (", ".join(_count(name_task(item) for item in items)) or "no task")
        case {"id": str()}:
            return name_task(body)
    return f"something else {json.dumps(body)}"


def view_of(row: Record) -> dict[str, Any]:
    """Return the view of a row that its owner should get."""
    return read_view({name: value for name, value in row.items() if name != "user_id"})


def read_view(view: Record) -> dict[str, Any]:
    """Parse the times of a task: PostgreSQL and the API write the same moment differently."""
    return {name: _read_moment(value) if name in MOMENTS else value for name, value in view.items()}


def _read_moment(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def describe_change(before: State, after: State, subject: str) -> list[str]:
    """Describe the rows that were added, changed or removed, such as `own task removed`."""
    return _count(
        words
        for table in sorted({*before, *after})
        for words in _compare_rows(
            _index(before.get(table, ())), _index(after.get(table, ())), table, subject
        )
    )


def _index(rows: Sequence[Record]) -> dict[str, Record]:
    return {str(row.get("id") or json.dumps(row, sort_keys=True)): row for row in rows}


def _compare_rows(
    before: Mapping[str, Record], after: Mapping[str, Record], table: str, subject: str
) -> Iterator[str]:
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        row: Record = new or old or {}
        name = f"{_name_owner(row, subject)}{table.removesuffix('s')}"
        if old is None or new is None:
            yield f"{name} {'added' if old is None else 'removed'}"
        else:
            changed = {column for column in new if new[column] != old.get(column)}
            yield f"{name} changed ({' and '.join(sorted(changed - {'updated_at'} or changed))})"


def _name_owner(row: Record, subject: str) -> str:
    if "user_id" not in row:
        return ""
    return "own " if row["user_id"] == subject else "another's "


def _count(words: Iterator[str]) -> list[str]:
    """Combine equal texts: `own task removed` twice -> `2 own tasks removed`."""
    return [
        text if number == 1 else f"{number} {NOUN.sub(lambda noun: f'{noun[0]}s', text, count=1)}"
        for text, number in Counter(words).items()
    ]
