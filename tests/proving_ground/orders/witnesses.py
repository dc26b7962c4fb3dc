"""Shows each bug of the orders service: a few calls, and whether what came back is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proving_ground.visitor import Visitor

ABSENT = "00000000-0000-4000-8000-000000000000"


def make_order(visitor: Visitor, who: str = "alice", title: str = "Alice's tea") -> str:
    created = visitor.call("POST", "/orders", who, json={"title": title})
    assert created.status_code == 201
    order_id: str = created.json()["id"]
    assert created.headers["Location"] == f"/orders/{order_id}"
    return order_id


def make_item(visitor: Visitor, order_id: str, who: str = "alice") -> str:
    created = visitor.call("POST", f"/orders/{order_id}/items", who, json={"sku": "TEA-1", "quantity": 2})
    assert created.status_code == 201
    item_id: str = created.json()["id"]
    return item_id


def read_title(visitor: Visitor, order_id: str) -> str:
    title: str = visitor.call("GET", f"/orders/{order_id}").json()["title"]
    return title


def _delete_unprotected(visitor: Visitor) -> bool:
    return visitor.call("DELETE", f"/orders/{make_order(visitor)}", who=None).status_code != 401


def _read_any(visitor: Visitor) -> bool:
    return visitor.call("GET", f"/orders/{make_order(visitor)}", "bob").status_code != 404


def _patch_any(visitor: Visitor) -> bool:
    order_id = make_order(visitor)
    return visitor.call("PATCH", f"/orders/{order_id}", "bob", json={"title": "Bob's"}).status_code != 404


def _delete_any(visitor: Visitor) -> bool:
    return visitor.call("DELETE", f"/orders/{make_order(visitor)}", "bob").status_code != 404


def _list_all(visitor: Visitor) -> bool:
    make_order(visitor)
    return bool(visitor.call("GET", "/orders", "bob").json()["items"])


def _search_any(visitor: Visitor) -> bool:
    make_order(visitor)
    return bool(visitor.call("GET", "/search/orders?q=tea", "bob").json()["items"])


def _items_any(visitor: Visitor) -> bool:
    return visitor.call("GET", f"/orders/{make_order(visitor)}/items", "bob").status_code != 404


def _add_item_any(visitor: Visitor) -> bool:
    path = f"/orders/{make_order(visitor)}/items"
    return visitor.call("POST", path, "bob", json={"sku": "X", "quantity": 1}).status_code != 404


def _delete_item_any(visitor: Visitor) -> bool:
    item_id = make_item(visitor, make_order(visitor))
    path = f"/orders/{make_order(visitor, 'bob')}/items/{item_id}"
    return visitor.call("DELETE", path, "bob").status_code != 404


def _bulk_delete_any(visitor: Visitor) -> bool:
    body = {"ids": [make_order(visitor)]}
    return bool(visitor.call("POST", "/bulk/orders/delete", "bob", json=body).json()["deleted"])


def _export_all(visitor: Visitor) -> bool:
    make_order(visitor)
    return "tea" in visitor.call("GET", "/export/orders", "bob").text


def _patch_owner(visitor: Visitor) -> bool:
    body = {"title": "Given away", "owner": visitor.service.mint.subjects["bob"], "state": "paid"}
    return visitor.call("PATCH", f"/orders/{make_order(visitor)}", json=body).status_code != 422


def _foreign_403(visitor: Visitor) -> bool:
    foreign = visitor.call("GET", f"/orders/{make_order(visitor)}", "bob")
    absent = visitor.call("GET", f"/orders/{ABSENT}", "bob")
    return (foreign.status_code, foreign.content) != (absent.status_code, absent.content)


def _patch_before_check(visitor: Visitor) -> bool:
    order_id = make_order(visitor)
    refused = visitor.call("PATCH", f"/orders/{order_id}", "bob", json={"title": "Bob's"})
    assert refused.status_code == 404
    return read_title(visitor, order_id) != "Alice's tea"


def _read_after_delete(visitor: Visitor) -> bool:
    order_id = make_order(visitor)
    assert visitor.call("DELETE", f"/orders/{order_id}").status_code == 204
    return visitor.call("GET", f"/orders/{order_id}").status_code != 404


def _shadow_dump(visitor: Visitor) -> bool:
    return visitor.call("GET", "/internal/dump", who=None).status_code != 404


def _cached(visitor: Visitor) -> bool:
    return visitor.call("GET", "/orders").headers["Cache-Control"] != "private, no-store"


def _search_pattern_crash(visitor: Visitor) -> bool:
    make_order(visitor)
    return visitor.call("GET", "/search/orders?q=[").status_code != 200


def _cursor_unchecked_crash(visitor: Visitor) -> bool:
    return visitor.call("GET", f"/orders?cursor={2**64}").status_code != 422


WITNESSES: dict[str, Callable[[Visitor], bool]] = {
    "delete-unprotected": _delete_unprotected,
    "read-any": _read_any,
    "patch-any": _patch_any,
    "delete-any": _delete_any,
    "list-all": _list_all,
    "search-any": _search_any,
    "items-any": _items_any,
    "add-item-any": _add_item_any,
    "delete-item-any": _delete_item_any,
    "bulk-delete-any": _bulk_delete_any,
    "export-all": _export_all,
    "patch-owner": _patch_owner,
    "foreign-403": _foreign_403,
    "patch-before-check": _patch_before_check,
    "read-after-delete": _read_after_delete,
    "shadow-dump": _shadow_dump,
    "cached": _cached,
    "search-pattern-crash": _search_pattern_crash,
    "cursor-unchecked-crash": _cursor_unchecked_crash,
}


def tour(visitor: Visitor) -> None:
    """Meet what the contract documents, as far as the witnesses do not."""
    first, second = make_order(visitor), make_order(visitor)
    item_id = make_item(visitor, first)
    for path in ("/orders?limit=1", "/orders?cursor=1", "/orders?limit=0", "/health", "/orders/x"):
        visitor.call("GET", path)
    for path in ("/search/orders", f"/orders/{first}/items", "/orders/x/items"):
        visitor.call("GET", path)
    visitor.call("PATCH", f"/orders/{first}", json={"note": "soon"})
    for path in ("/orders", f"/orders/{first}/items", "/bulk/orders/delete"):
        visitor.call("POST", path, json={})
    visitor.call("PATCH", f"/orders/{first}", json={})
    for path in (f"/orders/{first}/items/{item_id}", f"/orders/{first}", f"/orders/{first}/items/x"):
        visitor.call("DELETE", path)
    visitor.call("DELETE", "/orders/x")
    assert visitor.call("POST", "/bulk/orders/delete", json={"ids": [second]}).json() == {"deleted": 1}
    make_order(visitor)
