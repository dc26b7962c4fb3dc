"""Orders with items: ids are UUIDs in the path, lists are pages, errors are problems, keys are ES256."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import asdict, replace
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Response

from tests.proving_ground.door import CurrentCaller, Door
from tests.proving_ground.orders.identity import MINT
from tests.proving_ground.orders.store import Change, Chosen, Draft, Item, ItemDraft, MassChange, Order, Store
from tests.proving_ground.verifier import Verifier
from tests.proving_ground.web import (
    PRIVATE,
    JsonObject,
    RefusalError,
    Text,
    Uuid,
    Whole,
    answer_problem,
    make_app,
    protected_by,
    read_body,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.routing import APIRoute

    from tests.proving_ground.model import Faults

CURSOR = re.compile(r"0|[1-9][0-9]{0,5}")


def create(faults: Faults, clock: Callable[[], float]) -> FastAPI:
    """Make the application."""
    store = Store()
    door = Door("orders", Verifier(MINT, faults, clock), faults)
    protected = protected_by(door.admit, "public, max-age=60" if faults.has("cached") else PRIVATE)
    app = make_app(answer_problem, faults)
    app.include_router(_public_routes(store, faults))
    app.include_router(_order_routes(store, faults, protected))
    app.include_router(_item_routes(store, faults, protected))
    app.include_router(_collection_routes(store, faults, protected))
    app.state.snapshot = lambda: (dict(store.orders), dict(store.items))
    return app


def _public_routes(store: Store, faults: Faults) -> APIRouter:
    router = APIRouter()

    @router.get("/health")
    async def get_health() -> dict[str, bool]:
        return {"alive": True}

    if faults.has("shadow-dump"):

        @router.get("/internal/dump", include_in_schema=False)
        async def dump() -> list[Any]:
            return [asdict(value) for value in store.orders.values()]

    if faults.has("delete-unprotected"):

        @router.delete("/orders/{order_id}", status_code=204)
        async def delete_order(order_id: Uuid) -> None:
            if store.orders.pop(order_id, None) is None:
                raise RefusalError(404, "no such order")

    return router


def _order_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/orders", route_class=protected)

    @router.post("", status_code=201)
    async def create_order(draft: Draft, caller: CurrentCaller, response: Response) -> Order:
        order = Order(store.make_id(), caller.subject, draft.title, draft.note)
        store.orders[order.id] = order
        response.headers["Location"] = f"/orders/{order.id}"
        return order

    @router.get("/{order_id}")
    async def get_order(order_id: Uuid, caller: CurrentCaller) -> Order:
        if faults.has("read-after-delete") and order_id in store.deleted:
            return store.deleted[order_id]
        is_foreign = order_id in store.orders and store.orders[order_id].owner != caller.subject
        if faults.has("foreign-403") and is_foreign:
            raise RefusalError(403, "not your order")
        return store.find(order_id, caller, of_anyone=faults.has("read-any"))

    @router.patch("/{order_id}")
    async def change_order(order_id: Uuid, body: JsonObject, caller: CurrentCaller) -> Order:
        change = read_body(MassChange if faults.has("patch-owner") else Change, body)
        changed = change.model_dump(exclude_unset=True)
        if faults.has("patch-before-check") and order_id in store.orders:
            store.orders[order_id] = replace(store.orders[order_id], **changed)
        order = store.find(order_id, caller, of_anyone=faults.has("patch-any"))
        store.orders[order_id] = replace(order, **changed)
        return store.orders[order_id]

    @router.delete("/{order_id}", status_code=204)
    async def delete_order(order_id: Uuid, caller: CurrentCaller) -> None:
        store.delete(store.find(order_id, caller, of_anyone=faults.has("delete-any")))

    return router


def _item_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/orders/{order_id}/items", route_class=protected)

    @router.get("")
    async def list_items(order_id: Uuid, caller: CurrentCaller) -> dict[str, Any]:
        store.find(order_id, caller, of_anyone=faults.has("items-any"))
        found = [value for value in store.items.values() if value.order == order_id]
        return {"items": [_show_item(option) for option in found]}

    @router.post("", status_code=201)
    async def add_item(
        order_id: Uuid, draft: ItemDraft, caller: CurrentCaller, response: Response
    ) -> dict[str, Any]:
        store.find(order_id, caller, of_anyone=faults.has("add-item-any"))
        item = Item(store.make_id(), order_id, draft.sku, draft.quantity)
        store.items[item.id] = item
        response.headers["Location"] = f"/orders/{order_id}/items/{item.id}"
        return _show_item(item)

    @router.delete("/{item_id}", status_code=204)
    async def delete_item(order_id: Uuid, item_id: Uuid, caller: CurrentCaller) -> None:
        store.find(order_id, caller)
        item = store.items.get(item_id)
        # The fault: the parent is checked, and the child may be anybody's.
        if item is None or (item.order != order_id and not faults.has("delete-item-any")):
            raise RefusalError(404, "no such item")
        del store.items[item_id]

    return router


def _collection_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(route_class=protected)

    @router.get("/orders")
    async def list_orders(
        caller: CurrentCaller,
        limit: Annotated[Whole, Query(ge=1, le=50)] = 20,
        cursor: str = "0",
    ) -> dict[str, Any]:
        orders = store.of(caller, of_anyone=faults.has("list-all"))
        if not CURSOR.fullmatch(cursor) and not faults.has("cursor-unchecked-crash"):
            raise RefusalError(422, "no such cursor")
        end = int(cursor) + limit
        page = list(islice(orders, int(cursor), end))
        return {"items": page, "next": str(end) if end < len(orders) else None}

    @router.get("/search/orders")
    async def search_orders(q: Annotated[Text, Query()], caller: CurrentCaller) -> dict[str, Any]:
        orders = store.of(caller, of_anyone=faults.has("search-any"))
        if faults.has("search-pattern-crash"):
            return {"items": [entry for entry in orders if re.search(q, entry.title)], "next": None}
        return {"items": [entry for entry in orders if q.casefold() in entry.title.casefold()], "next": None}

    @router.get("/export/orders")
    async def export_orders(caller: CurrentCaller) -> Response:
        text = io.StringIO()
        lines = csv.writer(text)
        lines.writerow(["id", "title", "note", "state"])
        for entry in store.of(caller, of_anyone=faults.has("export-all")):
            lines.writerow([entry.id, entry.title, entry.note, entry.state])
        return Response(text.getvalue(), media_type="text/csv")

    @router.post("/bulk/orders/delete")
    async def delete_orders(chosen: Chosen, caller: CurrentCaller) -> dict[str, int]:
        mine = store.of(caller, of_anyone=faults.has("bulk-delete-any"))
        found = [entry for entry in mine if entry.id in chosen.ids]
        for option in found:
            store.delete(option)
        return {"deleted": len(found)}

    return router


def _show_item(item: Item) -> dict[str, Any]:
    return {"id": item.id, "sku": item.sku, "quantity": item.quantity}
