"""A notebook whose paths name the user; some operations may be called with an API key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query, Request, Response
from fastapi.responses import PlainTextResponse
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, Field

from tests.proving_ground.web import RefusalError
from tests.services.app import Form, Store, Text, UserId, assemble, protected_router, show, show_all
from tests.services.service import PlantedBug, SmallService
from tests.services.users import TOKENS, read_token, refuse

if TYPE_CHECKING:
    from tests.proving_ground.model import Faults

KEY = APIKeyHeader(name="X-Api-Key", auto_error=False, scheme_name="key")
NOTE_ID = "^not-[0-9]{6}$"
NoteId = Annotated[str, Path(pattern=NOTE_ID)]


class NoteForm(Form):
    text: Text
    tag: Text


class CommentForm(Form):
    text: Text


class Ids(Form):
    ids: Annotated[list[Annotated[str, Field(pattern=NOTE_ID)]], Field(min_length=1)]


class Note(BaseModel):
    id: str
    text: str
    tag: str


class MadeKey(BaseModel):
    id: str
    key: str


@dataclass
class Notebook:
    """The notes, what a search finds them by, their comments, and the API keys of the users."""

    faults: Faults
    notes: Store = field(default_factory=lambda: Store("not-"))
    index: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: dict[str, list[str]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def admit(self, request: Request) -> str:
        """Find the user by the token, or by the key where no `Authorization` header came."""
        is_key = "authorization" not in request.headers
        token = read_token(request) or ""
        user = self.keys.get(request.headers.get("x-api-key", "")) if is_key else TOKENS.get(token)
        if user is None:
            raise refuse(request)
        return user

    def search(self, user: str, tag: str | None, q: str | None) -> list[dict[str, Any]]:
        """Find notes of a user by their tag and a part of their text."""
        is_indexed = q is not None and self.faults.has("search-finds-deleted")
        notes = self.index if is_indexed else self.notes.records
        is_open = (tag is not None and self.faults.has("tag-of-all")) or (
            q is not None and self.faults.has("search-of-all")
        )
        return [
            note
            for note in notes.values()
            if (note["owner"] == user or is_open) and tag in {None, note["tag"]} and (q or "") in note["text"]
        ]


def own_path(user_id: str, user: UserId) -> str:
    """Give the user, whom the path has to name."""
    if user_id != user:
        raise RefusalError(404, "not found")
    return user


Owner = Annotated[str, Depends(own_path)]


def create(faults: Faults) -> FastAPI:
    """Make the app."""
    book = Notebook(faults)
    return assemble(
        faults,
        _notes(book, faults),
        _note(book, faults),
        _several(book, faults),
        _comments(book, faults),
        _keys(book, faults),
        _by_key(book, faults),
    )


def _notes(book: Notebook, faults: Faults) -> APIRouter:
    router = protected_router()

    @router.get("/api/{user_id}/notes")
    async def list_notes(  # noqa: PLR0917  # FastAPI calls it by keyword
        user: Owner,
        tag: Annotated[Text | None, Query()] = None,
        q: Annotated[Text | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=50)] = 50,
        cursor: str | None = None,
    ) -> dict[str, Any]:
        found = book.search(user, tag, q)
        if cursor is not None:
            notes = list(book.notes.records.values()) if faults.has("cursor-of-all") else found
            found = [note for note in notes if note["id"] > cursor]
        total = len(book.notes.records) if faults.has("total-of-all") else len(found)
        following = found[limit - 1]["id"] if len(found) > limit else None
        return {"items": show_all(found[:limit]), "total": total, "next": following}

    @router.post("/api/{user_id}/notes")
    async def make_note(user: Owner, form: NoteForm) -> Note:
        note = book.notes.add(user, text=form.text, tag=form.tag)
        book.index[note["id"]] = note
        return Note(**show(note))

    return router


def _note(book: Notebook, faults: Faults) -> APIRouter:
    router = protected_router()

    @router.get("/api/{user_id}/notes/{note_id}")
    async def read_note(user: Owner, note_id: NoteId, response: Response) -> Note:
        note = book.notes.find(note_id, user)
        response.headers["ETag"] = _version_of(note)
        return Note(**show(note))

    @router.patch("/api/{user_id}/notes/{note_id}", responses={412: {"description": "No"}})
    async def change_note(  # noqa: PLR0917  # FastAPI calls it by keyword
        user_id: str,
        user: UserId,
        note_id: NoteId,
        form: NoteForm,
        if_match: Annotated[str | None, Header()] = None,
    ) -> dict[str, Any]:
        if faults.has("version-before-owner") and note_id in book.notes.records:
            _check_version(book.notes.records[note_id], if_match)
        note = book.notes.find(note_id, own_path(user_id, user))
        _check_version(note, if_match)
        note.update(text=form.text, tag=form.tag)
        return show(note)

    @router.delete("/api/{user_id}/notes/{note_id}")
    async def delete_note(user: Owner, note_id: NoteId) -> dict[str, int]:
        book.notes.find(note_id, user)
        del book.notes.records[note_id], book.index[note_id]
        if not faults.has("comments-after-delete"):
            book.comments.pop(note_id, None)
        return {"deleted": 1}

    return router


def _version_of(note: dict[str, Any]) -> str:
    return f'"{len(note["text"])}-{sum(map(ord, note["text"]))}"'


def _check_version(note: dict[str, Any], if_match: str | None) -> None:
    if if_match not in {None, _version_of(note)}:
        raise RefusalError(412, "another version is there")


def _several(book: Notebook, faults: Faults) -> APIRouter:
    router = protected_router()

    @router.post("/api/{user_id}/bulk/delete", summary="Delete several notes")
    async def bulk_delete(user: Owner, form: Ids) -> dict[str, list[str]]:
        known = {key for key in form.ids if key in book.notes.records}
        mine = {key for key in known if book.notes.records[key]["owner"] == user}
        for key in known if faults.has("bulk-delete-any") else mine:
            del book.notes.records[key]
            if not faults.has("search-finds-deleted"):
                del book.index[key]
        found = known if faults.has("bulk-tells-missing") else mine
        return {"deleted": sorted(mine), "missing": [key for key in form.ids if key not in found]}

    @router.get("/api/{user_id}/export", response_class=PlainTextResponse)
    async def export(user: Owner, format: Literal["json", "csv"] = "json") -> str:  # noqa: A002  # its name
        is_open = format == "csv" and faults.has("csv-of-all")
        return "\n".join(note["text"] for note in book.notes.of(user, of_anyone=is_open))

    return router


def _comments(book: Notebook, faults: Faults) -> APIRouter:
    router = protected_router()

    @router.get("/api/{user_id}/notes/{note_id}/comments")
    async def list_comments(user: Owner, note_id: NoteId) -> list[str]:
        if not (faults.has("comments-after-delete") and note_id in book.comments):
            book.notes.find(note_id, user)
        return book.comments.get(note_id, [])

    @router.post("/api/{user_id}/notes/{note_id}/comments")
    async def make_comment(user: Owner, note_id: NoteId, form: CommentForm) -> dict[str, int]:
        book.notes.find(note_id, user)
        book.comments.setdefault(note_id, []).append(form.text)
        return {"made": 1}

    return router


def _keys(book: Notebook, faults: Faults) -> APIRouter:
    router = protected_router()

    @router.post("/keys")
    async def make_key(user: UserId) -> MadeKey:
        name = book.notes.next_id()
        key = f"key-{name}-{user}"
        book.keys[key], book.names[name] = user, key
        return MadeKey(id=name, key=key)

    @router.delete("/keys/{key_id}")
    async def delete_key(user: UserId, key_id: Annotated[str, Path(pattern=NOTE_ID)]) -> dict[str, int]:
        key = book.names.get(key_id, "")
        if book.keys.get(key) != user:
            raise RefusalError(404, "not found")
        del book.names[key_id]
        if not faults.has("key-after-delete"):
            del book.keys[key]
        return {"deleted": 1}

    return router


def _by_key(book: Notebook, faults: Faults) -> APIRouter:
    router = protected_router(book.admit, KEY)

    @router.get("/count")
    async def count_notes(user: UserId) -> dict[str, int]:
        return {"count": len(book.notes.of(user))}

    @router.get("/notes/{note_id}")
    async def read_by_key(request: Request, user: UserId, note_id: NoteId) -> dict[str, Any]:
        is_open = faults.has("read-any-by-key") and "authorization" not in request.headers
        return show(book.notes.find(note_id, user, of_anyone=is_open))

    return router


LIST = "GET /api/{user_id}/notes"
NOTEBOOK = SmallService(
    name="notebook",
    create=create,
    bugs=(
        PlantedBug("tag-of-all", "disclosure", LIST, "shows another user"),
        PlantedBug("search-of-all", "disclosure", LIST, "shows another user"),
        PlantedBug(
            "cursor-of-all", "disclosure", LIST, "shows another user a text of theirs on a later page"
        ),
        PlantedBug("csv-of-all", "disclosure", "GET /api/{user_id}/export", "shows another user"),
        PlantedBug("total-of-all", "existence", LIST, "changes with what another user makes"),
        PlantedBug(
            "bulk-delete-any",
            "isolation",
            "POST /api/{user_id}/bulk/delete",
            "as another user answered 200, and then",
        ),
        PlantedBug(
            "bulk-tells-missing",
            "existence",
            "POST /api/{user_id}/bulk/delete",
            "reveals whether another user's id exists, as ids",
        ),
        PlantedBug("search-finds-deleted", "deletion", LIST, "shows an object that was deleted"),
        PlantedBug(
            "version-before-owner",
            "existence",
            "PATCH /api/{user_id}/notes/{note_id}",
            "reveals another user's id by a version: 412, not 404",
        ),
        PlantedBug(
            "comments-after-delete",
            "deletion",
            "GET /api/{user_id}/notes/{note_id}/comments",
            "shows what was below an object that was deleted",
        ),
        PlantedBug(
            "key-after-delete",
            "deletion",
            "DELETE /keys/{key_id}",
            "succeeds, and GET /count takes the key as before",
        ),
        PlantedBug("read-any-by-key", "isolation", "GET /notes/{note_id}", "as another user, by key, shows"),
    ),
)
