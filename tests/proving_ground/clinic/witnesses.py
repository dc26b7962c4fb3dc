"""Shows each bug of the clinic: a few calls, and whether what came back is wrong."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.proving_ground.clinic.service import STAFF_NOTICES, STAFF_PATHS, USERS_BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proving_ground.visitor import Visitor

ABSENT = "u-0404"
FORM = {"title": "Moon"}
PLACES = (*((plural, below) for plural, _, below in USERS_BY_NAME), ("sellers", "offers"))


def _path_of(visitor: Visitor, plural: str, who: str) -> str:
    return f"/{plural}/{visitor.service.mint.subjects[who]}/{dict(PLACES)[plural]}"


def _is_read_by_another(visitor: Visitor, plural: str) -> bool:
    return visitor.call("GET", _path_of(visitor, plural, "alice"), "bob").status_code != 404


def _is_added_by_another(visitor: Visitor, plural: str) -> bool:
    return visitor.call("POST", _path_of(visitor, plural, "alice"), "bob", json=FORM).status_code != 404


def _is_open(visitor: Visitor, path: str) -> bool:
    return visitor.call("GET", path, "bob").status_code != 403


def _is_accepted(visitor: Visitor, notice: str) -> bool:
    return visitor.call("POST", f"/admin/{notice}", "admin", json=FORM).status_code != 201


def _is_offered_for_another(visitor: Visitor) -> bool:
    body = {**FORM, "seller_id": visitor.service.mint.subjects["bob"]}
    visitor.call("POST", _path_of(visitor, "sellers", "alice"), json=body)
    return bool(visitor.call("GET", _path_of(visitor, "sellers", "bob"), "bob").json()["items"])


def _is_candidate_named(visitor: Visitor) -> bool:
    return visitor.call("POST", "/nominations", json={**FORM, "candidate": "Zoe"}).status_code != 422


WITNESSES: dict[str, Callable[[Visitor], bool]] = {
    **{f"{plural}-read-any": partial(_is_read_by_another, plural=plural) for plural, _ in PLACES},
    **{
        f"{plural}-add-any": partial(_is_added_by_another, plural=plural)
        for plural in ("patients", "farmers")
    },
    "offers-for-another": _is_offered_for_another,
    "candidate-named": _is_candidate_named,
    **{f"{path.split('/')[1]}-open": partial(_is_open, path=path) for path in STAFF_PATHS},
    **{f"{notice}-accepted": partial(_is_accepted, notice=notice) for notice in STAFF_NOTICES},
}


def tour(visitor: Visitor) -> None:
    """Meet what the contract documents, as far as the witnesses do not."""
    for plural, below in PLACES:
        for user_id in (visitor.service.mint.subjects["alice"], ABSENT, "x"):
            for form in (FORM, {}):
                visitor.call("POST", f"/{plural}/{user_id}/{below}", json=form)
            visitor.call("GET", f"/{plural}/{user_id}/{below}")
    for form in (FORM, {}):
        visitor.call("POST", "/nominations", json=form)
    for path in ("/operators", "/opening-hours"):
        visitor.call("GET", path)
    for path in STAFF_PATHS:
        visitor.call("GET", path, "admin")
    for notice in STAFF_NOTICES:
        for who, form in (("admin", FORM), ("admin", {}), ("bob", FORM)):
            visitor.call("POST", f"/admin/{notice}", who, json=form)
