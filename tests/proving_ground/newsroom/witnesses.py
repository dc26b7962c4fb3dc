"""Shows each bug of the newsroom: a few calls, and whether what came back is wrong."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.proving_ground.newsroom.service import KINDS, LISTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proving_ground.visitor import Visitor

ABSENT = "00000000-0000-4000-8000-000000000000"


def make(visitor: Visitor, kind: str) -> str:
    created = visitor.call("POST", f"/{kind}", json={"title": "Moon"})
    assert created.status_code == 201
    entry_id: str = created.json()["id"]
    return entry_id


def _is_read_after_delete(visitor: Visitor, kind: str) -> bool:
    path = f"/{kind}/{make(visitor, kind)}"
    assert visitor.call("DELETE", path).status_code == 204
    return visitor.call("GET", path).status_code != 404


def _is_listed_after_delete(visitor: Visitor, kind: str) -> bool:
    entry_id = make(visitor, kind)
    assert visitor.call("DELETE", f"/{kind}/{entry_id}").status_code == 204
    return entry_id in visitor.call("GET", f"/{kind}").text


def _is_listed_after_discard(visitor: Visitor) -> bool:
    draft_id = make(visitor, "drafts")
    assert visitor.call("POST", "/drafts/discard", json={"draft_id": draft_id}).status_code == 204
    return draft_id in visitor.call("GET", "/drafts").text


WITNESSES: dict[str, Callable[[Visitor], bool]] = {
    **{f"{kind}-read-after-delete": partial(_is_read_after_delete, kind=kind) for kind in KINDS},
    **{
        f"{kind}-listed-after-delete": partial(_is_listed_after_delete, kind=kind)
        for kind in LISTED
        if kind not in {"drafts", "images"}
    },
    "drafts-listed-after-delete": _is_listed_after_discard,
}


def tour(visitor: Visitor) -> None:
    """Meet what the contract documents, as far as the witnesses do not."""
    visitor.call("POST", "/drafts", json={})
    for kind in (*KINDS, "articles", "images"):
        entry_id = make(visitor, kind)
        visitor.call("POST", f"/{kind}", json={})
        visitor.call("GET", f"/{kind}/{entry_id}")
        for method in ("GET", "DELETE"):
            for wrong in (ABSENT, "x"):
                visitor.call(method, f"/{kind}/{wrong}")
        visitor.call("DELETE", f"/{kind}/{entry_id}")
    for path in ("/trash", "/audit-log", *(f"/{kind}" for kind in LISTED)):
        visitor.call("GET", path)
    blog_id = make(visitor, "blogs")
    visitor.call("DELETE", f"/blogs/{blog_id}")
    for entry_id in (blog_id, ABSENT, "x"):
        visitor.call("GET", f"/blogs/{entry_id}/history")
        visitor.call("POST", f"/blogs/{entry_id}/restore")
    for path, name in (("/drafts/discard", "draft_id"), ("/images/remove-background", "image_id")):
        for entry_id in (make(visitor, path.split("/")[1]), ABSENT, "x"):
            visitor.call("POST", path, json={name: entry_id})
