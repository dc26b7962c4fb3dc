"""What lies below an object, in a filter, before a login, in a header, or comes with a bad token for nobody."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI, HTTPException, Request, Response

from tests.support.attacks import complaints
from tests.support.small_services import (
    USERS,
    answer,
    attack,
    caller_of,
    json_of,
    read_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEXT = {"type": "string", "minLength": 1, "maxLength": 60}
SLUG = {"type": "string", "pattern": "^[a-z0-9-]{1,60}$"}
STATES = ["open", "muted", "verified"]
NAMES = {user: user.removeprefix("usr-") for user in USERS.values()}


def _does(name: str, *, body: bool = False, **more: Any) -> dict[str, Any]:
    found = {"operationId": name, "responses": answer(_200="Done"), **more}
    return {**found, "requestBody": json_of(text=TEXT)} if body else found


def make_paths() -> dict[str, Any]:
    def path(name: str) -> dict[str, Any]:
        return {"name": name, "in": "path", "required": True, "schema": SLUG}

    def query(name: str, *, required: bool = False) -> dict[str, Any]:
        return {"name": name, "in": "query", "required": required, "schema": TEXT}

    profile = _does("readProfile", security=[{}, {"bearer": []}], **{"x-shared": True})
    profile["responses"]["200"] |= json_of(username=TEXT)
    login = _does("logIn", security=[])
    login["requestBody"] = json_of(username=TEXT, password=TEXT)
    change = _does("changeRoom")
    change["requestBody"] = json_of(state={"type": "string", "enum": STATES[:2]})
    change["responses"]["200"] |= json_of(state={"type": "string", "enum": STATES})
    bill, contact = _does("sendBill"), _does("addContact")
    bill["requestBody"] = json_of(room_id=SLUG, text=TEXT)
    contact["requestBody"] = json_of(email={**TEXT, "format": "email"}, text=TEXT)
    contact["responses"]["409"] = {"description": "You have it"}
    return {
        "/bills": {"get": _does("listBills", parameters=[query("room_id")]), "post": bill},
        "/bills/{bill_id}": {"parameters": [path("bill_id")], "get": _does("readBill")},
        "/contacts": {"get": _does("listContacts"), "post": contact},
        "/login": {"post": login},
        "/me": {"get": _does("readMe")},
        "/users/{username}": {"parameters": [path("username")], "get": profile},
        "/rooms": {"get": _does("listRooms"), "post": _does("openRoom", body=True)},
        "/rooms/bulk-delete": {
            "post": {
                "operationId": "closeRooms",
                "requestBody": json_of(room_ids={"type": "array", "minItems": 1, "items": SLUG}),
                "responses": answer(_200="Done"),
            }
        },
        "/rooms/{room_id}": {
            "parameters": [path("room_id")],
            "get": _does("readRoom"),
            "patch": change,
            "delete": _does("closeRoom"),
        },
        "/rooms/{room_id}/messages": {
            "parameters": [path("room_id")],
            "get": _does("listMessages"),
            "post": _does("say", body=True),
        },
        "/unread": {"get": _does("countUnread")},
        "/search": {"get": _does("search", parameters=[query("q", required=True), query("room")])},
    }


@dataclass
class House:
    """The rooms, what was said in them, and the fault."""

    fault: str | None
    rooms: dict[str, dict[str, Any]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(100_001))
    caller: str = ""
    bills: dict[str, dict[str, Any]] = field(default_factory=dict)
    contacts: list[dict[str, Any]] = field(default_factory=list)

    def own(self, room_id: str, user: str) -> dict[str, Any]:
        found = self.rooms.get(room_id)
        if found is None or found["user"] != user:
            raise HTTPException(404)
        return found

    def of(self, user: str) -> list[dict[str, Any]]:
        return [each for each in self.rooms.values() if each["user"] == user]


def serve(fault: str | None) -> Callable[[FastAPI], None]:
    def add(app: FastAPI) -> None:
        house = House(fault)
        add_people(app, house)
        add_rooms(app, house)
        add_room(app, house)
        add_bills(app, house)
        add_contacts(app, house)
        add_messages(app, house)

    return add


def add_people(app: FastAPI, house: House) -> None:
    @app.post("/login")
    async def log_in(request: Request) -> None:
        await read_text(request, "username")
        password = str((await request.json()).get("password"))
        if house.fault == "login":
            password.encode()
            assert "\0" not in password
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})

    @app.get("/me")
    def read_me(request: Request) -> dict[str, str]:
        user = caller_of(request)
        return {"id": user, "username": NAMES[user]}

    @app.get("/users/{username}")
    def read_profile(request: Request, username: str) -> dict[str, str]:
        if "authorization" in request.headers and house.fault != "optional":
            caller_of(request)
        if username not in NAMES.values():
            raise HTTPException(404)
        more = {"hidden": {"password_hash": "$2b$12$abcdefgh"}, "mail": {"email": f"{username}@x.example"}}
        return {"username": username, **more.get(house.fault or "", {})}


def add_rooms(app: FastAPI, house: House) -> None:
    @app.get("/rooms")
    def list_rooms(request: Request, response: Response) -> list[str]:
        user = caller_of(request)
        found = list(house.rooms.values()) if house.fault == "header" else house.of(user)
        response.headers["X-Total-Count"] = str(len(found))
        return [each["id"] for each in house.of(user)]

    @app.post("/rooms")
    async def open_room(request: Request) -> dict[str, Any]:
        house.caller = user = caller_of(request)
        text = await read_text(request)
        if house.fault == "race":
            await asyncio.sleep(0.02)
            if user != house.caller:
                raise HTTPException(404)
        key = f"room-{next(house.numbers)}"
        house.rooms[key] = {"id": key, "user": user, "text": text, "said": []}
        return {"id": key, "text": text}

    @app.post("/rooms/bulk-delete")
    async def close_rooms(request: Request) -> dict[str, int]:
        user = caller_of(request)
        try:
            ids = (await request.json())["room_ids"]
            rooms = [house.own(str(each), user) for each in ids]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise HTTPException(422) from None
        for each in rooms:
            house.rooms.pop(each["id"], None)
        return {"closed": len(rooms)}


def add_room(app: FastAPI, house: House) -> None:
    @app.get("/rooms/{room_id}")
    def read_room(request: Request, room_id: str) -> dict[str, Any]:
        return {"id": room_id, "text": house.own(room_id, caller_of(request))["text"]}

    @app.patch("/rooms/{room_id}")
    async def change_room(request: Request, room_id: str) -> dict[str, Any]:
        room, state = house.own(room_id, caller_of(request)), await read_text(request, "state")
        if state not in (STATES if house.fault == "state" else STATES[:2]):
            raise HTTPException(422)
        room["state"] = state
        return {"state": state}

    @app.delete("/rooms/{room_id}")
    def close_room(request: Request, room_id: str) -> dict[str, str]:
        user = caller_of(request)
        if house.fault == "below" and room_id in house.rooms:
            house.rooms[room_id]["said"].clear()
        house.own(room_id, user)
        del house.rooms[room_id]
        return {}


def add_bills(app: FastAPI, house: House) -> None:
    def show(bill: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in bill.items() if name != "user"}

    @app.get("/bills")
    def list_bills(request: Request, room_id: str | None = None) -> list[dict[str, Any]]:
        user = caller_of(request)
        if room_id is not None and not 0 < len(room_id) <= TEXT["maxLength"]:  # type: ignore[operator]  # a number
            raise HTTPException(422)
        bills = [each for each in house.bills.values() if room_id in {None, each["room_id"]}]
        is_open = house.fault == "reference" and room_id is not None
        return [show(each) for each in bills if is_open or each["user"] == user]

    @app.post("/bills")
    async def send_bill(request: Request) -> dict[str, Any]:
        user, text = caller_of(request), await read_text(request)
        room = house.own(await read_text(request, "room_id"), user)
        key = f"bill-{next(house.numbers)}"
        house.bills[key] = {"id": key, "user": user, "room_id": room["id"], "text": text}
        return show(house.bills[key])

    @app.get("/bills/{bill_id}")
    def read_bill(request: Request, bill_id: str) -> dict[str, Any]:
        user, found = caller_of(request), house.bills.get(bill_id)
        if found is None or found["user"] != user:
            raise HTTPException(404)
        return show(found)


def add_contacts(app: FastAPI, house: House) -> None:
    @app.get("/contacts")
    def list_contacts(request: Request) -> list[str]:
        user = caller_of(request)
        return [each["email"] for each in house.contacts if each["user"] == user]

    @app.post("/contacts")
    async def add_contact(request: Request) -> dict[str, Any]:
        user, email = caller_of(request), await read_text(request, "email")
        await read_text(request)
        if "@" not in email:
            raise HTTPException(422)
        known = [each for each in house.contacts if each["email"] == email]
        if known and (house.fault == "email" or any(each["user"] == user for each in known)):
            raise HTTPException(409)
        house.contacts.append({"user": user, "email": email})
        return {"email": email}


def add_messages(app: FastAPI, house: House) -> None:
    @app.get("/rooms/{room_id}/messages")
    def list_messages(request: Request, room_id: str) -> list[str]:
        found: list[str] = house.own(room_id, caller_of(request))["said"]
        return found

    @app.post("/rooms/{room_id}/messages")
    async def say(request: Request, room_id: str) -> dict[str, str]:
        room = house.own(room_id, caller_of(request))
        room["said"].append(await read_text(request))
        return {"text": room["said"][-1]}

    @app.get("/unread")
    def count_unread(request: Request) -> dict[str, int]:
        user = caller_of(request)
        found = house.rooms.values() if house.fault == "count" else house.of(user)
        return {"total": sum(len(each["said"]) for each in found)}

    @app.get("/search")
    def search(request: Request, q: str = "", room: str | None = None) -> list[str]:
        user = caller_of(request)
        if not 0 < len(q) <= TEXT["maxLength"] or (room is not None and len(room) > TEXT["maxLength"]):  # type: ignore[operator]  # numbers
            raise HTTPException(422)
        if room is None:
            rooms = house.of(user)
        elif house.fault == "filter" and room in house.rooms:
            rooms = [house.rooms[room]]
        else:
            rooms = [house.own(room, user)]
        return [text for each in rooms for text in each["said"] if q in text]


def complain(fault: str | None) -> dict[str, list[str]]:
    engine = attack(make_paths(), serve(fault))
    # Nobody told the run how to log in.
    lacking = {each.id for each in engine.surface.endpoints} - set(engine.trial.succeeded)
    assert lacking == {"logIn"}
    return complaints(engine)


def test_right_rooms_are_not_blamed() -> None:
    assert complain(None) == {}


@pytest.mark.parametrize(
    ("fault", "check", "text"),
    [
        ("login", "robustness", "POST /login answered 500"),
        ("hidden", "disclosure", "GET /users/{username} shows `password_hash`, which the contract"),
        ("mail", "disclosure", "GET /users/{username} shows `email`, which the contract"),
        ("optional", "forged", ": expected 401, came 200 as without one (RFC 6750"),
        ("header", "existence", "GET /rooms changes with what another user makes: header x-total-count"),
        ("count", "existence", "GET /unread changes with what another user makes: body /total"),
        ("below", "side_effect", "DELETE /rooms/{room_id} as another user answered 404, and then"),
        ("filter", "disclosure", "GET /search shows another user a text of theirs"),
        ("reference", "disclosure", "GET /bills shows another user"),
        ("state", "assignment", "PATCH /rooms/{room_id} takes `state`, which is not the caller's to set"),
        ("email", "existence", "POST /contacts answered 409 to what another user has"),
        ("race", "race", "POST /rooms answered 404 when both users call at once, and succeeds alone"),
    ],
)
def test_fault_around_rooms_is_found(fault: str, check: str, text: str) -> None:
    found = complain(fault)
    assert any(text in each for each in found.get(check, [])), found
