"""A vault: passwords are objects here, and verbs, parameters and members have less common names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Query

from tests.proving_ground.door import CurrentCaller, Door
from tests.proving_ground.shelf import Entry, Shelf, TitleForm, route_collection
from tests.proving_ground.vault.identity import MINT
from tests.proving_ground.verifier import Verifier
from tests.proving_ground.web import (
    Body,
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

# Members that the contract does not name, and that hold the words of secrets or of personal data.
HARMLESS = {"secretary": "Ms Moon", "password_changed_on": "2031-05-06"}
INSTRUMENT = {"title": "Saxophone", "microphone": "cardioid", "platitude": "It plays itself."}
# Members that the contract does not name and that may be in no answer.
SECRETS = {
    "pin": "4711",
    "api_key": "k-5f2c9a01d7",
    "session_token": "s-77b1e0c4aa",
    "passcode": "open-sesame-9",
}


class PasswordForm(TitleForm):
    folder_id: Uuid


class OwnedPasswordForm(PasswordForm):
    """A password with the member that the service sets itself: the fault of mass assignment."""

    owner: Text = ""


class EraserForm(TitleForm):
    """An eraser with the member that the service sets itself: the fault of mass assignment."""

    is_sold: bool = False


class Basket(Body):
    note: Text


class TicketChoice(Body):
    ticket_id: Uuid


class Memo(TitleForm):
    audience: Literal["everyone", "personal"]


@dataclass(slots=True)
class Parts:
    """What the routes of the vault share."""

    faults: Faults
    protected: type[APIRoute]
    shelf: Shelf = field(default_factory=Shelf)
    baskets: dict[str, str] = field(default_factory=dict)


def create(faults: Faults, clock: Callable[[], float]) -> FastAPI:
    """Make the application."""
    door = Door("vault", Verifier(MINT, faults, clock), faults)
    parts = Parts(faults, protected_by(door.admit))
    app = make_app(answer_problem, faults)
    for router in (
        _route_passwords(parts),
        route_collection(parts.shelf, "folders", faults, parts.protected),
        _route_goods(parts),
        _route_basket(parts),
        _route_tickets(parts),
        _route_memos(parts),
        _route_profile(parts),
        _route_instruments(parts),
    ):
        app.include_router(router)
    app.state.snapshot = lambda: (parts.shelf.snapshot(), dict(parts.baskets))
    return app


def _route_passwords(parts: Parts) -> APIRouter:
    """Route passwords: to store one ends no session."""
    router = APIRouter(route_class=parts.protected)
    shelf, faults = parts.shelf, parts.faults

    @router.post("/passwords", status_code=201)
    async def store(body: JsonObject, caller: CurrentCaller) -> dict[str, Any]:
        form = read_body(OwnedPasswordForm if faults.has("password-for-another") else PasswordForm, body)
        shelf.find("folders", form.folder_id, caller, of_anyone=faults.has("folder-of-anyone"))
        if faults.has("password-template-crash"):
            form.title.format()
        members = {"title": form.title, "folder_id": form.folder_id}
        owner = getattr(form, "owner", "") or caller.subject
        return _show(shelf.add("passwords", owner, members))

    @router.get("/passwords")
    async def list_passwords(
        caller: CurrentCaller,
        rows: Annotated[Whole, Query(ge=1, le=100)] = 100,
        since: Annotated[Whole, Query(ge=0, le=100_000)] = 0,
    ) -> dict[str, Any]:
        # The fault: the page is cut from the passwords of all users, and filtered then.
        every = [entry for entry in shelf.entries.values() if entry.collection == "passwords"]
        mine = shelf.of("passwords", caller)
        page = (every if faults.has("page-of-all") else mine)[since:][:rows]
        return {"items": [_show(entry) for entry in page if entry.owner == caller.subject]}

    @router.get("/find")
    async def find(phrase: Annotated[Text, Query()], caller: CurrentCaller) -> dict[str, Any]:
        every = [entry for entry in shelf.entries.values() if entry.collection == "passwords"]
        known = every if faults.has("find-any") else shelf.of("passwords", caller)
        return {"items": [_show(entry) for entry in known if phrase in entry.members["title"]]}

    @router.get("/passwords/{password_id}")
    async def read(password_id: Uuid, caller: CurrentCaller) -> dict[str, Any]:
        with_deleted = faults.has("password-read-after-delete")
        return _show(shelf.find("passwords", password_id, caller, with_deleted=with_deleted))

    @router.delete("/passwords/{password_id}", status_code=204)
    async def delete(password_id: Uuid, caller: CurrentCaller) -> None:
        shelf.delete(shelf.find("passwords", password_id, caller))

    return router


def _show(entry: Entry) -> dict[str, Any]:
    return {**entry.show(), "owner": entry.owner}


def _route_goods(parts: Parts) -> APIRouter:
    """Route what a shop sells: neither erasers nor refreshments end anybody's access."""
    router = APIRouter(route_class=parts.protected)

    @router.post("/erasers", status_code=201)
    async def add_eraser(body: JsonObject, caller: CurrentCaller) -> dict[str, Any]:
        form = read_body(EraserForm if parts.faults.has("eraser-sold-at-once") else TitleForm, body)
        members = {"title": form.title, "is_sold": getattr(form, "is_sold", False)}
        return parts.shelf.add("erasers", caller.subject, members).show()

    @router.post("/refreshments", status_code=201)
    async def add_refreshment(form: TitleForm, caller: CurrentCaller) -> dict[str, Any]:
        if parts.faults.has("refreshment-ascii-crash"):
            form.title.encode("ascii")
        return parts.shelf.add("refreshments", caller.subject, {"title": form.title}).show()

    return router


