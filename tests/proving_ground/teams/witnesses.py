"""Shows each bug of the teams service: a few calls, and whether what came back is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proving_ground.visitor import Visitor

ABSENT = 2_000_000_000
FORM = {"name": "Bob's", "seats": 3}


def make_team(visitor: Visitor, who: str = "alice", **members: Any) -> int:
    created = visitor.call("POST", "/teams", who, json={"name": "Alice's crew", **members})
    assert created.status_code == 200
    team_id: int = created.json()["id"]
    return team_id


def make_member(visitor: Visitor, team_id: int, who: str = "alice") -> int:
    member_id: int = visitor.call("POST", f"/teams/{team_id}/members", who, json={"name": "Zoe"}).json()["id"]
    return member_id


def _answers(method: str, right: int, who: str | None = "bob", **options: Any) -> Callable[[Visitor], bool]:
    """Tell whether a call to Alice's team is answered with another status than the right one."""
    return lambda visitor: (
        visitor.call(method, f"/teams/{make_team(visitor)}", who, **options).status_code != right
    )


def _list_all(visitor: Visitor) -> bool:
    make_team(visitor)
    return bool(visitor.call("GET", "/teams", "bob").json()["data"])


def _members_any(visitor: Visitor) -> bool:
    return visitor.call("GET", f"/teams/{make_team(visitor)}/members", "bob").status_code != 404


def _remove_member_any(visitor: Visitor) -> bool:
    team_id = make_team(visitor)
    path = f"/teams/{team_id}/members/{make_member(visitor, team_id)}"
    return visitor.call("DELETE", path, "bob").status_code != 404


def _admin_list_open(visitor: Visitor) -> bool:
    return visitor.call("GET", "/admin/teams", "bob").status_code != 403


def _admin_delete_open(visitor: Visitor) -> bool:
    return visitor.call("DELETE", f"/admin/teams/{make_team(visitor)}", "bob").status_code != 403


def _admin_by_header(visitor: Visitor) -> bool:
    return visitor.call("GET", "/admin/teams", "bob", headers={"X-Role": "admin"}).status_code != 403


def _profile_role(visitor: Visitor) -> bool:
    visitor.call("PUT", "/me", json={"nickname": "Al", "role": "admin"})
    return bool(visitor.call("GET", "/me").json()["role"] != "member")


def _create_for_another(visitor: Visitor) -> bool:
    body = {"name": "Planted", "owner_id": visitor.service.mint.subjects["bob"]}
    visitor.call("POST", "/teams", json=body)
    return bool(visitor.call("GET", "/teams", "bob").json()["data"])


def _owner_in_message(visitor: Visitor) -> bool:
    foreign = visitor.call("GET", f"/teams/{make_team(visitor)}", "bob")
    absent = visitor.call("GET", f"/teams/{ABSENT}", "bob")
    assert foreign.status_code == absent.status_code == 404
    return foreign.content != absent.content


def _total_of_all(visitor: Visitor) -> bool:
    make_team(visitor)
    return bool(visitor.call("GET", "/teams", "bob").json()["total"])


def _delete_before_check(visitor: Visitor) -> bool:
    path = f"/teams/{make_team(visitor)}"
    assert visitor.call("DELETE", path, "bob").status_code == 404
    return visitor.call("GET", path).status_code != 200


def _members_outlive(visitor: Visitor) -> bool:
    team_id = make_team(visitor)
    make_member(visitor, team_id)
    assert visitor.call("DELETE", f"/teams/{team_id}").status_code == 204
    return visitor.call("GET", f"/teams/{team_id}/members").status_code != 404


def _shadow_handover(visitor: Visitor) -> bool:
    return visitor.call("POST", f"/teams/{make_team(visitor)}/handover?to=bob", None).status_code != 404


def _members_conflict(visitor: Visitor) -> bool:
    team_id = make_team(visitor)
    make_member(visitor, team_id)
    return visitor.call("DELETE", f"/teams/{team_id}").status_code != 204


def _cached(visitor: Visitor) -> bool:
    return "s-maxage" in visitor.call("GET", "/teams").headers["Cache-Control"]


def _seats_overflow_crash(visitor: Visitor) -> bool:
    return visitor.call("POST", "/teams", json={"name": "Big", "seats": 2**31}).status_code != 422


def _per_page_zero_crash(visitor: Visitor) -> bool:
    return visitor.call("GET", "/teams?per_page=0").status_code != 422


WITNESSES: dict[str, Callable[[Visitor], bool]] = {
    "replace-unprotected": _answers("PUT", 401, None, json=FORM),
    "read-any": _answers("GET", 404),
    "replace-any": _answers("PUT", 404, json=FORM),
    "delete-any": _answers("DELETE", 404),
    "list-all": _list_all,
    "members-any": _members_any,
    "remove-member-any": _remove_member_any,
    "admin-list-open": _admin_list_open,
    "admin-delete-open": _admin_delete_open,
    "admin-by-header": _admin_by_header,
    "profile-role": _profile_role,
    "create-for-another": _create_for_another,
    "owner-in-message": _owner_in_message,
    "total-of-all": _total_of_all,
    "delete-before-check": _delete_before_check,
    "members-outlive": _members_outlive,
    "shadow-handover": _shadow_handover,
    "members-conflict": _members_conflict,
    "cached": _cached,
    "seats-overflow-crash": _seats_overflow_crash,
    "per-page-zero-crash": _per_page_zero_crash,
}


def tour(visitor: Visitor) -> None:
    """Meet what the contract documents, as far as the witnesses do not."""
    team_id = make_team(visitor, seats=7)
    member_id = make_member(visitor, team_id)
    for path in ("/me", f"/teams/{team_id}", f"/teams/{team_id}/members", "/teams/x", "/teams/0/members"):
        visitor.call("GET", path)
    for path in (f"/teams/{team_id}/members/{member_id}", f"/teams/{team_id}/members/x", "/teams/x"):
        visitor.call("DELETE", path)
    visitor.call("PUT", "/me", json={"nickname": "Al"})
    visitor.call("PUT", f"/teams/{team_id}", json=FORM)
    for path in ("/me", f"/teams/{team_id}"):
        visitor.call("PUT", path, json={})
    for path in ("/teams", f"/teams/{team_id}/members"):
        visitor.call("POST", path, json={})
    visitor.call("POST", f"/teams/{ABSENT}/members", json={"name": "Zoe"})
    for path in ("/admin/teams", "/admin/teams?page=0"):
        visitor.call("GET", path, "admin")
    for path in (f"/admin/teams/{team_id}", f"/admin/teams/{ABSENT}", "/admin/teams/0"):
        visitor.call("DELETE", path, "admin")
