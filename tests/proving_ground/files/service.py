"""Files with versions: ids in the query, errors in plain text, three ways to say who calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid5

from fastapi import APIRouter, FastAPI, Header, Query, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import Field

from tests.proving_ground.door import CurrentCaller, Door
from tests.proving_ground.files.callers import Gate
from tests.proving_ground.files.identity import MINT
from tests.proving_ground.verifier import Verifier
from tests.proving_ground.web import Body, RefusalError, Text, Whole, let_others_run, make_app, protected_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.routing import APIRoute

    from tests.proving_ground.door import Caller
    from tests.proving_ground.model import Faults

NAMESPACE = UUID("0a2f9a54-6f0f-4a9f-8a3e-53f2c4a0b7d5")
FileId = Annotated[str, Query(alias="id", pattern="^f[0-9a-f]{16}$")]
Match = Annotated[str, Header(max_length=40, pattern="^[!-~]*$")]
NOTICES = ["The house closes at ten."]


class Upload(Body):
    name: Text
    text: Annotated[str, Field(max_length=400, pattern=r"^[^\u0000]*$")]


class Replacement(Upload):
    version: Annotated[Whole, Field(ge=1, le=1_000_000)]


@dataclass(frozen=True, slots=True)
class File:
    id: str
    owner: str
    name: str
    text: str
    version: int = 1

    def show(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "text": self.text, "version": self.version}

    def tag(self) -> str:
        return f'"{self.version}"'


@dataclass(slots=True)
class Store:
    """The stored files, and the ids of those that were deleted."""

    files: dict[str, File] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    made: int = 0

    def add(self, owner: str, upload: Upload) -> File:
        self.made += 1
        file = File(f"f{uuid5(NAMESPACE, str(self.made)).hex[:16]}", owner, upload.name, upload.text)
        self.files[file.id] = file
        return file

    def find(self, file_id: str, caller: Caller, faults: Faults, *, of_anyone: bool = False) -> File:
        file = self.files.get(file_id)
        if file is None:
            is_told = faults.has("gone-410") and file_id in self.deleted
            raise RefusalError(410 if is_told else 404, "no such file")
        if file.owner != caller.subject and not of_anyone:
            # The fault: the refusal carries what it was computed for.
            headers = {"ETag": file.tag()} if faults.has("tag-on-404") else None
            raise RefusalError(404, "no such file", headers)
        return file


def create(faults: Faults, clock: Callable[[], float]) -> FastAPI:
    """Make the application."""
    store = Store()
    gate = Gate(Door("files", Verifier(MINT, faults, clock), faults), faults)
    app = make_app(_answer_text, faults)
    app.include_router(_collection_routes(store, faults, protected_by(gate.admit)))
    app.include_router(_file_routes(store, faults, protected_by(gate.admit)))
    app.include_router(_shelf_routes(store, faults, protected_by(gate.admit_anybody)))
    app.state.snapshot = lambda: dict(store.files)
    return app


def _answer_text(error: RefusalError) -> Response:
    return PlainTextResponse(error.title, error.status, error.headers)


def _collection_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/files", route_class=protected)

    @router.get("")
    async def list_files(caller: CurrentCaller) -> list[Any]:
        is_open = faults.has("list-all")
        return [value.show() for value in store.files.values() if is_open or value.owner == caller.subject]

    @router.post("")
    async def upload_file(upload: Upload, caller: CurrentCaller) -> Response:
        file = store.add(caller.subject, upload)
        headers = {"Location": f"/file?id={file.id}"}
        if faults.has("name-in-header-crash"):
            headers["Content-Disposition"] = f"inline; filename={file.name}"
        return JSONResponse(file.show(), 202, headers)

    return router


def _file_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/file", route_class=protected)

    @router.get("")
    async def read_file(file_id: FileId, caller: CurrentCaller, if_none_match: Match = "") -> Response:
        is_trusted = faults.has("read-any-by-key") and caller.by == "key"
        file = store.find(file_id, caller, faults, of_anyone=is_trusted or faults.has("read-any"))
        if faults.has("tag-parse-crash") and if_none_match:
            is_known = int(if_none_match.strip('"')) == file.version
        else:
            is_known = if_none_match in {"*", file.tag(), f"W/{file.tag()}"}
        headers = {"ETag": file.tag()}
        return Response(None, 304, headers) if is_known else JSONResponse(file.show(), 200, headers)

    @router.put("")
    async def replace_file(file_id: FileId, form: Replacement, caller: CurrentCaller) -> Response:
        file = store.find(file_id, caller, faults, of_anyone=faults.has("replace-any"))
        changed = File(file.id, file.owner, form.name, form.text, file.version + 1)
        if faults.has("conflict-writes"):
            store.files[file_id] = changed
        if form.version != file.version:
            raise RefusalError(409, "another version is there")
        if faults.has("lost-update"):
            # The fault: between the comparison and the write, others have their turn.
            await let_others_run()
        store.files[file_id] = changed
        return JSONResponse(changed.show(), 200, {"ETag": changed.tag()})

    @router.delete("", status_code=204)
    async def delete_file(file_id: FileId, caller: CurrentCaller) -> None:
        store.find(file_id, caller, faults, of_anyone=faults.has("delete-any"))
        del store.files[file_id]
        store.deleted.add(file_id)

    return router


def _shelf_routes(store: Store, faults: Faults, protected: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/shelf", route_class=protected)

    @router.get("")
    async def look_at_shelf(caller: CurrentCaller) -> dict[str, Any]:
        is_open = faults.has("shelf-open") and not caller.subject
        files = [value.show() for value in store.files.values() if is_open or value.owner == caller.subject]
        return {"notices": NOTICES, "files": files}

    return router
