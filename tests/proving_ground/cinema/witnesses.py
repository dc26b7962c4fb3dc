"""Shows each bug of the cinema: a few calls, and whether what came back is wrong."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.proving_ground.cinema.service import COLLECTIONS, REFERENCES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proving_ground.visitor import Visitor

ABSENT = "00000000-0000-4000-8000-000000000000"


def make(visitor: Visitor, collection: str, who: str = "alice") -> str:
    created = visitor.call("POST", f"/{collection}", who, json={"title": "Moon"})
    assert created.status_code == 201
    entry_id: str = created.json()["id"]
    return entry_id


def _is_taken_of_anyone(visitor: Visitor, name: str, foreign: str) -> bool:
    """Name an object of Alice's as Bob, who owns the other one."""
    body = {
        member: make(visitor, collection, "alice" if collection == foreign else "bob")
        for collection, member in REFERENCES[name]
    }
    return visitor.call("POST", f"/{name}", "bob", json=body).status_code != 404


WITNESSES: dict[str, Callable[[Visitor], bool]] = {
    f"{collection}-of-anyone": partial(_is_taken_of_anyone, name=name, foreign=collection)
    for name, references in REFERENCES.items()
    for collection, _ in references
}


def tour(visitor: Visitor) -> None:
    """Meet what the contract documents, as far as the witnesses do not."""
    for collection in COLLECTIONS:
        visitor.call("POST", f"/{collection}", json={})
        for entry_id in (make(visitor, collection), ABSENT, "x"):
            visitor.call("GET", f"/{collection}/{entry_id}")
    visitor.call("GET", "/movies")
    for name, references in REFERENCES.items():
        visitor.call("POST", f"/{name}", json={})
        visitor.call(
            "POST", f"/{name}", json={member: make(visitor, collection) for collection, member in references}
        )
