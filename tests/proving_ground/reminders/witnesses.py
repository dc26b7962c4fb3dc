"""Shows each bug of the reminders service: a few calls, and whether what came back is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proving_ground.visitor import Visitor

ABSENT = 2**50


def remind(visitor: Visitor, who: str = "alice", tag: str | None = None) -> str:
    form = {"text": "Call Zoe", "due": None, "tag": tag}
    made = visitor.call("POST", "/reminders", who, json=form)
    assert made.status_code == 201
    return f"/reminders/{made.json()['id']}"


def _answers(method: str, right: int, below: str = "", **options: Any) -> Callable[[Visitor], bool]:
    """Tell whether Bob's call to Alice's reminder is answered with another status than the right one."""
    return lambda visitor: (
        visitor.call(method, remind(visitor) + below, "bob", **options).status_code != right
    )


def _list_all(visitor: Visitor) -> bool:
    remind(visitor)
    return bool(visitor.call("GET", "/reminders", "bob").json())


def _finish_all(visitor: Visitor) -> bool:
    path = remind(visitor)
    visitor.call("POST", "/finish", "bob")
    return bool(visitor.call("GET", path).json()["done"])


def _done_at_once(visitor: Visitor) -> bool:
    form = {"text": "Done", "due": None, "done": True}
    return visitor.call("POST", "/reminders", json=form).status_code != 422


def _total_header_of_all(visitor: Visitor) -> bool:
    remind(visitor)
    return bool(visitor.call("GET", "/reminders", "bob").headers["X-Total-Count"] != "0")


def _order_of_all(visitor: Visitor) -> bool:
    for tag in ("one", "two"):
        remind(visitor, "bob", tag)
    before = visitor.call("GET", "/reminders", "bob").content
    remind(visitor, tag="two")
    return visitor.call("GET", "/reminders", "bob").content != before


def _comment_before_check(visitor: Visitor) -> bool:
    path = f"{remind(visitor)}/comments"
    assert visitor.call("POST", path, "bob", json={"text": "Bob was here"}).status_code == 404
    return bool(visitor.call("GET", path).json())


def _cached(visitor: Visitor) -> bool:
    return "public" in visitor.call("GET", "/reminders").headers["Cache-Control"]


def _due_overflow_crash(visitor: Visitor) -> bool:
    form = {"text": "Far away", "due": 10**15}
    return visitor.call("POST", "/reminders", json=form).status_code != 422


WITNESSES: dict[str, Callable[[Visitor], bool]] = {
    "read-any": _answers("GET", 404),
    "replace-takes-over": _answers("PUT", 404, json={"text": "Mine", "due": None}),
    "delete-any": _answers("DELETE", 404),
    "comments-any": _answers("GET", 404, "/comments"),
    "list-all": _list_all,
    "finish-all": _finish_all,
    "done-at-once": _done_at_once,
    "total-header-of-all": _total_header_of_all,
    "order-of-all": _order_of_all,
    "comment-before-check": _comment_before_check,
    "cached": _cached,
    "due-overflow-crash": _due_overflow_crash,
}


def tour(visitor: Visitor) -> None:
    """Meet what the contract documents, as far as the witnesses do not."""
    path = remind(visitor)
    for where in (path, f"/reminders/{ABSENT}/comments", "/reminders/x", "/reminders/x/comments"):
        visitor.call("GET", where)
    visitor.call("GET", "/reminders?limit=51")
    visitor.call("PUT", path, json={"text": "Later", "due": 1_900_000_000, "tag": "work"})
    for where in (path, "/reminders/0"):
        visitor.call("PUT", where, json={})
    visitor.call("POST", f"{path}/comments", json={"text": "Soon"})
    visitor.call("POST", f"{path}/comments", json={})
    assert visitor.call("GET", f"{path}/comments").json() == ["Soon"]
    for where in (path, "/reminders/0"):
        visitor.call("DELETE", where)
    remind(visitor)
