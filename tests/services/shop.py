"""A shop whose orders have items, links for readers without an account, and calls that succeed once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from tests.proving_ground.web import RefusalError
from tests.services.app import (
    Form,
    Meeting,
    Store,
    Text,
    UserId,
    assemble,
    open_router,
    protected_router,
    show,
    show_all,
)
from tests.services.service import PlantedBug, SmallService
from tests.services.users import BearerAuth

if TYPE_CHECKING:
    from tests.proving_ground.model import Faults

ID = "^[a-z]{3}-[0-9]{6}$"
PRICE = 9
Id = Annotated[str, Path(pattern=ID)]


class ItemForm(Form):
    """An item; `price` is not the customer's to set, and is ignored by the right build."""

    model_config = ConfigDict(extra="allow")

    sku: Text


class OrderForm(Form):
    note: Text
    items: Annotated[list[ItemForm], Field(min_length=1)]


class OrderIds(Form):
    order_ids: Annotated[list[Annotated[str, Field(pattern=ID)]], Field(min_length=1)]


class CodeForm(Form):
    code: Annotated[str, Field(min_length=1, max_length=60, examples=["TEN"])]


class Settings(Form):
    city: Text


class Item(BaseModel):
    id: str
    sku: str
    price: int


class Order(BaseModel):
    id: str
    note: str
    items: list[Item]


class Link(BaseModel):
    token: str


@dataclass
class Shop:
    """The orders, the links to them, and what users have once.

    Attributes:
        faults: What is planted.
        quota: How many orders a user may have; 0 for any number.
    """

    faults: Faults
    quota: int = 0
    orders: Store = field(default_factory=lambda: Store("ord-"))
    links: dict[str, dict[str, Any]] = field(default_factory=dict)
    redeemed: set[str] = field(default_factory=set)
    settings: dict[str, str] = field(default_factory=dict)
    meeting: Meeting = field(default_factory=Meeting)

    def admit(self, request: Request) -> str:
        """Find the user by the token; the faults let a header or the query name another one."""
        user = BearerAuth().admit(request)
        if self.faults.has("header-names-user"):
            user = request.headers.get("x-user-id", user)
        return request.query_params.get("user_id", user) if self.faults.has("query-names-user") else user


def create(faults: Faults, quota: int = 0) -> FastAPI:
    """Make the app; users may have `quota` orders, or any number where it is 0."""
    shop = Shop(faults, quota)
    parts = (_orders, _order, _parts, _own)
    protected = [part(protected_router(shop.admit), shop, faults) for part in parts]
    return assemble(faults, *protected, _links(shop))


def _orders(router: APIRouter, shop: Shop, faults: Faults) -> APIRouter:
    @router.get("/orders")
    async def list_orders(user: UserId) -> list[dict[str, Any]]:
        return show_all(
            order
            for order in shop.orders.of(user)
            if faults.has("list-shows-deleted") or "deleted" not in order
        )

    @router.post("/orders")
    async def make_order(user: UserId, form: OrderForm) -> Order:
        if shop.quota and len(shop.orders.of(user)) >= shop.quota:
            raise RefusalError(409, "no more orders")
        items = [
            {
                "id": shop.orders.next_id().replace("ord", "itm"),
                "sku": item.sku,
                "price": getattr(item, "price", PRICE) if faults.has("item-takes-price") else PRICE,
            }
            for item in form.items
        ]
        return Order(**show(shop.orders.add(user, note=form.note, items=items, cancelled=False)))

    @router.post("/orders/cancel")
    async def cancel_orders(user: UserId, form: OrderIds) -> dict[str, int]:
        # The fault: only the first of the orders is looked at.
        found = [
            shop.orders.find(key, user, of_anyone=index > 0 and faults.has("cancel-any-but-first"))
            for index, key in enumerate(form.order_ids)
        ]
        for order in found:
            order["cancelled"] = True
        return {"cancelled": len(found)}

    return router


def _order(router: APIRouter, shop: Shop, faults: Faults) -> APIRouter:
    @router.get("/orders/{order_id}")
    async def read_order(
        user: UserId, order_id: Id, expand: Literal["items", "links"] | None = None
    ) -> dict[str, Any]:
        is_open = expand is not None and faults.has("expand-any")
        order = shop.orders.find(order_id, user, of_anyone=is_open)
        if "deleted" in order and not is_open:
            raise RefusalError(404, "not found")
        return show(order)

    @router.delete("/orders/{order_id}")
    async def delete_order(user: UserId, order_id: Id) -> dict[str, int]:
        order = shop.orders.find(order_id, user)
        if faults.has("list-shows-deleted"):
            order["deleted"] = True
        else:
            del shop.orders.records[order_id]
        if not faults.has("link-shows-deleted"):
            shop.links = {token: linked for token, linked in shop.links.items() if linked is not order}
        return {"deleted": 1}

    return router


