"""A small service with bearer tokens, in memory, and the faults that can be planted in it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as StarletteHTTPException

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

VALID = "valid-token-of-ann"
EXPIRED = "expired-token-of-ann"
FORGED = "forged-token"
NAMESPACE = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


class Fault(StrEnum):
    IGNORES_EXPIRY = "ignores expiry"
    ACCEPTS_FORGED = "accepts forged tokens"
    OPEN_DELETE = "DELETE asks for no credentials"
    NO_CHALLENGE = "401 without a challenge"
    NO_ERROR_CODE = "401 without an error code"
    CRASHES_ON_TEXT = "500 on a note that begins with a zero"
    UNDOCUMENTED_STATUS = "409 that the contract does not know"
    SCHEMA_LIE = "a note with a member that the contract does not know"
    REFUSAL_BODY_LIE = "a 401 whose body does not fit its schema"
    CHANGES_ON_REFUSAL = "a refused call leaves a trace in the stored state"
    REFUSES_EVERYBODY = "every token is refused"
    NOTE_NEVER_FOUND = "GET of a note always answers 404"
    SHADOW_ROUTE = "a route that the contract does not know"


class Health(BaseModel):
    model_config = ConfigDict(extra="forbid")
    alive: Literal[True] = Field()


class Draft(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    text: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\u0000]+$")]
    pinned: bool = False


class Note(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: UUID
    text: Annotated[str, Field(min_length=1, max_length=80)]
    pinned: bool


class Problem(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: Annotated[str, Field(min_length=1)]
    status: Annotated[int, Field(ge=400, le=599)]


class Store:
    """The stored state: notes by id, and how many calls were refused."""

    def __init__(self) -> None:
        self.notes: dict[UUID, Note] = {}
        self.created = 0
        self.refused = 0

    def clear(self) -> None:
        self.notes.clear()
        self.created = 0
        self.refused = 0

    def snapshot(self) -> object:
        return self.refused, sorted((str(key), note.text, note.pinned) for key, note in self.notes.items())


def problem(status: int, title: str, headers: dict[str, str] | None = None) -> JSONResponse:
    body = {"title": title, "status": status}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def refuse(token: str | None, store: Store, faults: frozenset[Fault]) -> Response | None:
    known = {VALID} - ({VALID} if Fault.REFUSES_EVERYBODY in faults else set())
    known |= {EXPIRED} if Fault.IGNORES_EXPIRY in faults else set()
    known |= {FORGED} if Fault.ACCEPTS_FORGED in faults else set()
    if token in known:
        return None
    if Fault.CHANGES_ON_REFUSAL in faults:
        store.refused += 1
    if Fault.NO_CHALLENGE in faults:
        return problem(401, "unauthorized")
    if Fault.REFUSAL_BODY_LIE in faults:
        return JSONResponse({"detail": "no"}, 401, {"WWW-Authenticate": "Bearer"}, "application/problem+json")
    named = token is not None and Fault.NO_ERROR_CODE not in faults
    challenge = 'Bearer realm="notes", error="invalid_token"' if named else 'Bearer realm="notes"'
    return problem(401, "unauthorized", {"WWW-Authenticate": challenge})


def read_token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token else None


def guarded_route(store: Store, faults: frozenset[Fault]) -> type[APIRoute]:
    """Build the route class that authenticates before the body is read."""

    class GuardedRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]  # FastAPI wants a Coroutine, any awaitable serves
            handle = super().get_route_handler()

            async def guarded(request: Request) -> Response:
                is_open = Fault.OPEN_DELETE in faults and request.method == "DELETE"
                refusal = None if is_open else refuse(read_token(request), store, faults)
                return refusal or await handle(request)

            return guarded

    return GuardedRoute


REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {
        "description": "No valid credentials",
        "headers": {
            "WWW-Authenticate": {"required": True, "schema": {"type": "string", "pattern": "^Bearer"}}
        },
        "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
    },
    422: {
        "description": "Does not fit",
        "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
    },
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {**REFUSALS[422], "description": "No such note"}}
NOT_NOW: dict[int | str, dict[str, Any]] = {503: {**REFUSALS[422], "description": "Not now"}}
CREATED: dict[int | str, dict[str, Any]] = {
    201: {
        "headers": {"Location": {"required": True, "schema": {"type": "string", "pattern": "^/notes/"}}},
        "links": {
            "ReadNote": {"operationId": "getNote", "parameters": {"note_id": "$response.body#/id"}},
            "DeleteNote": {"operationId": "deleteNote", "parameters": {"note_id": "$response.body#/id"}},
        },
    }
}


def create_app(store: Store, faults: frozenset[Fault] = frozenset()) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.include_router(_public_routes(faults))
    app.include_router(_note_routes(store, faults))
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(StarletteHTTPException, _answer_problem)
    return app


async def _answer_invalid(_: Request, __: Exception) -> Response:
    return problem(422, "the request does not fit")


async def _answer_problem(_: Request, error: Exception) -> Response:
    if not isinstance(error, StarletteHTTPException):
        raise error
    status = (
        422 if error.status_code == 400 else error.status_code
    )  # FastAPI answers a body that is no JSON itself
    return problem(status, "refused", dict(error.headers or {}))


def _public_routes(faults: frozenset[Fault]) -> APIRouter:
    router = APIRouter()

    @router.get("/health", operation_id="getHealth")
    async def get_health() -> Health:
        return Health(alive=True)

    if Fault.SHADOW_ROUTE in faults:

        @router.get("/debug", include_in_schema=False)
        async def debug() -> dict[str, str]:
            return {}

    return router


def _note_routes(store: Store, faults: frozenset[Fault]) -> APIRouter:
    bearer = Depends(HTTPBearer(auto_error=False))
    router = APIRouter(
        route_class=guarded_route(store, faults), dependencies=[bearer], responses=REFUSALS, prefix="/notes"
    )

    @router.get("", operation_id="listNotes")
    async def list_notes(limit: Annotated[int, Query(ge=1, le=50)] = 20) -> list[Note]:
        return list(store.notes.values())[:limit]

    @router.post("", operation_id="createNote", status_code=201, responses=CREATED, response_model=Note)
    async def create_note(draft: Draft, response: Response) -> object:
        if Fault.CRASHES_ON_TEXT in faults and draft.text.startswith("0"):
            return JSONResponse({"title": "crash", "status": 500}, 500)
        store.created += 1
        note = Note(id=uuid5(NAMESPACE, str(store.created)), text=draft.text, pinned=draft.pinned)
        store.notes[note.id] = note
        response.headers["Location"] = f"/notes/{note.id}"
        if Fault.SCHEMA_LIE in faults:
            body = {**note.model_dump(mode="json"), "owner": "ann"}
            return JSONResponse(body, 201, {"Location": f"/notes/{note.id}"})
        return note

    @router.get("/{note_id}", operation_id="getNote", responses=NOT_FOUND)
    async def get_note(note_id: UUID) -> Note:
        if Fault.UNDOCUMENTED_STATUS in faults:
            raise HTTPException(409)
        if note_id not in store.notes or Fault.NOTE_NEVER_FOUND in faults:
            raise HTTPException(404)
        return store.notes[note_id]

    @router.delete("/{note_id}", operation_id="deleteNote", status_code=204, responses=NOT_FOUND | NOT_NOW)
    async def delete_note(note_id: UUID) -> None:
        if store.notes.pop(note_id, None) is None:
            raise HTTPException(404)

    return router
