"""Shows each bug of the vault: a few calls, and whether what came back is wrong."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tests.proving_ground.vault.service import SECRETS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proving_ground.visitor import Visitor

ABSENT = "00000000-0000-4000-8000-000000000000"
FORM = {"title": "Moon"}


def make(visitor: Visitor, path: str, who: str = "alice", **members: Any) -> str:
    created = visitor.call("POST", path, who, json={**FORM, **members})
    assert created.status_code == 201
    entry_id: str = created.json()["id"]
    return entry_id


def make_password(visitor: Visitor, who: str = "alice", **members: Any) -> str:
    return make(visitor, "/passwords", who, folder_id=make(visitor, "/folders", who), **members)


def _is_folder_of_anyone(visitor: Visitor) -> bool:
    body = {**FORM, "folder_id": make(visitor, "/folders")}
    return visitor.call("POST", "/passwords", "bob", json=body).status_code != 404


def _is_password_for_another(visitor: Visitor) -> bool:
    body = {**FORM, "folder_id": make(visitor, "/folders"), "owner": visitor.service.mint.subjects["bob"]}
    visitor.call("POST", "/passwords", json=body)
    return bool(visitor.call("GET", "/passwords", "bob").json()["items"])


def _is_template_read(visitor: Visitor) -> bool:
    body = {"title": "{", "folder_id": make(visitor, "/folders")}
    return visitor.call("POST", "/passwords", json=body).status_code != 201


def _is_read_after_delete(visitor: Visitor) -> bool:
    path = f"/passwords/{make_password(visitor)}"
    assert visitor.call("DELETE", path).status_code == 204
    return visitor.call("GET", path).status_code != 404


def _has_page_gaps(visitor: Visitor) -> bool:
    make_password(visitor)
    make_password(visitor, "bob")
    return not visitor.call("GET", "/passwords?rows=1", "bob").json()["items"]


def _is_found_by_another(visitor: Visitor) -> bool:
    make_password(visitor)
    return bool(visitor.call("GET", "/find?phrase=Moon", "bob").json()["items"])


def _is_sold_at_once(visitor: Visitor) -> bool:
    return visitor.call("POST", "/erasers", json={**FORM, "is_sold": True}).status_code != 422


def _is_ascii_wanted(visitor: Visitor) -> bool:
    return visitor.call("POST", "/refreshments", json={"title": "Café"}).status_code != 201


def _is_cleared_by_another(visitor: Visitor) -> bool:
    visitor.call("PUT", "/basket", json={"note": "Moon"})
    visitor.call("DELETE", "/basket", "bob")
    return bool(visitor.call("GET", "/basket").json()["note"] != "Moon")


def _is_checked_by_another(visitor: Visitor) -> bool:
    body = {"ticket_id": make(visitor, "/tickets/issue")}
    return visitor.call("POST", "/tickets/check", "bob", json=body).status_code != 404


def _is_browsed_by_another(visitor: Visitor) -> bool:
    make(visitor, "/tickets/issue")
    return bool(visitor.call("POST", "/tickets/browse", "bob").json()["items"])


def _is_personal_read_by_another(visitor: Visitor) -> bool:
    shared = make(visitor, "/memos", audience="everyone")
    assert visitor.call("GET", f"/memos/{shared}", "bob").status_code == 200
    personal = make(visitor, "/memos", audience="personal")
    return visitor.call("GET", f"/memos/{personal}", "bob").status_code != 404


def _is_shown(visitor: Visitor, name: str) -> bool:
    return name in visitor.call("GET", "/me").json()


WITNESSES: dict[str, Callable[[Visitor], bool]] = {
    "folder-of-anyone": _is_folder_of_anyone,
    "password-for-another": _is_password_for_another,
    "password-template-crash": _is_template_read,
    "password-read-after-delete": _is_read_after_delete,
    "page-of-all": _has_page_gaps,
    "find-any": _is_found_by_another,
    "eraser-sold-at-once": _is_sold_at_once,
    "refreshment-ascii-crash": _is_ascii_wanted,
    "baskets-of-all-cleared": _is_cleared_by_another,
    "ticket-checked-by-anyone": _is_checked_by_another,
    "browse-all": _is_browsed_by_another,
    "personal-memo-read-any": _is_personal_read_by_another,
    **{f"{name}-shown": partial(_is_shown, name=name) for name in SECRETS},
    "emails-shown": lambda visitor: "owner_emails" in visitor.call("GET", "/instruments", None).text,
}


def tour(visitor: Visitor) -> None:
    """Meet what the contract documents, as far as the witnesses do not."""
    for path in ("/folders", "/passwords", "/erasers", "/refreshments", "/tickets/issue", "/memos"):
        visitor.call("POST", path, json={})
    visitor.call("POST", "/passwords", json={**FORM, "folder_id": ABSENT})
    make(visitor, "/erasers")
    places = {
        "folders": make(visitor, "/folders"),
        "passwords": make_password(visitor),
        "memos": make(visitor, "/memos", audience="personal"),
    }
    for name, entry_id in places.items():
        for wrong in (entry_id, ABSENT, "x"):
            visitor.call("GET", f"/{name}/{wrong}")
        for wrong in (entry_id, ABSENT, "x") if name != "memos" else ():
            visitor.call("DELETE", f"/{name}/{wrong}")
    for path in ("/passwords?rows=0", "/passwords?rows=2&since=0", "/find", "/me"):
        visitor.call("GET", path)
    visitor.call("PUT", "/basket", json={})
    for choice in (make(visitor, "/tickets/issue"), ABSENT, "x"):
        visitor.call("POST", "/tickets/check", json={"ticket_id": choice})