def _parts(router: APIRouter, shop: Shop, faults: Faults) -> APIRouter:
    @router.get("/orders/{order_id}/items/{item_id}")
    async def read_item(user: UserId, order_id: Id, item_id: Id) -> dict[str, Any]:
        order = shop.orders.find(order_id, user)
        orders = shop.orders.records.values() if faults.has("item-of-any-order") else [order]
        for item in (item for order in orders for item in order["items"]):
            if item["id"] == item_id:
                return dict(item)
        raise RefusalError(404, "not found")

    @router.post("/orders/{order_id}/pay")
    async def pay_order(user: UserId, order_id: Id) -> dict[str, Any]:
        is_open = faults.has("state-before-owner")
        if is_open and shop.orders.records.get(order_id, {}).get("paid"):
            raise RefusalError(409, "paid before")
        order = shop.orders.find(order_id, user)
        if order.get("paid"):
            raise RefusalError(409, "paid before")
        order["paid"] = True
        return show(order)

    @router.post("/orders/{order_id}/links")
    async def share_order(user: UserId, order_id: Id) -> Link:
        order = shop.orders.find(order_id, user)
        token = shop.orders.next_id().replace("ord", "lnk")
        shop.links[token] = order
        return Link(token=token)

    return router


def _own(router: APIRouter, shop: Shop, faults: Faults) -> APIRouter:
    @router.post("/redeem")
    async def redeem(user: UserId, form: CodeForm) -> dict[str, bool]:
        if form.code != "TEN":
            raise RefusalError(422, "no such code")
        if user in shop.redeemed:
            raise RefusalError(409, "redeemed before")
        if faults.has("redeem-twice"):
            # The fault: another call comes between the look and the note.
            await shop.meeting.wait()
        shop.redeemed.add(user)
        return {"redeemed": True}

    @router.get("/settings")
    async def read_settings(user: UserId) -> dict[str, str]:
        return {"city": shop.settings.get(user, "nowhere")}

    @router.put("/settings")
    async def write_settings(user: UserId, form: Settings) -> dict[str, str]:
        shop.settings[user] = form.city
        return {}

    return router


def _links(shop: Shop) -> APIRouter:
    router = open_router()

    @router.get("/shared/{token}")
    async def read_shared(token: Id) -> dict[str, Any]:
        if token not in shop.links:
            raise RefusalError(404, "not found")
        return show(shop.links[token])

    return router


def limit_orders(quota: int) -> SmallService:
    """Make the shop in which a user may have so many orders."""
    return SmallService(name=f"shop-of-{quota}-orders", create=partial(create, quota=quota))


SHOP = SmallService(
    name="shop",
    create=create,
    bugs=(
        PlantedBug("expand-any", "isolation", "GET /orders/{order_id}", "with expand=items, answered 200"),
        PlantedBug(
            "cancel-any-but-first",
            "isolation",
            "POST /orders/cancel",
            "as another user answered 200, and then",
        ),
        PlantedBug(
            "header-names-user",
            "isolation",
            "GET /orders/{order_id}",
            "as another user, with headers and parameters that",
        ),
        PlantedBug(
            "query-names-user",
            "isolation",
            "PUT /settings",
            "called by another user with headers and parameters that",
            needs=("disclosure",),
        ),
        PlantedBug(
            "item-of-any-order",
            "isolation",
            "GET /orders/{order_id}/items/{item_id}",
            "under an own parent, answered 200",
        ),
        PlantedBug("item-takes-price", "assignment", "POST /orders", "takes `price` in `items`"),
        PlantedBug("list-shows-deleted", "deletion", "GET /orders", "shows an object that was deleted"),
        PlantedBug(
            "link-shows-deleted", "deletion", "GET /shared/{token}", "still shows an object that was deleted"
        ),
        PlantedBug(
            "state-before-owner",
            "existence",
            "POST /orders/{order_id}/pay",
            "reveals the state of another user's object: 409, not 404",
        ),
        PlantedBug("redeem-twice", "race", "POST /redeem", "succeeds several times when called at once"),
    ),
)
