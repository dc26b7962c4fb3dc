"""A journal by remote procedures: every call is a POST, and every id stands in a body."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid5

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import Field

from tests.proving_ground.door import CurrentCaller, Door
from tests.proving_ground.journal.identity import MINT
from tests.proving_ground.verifier import Verifier
from tests.proving_ground.web import Body, JsonObject, RefusalError, Whole, make_app, protected_by, read_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.routing import APIRoute

    from tests.proving_ground.door import Caller
    from tests.proving_ground.model import Faults

NAMESPACE = UUID("c8b1a1de-96a3-4a39-8f7e-1fb5c7d5b0a4")
EntryId = Annotated[str, Field(pattern="^[0-9a-z]{10}$")]
EntryText = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\u0000]+$")]
Limit = Annotated[Whole, Field(ge=1, le=50)]


class Draft(Body):
    text: EntryText


class SignedDraft(Draft):
    """An entry that names its author: the fault of mass assignment."""

    author: str = ""


class Reference(Body):
    id: EntryId


class Update(Reference):
    text: EntryText


class Chosen(Body):
    ids: Annotated[list[EntryId], Field(min_length=1, max_length=20)]


class Listing(Body):
    limit: Limit = 10


class Search(Listing):
    words: EntryText


@dataclass(frozen=True, slots=True)
class Entry:
    id: str
    text: str
    author: str


@dataclass(slots=True)
class Store:
    """The stored entries; an entry that was deleted keeps its text."""

    entries: dict[str, Entry] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    made: int = 0

    def add(self, text: str, author: str) -> Entry:
        self.made += 1
        entry = Entry(uuid5(NAMESPACE, str(self.made)).hex[:10], text, author)
        self.entries[entry.id] = entry
        return entry

    def find(self, entry_id: str, caller: Caller, faults: Faults, *, of_anyone: bool = False) -> Entry:
        entry = self.entries.get(entry_id)
        if entry is None or (entry_id in self.deleted and not faults.has("update-after-delete")):
            raise RefusalError(404, "no such entry")
        if entry.author != caller.subject and not of_anyone:
            is_told = faults.has("author-in-message")
            raise RefusalError(404, f"no such entry of {entry.author}" if is_told else "no such entry")
        return entry

    def of(self, caller: Caller, *, of_anyone: bool = False) -> list[Entry]:
        return [
            value
            for value in self.entries.values()
            if value.id not in self.deleted and (of_anyone or value.author == caller.subject)
        ]


def create(faults: Faults, clock: Callable[[], float]) -> FastAPI:
    """Make the application."""
    store = Store()
    door = Door("journal", Verifier(MINT, faults, clock), faults)
    app = make_app(_answer_error, faults)
    app.include_router(_public_routes(store, faults))
    app.include_router(_entry_routes(store, faults, protected_by(door.admit)))
    app.include_router(_many_routes(store, faults, protected_by(door.admit)))
    app.state.snapshot = lambda: (dict(store.entries), set(store.deleted))
    return app


def _answer_error(error: RefusalError) -> Response:
    body = {"error": {"code": error.status, "message": error.title}}
    return JSONResponse(body, error.status, error.headers)


def _show(*entries: Entry) -> dict[str, Any]:
    return {"entries": [asdict(entry) for entry in entries]}


def _public_routes(store: Store, faults: Faults) -> APIRouter:
    router = APIRouter(prefix="/entries")

    if faults.has("export-unprotected"):

        @router.get("/export")
        async def export_entries() -> Response:
            return PlainTextResponse(
                "".join(f"{value.id} {value.text}\n" for value in store.entries.values())
            )

    return router


def _entry_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/entries", route_class=protected)

    @router.post("/create")
    async def create_entry(body: JsonObject, caller: CurrentCaller) -> dict[str, Entry]:
        draft = read_body(SignedDraft if faults.has("create-as-another") else Draft, body)
        if faults.has("text-ascii-crash"):
            draft.text.encode("ascii")
        return {"entry": store.add(draft.text, getattr(draft, "author", "") or caller.subject)}

    @router.post("/read")
    async def read_entry(reference: Reference, caller: CurrentCaller) -> dict[str, Entry]:
        return {"entry": store.find(reference.id, caller, faults, of_anyone=faults.has("read-any"))}

    @router.post("/update")
    async def update_entry(update: Update, caller: CurrentCaller) -> dict[str, Entry]:
        entry = store.find(update.id, caller, faults, of_anyone=faults.has("update-any"))
        store.entries[entry.id] = replace(entry, text=update.text)
        return {"entry": store.entries[entry.id]}

    @router.post("/delete", status_code=204)
    async def delete_entry(reference: Reference, caller: CurrentCaller) -> None:
        if faults.has("delete-before-check"):
            store.deleted.add(reference.id)
        store.find(reference.id, caller, faults, of_anyone=faults.has("delete-any"))
        store.deleted.add(reference.id)

    return router


def _many_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/entries", route_class=protected)

    @router.post("/read-many")
    async def read_entries(chosen: Chosen, caller: CurrentCaller) -> dict[str, Any]:
        entries = store.of(caller, of_anyone=faults.has("read-many-any"))
        return _show(*(entry for entry in entries if entry.id in chosen.ids))

    @router.post("/search")
    async def search_entries(search: Search, caller: CurrentCaller) -> dict[str, Any]:
        entries = store.of(caller, of_anyone=faults.has("search-any"))
        found = [entry for entry in entries if search.words in entry.text]
        if faults.has("search-format-crash"):
            # The fault: the words become part of a template.
            found = [entry for entry in entries if ("{0}" + search.words).format("") in entry.text]
        return _show(*found[: search.limit])

    @router.post("/list")
    async def list_entries(listing: Listing, caller: CurrentCaller) -> dict[str, Any]:
        return _show(*store.of(caller, of_anyone=faults.has("list-all"))[: listing.limit])

    @router.get("/export")
    async def export_entries(caller: CurrentCaller) -> Response:
        entries = store.of(caller, of_anyone=faults.has("export-all"))
        return PlainTextResponse("".join(f"{entry.id} {entry.text}\n" for entry in entries))

    return router
