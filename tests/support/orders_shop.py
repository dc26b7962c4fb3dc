"""A shop in one file, right or with one fault, for the checks that try one part of a call at a time."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

USERS = {"a-token": "alice-1", "b-token": "bob-22"}
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]
LONGEST = 60
TEXT = {"type": "string", "minLength": 1, "maxLength": 60}
ID = {"type": "string", "pattern": "^[a-z]{3}-[0-9]{6}$"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _path(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": ID} for name in names]


def make_paths() -> dict[str, Any]:
    """Make the paths of the contract; each operation answers 2xx, 401, 404, 409 or 422."""
    answers = {str(status): {"description": "No"} for status in (401, 404, 409, 422)}
    expand = {"name": "expand", "in": "query", "schema": {"type": "string", "enum": ["items"]}}
    items = {"type": "array", "minItems": 1, "items": _object(sku=TEXT)}
    shown = _object(
        id=ID,
        note=TEXT,
        items={"type": "array", "items": _object(id=ID, sku=TEXT, price={"type": "integer"})},
    )
    order = {"200": {"description": "An order", "content": {"application/json": {"schema": shown}}}}
    paths: dict[str, Any] = {
        "/orders": {
            "get": {"operationId": "listOrders"},
            "post": {
                "operationId": "makeOrder",
                "requestBody": _json(_object(note=TEXT, items=items)),
                "responses": order,
            },
        },
        "/orders/cancel": {
            "post": {
                "operationId": "cancelOrders",
                "requestBody": _json(_object(order_ids={"type": "array", "minItems": 1, "items": ID})),
            }
        },
        "/orders/{order_id}": {
            "parameters": _path("order_id"),
            "get": {"operationId": "readOrder", "parameters": [expand]},
            "delete": {"operationId": "deleteOrder"},
        },
        "/orders/{order_id}/pay": {"parameters": _path("order_id"), "post": {"operationId": "payOrder"}},
        "/orders/{order_id}/items/{item_id}": {
            "parameters": _path("order_id", "item_id"),
            "get": {"operationId": "readItem"},
        },
        "/orders/{order_id}/links": {"parameters": _path("order_id"), "post": {"operationId": "shareOrder"}},
        "/shared/{token}": {
            "parameters": _path("token"),
            "get": {"operationId": "readShared", "security": []},
        },
        "/redeem": {
            "post": {"operationId": "redeem", "requestBody": _json(_object(code={**TEXT, "example": "TEN"}))}
        },
        "/settings": {
            "get": {"operationId": "readSettings"},
            "put": {"operationId": "writeSettings", "requestBody": _json(_object(city=TEXT))},
        },
    }
    token = {"application/json": {"schema": _object(token=ID)}}
    paths["/orders/{order_id}/links"]["post"]["responses"] = {
        "200": {"description": "A link", "content": token}
    }
    for item in paths.values():
        for method in item.keys() - {"parameters"}:
            item[method].setdefault("responses", {"200": {"description": "Done"}})
            item[method]["responses"] |= answers
    return paths


@dataclass(slots=True)
class Shop:
    """What a shop holds, and the fault that it has."""

    fault: str | None
    quota: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: count(100_001))
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    links: dict[str, dict[str, Any]] = field(default_factory=dict)
    redeemed: set[str] = field(default_factory=set)
    settings: dict[str, str] = field(default_factory=dict)

    def caller_of(self, request: Request, credentials: HTTPAuthorizationCredentials | None) -> str:
        """Tell who calls."""
        user = USERS.get(credentials.credentials) if credentials else None
        if user is None:
            challenge = 'Bearer error="invalid_token"' if "authorization" in request.headers else "Bearer"
            raise HTTPException(401, headers={"WWW-Authenticate": challenge})
        if self.fault == "header":
            user = request.headers.get("x-user-id", user)
        return request.query_params.get("user_id", user) if self.fault == "query" else user

    def own(self, order_id: str, user: str) -> dict[str, Any]:
        """Give an order of the caller."""
        order = self.orders.get(order_id)
        if order is None or order["user"] != user:
            raise HTTPException(404)
        return order


async def read(request: Request, name: str, kind: type) -> Any:
    """Read a member of a body."""
    try:
        value = (await request.json())[name]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise HTTPException(422) from None
    if not isinstance(value, kind) or not value or (isinstance(value, str) and len(value) > LONGEST):
        raise HTTPException(422)
    return value


def show(order: dict[str, Any]) -> dict[str, Any]:
    """Give an order as its owner sees it."""
    return {key: value for key, value in order.items() if key != "user"}


def make_shop(fault: str | None = None, quota: int = 0) -> FastAPI:
    """Make the shop, with a fault or none; a user may have so many orders, or any number where it is 0."""
    app, shop = FastAPI(openapi_url=None), Shop(fault, quota)
    add_orders(app, shop)
    add_order(app, shop)
    add_payment(app, shop)
    add_links(app, shop)
    add_own(app, shop)
    return app


def add_orders(app: FastAPI, shop: Shop) -> None:
    """Serve the list, what makes an order, and what cancels several."""

    @app.get("/orders")
    def list_orders(request: Request, credentials: Credentials) -> list[Any]:
        user = shop.caller_of(request, credentials)
        mine = [each for each in shop.orders.values() if each["user"] == user]
        return [show(each) for each in mine if shop.fault == "listed" or "deleted" not in each]

    @app.post("/orders")
    async def make_order(request: Request, credentials: Credentials) -> dict[str, Any]:
        user, note, items = (
            shop.caller_of(request, credentials),
            await read(request, "note", str),
            await read(request, "items", list),
        )
        if not all(isinstance(each, dict) and isinstance(each.get("sku"), str) for each in items):
            raise HTTPException(422)
        if shop.quota and sum(each["user"] == user for each in shop.orders.values()) >= shop.quota:
            raise HTTPException(409)
        made = [
            {
                "id": f"itm-{next(shop.numbers)}",
                "sku": each["sku"],
                "price": each.get("price", 9) if shop.fault == "price" else 9,
            }
            for each in items
        ]
        order: dict[str, Any] = {
            "id": f"ord-{next(shop.numbers)}",
            "user": user,
            "note": note,
            "items": made,
            "cancelled": False,
        }
        return show(shop.orders.setdefault(order["id"], order))

    @app.post("/orders/cancel")
    async def cancel_orders(request: Request, credentials: Credentials) -> dict[str, int]:
        user, ids = shop.caller_of(request, credentials), await read(request, "order_ids", list)
        if not all(isinstance(each, str) for each in ids):
            raise HTTPException(422)
        shop.own(ids[0], user)
        found = (
            [shop.orders[each] for each in ids if each in shop.orders]
            if shop.fault == "bulk"
            else [shop.own(each, user) for each in ids]
        )
        for each in found:
            each["cancelled"] = True
        return {"cancelled": len(found)}


def add_order(app: FastAPI, shop: Shop) -> None:
    """Serve one order and its items."""

    @app.get("/orders/{order_id}")
    def read_order(
        request: Request, order_id: str, credentials: Credentials, expand: str = ""
    ) -> dict[str, Any]:
        user = shop.caller_of(request, credentials)
        if shop.fault == "expand" and expand and order_id in shop.orders:
            return show(shop.orders[order_id])
        order = shop.own(order_id, user)
        if "deleted" in order:
            raise HTTPException(404)
        return show(order)

    @app.delete("/orders/{order_id}")
    def delete_order(request: Request, order_id: str, credentials: Credentials) -> dict[str, int]:
        order = shop.own(order_id, shop.caller_of(request, credentials))
        if shop.fault == "listed":
            order["deleted"] = True
        else:
            del shop.orders[order_id]
        for token in [token for token, each in shop.links.items() if each is order and shop.fault != "link"]:
            del shop.links[token]
        return {"deleted": 1}

    @app.get("/orders/{order_id}/items/{item_id}")
    def read_item(request: Request, order_id: str, item_id: str, credentials: Credentials) -> dict[str, Any]:
        order = shop.own(order_id, shop.caller_of(request, credentials))
        pool = shop.orders.values() if shop.fault == "item" else [order]
        found: dict[str, Any] | None = next(
            (each for one in pool for each in one["items"] if each["id"] == item_id), None
        )
        if found is None:
            raise HTTPException(404)
        return found


def add_payment(app: FastAPI, shop: Shop) -> None:
    """Serve what can be done once with an order."""

    @app.post("/orders/{order_id}/pay")
    def pay_order(order_id: str, request: Request, credentials: Credentials) -> dict[str, Any]:
        user = shop.caller_of(request, credentials)
        if shop.fault == "state" and shop.orders.get(order_id, {}).get("paid"):
            raise HTTPException(409)
        order = shop.own(order_id, user)
        if order.get("paid"):
            raise HTTPException(409)
        order["paid"] = True
        return show(order)


def add_links(app: FastAPI, shop: Shop) -> None:
    """Serve the links by which anybody reads an order."""

    @app.post("/orders/{order_id}/links")
    def share_order(request: Request, order_id: str, credentials: Credentials) -> dict[str, str]:
        order = shop.own(order_id, shop.caller_of(request, credentials))
        token = f"lnk-{next(shop.numbers)}"
        shop.links[token] = order
        return {"token": token}

    @app.get("/shared/{token}")
    def read_shared(token: str) -> dict[str, Any]:
        if token not in shop.links:
            raise HTTPException(404)
        return show(shop.links[token])


def add_own(app: FastAPI, shop: Shop) -> None:
    """Serve what each caller has once: a code and settings."""

    @app.post("/redeem")
    async def redeem(request: Request, credentials: Credentials) -> dict[str, bool]:
        user = shop.caller_of(request, credentials)
        if await read(request, "code", str) != "TEN":
            raise HTTPException(422)
        if user in shop.redeemed:
            raise HTTPException(409)
        if shop.fault == "redeem":
            await asyncio.sleep(0.02)
        shop.redeemed.add(user)
        return {"redeemed": True}

    @app.get("/settings")
    def read_settings(request: Request, credentials: Credentials) -> dict[str, str]:
        return {"city": shop.settings.get(shop.caller_of(request, credentials), "nowhere")}

    @app.put("/settings")
    async def write_settings(request: Request, credentials: Credentials) -> Response:
        user, city = shop.caller_of(request, credentials), await read(request, "city", str)
        shop.settings[user] = city
        return Response(status_code=200)
