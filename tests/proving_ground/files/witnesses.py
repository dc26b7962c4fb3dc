"""Shows each bug of the files service: a few calls, and whether what came back is wrong."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.proving_ground.forgeries import flip, with_claims, with_signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proving_ground.visitor import Visitor

ABSENT = "f0000000000000000"


def upload(visitor: Visitor, who: str = "alice", name: str = "plan") -> str:
    sent = visitor.call("POST", "/files", who, json={"name": name, "text": "secret of Alice"})
    assert sent.status_code == 202
    path = sent.headers["Location"]
    assert path == f"/file?id={sent.json()['id']}"
    return str(path)


def _form(version: int = 1, text: str = "new") -> dict[str, Any]:
    return {"name": "plan", "text": text, "version": version}


def _by_key(visitor: Visitor, scheme: str, who: str) -> dict[str, str]:
    value = visitor.service.keys[scheme][who]
    return {"X-Api-Key": value} if scheme == "key" else {"Cookie": f"session={value}"}


def _answers(method: str, right: int, **options: Any) -> Callable[[Visitor], bool]:
    """Tell whether Bob's call to Alice's file is answered with another status than the right one."""
    return lambda visitor: visitor.call(method, upload(visitor), "bob", **options).status_code != right


def _sub_nul_crash(visitor: Visitor) -> bool:
    token = with_claims(visitor.service.mint, time.time(), sub="alice\0")
    headers = {"Authorization": f"Bearer {token}"}
    return visitor.call("GET", "/files", None, headers=headers).status_code != 401


def _key_prefix(visitor: Visitor) -> bool:
    statuses = {
        visitor.call("GET", "/files", None, headers={"X-Api-Key": given}).status_code
        for given in ("", visitor.service.keys["key"]["alice"][:8])
    }
    return statuses != {401}


def _key_in_query(visitor: Visitor) -> bool:
    params = {"api_key": visitor.service.keys["key"]["alice"]}
    return visitor.call("GET", "/files", None, params=params).status_code != 401


def _shelf_open(visitor: Visitor) -> bool:
    upload(visitor)
    return bool(visitor.call("GET", "/shelf", None).json()["files"])


def _shelf_unverified(visitor: Visitor) -> bool:
    token = with_signature(visitor.service.mint, time.time(), flip)
    headers = {"Authorization": f"Bearer {token}"}
    return visitor.call("GET", "/shelf", None, headers=headers).status_code != 401


def _read_any_by_key(visitor: Visitor) -> bool:
    headers = _by_key(visitor, "key", "bob")
    return visitor.call("GET", upload(visitor), None, headers=headers).status_code != 404


def _list_all(visitor: Visitor) -> bool:
    upload(visitor)
    return bool(visitor.call("GET", "/files", "bob").json())


def _tag_on_404(visitor: Visitor) -> bool:
    foreign = visitor.call("GET", upload(visitor), "bob")
    absent = visitor.call("GET", f"/file?id={ABSENT}", "bob")
    assert (foreign.status_code, foreign.content) == (absent.status_code, absent.content)
    return foreign.headers != absent.headers


def _conflict_writes(visitor: Visitor) -> bool:
    path = upload(visitor)
    assert visitor.call("PUT", path, json=_form(version=9)).status_code == 409
    return bool(visitor.call("GET", path).json()["text"] != "secret of Alice")


def _gone_410(visitor: Visitor) -> bool:
    path = upload(visitor)
    assert visitor.call("DELETE", path).status_code == 204
    return visitor.call("GET", path).status_code != 404


def _name_in_header_crash(visitor: Visitor) -> bool:
    return visitor.call("POST", "/files", json={"name": "план", "text": ""}).status_code != 202


def _tag_parse_crash(visitor: Visitor) -> bool:
    headers = {"If-None-Match": '"abc"'}
    return visitor.call("GET", upload(visitor), headers=headers).status_code != 200


def _lost_update(visitor: Visitor) -> bool:
    path = upload(visitor)
    writes = [("PUT", path, "alice", {"json": _form(text=text)}) for text in ("one", "two")]
    return sorted(entry.status_code for entry in visitor.race(*writes)) != [200, 409]


WITNESSES: dict[str, Callable[[Visitor], bool]] = {
    "sub-nul-crash": _sub_nul_crash,
    "key-prefix": _key_prefix,
    "key-in-query": _key_in_query,
    "shelf-open": _shelf_open,
    "shelf-unverified": _shelf_unverified,
    "read-any": _answers("GET", 404),
    "read-any-by-key": _read_any_by_key,
    "replace-any": _answers("PUT", 404, json=_form()),
    "delete-any": _answers("DELETE", 404),
    "list-all": _list_all,
    "tag-on-404": _tag_on_404,
    "conflict-writes": _conflict_writes,
    "gone-410": _gone_410,
    "name-in-header-crash": _name_in_header_crash,
    "tag-parse-crash": _tag_parse_crash,
    "lost-update": _lost_update,
}


def tour(visitor: Visitor) -> None:
    """Meet what the contract documents, as far as the witnesses do not."""
    path = upload(visitor)
    for scheme in ("key", "session"):
        headers = _by_key(visitor, scheme, "alice")
        assert len(visitor.call("GET", "/files", None, headers=headers).json()) == 1
    for headers in ({"If-None-Match": '"1"'}, {"If-None-Match": "*"}):
        assert visitor.call("GET", path, headers=headers).status_code == 304
    assert visitor.call("GET", "/shelf").json()["files"]
    visitor.call("POST", "/files", json={})
    for method in ("GET", "PUT", "DELETE"):
        visitor.call(method, "/file?id=x", json=_form())
    assert visitor.call("PUT", path, json=_form()).headers["ETag"] == '"2"'
