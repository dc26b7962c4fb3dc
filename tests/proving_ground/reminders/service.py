"""Reminders: a contract of OpenAPI 3.0 with nulls, bare arrays, a count in a header, comments below."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Query, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from tests.proving_ground.door import CurrentCaller, Door
from tests.proving_ground.reminders.identity import MINT
from tests.proving_ground.verifier import Verifier
from tests.proving_ground.web import (
    PRIVATE,
    Body,
    JsonObject,
    RefusalError,
    Text,
    Whole,
    make_app,
    protected_by,
    read_body,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi.routing import APIRoute

    from tests.proving_ground.door import Caller
    from tests.proving_ground.model import Faults

Id = Annotated[Whole, Path(ge=1, le=2**53 - 1)]
Limit = Annotated[Whole, Query(ge=1, le=50)]
Offset = Annotated[Whole, Query(ge=0, le=100_000)]


class Form(Body):
    text: Text
    due: Annotated[Whole, Field(ge=0, le=4_102_444_800)] | None
    tag: Annotated[str, Field(max_length=20, pattern="^[a-z]*$")] | None = None


class DoneForm(Form):
    """A reminder that is done as it comes: the fault of mass assignment."""

    done: bool = False


class UnboundForm(Form):
    due: Whole | None


class CommentForm(Body):
    text: Text


@dataclass(frozen=True, slots=True)
class Reminder:
    id: int
    owner: str
    text: str
    due: int | None
    tag: str | None
    done: bool = False

    def show(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "owner"}


@dataclass(slots=True)
class Store:
    """The stored reminders and their comments."""

    reminders: dict[int, Reminder] = field(default_factory=dict)
    comments: dict[int, list[str]] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: count(1001))

    def find(self, reminder_id: int, caller: Caller, *, of_anyone: bool = False) -> Reminder:
        found = self.reminders.get(reminder_id)
        if found is None or not (found.owner == caller.subject or of_anyone):
            raise RefusalError(404, "unknown reminder")
        return found

    def of(self, caller: Caller) -> list[Reminder]:
        return [value for value in self.reminders.values() if value.owner == caller.subject]

    def delete(self, reminder_id: int) -> None:
        del self.reminders[reminder_id]
        self.comments.pop(reminder_id, None)


def create(faults: Faults, clock: Callable[[], float]) -> FastAPI:
    """Make the application."""
    store = Store()
    door = Door("reminders", Verifier(MINT, faults, clock), faults)
    protected = protected_by(door.admit, "public" if faults.has("cached") else PRIVATE)
    app = make_app(_answer_error, faults)
    app.include_router(_list_routes(store, faults, protected))
    app.include_router(_reminder_routes(store, faults, protected))
    app.include_router(_comment_routes(store, faults, protected))
    app.state.snapshot = lambda: (dict(store.reminders), repr(store.comments))
    return app


def _answer_error(error: RefusalError) -> Response:
    return JSONResponse({"error": error.title}, error.status, error.headers)


def _list_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(route_class=protected)

    @router.get("/reminders")
    async def list_reminders(caller: CurrentCaller, limit: Limit = 20, offset: Offset = 0) -> Response:
        mine = store.of(caller)
        shown = list(store.reminders.values()) if faults.has("list-all") else mine
        if faults.has("order-of-all"):
            # The fault: each tag has its place by how many reminders of all users have it.
            tags = [value.tag for value in store.reminders.values()]
            shown.sort(key=lambda element: -tags.count(element.tag))
        total = len(store.reminders) if faults.has("total-header-of-all") else len(shown)
        page = [entry.show() for entry in shown[offset : offset + limit]]
        return JSONResponse(page, headers={"X-Total-Count": str(total)})

    @router.post("/finish")
    async def finish_reminders(caller: CurrentCaller) -> dict[str, int]:
        found = list(store.reminders.values()) if faults.has("finish-all") else store.of(caller)
        for option in found:
            store.reminders[option.id] = replace(option, done=True)
        return {"finished": len(found)}

    return router


def _choose_form(faults: Faults) -> type[Form]:
    if faults.has("done-at-once"):
        return DoneForm
    return UnboundForm if faults.has("due-overflow-crash") else Form


def _reminder_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/reminders", route_class=protected)

    def make(reminder_id: int, caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
        form = read_body(_choose_form(faults), body)
        if form.due is not None:
            datetime.fromtimestamp(form.due, UTC)
        reminder = Reminder(reminder_id, caller.subject, **form.model_dump())
        store.reminders[reminder_id] = reminder
        return reminder.show()

    @router.post("", status_code=201)
    async def create_reminder(body: JsonObject, caller: CurrentCaller) -> dict[str, Any]:
        return make(next(store.ids), caller, body)

    @router.get("/{reminder_id}")
    async def get_reminder(reminder_id: Id, caller: CurrentCaller) -> dict[str, Any]:
        return store.find(reminder_id, caller, of_anyone=faults.has("read-any")).show()

    @router.put("/{reminder_id}")
    async def replace_reminder(reminder_id: Id, body: JsonObject, caller: CurrentCaller) -> dict[str, Any]:
        if not (faults.has("replace-takes-over") and reminder_id in store.reminders):
            store.find(reminder_id, caller)
        return make(reminder_id, caller, body)

    @router.delete("/{reminder_id}", status_code=204)
    async def delete_reminder(reminder_id: Id, caller: CurrentCaller) -> None:
        store.find(reminder_id, caller, of_anyone=faults.has("delete-any"))
        store.delete(reminder_id)

    return router


def _comment_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/reminders/{reminder_id}/comments", route_class=protected)

    @router.get("")
    async def list_comments(reminder_id: Id, caller: CurrentCaller) -> list[str]:
        if faults.has("comments-any"):
            return store.comments.get(reminder_id, [])
        store.find(reminder_id, caller)
        return store.comments.get(reminder_id, [])

    @router.post("", status_code=204)
    async def add_comment(reminder_id: Id, form: CommentForm, caller: CurrentCaller) -> None:
        if faults.has("comment-before-check"):
            store.comments.setdefault(reminder_id, []).append(form.text)
        store.find(reminder_id, caller)
        if not faults.has("comment-before-check"):
            store.comments.setdefault(reminder_id, []).append(form.text)

    return router