def _route_basket(parts: Parts) -> APIRouter:
    """Route the caller's basket: to clear it ends nothing else."""
    router = APIRouter(prefix="/basket", route_class=parts.protected)

    @router.get("")
    async def show(caller: CurrentCaller) -> dict[str, Any]:
        return {"note": parts.baskets.get(caller.subject, "")}

    @router.put("")
    async def fill(basket: Basket, caller: CurrentCaller) -> dict[str, Any]:
        parts.baskets[caller.subject] = basket.note
        return {"note": basket.note}

    @router.delete("", status_code=204)
    async def clear(caller: CurrentCaller) -> None:
        if parts.faults.has("baskets-of-all-cleared"):
            parts.baskets.clear()
        parts.baskets.pop(caller.subject, None)

    return router


def _route_tickets(parts: Parts) -> APIRouter:
    """Route tickets by verbs: `issue` makes one, `browse` lists them."""
    router = APIRouter(prefix="/tickets", route_class=parts.protected)
    shelf, faults = parts.shelf, parts.faults

    @router.post("/issue", status_code=201)
    async def issue(form: TitleForm, caller: CurrentCaller) -> dict[str, Any]:
        return shelf.add("tickets", caller.subject, {"title": form.title}).show()

    @router.post("/check")
    async def check(choice: TicketChoice, caller: CurrentCaller) -> dict[str, Any]:
        return shelf.find(
            "tickets", choice.ticket_id, caller, of_anyone=faults.has("ticket-checked-by-anyone")
        ).show()

    @router.post("/browse")
    async def browse(caller: CurrentCaller) -> dict[str, Any]:
        every = [entry for entry in shelf.entries.values() if entry.collection == "tickets"]
        found = every if faults.has("browse-all") else shelf.of("tickets", caller)
        return {"items": [entry.show() for entry in found]}

    return router


def _route_memos(parts: Parts) -> APIRouter:
    """Route memos: those for everyone are read by all users, personal ones by their owner."""
    router = APIRouter(prefix="/memos", route_class=parts.protected)

    @router.post("", status_code=201)
    async def write(memo: Memo, caller: CurrentCaller) -> dict[str, Any]:
        return parts.shelf.add("memos", caller.subject, memo.model_dump()).show()

    @router.get("/{memo_id}")
    async def read(memo_id: Uuid, caller: CurrentCaller) -> dict[str, Any]:
        memo = parts.shelf.find("memos", memo_id, caller, of_anyone=True)
        is_open = memo.members["audience"] == "everyone" or parts.faults.has("personal-memo-read-any")
        if memo.owner != caller.subject and not is_open:
            raise RefusalError(404, "not found")
        return memo.show()

    return router


def _route_profile(parts: Parts) -> APIRouter:
    router = APIRouter(route_class=parts.protected)

    @router.get("/me")
    async def show(caller: CurrentCaller) -> dict[str, Any]:
        secrets = {name: value for name, value in SECRETS.items() if parts.faults.has(f"{name}-shown")}
        return {"id": caller.subject, **HARMLESS, **secrets}

    return router


def _route_instruments(parts: Parts) -> APIRouter:
    router = APIRouter()

    @router.get("/instruments")
    async def show() -> dict[str, Any]:
        personal = {"owner_emails": "zoe@example.com"} if parts.faults.has("emails-shown") else {}
        return {"items": [{**INSTRUMENT, **personal}]}

    return router
