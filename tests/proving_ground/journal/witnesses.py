"""Shows each bug of the journal: a few calls, and whether what came back is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.proving_ground.visitor import Visitor

ABSENT = "zzzzzzzzzz"
TEXT = "Alice met Zoe."


def post(visitor: Visitor, name: str, who: str | None = "alice", **body: Any) -> httpx.Response:
    return visitor.call("POST", f"/entries/{name}", who, json=body)


def make_entry(visitor: Visitor) -> str:
    created = post(visitor, "create", text=TEXT)
    assert created.status_code == 200
    return str(created.json()["entry"]["id"])


def _answers(name: str, right: int, **body: Any) -> Callable[[Visitor], bool]:
    """Tell whether Bob's call with Alice's id is answered with another status than the right one."""
    return lambda visitor: post(visitor, name, "bob", id=make_entry(visitor), **body).status_code != right


def _finds(name: str, **body: Any) -> Callable[[Visitor], bool]:
    """Tell whether Bob finds the entry of Alice."""

    def find(visitor: Visitor) -> bool:
        entry_id = make_entry(visitor)
        named = {"ids": [entry_id]} if name == "read-many" else body
        return bool(post(visitor, name, "bob", **named).json()["entries"])

    return find


def _export_all(visitor: Visitor) -> bool:
    make_entry(visitor)
    return TEXT in visitor.call("GET", "/entries/export", "bob").text


def _export_unprotected(visitor: Visitor) -> bool:
    return visitor.call("GET", "/entries/export", None).status_code != 401


def _create_as_another(visitor: Visitor) -> bool:
    sent = post(visitor, "create", text="Bob confesses.", author=visitor.service.mint.subjects["bob"])
    return sent.status_code != 422


def _author_in_message(visitor: Visitor) -> bool:
    foreign = post(visitor, "read", "bob", id=make_entry(visitor))
    absent = post(visitor, "read", "bob", id=ABSENT)
    assert foreign.status_code == absent.status_code == 404
    return foreign.content != absent.content


def _delete_before_check(visitor: Visitor) -> bool:
    entry_id = make_entry(visitor)
    assert post(visitor, "delete", "bob", id=entry_id).status_code == 404
    return post(visitor, "read", id=entry_id).status_code != 200


def _update_after_delete(visitor: Visitor) -> bool:
    entry_id = make_entry(visitor)
    assert post(visitor, "delete", id=entry_id).status_code == 204
    return post(visitor, "update", id=entry_id, text="Alive.").status_code != 404


def _search_format_crash(visitor: Visitor) -> bool:
    make_entry(visitor)
    return post(visitor, "search", words="{").status_code != 200


def _text_ascii_crash(visitor: Visitor) -> bool:
    return post(visitor, "create", text="naïve 🙂").status_code != 200


WITNESSES: dict[str, Callable[[Visitor], bool]] = {
    "export-unprotected": _export_unprotected,
    "read-any": _answers("read", 404),
    "update-any": _answers("update", 404, text="Bob was here."),
    "delete-any": _answers("delete", 404),
    "list-all": _finds("list"),
    "search-any": _finds("search", words="Zoe"),
    "read-many-any": _finds("read-many"),
    "export-all": _export_all,
    "create-as-another": _create_as_another,
    "author-in-message": _author_in_message,
    "delete-before-check": _delete_before_check,
    "update-after-delete": _update_after_delete,
    "search-format-crash": _search_format_crash,
    "text-ascii-crash": _text_ascii_crash,
}


def tour(visitor: Visitor) -> None:
    """Meet what the contract documents, as far as the witnesses do not."""
    entry_id = make_entry(visitor)
    for name, body in (("list", {}), ("search", {"words": "Zoe"}), ("read-many", {"ids": [entry_id]})):
        assert len(post(visitor, name, **body).json()["entries"]) == 1
    assert post(visitor, "update", id=entry_id, text="Anew.").json()["entry"]["text"] == "Anew."
    for name in ("create", "read", "update", "delete", "read-many", "search"):
        post(visitor, name)
    post(visitor, "list", limit=0)
