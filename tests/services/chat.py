"""A chat: rooms with messages, bills for rooms, contacts, and profiles that need no login."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

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
from tests.services.users import ANN, BEN, BearerAuth

if TYPE_CHECKING:
    from tests.proving_ground.model import Faults

NAMES = {ANN: "ann", BEN: "ben"}
Email = Annotated[str, Field(max_length=60, pattern="@", json_schema_extra={"format": "email"})]


class Credentials(Form):
    username: Text
    password: str


class TextForm(Form):
    text: Text


class StateForm(Form):
    state: Annotated[str, Field(json_schema_extra={"enum": ["open", "muted"]})]


class RoomIds(Form):
    room_ids: Annotated[list[Text], Field(min_length=1)]


class BillForm(Form):
    room_id: Text
    text: Text


class ContactForm(Form):
    email: Email
    text: Text


class Profile(BaseModel):
    username: str


class State(BaseModel):
    state: Literal["open", "muted", "verified"]


@dataclass
class Chat:
    """The rooms with their messages, the bills, the contacts, and who called last."""

    faults: Faults
    rooms: Store = field(default_factory=lambda: Store("room-"))
    bills: Store = field(default_factory=lambda: Store("bill-"))
    contacts: Store = field(default_factory=lambda: Store("contact-"))
    last_user: str = ""
    meeting: Meeting = field(default_factory=Meeting)


def create(faults: Faults) -> FastAPI:
    """Make the app."""
    chat = Chat(faults)
    protected = protected_router()
    for add in (_add_rooms, _add_room, _add_messages, _add_bills, _add_contacts):
        add(protected, chat, faults)
    return assemble(faults, _public(faults), protected)


def _public(faults: Faults) -> APIRouter:
    router = open_router()

    @router.post("/login")
    async def log_in(form: Credentials) -> None:
        if faults.has("password-crash"):
            assert "\0" not in form.password
        raise RefusalError(401, "wrong name or password", {"WWW-Authenticate": "Bearer"})

    # Credentials are optional: the contract lists `{}` beside the bearer token.
    @router.get(
        "/users/{username}",
        response_model=Profile,
        openapi_extra={"security": [{}, {"bearer": []}], "x-shared": True},
    )
    async def read_profile(request: Request, username: Text) -> Response:
        if "authorization" in request.headers and not faults.has("optional-token-unverified"):
            BearerAuth().admit(request)
        if username not in NAMES.values():
            raise RefusalError(404, "not found")
        profile: dict[str, Any] = {"username": username}
        if faults.has("profile-shows-hash"):
            profile["password_hash"] = "$2b$12$abcdefgh"
        if faults.has("profile-shows-email"):
            profile["email"] = f"{username}@x.example"
        return JSONResponse(profile)

    return router


def _add_rooms(router: APIRouter, chat: Chat, faults: Faults) -> None:
    @router.get("/me")
    async def read_me(user: UserId) -> dict[str, str]:
        return {"id": user, "username": NAMES[user]}

    @router.get("/rooms")
    async def list_rooms(user: UserId, response: Response) -> list[str]:
        counted = chat.rooms.of(user, of_anyone=faults.has("header-counts-all"))
        response.headers["X-Total-Count"] = str(len(counted))
        return [room["id"] for room in chat.rooms.of(user)]

    @router.post("/rooms")
    async def open_room(user: UserId, form: TextForm) -> dict[str, Any]:
        chat.last_user = user
        if faults.has("user-kept-globally"):
            # The fault: the other user calls before this call goes on.
            await chat.meeting.wait()
            if user != chat.last_user:
                raise RefusalError(404, "not found")
        room = chat.rooms.add(user, text=form.text, messages=[])
        return {"id": room["id"], "text": room["text"]}

    @router.post("/rooms/bulk-delete")
    async def close_rooms(user: UserId, form: RoomIds) -> dict[str, int]:
        rooms = [chat.rooms.find(key, user) for key in form.room_ids]
        for room in rooms:
            chat.rooms.records.pop(room["id"], None)
        return {"closed": len(rooms)}


def _add_room(router: APIRouter, chat: Chat, faults: Faults) -> None:
    @router.get("/rooms/{room_id}")
    async def read_room(user: UserId, room_id: Text) -> dict[str, Any]:
        return {"id": room_id, "text": chat.rooms.find(room_id, user)["text"]}

    @router.patch("/rooms/{room_id}", response_model=State)
    async def change_room(user: UserId, room_id: Text, form: StateForm) -> dict[str, Any]:
        room = chat.rooms.find(room_id, user)
        is_verified = form.state == "verified" and faults.has("state-takes-verified")
        if form.state not in {"open", "muted"} and not is_verified:
            raise RefusalError(422, "no such state")
        room["state"] = form.state
        return {"state": room["state"]}

    @router.delete("/rooms/{room_id}")
    async def close_room(user: UserId, room_id: Text) -> dict[str, str]:
        if faults.has("messages-deleted-before-check") and room_id in chat.rooms.records:
            chat.rooms.records[room_id]["messages"].clear()
        chat.rooms.find(room_id, user)
        del chat.rooms.records[room_id]
        return {}


def _add_messages(router: APIRouter, chat: Chat, faults: Faults) -> None:
    @router.get("/rooms/{room_id}/messages")
    async def list_messages(user: UserId, room_id: Text) -> list[str]:
        return list(chat.rooms.find(room_id, user)["messages"])

    @router.post("/rooms/{room_id}/messages")
    async def send_message(user: UserId, room_id: Text, form: TextForm) -> dict[str, str]:
        chat.rooms.find(room_id, user)["messages"].append(form.text)
        return {"text": form.text}

    @router.get("/unread")
    async def count_unread(user: UserId) -> dict[str, int]:
        rooms = chat.rooms.of(user, of_anyone=faults.has("unread-of-all"))
        return {"total": sum(len(room["messages"]) for room in rooms)}

    @router.get("/search")
    async def search(user: UserId, q: Text, room: Annotated[Text | None, Query()] = None) -> list[str]:
        if room is None:
            rooms = chat.rooms.of(user)
        else:
            rooms = [chat.rooms.find(room, user, of_anyone=faults.has("search-any-room"))]
        return [message for found in rooms for message in found["messages"] if q in message]


def _add_bills(router: APIRouter, chat: Chat, faults: Faults) -> None:
    @router.get("/bills")
    async def list_bills(user: UserId, room_id: Annotated[Text | None, Query()] = None) -> list[Any]:
        is_open = room_id is not None and faults.has("bills-of-any-room")
        bills = chat.bills.of(user, of_anyone=is_open)
        return show_all(bill for bill in bills if room_id in {None, bill["room_id"]})

    @router.post("/bills")
    async def send_bill(user: UserId, form: BillForm) -> dict[str, Any]:
        room = chat.rooms.find(form.room_id, user)
        return show(chat.bills.add(user, room_id=room["id"], text=form.text))

    @router.get("/bills/{bill_id}")
    async def read_bill(user: UserId, bill_id: Text) -> dict[str, Any]:
        return show(chat.bills.find(bill_id, user))


def _add_contacts(router: APIRouter, chat: Chat, faults: Faults) -> None:
    @router.get("/contacts")
    async def list_contacts(user: UserId) -> list[str]:
        return [contact["email"] for contact in chat.contacts.of(user)]

    @router.post("/contacts")
    async def add_contact(user: UserId, form: ContactForm) -> dict[str, str]:
        contacts = chat.contacts.of(user, of_anyone=faults.has("contact-taken-anywhere"))
        if form.email in {contact["email"] for contact in contacts}:
            raise RefusalError(409, "it is there")
        chat.contacts.add(user, email=form.email)
        return {"email": form.email}


CHAT = SmallService(
    name="chat",
    create=create,
    # The run has no password.
    unreached=frozenset({"logIn"}),
    bugs=(
        PlantedBug("password-crash", "robustness", "POST /login", "answered 500"),
        PlantedBug(
            "profile-shows-hash",
            "disclosure",
            "GET /users/{username}",
            "shows `password_hash`, which the contract",
        ),
        PlantedBug(
            "profile-shows-email", "disclosure", "GET /users/{username}", "shows `email`, which the contract"
        ),
        PlantedBug(
            "optional-token-unverified",
            "forged",
            "GET /users/{username}",
            ": expected 401, came 200 as without one (RFC 6750",
        ),
        PlantedBug(
            "header-counts-all",
            "existence",
            "GET /rooms",
            "changes with what another user makes: header x-total-count",
        ),
        PlantedBug(
            "unread-of-all", "existence", "GET /unread", "changes with what another user makes: body /total"
        ),
        PlantedBug(
            "messages-deleted-before-check",
            "side_effect",
            "DELETE /rooms/{room_id}",
            "as another user answered 404, and then",
        ),
        PlantedBug("search-any-room", "disclosure", "GET /search", "shows another user a text of theirs"),
        PlantedBug("bills-of-any-room", "disclosure", "GET /bills", "shows another user"),
        PlantedBug(
            "state-takes-verified",
            "assignment",
            "PATCH /rooms/{room_id}",
            "takes `state`, which is not the caller's to set",
        ),
        PlantedBug(
            "contact-taken-anywhere",
            "existence",
            "POST /contacts",
            "answered 409 to a value that another user's object has",
        ),
        PlantedBug(
            "user-kept-globally",
            "race",
            "POST /rooms",
            "answered 404 when both users call at once, and succeeds alone",
        ),
    ),
)
